// The smaller of Node's built-in modules in handlers, beside Node's own: module, timers, perf_hooks, console, buffer.

import assert from 'node:assert/strict';
import { runnerTest } from './support/runner.mjs';
import { snippetTests } from './support/snippets.mjs';

snippetTests('module', {
  createRequire: `
    const { createRequire } = require('node:module');
    const fs = require('fs');
    fs.writeFileSync(folder + '/value.js', 'module.exports = 5;');
    fs.mkdirSync(folder + '/node_modules/pack', { recursive: true });
    fs.writeFileSync(folder + '/node_modules/pack/index.js', "exports.from = 'pack';");
    const other = createRequire(folder + '/nothing.js');
    return [other('./value'), other('pack').from, other.resolve('./value'), createRequire('file://' + folder + '/x.js')('./value'), createRequire(new URL('file://' + folder + '/'))('./value.js'), createRequire(folder + '/')('./value'), other('fs') === fs,
      await attempt(() => createRequire('relative')), await attempt(() => createRequire(5)), (await attempt(() => other('./missing'))).code];`,
  isBuiltin: `['fs', 'node:fs', 'fs/promises', 'nothing', 'node:nothing', './fs'].map((name) => require('module').isBuiltin(name))`,
  builtinModules: `require('module').builtinModules.filter((name) => /^(?:fs|path|util|stream)/.test(name))`,
});

runnerTest('module: a module that is not here is none of the built-in ones', {
  routes: { run: 'runHandler' },
  handlers: {
    runHandler(event) {
      const { builtinModules, isBuiltin } = require('module');
      const absent = ['http', 'net', 'node:net', 'worker_threads', 'zlib'];
      event.response = new Response([absent.map(isBuiltin), absent.filter((name) => builtinModules.includes(name)),
        builtinModules.filter((name) => !isBuiltin(name) || !require(name))]);
    },
  },
}, async (runner) => {
  assert.deepEqual((await runner.ask({ name: 'run' })).body, [[false, false, false, false, false], [], []]);
});

snippetTests('timers', {
  'ticks and jobs': `
    const all = [];
    const orderOf = async (action) => {
      const order = [];
      action((word) => () => order.push(word));
      await new Promise((resolve) => setTimeout(resolve, 5));
      all.push(order);
    };
    const inJob = (then) => {
      process.nextTick(then('tick'));
      Promise.resolve().then(then('job')).then(then('its job'));
      queueMicrotask(then('microtask'));
      setImmediate(then('immediate'));
    };
    await null;
    await orderOf(inJob);
    await orderOf((then) => setTimeout(() => inJob(then), 1));
    await orderOf((then) => require('fs').stat('/', () => inJob(then)));
    await orderOf(async (then) => {
      process.nextTick(() => {
        then('tick')();
        process.nextTick(then('tick of a tick'));
        Promise.resolve().then(() => {
          then('job of a tick')();
          process.nextTick(then('tick of that'));
        });
      });
      for (const i of [1, 2, 3]) {
        await null;
        then(i)();
      }
    });
    return all;`,
  'as a module': "const timers = require('node:timers'); return [timers.setTimeout === setTimeout, timers.clearImmediate === clearImmediate, Object.keys(timers).includes('promises'), timers.promises === require('timers/promises')]",
  promises: `
    const { setTimeout: wait, setImmediate: soon, setInterval: each, scheduler } = require('timers/promises');
    const counted = [];
    for await (const value of each(1, 'tick')) if (counted.push(value) === 3) break;
    return [await wait(1, 'value'), await soon('soon'), await wait(), counted, await scheduler.wait(1) ?? null, await scheduler.yield() ?? null, await attempt(() => wait('x')), await attempt(() => wait(1, 2, 5)), await attempt(() => wait(1, 2, { ref: 5 })), await attempt(() => wait(1, 2, { signal: 5 }))];`,
  'what promisify makes of them': `
    const custom = Symbol.for('nodejs.util.promisify.custom');
    return [typeof setTimeout[custom], await setTimeout[custom](1, 'x'), await setImmediate[custom]('y')];`,
});

