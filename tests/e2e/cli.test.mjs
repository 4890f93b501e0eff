// The command line: what is printed, where, and how it ends.

import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import { echoApp, makeApp } from './support/app.mjs';
import { runnerTest, runToEnd } from './support/runner.mjs';

/** Runs the program to its end in an application's directory. */
async function run(app, args, env) {
  const directory = makeApp(app);
  try {
    return await runToEnd(args, { cwd: directory.path, env });
  } finally {
    directory.remove();
  }
}

/** What ends a bad start: one line on stderr, nothing on stdout, exit code 2. */
async function expectRefusal(app, args, line) {
  const { code, stdout, stderr } = await run(app, args);
  assert.equal(stdout, '');
  assert.match(stderr, line);
  assert.equal(stderr.split('\n').length, 2, `one line: ${JSON.stringify(stderr)}`);
  assert.equal(code, 2);
}

test('--help lists every option and exits 0', async () => {
  const { code, stdout, stderr } = await run(echoApp, ['--help']);
  assert.equal(code, 0);
  assert.equal(stderr, '');
  for (const option of ['-f, --file', '-p, --port', '--host', '--max-payload', '--max-in-flight', '--log-level', '--check', '--version'])
    assert.ok(stdout.includes(option), option);
  for (const line of stdout.split('\n')) assert.ok(line.length <= 90, `too wide: ${line}`);
});

test('--version prints a version', async () => {
  const { code, stdout } = await run(echoApp, ['--version']);
  assert.equal(code, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

test('--check of a good application', async () => {
  const { code, stdout, stderr } = await run(echoApp, ['--check']);
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
  assert.equal(stdout, 'config.yaml: good\n');
});

test('a bad option', () => expectRefusal(echoApp, ['--nonsense'], /unknown option '--nonsense'/));
test('a bad value', () => expectRefusal(echoApp, ['--port', '70000'], /--port wants a port from 0 to 65535, not '70000'/));
test('an argument that is none', () => expectRefusal(echoApp, ['server.js'], /unexpected argument 'server.js'/));
test('a missing config', () => expectRefusal(echoApp, ['-f', 'nowhere.yaml'], /^nowhere\.yaml: .*No such file or directory/));

test('a syntax error in the config names its place', () =>
  expectRefusal({ ...echoApp, files: { 'config.yaml': 'api:\n  events: [\n' } }, ['--check'], /^config\.yaml:\d+:\d+: /));

test('a wrong type in the config names its place', () =>
  expectRefusal({ ...echoApp, files: { 'config.yaml': 'api:\n  events:\n    - name: a\n' } }, [], /^config\.yaml:3:7: .*policies/));

test('an unknown handler names its place', () =>
  expectRefusal(
    { ...echoApp, files: { 'config.yaml': 'api:\n  events:\n    - name: a\n      policies:\n        - nopeHandler\n' } },
    ['--check'],
    /^config\.yaml:5:11: no handler is named 'nopeHandler'/,
  ));

test('a handler file that does not parse names its line', () =>
  expectRefusal({ ...echoApp, files: { 'handlers/bad.js': 'exports.a = 1;\n\nfunction (\n' } }, ['--check'], /handlers\/bad\.js:3.*SyntaxError/));

test('a handler file that throws names its line', () =>
  expectRefusal({ ...echoApp, files: { 'handlers/bad.js': '\nthrow new Error("no luck");\n' } }, ['--check'], /handlers\/bad\.js:2:\d+: Error: no luck/));

test('a missing import names its place in the config', () =>
  expectRefusal({ ...echoApp, imports: ['./missing'] }, ['--check'], /^config\.yaml:\d+:\d+: Cannot find module '.*missing'/));

test('a port in use', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  try {
    await expectRefusal(echoApp, ['--host', '127.0.0.1', '-p', String(port), '--log-level', 'error'], /port \d+: the port is in use/);
  } finally {
    server.close();
  }
});

test('a failing on_start', () =>
  expectRefusal(
    {
      routes: { on_start: 'startHandler' },
      handlers: {
        async startHandler() {
          throw new Error('no database');
        },
      },
    },
    ['-p', '0', '--host', '127.0.0.1', '--log-level', 'none'],
    /^on_start failed: Error: no database/,
  ));

const envApp = {
  routes: { env: 'envHandler' },
  handlers: {
    envHandler(event) {
      event.response = new Response([process.env.FROM_FILE, process.env.SET_BEFORE]);
    },
  },
  files: { '.env': '# comment\nFROM_FILE="a b" # c\nexport SET_BEFORE=file\n' },
  env: { SET_BEFORE: 'shell' },
};

runnerTest('.env is read and does not override', envApp, async (runner) => {
  assert.deepEqual((await runner.ask({ name: 'env' })).body, ['a b', 'shell']);
});

test('a bad .env names its line', () => expectRefusal({ ...echoApp, files: { '.env': 'A=1\nnonsense\n' } }, [], /\.env:2: expected NAME=value/));

const logApp = {
  routes: { emit: 'emitHandler', fail: 'failHandler' },
  handlers: {
    emitHandler() {
      this.emit('trace', 'two\nlines');
      this.emit('error', 'an error');
    },
    failHandler() {
      throw new Error('failed');
    },
  },
};

runnerTest('trace lines look as the reference has them', { ...logApp, args: ['--log-level', 'trace'] }, async (runner) => {
  await runner.ask({ name: 'emit', headers: { 'correlation-id': 'corr' } });
  const id = '[0-9a-f-]{36}';
  const line = (level, text) => new RegExp(`^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z ${level}: (${id}) - corr - ${text}$`, 'm');
  const [, first] = await runner.output('stdout', line('Trace', 'two lines'));
  const [, second] = await runner.output('stdout', line('Trace', 'Executed emitHandler policy \\[\\d+ms\\]'));
  const [, third] = await runner.output('stdout', line('Trace', 'Handled emit \\[\\d+ms\\]'));
  const [, fourth] = await runner.output('stderr', line('Error', 'an error'));
  assert.equal(new Set([first, second, third, fourth]).size, 1, 'all lines of an event have its id');
});

runnerTest('--log-level error leaves errors only', { ...logApp, args: ['--log-level', 'info'] }, async (runner) => {
  await runner.ask({ name: 'fail' });
  await runner.output('stderr', /Error: .* - Failed to handle fail: failed/);
  assert.doesNotMatch(runner.stdout, /Trace/);
});
