// A script that starts runners by itself: `configurapi-runner-ws server.js`, and what HttpRunner does there.

import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { configText, handlersText, makeApp } from './support/app.mjs';
import WebSocket from 'ws';
import { Client, connect } from './support/client.mjs';
import { guarded, isSanitized, runToEnd, runnerPath, runnerTest, startRunner } from './support/runner.mjs';

/** An application whose script is `text`; what it says on standard output is told from the log's lines by '> '. */
const scripted = (text, { name = 'server.js', files = {}, args = [], own = [], ...app } = {}) => ({
  routes: { echo: 'echoHandler' },
  handlers: {
    echoHandler(event) {
      event.response = new Response(event.payload);
    },
  },
  ...app,
  files: { [name]: `${text}\n`, ...files },
  args: [...args, name, ...own],
});

const prelude = `
const HttpRunner = require('configurapi-runner-ws');
const say = (...what) => console.log('> ' + what.map((each) => JSON.stringify(each) ?? 'undefined').join(' '));
`;

/** What a script has said. */
const said = (output) => output.split('\n').filter((line) => line.startsWith('> ')).map((line) => line.slice(2));

async function runScript(text, options) {
  const app = scripted(text, options);
  const directory = makeApp(app);
  try {
    const result = await runToEnd(['-p', '0', '--host', '127.0.0.1', ...app.args], { cwd: directory.path, env: app.env });
    return { ...result, said: said(result.stdout), path: directory.path };
  } finally {
    directory.remove();
  }
}

/** A script that ends by itself with 0, having said `expected`. */
const endsSaying = (name, text, expected, options) => test(name, async () => {
  const result = await runScript(prelude + text, options);
  assert.equal(result.stderr, '');
  assert.deepEqual(result.said, expected.map((line) => line.replaceAll('DIR', result.path)));
  assert.deepEqual({ code: result.code, signal: result.signal }, { code: 0, signal: null });
});

const scriptTest = (name, text, body, options) => runnerTest(name, scripted(prelude + text, options), body);

/** A client of npm ws with its own options. */
async function connectWith(url, options) {
  const webSocket = new WebSocket(url, options);
  const client = new Client(webSocket);
  await once(webSocket, 'open');
  return client;
}

const connectSecurely = (port) => connectWith(`wss://127.0.0.1:${port}`, { rejectUnauthorized: false });

/** Asks at a port of its own: a runner of several. */
async function askAt(port, message) {
  const client = await connect(`ws://127.0.0.1:${port}`);
  const reply = await client.ask(message);
  await client.close();
  return reply;
}

const port = async (runner, name) => Number((await runner.output('stdout', new RegExp(`^> "${name}" (\\d+)$`, 'm')))[1]);

// ---- the seed's script ----

runnerTest('the script of the README serves', scripted(`
const HttpRunner = require('configurapi-runner-ws');
const runner = new HttpRunner();
runner.run({
  port: 0,
  configPath: './config.yaml'
});`), async (runner) => {
  assert.deepEqual((await runner.ask({ name: 'echo', payload: { foo: 'bar' } })).body, { foo: 'bar' });
  assert.match(runner.management, /^http:/);
});

runnerTest('as an ES module with a top-level await', scripted(`
import HttpRunner, { wsPostbackFunction } from 'configurapi-runner-ws';
const runner = await new HttpRunner().run({ configPath: './config.yaml' });
console.log('> ' + [runner instanceof HttpRunner, typeof runner.port, typeof wsPostbackFunction, import.meta.filename].join(' '));`, { name: 'server.mjs' }),
async (runner, directory) => {
  assert.equal((await runner.ask({ name: 'echo', payload: 1 })).body, 1);
  await runner.output('stdout', /^> true number function /m);
  assert.deepEqual(said(runner.stdout), [`true number function ${directory}/server.mjs`]);
});

runnerTest('as an ES module by its package.json', scripted(`
import HttpRunner from 'configurapi-runner-ws';
await new HttpRunner().run();`, { files: { 'package.json': '{"type":"module"}', 'handlers/app.js': null, 'handlers/app.mjs': `
import { Response } from 'configurapi';
export const echoHandler = (event) => { event.response = new Response(event.payload); };` } }), async (runner) => {
  assert.equal((await runner.ask({ name: 'echo', payload: 1 })).body, 1);
});

runnerTest('as TypeScript', scripted(`
import HttpRunner from 'configurapi-runner-ws';
const options: { configPath: string } = { configPath: './config.yaml' };
const runner: HttpRunner = new HttpRunner();
runner.run(options);`, { name: 'server.ts' }), async (runner) => {
  assert.equal((await runner.ask({ name: 'echo', payload: 1 })).body, 1);
});

// ---- the script as a main module ----

endsSaying('process.argv, require.main and the names of its file are as in Node', `
say(process.argv.slice(1), __filename, __dirname);
say(require.main === module, module.id, module.parent, module.filename, require('./other'));
process.on('exit', () => say(module.loaded));`, [
  '["DIR/server.js","--port","one","--api-gateway","-x"] "DIR/server.js" "DIR"',
  'true "." null "DIR/server.js" [false,true]',
  'true',
], { files: { 'other.js': `module.exports = [require.main === module, require.main === require.cache[require('path').resolve('server.js')]];` },
  own: ['--port', 'one', '--api-gateway', '-x'] });

endsSaying('its ending may be left away', `say(process.argv[1]);`, ['"DIR/server.js"'], { args: ['server'] });

endsSaying('nothing is left: it ends', `say(1);`, ['1']);

endsSaying('timers, immediates, ticks and promises come first', `
setTimeout(() => say('timer'), 20);
setImmediate(() => say('immediate'));
process.nextTick(() => say('tick'));
Promise.resolve().then(() => say('promise'));
say('script');`, ['"script"', '"tick"', '"promise"', '"immediate"', '"timer"']);

endsSaying('timers that are unreferenced are not waited for', `
setInterval(() => {}, 5).unref();
const timer = setTimeout(() => say('never'), 60_000);
timer.unref();
timer.ref();
timer.unref();
const late = setTimeout(() => say('referenced again'), 20).unref();
late.ref();
clearTimeout(setTimeout(() => {}, 60_000));`, ['"referenced again"']);

endsSaying('what goes on in files is waited for', `
require('fs').readFile(__filename, 'utf8', (error, text) => say(error, text.includes('waited for')));
// waited for`, ['null true']);