snippetTests('perf_hooks', {
  'as a module': "const { performance: own, PerformanceEntry, constants } = require('perf_hooks'); return [own === performance, typeof PerformanceEntry, own.now() > 0]",
  'marks and measures': `
    const { performance } = require('perf_hooks');
    performance.clearMarks();
    performance.clearMeasures();
    const told = ({ name, entryType, startTime, duration, detail }) => ({ name, entryType, startTime, duration, detail });
    const a = performance.mark('a', { startTime: 10, detail: { x: 1 } });
    performance.mark('b', { startTime: 25 });
    const list = [performance.measure('m', 'a', 'b'), performance.measure('n', { start: 5, duration: 3 }), performance.measure('o', { end: 'b', duration: 5, detail: [1] }), performance.measure('p', { start: 'a', end: 20 })].map(told);
    const all = performance.getEntries().map(told);
    const byName = performance.getEntriesByName('a').length;
    const byType = performance.getEntriesByType('measure').map(({ name }) => name);
    performance.clearMarks('a');
    performance.clearMeasures();
    return [told(a), JSON.parse(JSON.stringify(a)), list, all, byName, byType, performance.getEntries().map(({ name }) => name), performance.measure('q').duration > 0,
      (await attempt(() => performance.measure('x', 'no such mark'))).message, performance.measure('x', { detail: 1 }).startTime, await attempt(() => performance.mark('x', { startTime: -1 })), (await attempt(() => new (require('perf_hooks').PerformanceEntry)())).code];`,
  observers: `
    const { performance, PerformanceObserver } = require('perf_hooks');
    const seen = [];
    const done = new Promise((resolve) => {
      const observer = new PerformanceObserver((list, self) => {
        seen.push(list.getEntries().map(({ name, entryType }) => [name, entryType]), list.getEntriesByType('mark').length, list.getEntriesByName('two').length, self === observer);
        observer.disconnect();
        resolve();
      });
      observer.observe({ entryTypes: ['mark', 'measure', 'function'] });
    });
    performance.mark('one');
    performance.measure('two');
    performance.timerify(function named() {})();
    await done;
    performance.mark('unseen');
    const timerified = performance.timerify((a, b) => a + b);
    return [seen, timerified(1, 2), timerified.length, await attempt(() => performance.timerify(5)), await attempt(() => new PerformanceObserver()), await attempt(() => new PerformanceObserver(() => {}).observe({}))];`,
});

snippetTests('console', {
  'as a module': "[require('console') === console, require('node:console').Console === console.Console, console instanceof console.Console]",
  'a console of one\'s own': `
    const { Console } = require('console');
    const written = { out: '', err: '' };
    const stream = (name) => ({ write: (text) => { written[name] += text; return true; }, on() {}, once() {}, removeListener() {}, listenerCount: () => 0 });
    const own = new Console(stream('out'), stream('err'));
    own.log('plain %s %d', 'text', 5, { a: [1, { b: 2 }] });
    own.error('wrong');
    own.group('group');
    own.info('inside');
    own.group();
    own.warn('deeper\\nline');
    own.groupEnd();
    own.groupEnd();
    own.log('outside');
    own.count();
    own.count();
    own.countReset();
    own.count('x');
    own.assert(false, 'asserted %s', 'this');
    own.assert(true, 'not');
    own.dir({ deep: { deep: { deep: { deep: 1 } } } }, { depth: 0 });
    own.table([{ a: 1, b: 'x' }, { a: 2, c: true }]);
    own.time('t');
    const { log } = own;
    log('unbound');
    const one = new Console({ stdout: stream('out'), groupIndentation: 4, inspectOptions: { depth: 0 } });
    one.group('four');
    one.log({ a: { b: 1 } });
    one.error('to the same');
    return [written, own instanceof Console, Console(stream('out')) instanceof Console, await attempt(() => new Console()), await attempt(() => new Console({ stdout: {} })), await attempt(() => new Console({ stdout: stream('out'), colorMode: 5 })), await attempt(() => new Console({ stdout: stream('out'), groupIndentation: -1 }))];`,
});

