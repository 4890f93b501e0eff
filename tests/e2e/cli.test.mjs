// The command line, the environment, and what is said of a start that fails.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { on, once } from 'node:events';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { configText, echoApp, makeApp } from './support/app.mjs';
import { connect } from './support/client.mjs';
import { runnerPath, runnerTest, runToEnd } from './support/runner.mjs';

/** Runs the program in a directory made of `app`. */
async function runApp(app, args = [], env) {
  const directory = makeApp(app);
  try {
    return await runToEnd(['-p', '0', '--host', '127.0.0.1', ...args], { cwd: directory.path, env });
  } finally {
    directory.remove();
  }
}

/** Whoever had a port a moment ago does not have it for ever, so one that was free is free. */
async function freePort() {
  const probe = net.createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Connects as soon as somebody listens there. */
async function connectSoon(url) {
  for (;;) {
    try {
      return await connect(url);
    } catch (error) {
      if (error.code !== 'ECONNREFUSED') throw error;
      await setTimeout(50);
    }
  }
}

/** A start that fails: exit code 2, nothing on stdout but log lines, one line on stderr that matches all of `patterns`. */
function assertRefused(result, ...patterns) {
  assert.deepEqual({ code: result.code, signal: result.signal }, { code: 2, signal: null }, `--- stderr\n${result.stderr}`);
  const lines = result.stderr.split('\n');
  assert.equal(lines.pop(), '', 'stderr ends with a line end');
  assert.equal(lines.length, 1, `one line on stderr, not\n${result.stderr}`);
  for (const pattern of patterns) assert.match(lines[0], pattern);
}

const refusal = (name, app, args, ...patterns) =>
  test(name, async () => assertRefused(await runApp(app, args), ...patterns));

const withConfig = (text) => ({ ...echoApp, files: { 'config.yaml': text } });
const withHandlers = (text, more = {}) => ({ ...echoApp, files: { 'handlers/app.js': text, ...more } });

test('--help', async () => {
  for (const option of ['--help', '-h']) {
    const result = await runToEnd([option], { cwd: '/' });
    assert.equal(result.code, 0);
    assert.equal(result.stderr, '');
    for (const name of ['--file', '--port', '--host', '--max-payload', '--max-in-flight', '--log-level', '--log-format', '--check', '--help', '--version']) {
      assert.ok(result.stdout.includes(name), `--help tells of ${name}`);
    }
    for (const line of result.stdout.split('\n')) assert.ok(line.length <= 100, `a line fits a terminal: ${line}`);
  }
});

test('--version', async () => {
  const result = await runToEnd(['--version'], { cwd: '/' });
  assert.equal(result.code, 0);
  assert.match(result.stdout, /^(\S+ )?\d+\.\d+\.\d+\S*\n$/);
});

refusal('an unknown option', echoApp, ['--prot', '8000'], /--prot\b/);
refusal('an unknown letter', echoApp, ['-x'], /-x\b/);
refusal('a port that is no number', echoApp, ['-p', 'http'], /port/, /http/);
refusal('a port that is too large', echoApp, ['--port', '65536'], /port/, /65536/);
refusal('a port below zero', echoApp, ['--port', '-1'], /port/);
refusal('an option without its value', echoApp, ['--file'], /--file\b/);
refusal('a size of an unknown unit', echoApp, ['--max-payload', '64x'], /--max-payload\b/, /64x/);
refusal('a size that is no number', echoApp, ['--max-payload', 'much'], /--max-payload\b/, /much/);
refusal('a size that is too large for anything', echoApp, ['--max-payload', '99999999999999999999g'], /--max-payload\b/);
refusal('none at once', echoApp, ['--max-in-flight', '0'], /--max-in-flight\b/);
refusal('an unknown log level', echoApp, ['--log-level', 'loud'], /--log-level\b/, /loud/);
refusal('an unknown log format', echoApp, ['--log-format', 'xml'], /--log-format\b/, /xml/);
refusal('an address that is none', echoApp, ['--host', '999.1.2.3'], /999\.1\.2\.3/);
refusal('an address of another machine', echoApp, ['--host', '192.0.2.1'], /192\.0\.2\.1/);

refusal('no config file', { files: { 'config.yaml': null } }, [], /config\.yaml/);
refusal('no config file of that name', echoApp, ['-f', 'no/such.yaml'], /no\/such\.yaml/);
refusal('a directory for a config file', echoApp, ['-f', 'handlers'], /handlers/);
refusal('an empty config file', withConfig(''), [], /config\.yaml/);
refusal('a config file that is no YAML', withConfig('api:\n  events: [\n'), [], /config\.yaml:\d+:\d+: /);
refusal('a config file with a tab', withConfig('api:\n\tevents: []\n'), [], /config\.yaml:2:\d+: /);
refusal('no api', withConfig('events: []\n'), [], /config\.yaml:\d+:\d+: /, /api/);
refusal('no events', withConfig('api:\n  event: []\n'), [], /config\.yaml:\d+:\d+: /, /events/);
refusal('events that are no list', withConfig('api:\n  events: 5\n'), [], /config\.yaml:2:11: /);
refusal('an event without a name', withConfig('api:\n  events:\n    - { name: a, policies: [] }\n    - policies: []\n'), [], /config\.yaml:4:7: /, /name/);
refusal('an event without policies', withConfig('api:\n  events:\n    - name: a\n'), [], /config\.yaml:3:7: /, /policies/);
refusal('an unknown handler', withConfig('api:\n  events:\n    - name: a\n      policies:\n        - nobodyHandler\n'), [], /config\.yaml:5:11: /, /nobodyHandler/);
refusal(
  'an unknown handler, later in a list',
  withConfig('api:\n  events:\n    - name: a\n      policies: [echoHandler, { otherHandler: [1] }]\n'),
  [],
  /config\.yaml:4:\d+: /,
  /otherHandler/,
);
refusal('an unknown handler in a file of another name', { files: { 'conf/api.yaml': 'api:\n  events:\n    - name: a\n      policies: [x]\n' } }, ['-f', 'conf/api.yaml'], /conf\/api\.yaml:4:18: /);
refusal('a function that is no handler', { ...echoApp, files: { 'handlers/more.js': 'exports.helper = () => {};\n' }, routes: { a: 'helper' } }, [], /config\.yaml:\d+:\d+: /, /helper/);
refusal('an import that is not there', { ...echoApp, imports: ['./lib/missing'] }, [], /lib\/missing/);
refusal('an import of a package that is not there', { ...echoApp, imports: ['no-such-package'] }, [], /no-such-package/);
refusal('an import that is not there, in a file of another name', { files: { 'conf/api.yaml': 'import: [./lib/missing]\napi:\n  events: []\n' } }, ['-f', 'conf/api.yaml'],
  /^conf\/api\.yaml:1:10: Cannot find module '\S+\/conf\/lib\/missing'$/);
refusal('an import that is no text', withConfig('import: [5]\napi:\n  events: []\n'), [], /config\.yaml:1:10: /);

refusal('a handler file with a syntax error', withHandlers('exports.echoHandler = (event) => {\n  event.response.body = ;\n};\n'), [], /handlers\/app\.js:2\b/);
refusal('a handler file that throws', withHandlers("const a = 1;\n\nthrow new Error('no luck today');\n"), [], /handlers\/app\.js:3\b/, /no luck today/);
refusal('a handler file that throws on its first line', withHandlers("throw new Error('no luck today');\n"), [], /^\S*handlers\/app\.js:1:(?:7|16): /);
refusal('a handler file that requires what is not there', withHandlers("require('../lib/missing');\n"), [], /handlers\/app\.js/, /lib\/missing/);
refusal(
  'a syntax error in a file that a handler file requires',
  withHandlers("exports.echoHandler = require('../lib/broken');\n", { 'lib/broken.js': 'const a = 1;\nconst b = 2;\nconst a = 3;\n' }),
  [],
  /lib\/broken\.js:3\b/,
);
refusal('a JSON file with an error', withHandlers("exports.echoHandler = require('../lib/broken.json');\n", { 'lib/broken.json': '{ "a": }' }), [], /lib\/broken\.json/);

test('a port in use', async () => {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  try {
    assertRefused(await runApp(echoApp, ['-p', String(port)]), new RegExp(`\\b${port}\\b`));
  } finally {
    server.close();
  }
});

test('--check', async () => {
  const good = await runApp(echoApp, ['--check']);
  assert.deepEqual({ code: good.code, stderr: good.stderr }, { code: 0, stderr: '' });
  assert.doesNotMatch(good.stdout, /Listening/);

  assertRefused(await runApp(withConfig('api:\n  events:\n    - name: a\n      policies: [nobodyHandler]\n'), ['--check']), /config\.yaml:4:18: /, /nobodyHandler/);
  assertRefused(await runApp(withHandlers('exports. = 1;\n'), ['--check']), /handlers\/app\.js:1\b/);
  assertRefused(await runApp({ files: { 'config.yaml': null } }, ['--check']), /config\.yaml/);
});

test('--check runs no on_start', async () => {
  const app = {
    routes: { on_start: 'startHandler' },
    handlers: {
      startHandler() {
        console.log('on_start has run');
      },
    },
  };
  const result = await runApp(app, ['--check']);
  assert.equal(result.code, 0);
  assert.doesNotMatch(result.stdout, /on_start has run/);
});

test('config and handlers elsewhere', async (t) => {
  const elsewhere = makeApp({ ...echoApp, files: { 'handlers/app.js': null } });
  after(() => elsewhere.remove());
  await t.test('handlers/ of the working directory', async () => {
    const result = await runApp(echoApp, ['-f', path.join(elsewhere.path, 'config.yaml'), '--check']);
    assert.deepEqual({ code: result.code, stderr: result.stderr }, { code: 0, stderr: '' });
  });
  await t.test('no handlers/ at all', async () => {
    const result = await runApp({ files: { 'handlers/app.js': null } }, ['-f', path.join(elsewhere.path, 'config.yaml'), '--check']);
    assertRefused(result, /echoHandler/);
  });
});

const nested = {
  routes: {},
  files: {
    'config.yaml': null,
    'handlers/app.js': "exports.whereHandler = (event) => { event.response.body = 'working directory'; };\n",
    'conf/api.yaml': configText({ where: 'whereHandler', more: 'moreHandler' }, ['./lib/more']),
    'conf/handlers/app.js': "exports.whereHandler = (event) => { event.response.body = 'beside the config'; };\n",
    'conf/lib/more.js': "exports.moreHandler = (event) => { event.response.body = 'relative to the config'; };\n",
  },
};

runnerTest('handlers/ and imports beside the config come first', { ...nested, args: ['-f', 'conf/api.yaml'] }, async (runner) => {
  assert.equal((await runner.ask({ name: 'where' })).body, 'beside the config');
  assert.equal((await runner.ask({ name: 'more' })).body, 'relative to the config');
});

runnerTest('--file=PATH', { ...nested, args: ['--file=conf/api.yaml'] }, async (runner) => {
  assert.equal((await runner.ask({ name: 'where' })).body, 'beside the config');
});

runnerTest('port 0: the start line says which', echoApp, async (runner) => {
  assert.match(runner.lines('stdout').find((line) => line.includes('Listening')), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z Info: configurapi -  - Listening on ws:\/\/127\.0\.0\.1:\d+$/);
  assert.ok(runner.port > 0);
});

test('a port of our choice', async (t) => {
  const port = await freePort();
  const directory = makeApp(echoApp);
  const { startRunner } = await import('./support/runner.mjs');
  const runner = await startRunner({ cwd: directory.path, args: [`--port=${port}`] });
  assert.equal(runner.port, port);
  assert.equal((await runner.ask({ name: 'echo', payload: 'x' })).body, 'x');
  await runner.stop();
  directory.remove();
});

for (const [text, bytes] of [['100', 100], ['1k', 1024], ['64K', 65536]]) {
  runnerTest(`--max-payload ${text}`, { ...echoApp, args: ['--max-payload', text] }, async (runner) => {
    const fits = await runner.connect();
    fits.send('x'.repeat(bytes));
    assert.equal((await fits.next()).statusCode, 501);
    await fits.close();

    const tooLong = await runner.connect();
    tooLong.send('x'.repeat(bytes + 1));
    assert.equal((await tooLong.closed).code, 1009);
  });
}

const environmentApp = {
  routes: { env: 'envHandler' },
  handlers: {
    envHandler(event) {
      event.response = new Response(Object.fromEntries(event.payload.map((name) => [name, process.env[name] ?? null])));
    },
  },
};

runnerTest(
  '.env is read and overrides nothing',
  {
    ...environmentApp,
    env: { FROM_BOTH: 'set before', SET_EMPTY: '' },
    files: {
      '.env': `# a comment
FROM_FILE=plain
FROM_BOTH=from the file
SET_EMPTY=not empty
SPACED = around
QUOTED="two words # and no comment"
SINGLE='as it is \\n'
LINES="one\\ntwo"
export EXPORTED=yes
COMMENTED=value # behind
EMPTY=

WITH_EQUALS=a=b=c
`,
    },
  },
  async (runner) => {
    const expected = {
      FROM_FILE: 'plain',
      FROM_BOTH: 'set before',
      SET_EMPTY: '',
      SPACED: 'around',
      QUOTED: 'two words # and no comment',
      SINGLE: 'as it is \\n',
      LINES: 'one\ntwo',
      EXPORTED: 'yes',
      COMMENTED: 'value',
      EMPTY: '',
      WITH_EQUALS: 'a=b=c',
      NOT_THERE: null,
    };
    assert.deepEqual((await runner.ask({ name: 'env', payload: Object.keys(expected) })).body, expected);
  },
);

runnerTest(
  'NODE_ENV from .env decides over `when`',
  {
    handlers: {
      whichHandler(event, which) {
        event.response = new Response(which);
      },
    },
    files: {
      '.env': 'NODE_ENV=production\n',
      'config.yaml': `api:
  events:
    - { name: which, policies: [{ whichHandler: [always] }] }
    - { name: which, when: production, policies: [{ whichHandler: [in production] }] }
    - { name: which, when: test, policies: [{ whichHandler: [in test] }] }
`,
    },
  },
  async (runner) => {
    assert.equal((await runner.ask({ name: 'which' })).body, 'in production');
  },
);

test('a .env with a line of another form', async () => {
  assertRefused(await runApp({ ...echoApp, files: { '.env': 'GOOD=1\nthis is no assignment\n' } }), /\.env:2\b/);
});

test('a .env that can not be read', async () => {
  assertRefused(await runApp({ ...echoApp, files: { '.env/inner': '' } }), /\.env: cannot be read: Is a directory/);
});

/** Runs the program with some of its standard descriptors closed, as in "2>&-". */
const launchClosed = (closed, args, cwd) =>
  spawn('sh', ['-c', `exec "$@" ${closed}`, 'sh', runnerPath, '--management-port', '0', ...args], { cwd, stdio: ['pipe', 'pipe', 'pipe'] });

test('standard descriptors that are closed', async (t) => {
  const app = makeApp({
    routes: { log: 'logHandler' },
    handlers: {
      logHandler(event) {
        for (let i = 0; i < 2000; i++) console.error('x'.repeat(100));
        event.response = new Response('still there');
      },
    },
  });
  for (const closed of ['<&-', '>&-', '2>&-', '<&- >&- 2>&-'])
    await t.test(closed, async () => {
      assert.deepEqual(await once(launchClosed(closed, ['--check'], app.path), 'close'), [0, null]);
      const port = await freePort();
      const child = launchClosed(closed, ['-p', String(port), '--host', '127.0.0.1'], app.path);
      child.stderr.resume();
      const client = await connectSoon(`ws://127.0.0.1:${port}`);
      assert.equal((await client.ask({ name: 'log' })).body, 'still there');
      await client.close();
      child.kill('SIGTERM');
      assert.deepEqual(await once(child, 'close'), [0, null]);
    });
  app.remove();
});

test('signals while handlers load', async (t) => {
  const app = makeApp({
    ...echoApp,
    files: { 'handlers/slow.js': "console.log('loading'); const until = Date.now() + 1500; while (Date.now() < until);" },
  });
  const launch = (...args) => {
    const child = spawn(runnerPath, ['-p', '0', '--host', '127.0.0.1', '--management-port', '0', ...args], { cwd: app.path });
    child.stdout.setEncoding('utf8');
    return child;
  };
  const said = async (child, pattern) => {
    for await (const [text] of on(child.stdout, 'data')) if (pattern.test(text)) return;
  };
  for (const [signal, args, code] of [['SIGTERM', [], 0], ['SIGINT', [], 0], ['SIGTERM', ['--check'], 143], ['SIGINT', ['--check'], 130]])
    await t.test(`${signal} ${args}`, async () => {
      const child = launch(...args);
      await said(child, /loading/);
      child.kill(signal);
      assert.deepEqual(await once(child, 'close'), [code, null]);
    });
  await t.test('SIGHUP', async () => {
    const child = launch();
    await said(child, /loading/);
    child.kill('SIGHUP');
    await said(child, /Listening/);
    child.kill('SIGTERM');
    assert.deepEqual(await once(child, 'close'), [0, null]);
  });
  app.remove();
});

runnerTest("SIGUSR1 is nobody's, the engine's neither", echoApp, async (runner) => {
  assert.equal((await runner.ask({ name: 'echo', payload: 1 })).body, 1);
  const caught = BigInt(`0x${readFileSync(`/proc/${runner.pid}/status`, 'utf8').match(/^SigCgt:\s+(\w+)/m)[1]}`);
  assert.equal(caught & (1n << 9n), 0n);
  runner.signal('SIGUSR1');
  assert.deepEqual(await runner.exited, { code: null, signal: 'SIGUSR1' });
});

let bare;
before(() => (bare = makeApp({ files: { 'config.yaml': 'api:\n  events: []\n', 'handlers/app.js': null } })));
after(() => bare.remove());

test('no events and no handlers are fine', async () => {
  const result = await runToEnd(['--check'], { cwd: bare.path });
  assert.deepEqual({ code: result.code, stderr: result.stderr }, { code: 0, stderr: '' });
});