endsSaying('beforeExit may think of something else, exit has the last word', `
let times = 0;
process.on('beforeExit', (code) => { say('beforeExit', code); if (++times < 3) setTimeout(() => {}, 1); });
process.on('exit', (code) => { say('exit', code); setTimeout(() => say('never'), 1); });`,
['"beforeExit" 0', '"beforeExit" 0', '"beforeExit" 0', '"exit" 0']);

test('process.exitCode and process.exit()', async () => {
  assert.equal((await runScript('process.exitCode = 3;')).code, 3);
  assert.equal((await runScript('setTimeout(() => process.exit(4), 1); setInterval(() => {}, 1000);')).code, 4);
  assert.equal((await runScript('process.on("exit", () => { process.exitCode = 5; });')).code, 5);
});

endsSaying('.env is read before', `say(process.env.FROM_FILE);`, ['"yes"'], { files: { '.env': 'FROM_FILE=yes\n' } });

endsSaying('a fetch does not keep it', `
const http = new HttpRunner();
http.run({ managementPort: 0 }).then(async () => {
  say((await fetch('http://127.0.0.1:' + http.managementPort + '/health')).status);
  await http.stop();
});`, ['200']);

// ---- what can not be started ----

const refusal = (name, text, pattern, options) => test(name, async () => {
  const result = await runScript(text, options);
  assert.match(result.stderr, /^[^\n]+\n$/, 'one line');
  assert.match(result.stderr, pattern);
  assert.equal(result.code, 2);
});

refusal('a script that is not there', '', /\/nobody\.js: there is no such script/, { args: ['nobody.js'] });
refusal('a syntax error', '\nconst = 1;', /\/server\.js:2:\d+: SyntaxError: /);
refusal('a syntax error in an ES module', 'await 1;\nconst = 1;', /\/server\.mjs:2:\d+: SyntaxError: /, { name: 'server.mjs' });
refusal('an import that is not there', "import './nobody.mjs';", /Cannot find module '.*\/nobody\.mjs' imported from .*\/server\.mjs/, { name: 'server.mjs' });
refusal('a name that is not exported', "import { nobody } from 'configurapi-runner-ws';", /\/server\.mjs:1:\d+: SyntaxError: .*nobody/, { name: 'server.mjs' });
refusal('a syntax error in TypeScript', 'const a: = 1;', /\/server\.ts:1:\d+: SyntaxError: /, { name: 'server.ts' });
refusal('a config file in its place', '', /config\.yaml.*--file/, { args: ['config.yaml'] });
for (const args of [['--check'], ['--watch'], ['--workers', '2']]) refusal(args[0], '', new RegExp(`^${args[0]} .*script`), { args });
refusal('a broken .env', '', /^\.env:1: /, { files: { '.env': 'no line\n' } });

test('a throw at its top level: its stack, and 1', async () => {
  const result = await runScript('\nfunction fail() { throw new RangeError("not today"); }\nfail();\nconsole.log("never");');
  assert.match(result.stderr, /^RangeError: not today\n {4}at fail \(\S+\/server\.js:2:25\)\n {4}at Object\.<anonymous> \(\S+\/server\.js:3:1\)\n/);
  assert.deepEqual([result.code, result.stdout], [1, '']);
});

for (const [name, text, pattern, options] of [
  ['a module that is not there', '\nrequire("./nobody");', /Cannot find module '\.\/nobody'[^]*server\.js:2/],
  ['a syntax error in a module', 'require("./other");', /SyntaxError[^]*other\.js:2/, { files: { 'other.js': '\nconst = 1;' } }],
  ['what is no error', 'throw { no: "error" };', /^Uncaught \{ no: 'error' \}\n$/],
  ['a rejected top-level await', 'await 1;\nthrow new Error("late");', /^Error: late\n[^]*server\.mjs:2/, { name: 'server.mjs' }],
  ['a throw in a timer', 'setTimeout(() => { throw new Error("later"); }, 1); setTimeout(() => console.log("never"), 50);', /^Error: later\n/],
  ['a rejection that nobody awaits', 'Promise.reject(new Error("lost")); setTimeout(() => console.log("never"), 50);', /^Error: lost\n/],
]) {
  test(`${name}: as in Node, too`, async () => {
    const result = await runScript(text, options);
    assert.match(result.stderr, pattern);
    assert.deepEqual([result.code, result.stdout], [1, '']);
  });
}

test('who listens for uncaught errors goes on', async () => {
  const result = await runScript(`${prelude}
process.on('uncaughtException', (error, origin) => say(error.message, origin));
process.on('exit', (code) => say(code));
setTimeout(() => { throw new Error('first'); }, 1);
setTimeout(() => Promise.reject(new Error('second')), 5);
throw new Error('top');`);
  assert.deepEqual(result.said, ['"top" "uncaughtException"', '"first" "uncaughtException"', '"second" "unhandledRejection"', '0']);
  assert.equal(result.code, 0);
});

test('a top-level await of what never comes: 13', async () => {
  const result = await runScript('await new Promise(() => {});', { name: 'server.mjs' });
  assert.match(result.stderr, /^\S+\/server\.mjs: its top-level await waits for what will never come\n$/);
  assert.equal(result.code, 13);
});

// ---- the class ----

endsSaying('HttpRunner is an EventEmitter', `
const EventEmitter = require('events');
class Mine extends HttpRunner { run(options) { return super.run({ managementPort: 0, ...options }); } }
const runner = new HttpRunner();
say(typeof HttpRunner, HttpRunner.name, HttpRunner.prototype instanceof EventEmitter, runner instanceof EventEmitter, runner.port);
say(new Mine() instanceof HttpRunner, new Mine().on('x', () => {}) instanceof Mine, Object.keys(HttpRunner));
runner.once('hello', (...all) => say('hello', all));
say(runner.emit('hello', 1, 2), runner.emit('hello'), runner.listenerCount('hello'));
say(typeof require('configurapi-runner-ws').wsPostbackFunction);
new Mine().run({}).then((mine) => { say(typeof mine.port, typeof mine.managementPort); return mine.stop(); });`, [
  '"function" "HttpRunner" true true undefined',
  'true true ["wsPostbackFunction"]',
  '"hello" [1,2]',
  'true false 0',
  '"function"',
  '"number" "number"',
]);