snippetTests('buffer', {
  'made with a new that is not needed': `
    const made = [new Buffer.from('x'), new Buffer.from('eA==', 'base64'), new Buffer.alloc(2), new Buffer.alloc(2, 'x'), new Buffer.concat([]),
      new Buffer.concat([Buffer.from('a'), Buffer.from('b')], 1), new Buffer.copyBytesFrom(new Uint8Array(2))];
    return [made.map((each) => [Buffer.isBuffer(each), [...each]]), new Buffer.allocUnsafe(2).length, new Buffer.allocUnsafeSlow(8).length,
      (await attempt(() => new Buffer.alloc('x'))).code, Buffer.from.name, Buffer.alloc.length];`,
  'as a module': "const buffer = require('node:buffer'); return [buffer.Buffer === Buffer, buffer.atob === atob, buffer.btoa('x'), buffer.constants.MAX_STRING_LENGTH, buffer.kStringMaxLength, buffer.INSPECT_MAX_BYTES, buffer.kMaxLength === buffer.constants.MAX_LENGTH]",
  'what is UTF-8 or ASCII': `
    const { isUtf8, isAscii } = require('buffer');
    const all = [Buffer.from('abc'), Buffer.from('é'), Buffer.from([0xff]), Buffer.from([0xc3]), new Uint8Array(0), Buffer.from('😀')];
    return [all.map((each) => [isUtf8(each), isAscii(each)]), isUtf8(new ArrayBuffer(2)), (await attempt(() => isUtf8('x'))).code];`,
  transcode: `
    const { transcode } = require('buffer');
    return [[...transcode(Buffer.from('€é'), 'utf8', 'latin1')], [...transcode(Buffer.from('é'), 'utf8', 'ucs2')], [...transcode(Buffer.from([0xe9]), 'latin1', 'utf8')], [...transcode(Buffer.from('é'), 'utf8', 'ascii')], (await attempt(() => transcode(Buffer.from('x'), 'utf8', 'hex'))).code, (await attempt(() => transcode('x', 'utf8', 'latin1'))).code];`,
});

snippetTests('util', {
  MIMEType: `
    const { MIMEType, MIMEParams } = require('util');
    const read = (text) => attempt(() => { const type = new MIMEType(text); return [type.type, type.subtype, type.essence, String(type), JSON.stringify(type), [...type.params], [...type.params.keys()], [...type.params.values()]]; });
    const texts = ['text/html', ' text/html ', 'TEXT/HTML; Charset=UTF-8', 'text/plain;charset="a b";x=1;x=2;;=;y;z=""; w = 5', 'text', '/x', 'text/', 'te xt/h', 'text/h t', 'a/b;q="\\\\"x\\\\\\\\";r="unend', 'a/b;\u00e9=1;t=\u00e9;u=\u0100', 'a/b;x=1 ;y= 2 ', 'a/b;x="y"junk;z=1', '', 'a/b ; c=d'];
    const type = new MIMEType('a/b;X=1');
    type.type = 'C';
    type.subtype = 'D';
    type.params.set('e', '');
    type.params.set('f', 'a "b"');
    type.params.delete('x');
    return [await Promise.all(texts.map(read)), String(type), type.params.get('f'), type.params.get('x'), type.params.has('e'), await attempt(() => { type.type = 'a b'; }), await attempt(() => { type.subtype = ''; }), await attempt(() => type.params.set('a b', 1)), await attempt(() => type.params.set('a', '\\n')), String(new MIMEParams())];`,
  parseEnv: `
    const { parseEnv } = require('util');
    const texts = ['A=1\\nB = two words \\n#c\\nexport C=3\\nD="quoted # x" # c\\nE=\\'single\\'\\nF=\`back\`\\nG="multi\\nline"\\nH=un # comment\\nI=\\nJ="a\\\\nb"\\nK=\\'a\\\\nb\\'\\nL=a=b=c', 'Q=x#y\\nR=\\'a"b\\'\\nT= "sp"  x\\n1U=1\\nV.W=2\\nX-Y=3\\nAA=$A\\r\\nBB=crlf\\r\\n', '', '=5', 'a b=c', 'export =1', 'x="', 'x="a\\ny=b', 'a=1\\na=2', 'b=1\\n\\n\\na=2'];
    return [texts.map((text) => Object.entries(parseEnv(text))), await attempt(() => parseEnv(5))];`,
  getSystemErrorName: "const { getSystemErrorName, getSystemErrorMap } = require('util'); return [getSystemErrorName(-2), getSystemErrorName(-13), getSystemErrorMap().get(-2), await attempt(() => getSystemErrorName(1)), await attempt(() => getSystemErrorName('x'))]",
});

snippetTests('process', {
  loadEnvFile: `
    require('fs').writeFileSync(folder + '/env', 'OF_FILE=1\\nPATH=changed\\nMANY="a\\nb"\\n');
    const returned = process.loadEnvFile(folder + '/env');
    const found = [returned === undefined, process.env.OF_FILE, process.env.PATH === 'changed', process.env.MANY, await attempt(() => process.loadEnvFile(folder + '/nothing')), (await attempt(() => process.loadEnvFile(5))).code];
    delete process.env.OF_FILE;
    delete process.env.MANY;
    return found;`,
});

