// Node's os and process in handlers, beside Node's own.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { makeApp } from './support/app.mjs';
import { runToEnd, runnerTest } from './support/runner.mjs';
import { snippetTests } from './support/snippets.mjs';

snippetTests('os', {
  'what does not change': `['arch', 'availableParallelism', 'endianness', 'homedir', 'hostname', 'machine', 'platform', 'release', 'tmpdir', 'totalmem', 'type',
    'version'].map((name) => [name, os[name]()])`,
  constants: '[os.constants.errno, os.constants.priority, os.constants.UV_UDP_REUSEADDR, os.EOL, os.devNull]',
  signals: 'os.constants.signals',
  'the user': "[os.userInfo(), os.userInfo({ encoding: 'buffer' }).username.toString()]",
  interfaces: 'os.networkInterfaces()',
  processors: 'os.cpus().map(({ model, times }) => [model, Object.keys(times)])',
  'what changes': '[os.uptime() > 1, os.freemem() > 0 && os.freemem() < os.totalmem(), os.loadavg().length, os.loadavg().every((load) => load >= 0)]',
  'in templates': '[`${os.arch}`, `${os.hostname}`, os.tmpdir + ""]',
  priorities: '[os.getPriority(), os.getPriority(process.pid), os.setPriority(0, os.getPriority()) ?? null, await attempt(() => os.setPriority(0, 50)), await attempt(() => os.getPriority(99999999)), await attempt(() => os.getPriority("x"))]',
  names: 'Object.keys(os).sort()',
  'the environment moves homedir and tmpdir': `
    const { env } = process;
    const before = { ...env };
    env.HOME = '/elsewhere';
    env.TMPDIR = '/temporary/';
    const found = [os.homedir(), os.tmpdir()];
    env.HOME = before.HOME;
    if (before.TMPDIR === undefined) delete env.TMPDIR;
    else env.TMPDIR = before.TMPDIR;
    return found;`,
}, { prelude: "const os = require('node:os');" });

snippetTests('process', {
  'as a module': "[require('process') === process, require('node:process') === process, typeof require('process').nextTick]",
  'who it runs as': '[process.getuid(), process.geteuid(), process.getgid(), process.getegid(), process.getgroups(), process.platform, process.arch]',
  umask: 'const before = process.umask(0o27); const within = process.umask("22"); process.umask(before); return [within, process.umask() === before, await attempt(() => process.umask("zz"))]',
  chdir: `
    const before = process.cwd();
    process.chdir(folder);
    const within = process.cwd();
    process.chdir(before);
    return [within, process.cwd() === before, (await attempt(() => process.chdir('/nope'))).code, await attempt(() => process.chdir(5))];`,
  kill: "[process.kill(process.pid, 0), await attempt(() => process.kill(99999999, 0)), await attempt(() => process.kill(process.pid, 'SIGFOO')), await attempt(() => process.kill('x'))]",
  'what it uses': `
    const { user, system } = process.cpuUsage();
    const since = process.cpuUsage({ user, system });
    return [user + system >= 0, since.user >= 0 && since.user <= user + 1e6, Object.keys(process.resourceUsage()), process.resourceUsage().maxRSS > 1000,
      Object.keys(process.memoryUsage()), process.memoryUsage.rss() > 0, await attempt(() => process.cpuUsage({ user: 1 }))];`,
  'built-in modules by name': "[process.getBuiltinModule('fs') === require('fs'), process.getBuiltinModule('node:os') === require('os'), process.getBuiltinModule('nothing') === undefined, process.getBuiltinModule('configurapi-handler-json') === undefined, await attempt(() => process.getBuiltinModule(5))]",
  'warnings are events': `
    const warned = new Promise((resolve) => process.once('warning', resolve));
    process.emitWarning('careful', { type: 'Custom', code: 'C1', detail: 'more' });
    const { name, message, code, detail } = await warned;
    return [name, message, code, detail];`,
  'an emitter': `
    const heard = [];
    const listen = (value) => heard.push(value);
    process.on('own', listen);
    process.emit('own', 1);
    process.off('own', listen);
    return [process.emit('own', 2), heard, process.listenerCount('own'), process.eventNames().includes('own')];`,
  'output streams': `[typeof process.stdout.on, process.stdout.fd, process.stderr.fd, process.stdout.writable, process.stdout.write(''), typeof process.stdout.end]`,
}, { prelude: '' });

const app = (handlers, prelude = '') => ({
  routes: Object.fromEntries(Object.keys(handlers).map((name) => [name.replace('Handler', ''), name])),
  handlers,
  prelude,
});

runnerTest('process: those who listen hear of uncaught errors, and the log does not', app({
  goHandler(event) {
    const heard = [];
    process.on('uncaughtException', (error, origin) => heard.push(['exception', error.message, origin]));
    setTimeout(() => { throw new Error('in a timer'); }, 0);
    Promise.reject(new Error('nobody awaits'));
    setTimeout(() => {
      process.on('unhandledRejection', (reason) => heard.push(['rejection', reason.message]));
      Promise.reject(new Error('nobody awaits this'));
    }, 5);
    return new Promise((resolve) => {
      const look = () => (heard.length < 3 ? setTimeout(look, 2) : resolve());
      look();
    }).then(() => {
      event.response = new Response(heard.sort());
    });
  },
}), async (runner) => {
  const { body } = await runner.ask({ name: 'go' });
  assert.deepEqual(body, [['exception', 'in a timer', 'uncaughtException'], ['exception', 'nobody awaits', 'unhandledRejection'], ['rejection', 'nobody awaits this']]);
  assert.doesNotMatch(runner.stderr, /in a timer|nobody awaits/);
});

runnerTest('process: without listeners they are logged', app({
  goHandler(event) {
    setTimeout(() => { throw new Error('in a timer'); }, 0);
    Promise.reject(new Error('nobody awaits'));
    event.response = new Response('begun');
  },
}), async (runner) => {
  await runner.ask({ name: 'go' });
  await runner.output('stderr', /Uncaught Error: in a timer/);
  await runner.output('stderr', /Uncaught Error: nobody awaits/);
});

runnerTest('process: exit is told when the runner stops', app({
  goHandler(event) {
    process.on('exit', (code) => {
      setTimeout(() => console.log('never'), 0);
      require('fs').promises.readFile(__filename).then(() => console.log('never'), () => {});
      console.log(`exit with ${code}`);
    });
    event.response = new Response('listening');
  },
}), async (runner) => {
  await runner.ask({ name: 'go' });
  await runner.stop();
  assert.match(runner.stdout, /^exit with 0$/m);
  assert.doesNotMatch(runner.stdout, /never/);
});

runnerTest('process: a listener for a signal is told that it will hear nothing', app({
  goHandler(event) {
    process.on('SIGTERM', () => {});
    event.response = new Response('listening');
  },
}), async (runner) => {
  await runner.ask({ name: 'go' });
  await runner.output('stderr', /process\.on\('SIGTERM'\) has no effect/);
  await runner.stop();
});

test('process: a check of a configuration does not wait for what its modules began', async () => {
  const directory = makeApp({ ...app({ goHandler() {} }), prelude: "require('fs').readFile('pipe', () => {});" });
  try {
    execFileSync('mkfifo', [`${directory.path}/pipe`]);
    const { code, stdout, stderr } = await runToEnd(['--check'], { cwd: directory.path });
    assert.equal(code, 0, stderr);
    assert.match(stdout, /good/);
  } finally {
    directory.remove();
  }
});