runnerTest('handlers of a runner without a script are told that runners are for scripts', {
  routes: { try: 'tryHandler' },
  prelude: `const HttpRunner = require('configurapi-runner-ws');
const isLate = !(HttpRunner.prototype instanceof require('events'));`,
  handlers: {
    async tryHandler(event) {
      const runner = new HttpRunner();
      runner.on('trace', () => {});
      const result = await runner.run({ port: 0 }).catch((error) => error.message);
      await runner.stop();
      event.response = new Response({ result, isLate, emits: runner instanceof require('events') });
    },
  },
}, async (runner) => {
  const { result, ...more } = (await runner.ask({ name: 'try' })).body;
  assert.match(result, /script.*configurapi-runner-ws server\.js/);
  assert.deepEqual(more, { isLate: true, emits: true });
});

// ---- run() and its options ----

endsSaying('what is wrong in an option is said by its name', `
(async () => {
  for (const options of [
    { prot: 1 }, { port: 65536 }, { port: -1 }, { port: '80a' }, { port: true }, { port: null }, { port: {} }, { port: 1.5 }, { sPort: 0 },
    { maxPayload: '16x' }, { maxInFlight: 0 }, { idleTimeout: 'soon' }, { logLevel: 'loud' }, { logFormat: 'xml' }, { management: 'no' },
    { compression: 0 }, { apiGateway: 'yes' }, { origins: [] , help: true }, { check: true }, { configPath: '' }, { 'max-payload': 1 }, { highWatermark: 1 },
    { host: 'a\\0b' }, { key: 5 }, { key: 'PEM' }, { cert: Buffer.from('PEM') }, { origins: [''] }, { version: true }, { workers: 2 }, { watch: true }, { file: 'a' }, { noManagement: true },
  ]) {
    await new HttpRunner().run(options).then((runner) => say('runs', options), (error) => say(error instanceof Error, error.message));
  }
  await new HttpRunner().run(5).catch((error) => say(error.message));
})();`, [
  'true "run() has no option \'prot\'"',
  'true "port wants a port from 0 to 65535, not \'65536\'"',
  'true "port wants a port from 0 to 65535, not \'-1\'"',
  'true "port wants a port from 0 to 65535, not \'80a\'"',
  'true "port wants a port from 0 to 65535, not \'true\'"',
  'true "port wants a string, a number or a boolean, not null"',
  'true "port wants a string, a number or a boolean, not {}"',
  'true "port wants a port from 0 to 65535, not \'1.5\'"',
  'true "sPort needs key and cert"',
  'true "maxPayload wants a number of bytes above 0 such as 4096, 64k, 16m or 1g, not \'16x\'"',
  'true "maxInFlight wants a number from 1 to 1000000, not \'0\'"',
  'true "idleTimeout wants a time such as 500ms, 30s or 2m (plain numbers are milliseconds), not \'soon\'"',
  'true "logLevel wants debug, trace, info, error or none, not \'loud\'"',
  'true "logFormat wants text or json, not \'xml\'"',
  'true "management wants true or false, not \'no\'"',
  'true "compression wants true or false, not \'0\'"',
  'true "apiGateway wants true or false, not \'yes\'"',
  'true "run() has no option \'help\'"',
  'true "run() has no option \'check\'"',
  'true "configPath wants a value, not \'\'"',
  'true "run() has no option \'max-payload\'"',
  'true "run() has no option \'highWatermark\'"',
  'true "host wants a string, a number or a boolean, not \'a\\\\x00b\'"',
  'true "key wants PEM, in a string or a Buffer, not 5"',
  'true "key and cert go together"',
  'true "key and cert go together"',
  'true "origins wants an origin such as https://example.com or https://*.example.com, 64 times at most, not \'\'"',
  'true "run() has no option \'version\'"',
  'true "run() has no option \'workers\'"',
  'true "run() has no option \'watch\'"',
  'true "run() has no option \'file\'"',
  'true "run() has no option \'noManagement\'"',
  '"run() wants an object of options, not 5"',
]);

scriptTest('options are taken as numbers, and as on the command line, whose own they override', `
new HttpRunner().run({ maxPayload: '1k', highWaterMark: 65536, maxBuffered: '2m', maxInFlight: 3, maxConnections: 50, handshakeTimeout: '5s', idleTimeout: 0,
  maxLifetime: '2m', pingInterval: 30000, drainTimeout: '1s', compressAbove: 100, compression: false, origins: ['https://a.example', 'https://b.example'],
  apiGateway: false, logLevel: 'trace', logFormat: 'text', managementHost: '127.0.0.1', managementToken: undefined, management: true });`, async (runner) => {
  const client = await connectWith(runner.url, { perMessageDeflate: true, headers: { origin: 'https://b.example' } });
  assert.equal(client.webSocket.extensions, '');
  client.send({ name: 'echo', payload: 'x'.repeat(2000) });
  assert.equal((await client.closed).code, 1009);
  await assert.rejects(runner.connect({ headers: { origin: 'https://c.example' } }), /403/);
}, { args: ['--max-payload', '1m', '--origin', 'https://c.example'] });

scriptTest('what it does not say is the command line\'s', `new HttpRunner().run({ maxPayload: undefined });`, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'echo', payload: 'x'.repeat(2000) });
  assert.equal((await client.closed).code, 1009);
}, { args: ['--max-payload', '1k'] });

scriptTest('apiGateway sets its limits, and the others change them', `
new HttpRunner().run({ maxPayload: '1m', apiGateway: true });`, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'echo', payload: 'x'.repeat(20_000) });
  assert.equal((await client.next()).body.length, 20_000);
  client.send(Buffer.from('x'));
  assert.equal((await client.closed).code, 1003);
});