snippetTests('object URLs', {
  'come back as the Blob': `
    const { resolveObjectURL } = require('buffer');
    const url = URL.createObjectURL(new Blob(['text']));
    const found = [url.startsWith('blob:nodedata:'), await resolveObjectURL(url).text(), await (await fetch(url)).text()];
    URL.revokeObjectURL(url);
    return [...found, resolveObjectURL(url) === undefined, (await attempt(() => URL.createObjectURL(5))).code];`,
});

snippetTests('console', {
  'what only a terminal or a debugger shows': 'console.clear(); console.timeStamp("x"); console.profile(); console.profileEnd(); return 1',
});

snippetTests('performance', {
  'how busy the loop is': `
    const before = performance.eventLoopUtilization();
    await new Promise((resolve) => setTimeout(resolve, 20));
    const now = performance.eventLoopUtilization();
    const { idle, active, utilization } = performance.eventLoopUtilization(now, before);
    const isShare = (value) => value >= 0 && value <= 1;
    return [Object.keys(before), isShare(now.utilization), isShare(utilization), idle + active > 0];`,
  nodeTiming: 'const { name, entryType, startTime, duration, loopExit, idleTime } = performance.nodeTiming; return [name, entryType, startTime, duration > 0, loopExit, idleTime >= 0, Object.keys(performance.nodeTiming.toJSON()).filter((key) => key !== "detail").sort()]',
  'globals': "return ['Performance', 'PerformanceEntry', 'PerformanceMark', 'PerformanceMeasure', 'PerformanceObserver', 'PerformanceObserverEntryList'].map((name) => [globalThis[name] === require('perf_hooks')[name], Object.getOwnPropertyDescriptor(globalThis, name)?.enumerable])",
});

snippetTests('tty', {
  isatty: "const { isatty, ReadStream } = require('tty'); return [isatty(1), isatty(2), isatty(999), isatty(-1), isatty('x'), isatty(), typeof ReadStream]",
});

snippetTests('constants', {
  'what programs take from it': "const c = require('constants'); return [c.O_SYMLINK ?? null, c.O_CREAT, c.S_IFMT, c.ENOENT, c.SIGTERM, c.RSA_PKCS1_PADDING, c.R_OK, c.PRIORITY_LOW]",
});

runnerTest('what is not here has a name in its error', {
  routes: { run: 'runHandler' },
  handlers: {
    runHandler(event) {
      const said = (action) => {
        try {
          action();
          return 'nothing';
        } catch ({ message }) {
          return message;
        }
      };
      const crypto = require('crypto');
      event.response = new Response({
        ...Object.fromEntries(['createECDH', 'X509Certificate', 'createDiffieHellman', 'getDiffieHellman', 'Certificate', 'generatePrime', 'generatePrimeSync',
          'checkPrime', 'checkPrimeSync', 'setEngine', 'createCipher'].map((name) => [name, said(() => new crypto[name]('x'))])),
        'rsa-pss': said(() => crypto.generateKeyPairSync('rsa-pss', { modulusLength: 2048 })),
        dsa: said(() => crypto.generateKeyPair('dsa', {}, () => {})),
        watch: said(() => require('fs').watch('.')),
        watchFile: said(() => require('fs').watchFile('.', () => {})),
        'promises.watch': said(() => require('fs').promises.watch('.')),
        createHook: said(() => require('async_hooks').createHook({})),
        monitorEventLoopDelay: said(() => require('perf_hooks').monitorEventLoopDelay()),
        createHistogram: said(() => require('perf_hooks').createHistogram()),
        CompressionStream: said(() => new CompressionStream('gzip')),
        BroadcastChannel: said(() => new BroadcastChannel('x')),
        SharedArrayBuffer: said(() => new SharedArrayBuffer(8)),
        setuid: said(() => process.setuid(1)),
        ReadStream: said(() => new (require('tty').ReadStream)(0)),
        duplexPair: said(() => require('stream').duplexPair()),
        register: said(() => require('module').register('./x')),
      });
    },
  },
}, async (runner) => {
  const { body } = await runner.ask({ name: 'run' });
  for (const [name, message] of Object.entries(body)) assert.ok(message.includes(name), `${name}: ${message}`);
});

runnerTest('perf_hooks: what is not here says so', {
  routes: { run: 'runHandler' },
  handlers: {
    runHandler(event) {
      try {
        require('perf_hooks').monitorEventLoopDelay();
      } catch ({ code, message }) {
        event.response = new Response([code, message]);
      }
    },
  },
}, async (runner) => {
  const { body: [code, message] } = await runner.ask({ name: 'run' });
  assert.equal(code, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM');
  assert.match(message, /perf_hooks\.monitorEventLoopDelay is not available/);
});