scriptTest('without a management server; with a token', `
(async () => {
  const without = await new HttpRunner().run({ management: false });
  say('without', without.port);
  say(without.managementPort, without.sPort);
  const runner = await new HttpRunner().run({ managementToken: 'secret' });
  const url = 'http://127.0.0.1:' + runner.managementPort + '/health';
  say((await fetch(url)).status, (await fetch(url, { headers: { authorization: 'Bearer secret' } })).status);
  say('with', runner.port);
})();`, async (runner) => {
  const [without, withToken] = [await port(runner, 'without'), await port(runner, 'with')];
  assert.deepEqual(said(runner.stdout), [`"without" ${without}`, 'undefined undefined', '401 200', `"with" ${withToken}`]);
  assert.equal((await askAt(without, { name: 'url' })).body, 'none');
  assert.match((await askAt(withToken, { name: 'url' })).body, /^http:/);
  assert.deepEqual((await askAt(withToken, { name: 'post' })), { statusCode: 200, headers: {}, body: 'posted' }, 'its own token goes along');
}, {
  routes: { url: 'urlHandler', post: 'postHandler' },
  prelude: "const { wsPostbackFunction } = require('configurapi-runner-ws');",
  handlers: {
    urlHandler(event) {
      event.response = new Response(event.request.headers['postback-url'] ?? 'none');
    },
    async postHandler(event) {
      await wsPostbackFunction(event.request.headers['postback-url'], new Response('posted'));
      event.response = null;
    },
  },
});

test('run() rejects with the line that the command line would print', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const taken = server.address().port;
  const result = await runScript(`${prelude}
const attempt = (options) => new HttpRunner().run(options).then(() => say('runs'), (error) => say(error.constructor.name, error.message));
(async () => {
  await attempt({ configPath: 'no/such.yaml' });
  await attempt({ configPath: 'broken.yaml' });
  await attempt({ configPath: 'unknown.yaml' });
  await attempt({ configPath: 'failing.yaml' });
  await attempt({ configPath: 'throwing.yaml' });
  await attempt({ configPath: 'waiting.yaml' });
  await attempt({ port: ${taken} });
  await attempt({ managementPort: ${taken} });
  await attempt({ host: '192.0.2.1' });
  const error = await new HttpRunner().run({ port: ${taken} }).catch((error) => error);
  say(/server\\.js:\\d+:\\d+/.test(error.stack));
})();`, { files: {
    'broken.yaml': 'api:\n  events: 5\n',
    'unknown.yaml': configText({ a: 'nobodyHandler' }),
    'failing.yaml': configText({ on_start: 'failHandler' }),
    'handlers/fail.js': 'exports.failHandler = async () => { throw new Error("no way"); };',
    'throwing.yaml': configText({ a: 'echoHandler' }, ['./throwing']),
    'throwing.js': '\nthrow new RangeError("not today");',
    'waiting.yaml': configText({ a: 'echoHandler' }, ['./waiting.mjs']),
    'waiting.mjs': 'await new Promise(() => {});',
  } });
  server.close();
  const patterns = [
    /^"Error" "no\/such\.yaml: .*"$/,
    /^"Error" "broken\.yaml:2:11: .*"$/,
    /^"Error" "unknown\.yaml:\d+:\d+: no handler is named 'nobodyHandler'.*"$/,
    /^"Error" "on_start failed: Error: no way +at .*fail\.js:1:43.*"$/,
    /^"Error" "throwing\.yaml:\d+:\d+: \S+throwing\.js:2:\d+: RangeError: not today"$/,
    /^"Error" "waiting\.yaml:\d+:\d+: \S+\/waiting\.mjs: its top-level await waits for what will never come"$/,
    new RegExp(`^"Error" ".*${taken}.*in use.*"$`),
    new RegExp(`^"Error" ".*${taken}.*in use.*"$`),
    /^"Error" ".*192\.0\.2\.1.*"$/,
    /^true$/,
  ];
  assert.equal(result.said.length, patterns.length, result.said.join('\n'));
  patterns.forEach((pattern, i) => assert.match(result.said[i], pattern));
  assert.equal(result.stderr, '');
  assert.equal(result.code, 0);
});

test('nobody catches it: that line, and 2', async () => {
  for (const text of [`new HttpRunner().run({ configPath: 'no.yaml' });`, `new HttpRunner().run({ port: 'x' });`,
    `new HttpRunner().run().then((runner) => { runner.run(); });`]) {
    const result = await runScript(`${prelude}${text}\nsetInterval(() => {}, 1000);`);
    assert.match(result.stderr, /^(no\.yaml: [^\n]+|port wants [^\n]+|This runner runs already[^\n]+)\n$/);
    assert.equal(result.code, 2);
  }
});

// ---- its life ----

endsSaying('a runner can be stopped and run again', `
const runner = new HttpRunner();
(async () => {
  await runner.stop();
  const first = runner.run();
  await runner.run().catch((error) => say(error.message));
  say((await first) === runner);
  const { port } = runner;
  await Promise.all([runner.stop(), runner.stop()]);
  say(runner.port, runner.managementPort);
  await runner.run({ port });
  say(runner.port === port);
  await runner.stop();
  const stopped = runner.run().catch((error) => say(error.message));
  await runner.stop();
  await stopped;
  await runner.run({ port });
  await runner.stop();
  say('end');
})();`, [
  '"This runner runs already: it can be run again when stop() has resolved"',
  'true',
  'undefined undefined',
  'true',
  '"It was stopped before it listened"',
  '"end"',
]);

scriptTest('stop() stops as a signal does', `
const runner = new HttpRunner();
globalThis.stop = () => { say('stopping'); runner.stop().then(() => say('stopped')); };
runner.run();`, async (runner) => {
  const [waiting, other] = [await runner.connect(), await runner.connect()];
  waiting.send({ name: 'slow', payload: 1 });
  other.send({ name: 'stop' });
  assert.equal((await other.closed).code, 1001);
  assert.equal((await waiting.closed).code, 1001);
  runner.assertCleanEnd(await runner.exited);
  assert.deepEqual(said(runner.stdout), ['"stopping"', '"bye 1001"', '"bye 1001"', '"through"', '"stopped"']);
}, {
  routes: { slow: 'slowHandler', stop: 'stopHandler', on_disconnect: 'byeHandler' },
  handlers: {
    async slowHandler() {
      await new Promise((resolve) => setTimeout(resolve, 300));
      console.log('> "through"');
    },
    stopHandler(event) {
      event.response = null;
      globalThis.stop();
    },
    byeHandler(event) {
      console.log(`> "bye ${event.payload.code}"`);
    },
  },
});

const twoRunners = `
const [a, b] = [new HttpRunner(), new HttpRunner()];
Promise.all([a.run({ configPath: 'a/config.yaml' }), b.run({ configPath: 'b/config.yaml' })]).then(() => { say('a', a.port); say('b', b.port); });
`;
const twoApps = {
  handlers: {},
  files: Object.fromEntries(['a', 'b'].flatMap((name) => [
    [`${name}/config.yaml`, configText({ on_connect: 'meetHandler', who: 'whoHandler', stream: 'streamHandler', cross: 'crossHandler', wait: 'waitHandler',
      stop: 'stopHandler', on_disconnect: 'byeHandler' }, name === 'b' ? ['./late.mjs'] : undefined)],
    [`${name}/late.mjs`, 'await new Promise((resolve) => setTimeout(resolve, 50)); export const lateHandler = () => {};'],
    [`${name}/handlers/app.js`, handlersText({
      meetHandler(event) {
        event.identity = new Identity(`${NAME} ${event.request.query.user}`);
        state.clients[NAME] = event.request.headers['push-function'];
      },
      whoHandler(event) {
        event.response = new Response({ runner: NAME, user: event.identity.id, count: ++state.count, url: event.request.headers['postback-url'] });
      },
      streamHandler(event) {
        event.response = new StreamResponse((async function* () {
          for (let i = 0; i < 3; i++) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            yield `${NAME}${i}`;
          }
        })());
      },
      async crossHandler(event) {
        await state.clients[event.params.to](new Response(`from ${NAME}`));
        state.open?.();
        event.response = null;
      },
      async waitHandler(event) {
        await new Promise((resolve) => { state.open = resolve; });
        event.response = new Response('opened');
      },
      stopHandler() {
        state.runners[NAME].stop();
      },
      byeHandler() {
        console.log(`> "bye from ${NAME}"`);
      },
    }, `const { StreamResponse } = require('configurapi-handler-ws');
const NAME = '${name}';
const state = require('../../state');`)],
  ]).concat([['state.js', 'exports.count = 0; exports.clients = {}; exports.runners = {};']])),
};

scriptTest('two at once, each with its handlers, its clients and its addresses, in one world', `
const state = require('./state');
${twoRunners}
Object.assign(state.runners, { a, b });`, async (runner) => {
  const ports = { a: await port(runner, 'a'), b: await port(runner, 'b') };
  const open = async (name, user) => connect(`ws://127.0.0.1:${ports[name]}`, { path: `/?user=${user}` });
  const [a, b] = [await open('a', 'ann'), await open('b', 'bob')];
  const [first, second] = [await a.ask({ name: 'who' }), await b.ask({ name: 'who' })];
  assert.deepEqual([first.body.runner, first.body.user, first.body.count], ['a', 'a ann', 1]);
  assert.deepEqual([second.body.runner, second.body.user, second.body.count], ['b', 'b bob', 2], 'one state');
  assert.notEqual(new URL(first.body.url).port, new URL(second.body.url).port);
  for (const { body } of [first, second]) {
    const { pathname, origin } = new URL(body.url);
    const known = await (await fetch(`${origin}/@connections`)).json();
    assert.deepEqual(known, [pathname.split('/').at(-1)]);
  }
  for (const [client, name] of [[a, 'a'], [b, 'b']]) {
    client.send({ name: 'stream' });
    assert.deepEqual((await client.take(4)).map(({ body }) => body), [`${name}0`, `${name}1`, `${name}2`, '']);
  }
  // What one's handler does sets off what the other's connection gets, whichever's turn it is.
  for (const [from, to, name] of [[a, b, 'b'], [b, a, 'a']]) {
    to.send({ name: 'wait' });
    await new Promise((resolve) => setTimeout(resolve, 50));
    from.send({ name: 'cross', params: { to: name } });
    const bodies = (await to.take(2)).map(({ body }) => body).sort();
    assert.deepEqual(bodies, [`from ${name === 'b' ? 'a' : 'b'}`, 'opened']);
  }
  a.send({ name: 'stop' });
  assert.equal((await a.closed).code, 1001);
  await assert.rejects(open('a', 'ann'), /ECONNREFUSED/);
  assert.equal((await b.ask({ name: 'who' })).body.runner, 'b');
  b.send({ name: 'cross', params: { to: 'a' } });
  const { statusCode, body } = await b.next();
  assert.equal(statusCode, 410, JSON.stringify(body));
  await b.close();
}, twoApps);

scriptTest('SIGTERM stops all of them, whatever else there is', `${twoRunners}
setInterval(() => {}, 1000);
process.on('exit', (code) => say('exit', code));`, async (runner) => {
  const clients = await Promise.all(['a', 'b'].map(async (name) => connect(`ws://127.0.0.1:${await port(runner, name)}/`)));
  runner.signal('SIGTERM');
  for (const client of clients) assert.equal((await client.closed).code, 1001);
  runner.assertCleanEnd(await runner.exited);
  assert.deepEqual(said(runner.stdout).slice(2).sort(), ['"bye from a"', '"bye from b"', '"exit" 0']);
}, twoApps);

scriptTest('SIGINT as well, and the second signal does not wait', `new HttpRunner().run({ drainTimeout: 0 });`, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'never' });
  await runner.output('stdout', /> "begun"/);
  runner.signal('SIGINT');
  await client.closed;
  assert.equal(runner.hasExited, undefined);
  runner.signal('SIGINT');
  runner.assertCleanEnd(await runner.exited);
}, {
  routes: { never: 'neverHandler' },
  handlers: {
    neverHandler() {
      console.log('> "begun"');
      return new Promise(() => {});
    },
  },
});

test('a signal ends a script that runs no runner, and one whose runner still loads', async () => {
  for (const text of ['say("up"); setInterval(() => {}, 1000);', 'new HttpRunner().run().catch((error) => say(error.message));']) {
    const directory = makeApp(scripted(prelude + text, { imports: ['./slow.mjs'],
      files: { 'slow.mjs': 'console.log("> up"); await new Promise((resolve) => setTimeout(resolve, 60_000)); export const slowHandler = () => {};' } }));
    const runner = await startRunner({ cwd: directory.path, args: ['server.js'], port: 0 });
    await guarded(runner.output('stdout', /> "?up/));
    await guarded(runner.stop());
    if (text.startsWith('new')) assert.equal(said(runner.stdout).at(-1), '"It was stopped before it listened"');
    directory.remove();
  }
});

scriptTest('handlers that never end: stop() resolves after the drain timeout, and the process ends', `
const runner = new HttpRunner();
globalThis.stop = () => runner.stop().then(() => say('stopped'));
runner.run({ drainTimeout: 100 });`, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'never' });
  await client.closed;
  runner.assertCleanEnd(await runner.exited);
  assert.deepEqual(said(runner.stdout), ['"stopped"']);
}, {
  routes: { never: 'neverHandler' },
  handlers: {
    neverHandler() {
      globalThis.stop();
      return new Promise(() => {});
    },
  },
});

test('handlers that end after their runner: they are logged, and the process ends', async () => {
  const app = scripted(`${prelude}
const runner = new HttpRunner();
globalThis.stop = () => runner.stop().then(() => say('stopped'));
runner.on('trace', (message) => say(message.includes('late')));
runner.run({ drainTimeout: 50 });`, {
    routes: { late: 'lateHandler', on_after_request: 'afterHandler' },
    handlers: {
      async lateHandler(event) {
        const push = event.request.headers['push-function'];
        globalThis.stop();
        await new Promise((resolve) => setTimeout(resolve, 1500));
        this.emit('error', `late ${await push('x').catch((error) => error.statusCode)}`);
        event.response = new Response('late');
      },
      afterHandler() {
        console.log('> "after"');
      },
    },
  });
  const directory = makeApp(app);
  const runner = await startRunner({ cwd: directory.path, args: app.args });
  const client = await runner.connect();
  client.send({ name: 'late' });
  await client.closed;
  runner.assertCleanEnd(await guarded(runner.exited));
  directory.remove();
  assert.deepEqual(said(runner.stdout), ['"stopped"', '"after"']);
  assert.match(runner.stderr, /Z Error: \S+ - \S+ - late 410\n/);
});

scriptTest('errors that nobody can be told are logged while a runner serves', `
new HttpRunner().run().then(() => {
  setTimeout(() => { throw new Error('later'); }, 1);
  Promise.reject(new Error('lost'));
});`, async (runner) => {
  await runner.output('stderr', /Error: configurapi - {2}- Uncaught Error: later/);
  await runner.output('stderr', /Error: configurapi - {2}- Uncaught Error: lost/);
  assert.equal((await runner.ask({ name: 'echo', payload: 1 })).body, 1);
});

test('a runner that is run and stopped over and over leaves nothing behind', async () => {
  const directory = makeApp(scripted(`${prelude}
const runner = new HttpRunner();
(async () => {
  const measure = [];
  for (let i = 0; i < 300; i++) {
    await runner.run({ managementPort: 0 });
    await runner.stop();
    if (i % 100 === 99) measure.push(process.memoryUsage().rss, require('fs').readdirSync('/proc/self/fd').length);
  }
  say(measure);
})();`));
  const { stdout, code } = await runToEnd(['-p', '0', '--host', '127.0.0.1', '--log-level', 'none', 'server.js'], { cwd: directory.path });
  directory.remove();
  const [[, firstFiles, middle, , last, lastFiles]] = said(stdout).map((line) => JSON.parse(line));
  assert.equal(code, 0);
  assert.equal(lastFiles, firstFiles);
  if (!isSanitized()) assert.ok(last - middle < 4 * 1024 * 1024, `${middle} bytes, and a hundred runs later ${last}`);
});

// ---- what is told of events ----

const talkative = {
  files: { 'config.yaml': JSON.stringify({ api: { events: [{ name: 'talk', policies: [{ talkHandler: [], logLevel: 'debug' }, 'failHandler'] }] } }) },
  handlers: {
    talkHandler() {
      for (const level of ['debug', 'trace', 'error']) this.emit(level, `said at ${level}`);
    },
    failHandler() {
      throw new Error('failed');
    },
  },
};
const talk = { name: 'talk', headers: { 'correlation-id': 'c1' }, query: {} };

scriptTest('listeners get what the log would say, in place of it', `
const runner = new HttpRunner();
for (const level of ['trace', 'debug', 'error']) runner.on(level, function (...all) { say(level, all, this === runner); });
runner.run({ logLevel: 'debug' });`, async (runner) => {
  await runner.ask(talk);
  await runner.output('stdout', /Failed to handle talk/);
  const lines = said(runner.stdout);
  const id = '[0-9a-f-]{36} - c1 - ';
  for (const [level, text] of [['debug', 'said at debug'], ['trace', 'said at trace'], ['error', 'said at error'], ['trace', 'Executed talkHandler policy \\[\\d+ms\\]'],
    ['error', 'Failed to handle talk: failed']])
    assert.ok(lines.some((line) => new RegExp(`^"${level}" \\["${id}${text}"\\] true$`).test(line)), `${level} ${text}\n${lines.join('\n')}`);
  assert.equal(runner.stderr, '');
  assert.doesNotMatch(runner.stdout, /Z (Trace|Debug|Error): /);
  assert.match(runner.stdout, /Z Info: configurapi - {2}- Listening on /);
}, talkative);

scriptTest('handlers of on_start are heard, too', `
const runner = new HttpRunner();
for (const level of ['trace', 'error']) runner.on(level, (message) => say(level, message));
runner.run();`, async (runner) => {
  await runner.output('stdout', /> "trace" "configurapi - {2}- Executed talkHandler policy \[\d+ms\]"/);
  assert.deepEqual(said(runner.stdout).slice(0, 2), ['"trace" "configurapi -  - said at trace"', '"error" "configurapi -  - said at error"']);
}, { ...talkative, files: { 'config.yaml': configText({ on_start: 'talkHandler' }) } });

scriptTest('a level without a listener is printed, also when its last one has left', `
const runner = new HttpRunner();
runner.once('trace', (message) => say('once', message.includes('c1')));
runner.run();`, async (runner) => {
  assert.equal((await runner.ask(talk)).statusCode, 500);
  await runner.output('stdout', /> "once" true/);
  await runner.output('stderr', /Z Error: \S+ - c1 - said at error\n[^]*Z Error: \S+ - c1 - Failed to handle talk: failed/);
  await runner.ask(talk);
  await runner.output('stdout', /Z Trace: \S+ - c1 - said at trace/);
  assert.deepEqual(said(runner.stdout), ['"once" true']);
}, talkative);

scriptTest('a listener that throws takes nothing down, and one that comes later hears from then on', `
const runner = new HttpRunner();
runner.run().then(() => runner.on('error', (message) => { throw new Error('listening: ' + message.includes('Failed')); }));`, async (runner) => {
  assert.equal((await runner.ask(talk)).statusCode, 500);
  await runner.output('stderr', /Uncaught Error: listening: true/);
  assert.equal((await runner.ask(talk)).statusCode, 500);
}, talkative);

scriptTest('logLevel and logFormat are each runner\'s own', `
(async () => {
  say('quiet', (await new HttpRunner().run({ logLevel: 'none' })).port);
  say('json', (await new HttpRunner().run({ logFormat: 'json' })).port);
})();`, async (runner) => {
  assert.equal((await askAt(await port(runner, 'quiet'), talk)).statusCode, 500);
  assert.equal((await askAt(await port(runner, 'json'), talk)).statusCode, 500);
  await runner.output('stderr', /Failed to handle/);
  assert.deepEqual(runner.lines('stderr').map((line) => JSON.parse(line).message), ['said at error', 'Failed to handle talk: failed']);
  assert.doesNotMatch(runner.stdout, /Z Trace/);
}, { ...talkative });

// ---- TLS ----

const folder = mkdtempSync(path.join(tmpdir(), 'configurapi-script-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function makeCertificate(name) {
  const [key, cert] = [path.join(folder, `${name}.key`), path.join(folder, `${name}.crt`)];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-keyout', key, '-out', cert,
    '-subj', `/CN=${name}`], { stdio: 'ignore' });
  return { key, cert };
}

const first = makeCertificate('first');
const second = makeCertificate('second');
const encrypted = path.join(folder, 'encrypted.key');
execFileSync('openssl', ['pkey', '-in', first.key, '-aes128', '-passout', 'pass:secret', '-out', encrypted], { stdio: 'ignore' });
const chain = path.join(folder, 'chain.crt');
execFileSync('sh', ['-c', `cat '${first.cert}' '${second.cert}' > '${chain}'`]);

const env = { KEY: first.key, CERT: first.cert, OTHER: second.cert, ENCRYPTED: encrypted, CHAIN: chain };

/** The names in the certificates that a port shows. */
async function namesAt(secure) {
  const socket = tls.connect({ port: secure, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN;
}

const secureRun = `
const fs = require('fs');
const { KEY, CERT } = process.env;
const runner = new HttpRunner();
`;

scriptTest('key and cert are Buffers of PEM', `${secureRun}
runner.run({ sPort: 0, key: fs.readFileSync(KEY), cert: fs.readFileSync(CERT) }).then(() => say('secure', runner.sPort));`, async (runner) => {
  const secure = await port(runner, 'secure');
  const client = await connectSecurely(secure);
  assert.equal((await client.ask({ name: 'echo', payload: 1 })).body, 1);
  assert.equal(await namesAt(secure), 'first');
  assert.equal((await runner.ask({ name: 'echo', payload: 2 })).body, 2, 'the plain port beside it');
  runner.signal('SIGHUP');
  await runner.output('stdout', /Nothing is there to be reloaded/);
  assert.equal((await client.ask({ name: 'echo', payload: 3 })).body, 3);
  await client.close();
}, { env });

scriptTest('or strings; the whole chain is sent; they stand in place of --key and --cert', `${secureRun}
runner.run({ sPort: 0, key: fs.readFileSync(KEY, 'utf8'), cert: fs.readFileSync(process.env.CHAIN, 'utf8') }).then(() => say('secure', runner.sPort));`, async (runner) => {
  const secure = await port(runner, 'secure');
  const shown = execFileSync('openssl', ['s_client', '-connect', `127.0.0.1:${secure}`, '-showcerts'], { input: '', stdio: ['pipe', 'pipe', 'ignore'] });
  assert.deepEqual(shown.toString().match(/(?<= s:.*CN ?= ?)\w+/g), ['first', 'second']);
}, { env, args: ['--key', second.key, '--cert', second.cert] });

test('keyPath and certPath are read again at SIGHUP; the handlers stay', async () => {
  const app = scripted(`${prelude}new HttpRunner().run({ sPort: 0, keyPath: 'a.key', certPath: 'a.crt' }).then((runner) => say('secure', runner.sPort));`);
  const directory = makeApp(app);
  const use = (pair) => ['key', 'cert'].forEach((kind) => copyFileSync(pair[kind], path.join(directory.path, kind === 'key' ? 'a.key' : 'a.crt')));
  use(first);
  const runner = await startRunner({ cwd: directory.path, args: app.args });
  const secure = await port(runner, 'secure');
  assert.equal(await namesAt(secure), 'first');
  use(second);
  writeFileSync(path.join(directory.path, 'handlers/app.js'), handlersText({ echoHandler(event) { event.response = new Response('changed'); } }));
  runner.signal('SIGHUP');
  await guarded(runner.output('stdout', /Reloaded key and certificate\n/));
  assert.equal(await namesAt(secure), 'second');
  assert.equal((await runner.ask({ name: 'echo', payload: 'same' })).body, 'same');
  await guarded(runner.stop());
  directory.remove();
});

endsSaying('what is wrong with PEM is said by the option\'s name', `${secureRun}
const { OTHER, ENCRYPTED } = process.env;
(async () => {
  const pem = (path) => fs.readFileSync(path);
  for (const options of [
    { key: pem(KEY), cert: pem(OTHER) }, { key: pem(ENCRYPTED), cert: pem(CERT) }, { key: 'no PEM', cert: pem(CERT) }, { key: pem(KEY), cert: '' },
    { key: pem(KEY) }, { cert: pem(CERT) }, { sPort: 0 }, { key: pem(KEY), keyPath: KEY, cert: pem(CERT) },
    { key: pem(KEY), certPath: CERT, cert: pem(CERT) },
  ]) await runner.run(options).then(() => say('runs'), (error) => say(error.message.split(':').slice(0, 2).join(':')));
})();`, [
  '"key: no key for that certificate can be read"',
  '"key: the key is encrypted"',
  '"key: no key for that certificate can be read"',
  '"cert: no certificate can be read"',
  '"key and cert go together"',
  '"key and cert go together"',
  '"sPort needs key and cert"',
  '"key and keyPath do not go together"',
  '"cert and certPath do not go together"',
], { env });

const reading = {
  'every piece': ["(async () => { let text = ''; process.stdin.setEncoding('utf8'); for await (const piece of process.stdin) text += piece; console.log(text.length, text.slice(0, 5)); })()", '588895 1\n2\n3'],
  events: ["let size = 0; process.stdin.on('data', (piece) => { size += piece.length; }).on('end', () => console.log(size, process.stdin.fd))", '588895 0'],
  'a pipe': ["process.stdin.pipe(require('fs').createWriteStream('copy')).on('finish', () => console.log(require('fs').statSync('copy').size))", '588895'],
};

for (const [name, [source, expected]] of Object.entries(reading)) {
  test(`a script reads standard input: ${name}`, async () => {
    const directory = makeApp({ files: { 'server.js': source } });
    try {
      const input = Array.from({ length: 100000 }, (_, i) => `${i + 1}\n`).join('');
      const { stdout, stderr, status } = spawnSync(runnerPath, ['server.js'], { cwd: directory.path, input, encoding: 'utf8', timeout: 20000 });
      assert.deepEqual([stdout.trim(), stderr, status], [expected, '', 0]);
    } finally {
      directory.remove();
    }
  });
}

for (const [name, source] of Object.entries({
  'that nobody listens to': "console.log(typeof process.stdin.on)",
  'that is paused': "process.stdin.on('data', () => {}).pause(); console.log('function')",
  'that is unreferenced': "process.stdin.on('data', () => {}).unref(); console.log('function')",
})) {
  test(`standard input ${name} holds up no script`, async () => {
    const directory = makeApp({ files: { 'server.js': source } });
    const child = spawn(runnerPath, ['server.js'], { cwd: directory.path, stdio: ['pipe', 'pipe', 'inherit'] });
    try {
      let stdout = '';
      child.stdout.setEncoding('utf8').on('data', (text) => { stdout += text; });
      const [code] = await once(child, 'close');
      assert.deepEqual([stdout, code], ['function\n', 0]);
    } finally {
      child.kill('SIGKILL');
      child.stdin.destroy();
      directory.remove();
    }
  });
}

test('standard input that is closed is an empty one', async () => {
  const directory = makeApp({ files: { 'server.js': "process.stdin.on('data', () => {}).on('end', () => console.log('end'))" } });
  try {
    const { stdout, stderr } = spawnSync('sh', ['-c', `exec "${runnerPath}" server.js <&-`], { cwd: directory.path, encoding: 'utf8', timeout: 20000 });
    assert.deepEqual([stdout, stderr], ['end\n', '']);
  } finally {
    directory.remove();
  }
});

// ---- a Service without a runner ----

const ownService = {
  files: {
    'config.yaml': JSON.stringify({
      import: ['./more'],
      api: {
        events: [
          { name: 'hello', policies: ['firstHandler', 'moreHandler', 'lastHandler'] },
          { name: 'quiet', logLevel: 'error', policies: ['firstHandler'] },
          { name: 'loud', logLevel: 'debug', policies: [{ firstHandler: [], logLevel: 'debug' }] },
          { name: 'silent', logLevel: 'debug', policies: [{ firstHandler: [], logLevel: 'none' }] },
          { name: 'fails', policies: ['failHandler'] },
          { name: 'on_error', policies: ['errorHandler'] },
        ],
      },
    }),
    'more.js': "exports.moreHandler = function (event) { this.emit('trace', 'more\\n  lines'); this.emit('info', 'unheard'); };",
    'handlers/app.js': `
exports.firstHandler = function (event) { event.response.body = 'first'; this.emit('debug', 'debugged'); this.emit('trace', 'traced'); };
exports.lastHandler = async function (event) { event.response.body += ' last'; this.complete(); };
exports.failHandler = function () { this.emit('error', 'oops'); throw new Error('failed'); };
exports.errorHandler = function (event) { event.response.body = 'handled ' + event.response.statusCode; };`,
    'program.js': `
const { Config, ErrorResponse, Event, Request, Response, Service } = require('configurapi');
const lines = [[require('configurapi/src/response') === Response, require('configurapi/src/errorResponse.js') === ErrorResponse].join()];
const service = new Service(Config.load('config.yaml'));
for (const level of ['trace', 'debug', 'info', 'error'])
  service.on(level, (message) => lines.push(level + ' ' + message.replace(/[0-9a-f]{8}-[-0-9a-f]{27}/g, 'ID').replace(/[0-9]+ms/, 'Nms')));
(async () => {
  for (const name of ['hello', 'quiet', 'loud', 'silent', 'fails', 'nothing']) {
    const event = new Event(Object.assign(new Request('get'), { name, query: {} }));
    await service.process(event);
    lines.push([name, event.response.statusCode, event.response.body].join(' '));
  }
  console.log(JSON.stringify(lines));
})();`,
  },
};

test('a Service of a script\'s own does and says what 1.9.0\'s does', () => {
  const directory = makeApp(ownService);
  symlinkSync(path.join(path.dirname(createRequire(import.meta.url).resolve('configurapi/package.json')), '..'), path.join(directory.path, 'node_modules'));
  try {
    const [here, there] = [runnerPath, process.execPath].map((program) => {
      const { stdout, stderr } = spawnSync(program, ['program.js'], { cwd: directory.path, encoding: 'utf8', timeout: 20000 });
      assert.equal(stderr.replace(/.*Warning.*\n/g, ''), '');
      return JSON.parse(stdout);
    });
    assert.deepEqual(here, there);
    assert.ok(here.length > 20, 'it says what it does');
  } finally {
    directory.remove();
  }
});

test('a Service finds handlers/ beside its configuration, too, and says what it can not load', async () => {
  const { said: lines } = await runScript(`
const { Config, Event, Request, Service } = require('configurapi');
console.log('> ' + (() => { try { return new Service(Config.parse('import: [./nothing]\\napi:\\n  events: []\\n', __dirname)); } catch (error) { return [error instanceof Error, error.message]; } })());
const service = new Service(Config.load('app/config.yaml'));
const event = new Event(Object.assign(new Request('get'), { name: 'hello', query: {} }));
service.process(event).then(() => console.log('> ' + event.response.body));`, {
    files: {
      'app/config.yaml': JSON.stringify({ api: { events: [{ name: 'hello', policies: ['hereHandler'] }] } }),
      'app/handlers/types.d.ts': 'nothing that runs',
      'app/handlers/here.mjs': "export function hereHandler(event) { event.response.body = 'here'; }",
    },
  });
  assert.match(lines[0], /^true,Cannot find module '\S*\/nothing'/);
  assert.equal(lines[1], 'here');
});
