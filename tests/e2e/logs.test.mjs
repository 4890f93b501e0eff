// What is written where, and at which level.

import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { connect } from './support/client.mjs';
import { runnerTest } from './support/runner.mjs';

const line = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (Debug|Trace|Info|Error): \S* - \S* - .+$/;

const app = {
  routes: { emit: [{ emitHandler: [], logLevel: 'debug' }, 'nothingHandler'], fail: 'failHandler', console: 'consoleHandler', done: 'nothingHandler' },
  handlers: {
    emitHandler(event) {
      for (const level of ['debug', 'trace', 'error']) this.emit(level, `emitted as ${level}`);
      this.emit('trace', 'several\n  lines\tin one');
    },
    nothingHandler() {},
    failHandler() {
      throw new Error('for the log');
    },
    consoleHandler(event) {
      console.log('log', 1, { a: [1, 'two'] }, null, undefined, true);
      console.info('info %s %d %%', 'formatted', 42);
      console.debug('debug');
      console.error('error', new Error('with a stack').message);
      console.warn('warn');
      console.log();
      console.log('two\nlines');
    },
  },
};

/** Everything the app can say, then the end. */
async function exercise(runner) {
  const client = await runner.connect();
  await client.ask({ name: 'emit', headers: { 'correlation-id': 'corr-1' } });
  await client.ask({ name: 'fail' });
  await client.close();
  await runner.stop();
}

const levels = (runner) => [...new Set([...runner.lines('stdout'), ...runner.lines('stderr')].map((text) => text.match(line)?.[1] ?? text))].sort();

runnerTest('lines look as the reference writes them', { ...app, args: ['--log-level', 'debug'] }, async (runner) => {
  await exercise(runner);
  for (const name of ['stdout', 'stderr']) {
    for (const text of runner.lines(name)) {
      assert.match(text, line);
      assert.equal(text.includes('Z Error: '), name === 'stderr', `${text} is on ${name}`);
    }
  }
  const event = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
  assert.match(runner.stdout, new RegExp(`Debug: ${event} - corr-1 - emitted as debug\n`));
  assert.match(runner.stdout, new RegExp(`Trace: ${event} - corr-1 - emitted as trace\n`));
  assert.match(runner.stderr, new RegExp(`Error: ${event} - corr-1 - emitted as error\n`));
  assert.match(runner.stdout, new RegExp(`Trace: ${event} - corr-1 - several lines in one\n`));
  assert.match(runner.stdout, new RegExp(`Trace: ${event} - corr-1 - Executed emitHandler policy \\[[\\d.]+ms\\]\n`));
  assert.match(runner.stdout, new RegExp(`Trace: ${event} - corr-1 - Handled emit \\[[\\d.]+ms\\]\n`));
  assert.match(runner.stderr, new RegExp(`Error: (${event}) - \\1 - Failed to handle fail: for the log\n`));
});

runnerTest('a message that is refused', app, async (runner) => {
  const client = await runner.connect();
  const refused = { 'name must be a string': { name: 5 }, 'params must be an object': { params: [] }, 'headers must be an object': { headers: 'none' } };
  for (const [message, sent] of Object.entries(refused)) {
    assert.equal((await client.ask(sent)).body.message, message);
    await runner.output('stderr', new RegExp(`Error: ([0-9a-f-]{36}) - \\1 - ${message}\n`));
  }
  await client.ask({ name: 7, headers: { 'correlation-id': 'corr-2' } });
  await runner.output('stderr', /Error: [0-9a-f-]{36} - corr-2 - name must be a string\n/);
  await client.close();
});

runnerTest('what clients send writes no lines of its own', { ...app, args: ['--log-level', 'debug'] }, async (runner) => {
  const client = await runner.connect();
  const forged = '\r\n2026-01-01T00:00:00.000Z Error: forged - forged - forged\u001b[2J\u0000\u007f';
  for (const id of [forged, 'x'.repeat(100_000), ['a', forged], null, 7]) {
    await client.ask({ name: 'emit', headers: { 'correlation-id': id } });
    await client.ask({ name: 'fail', query: { correlationid: id } });
    await client.ask({ name: `nobody${forged}`, headers: { 'correlation-id': id } });
  }
  await client.ask({ name: 'n'.repeat(1_000_000) });
  await client.close();
  await runner.stop();
  for (const name of ['stdout', 'stderr']) {
    for (const text of runner.lines(name)) {
      assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?:(?:Debug|Trace|Error): [0-9a-f-]{36} - |Info: configurapi - {2}- (?:Listening|Management))/);
      assert.doesNotMatch(text, /[\0-\x1f\x7f]/);
      assert.ok(text.length < 66_000, `a line of ${text.length} characters`);
    }
  }
  assert.match(runner.stdout, / - x{256}… - emitted as debug\n/);
  assert.match(runner.stderr, /Failed to handle nobody 2026-01-01T00:00:00\.000Z Error: forged - forged - forged \[2J : Not Implemented\.\n/);
  assert.match(runner.stderr, / - x{256}… - Failed to handle fail: for the log\n/);
  assert.match(runner.stderr, / - {2}2026-01-01T00:00:00\.000Z Error: forged - forged - forged \[2J {2}- Failed to handle fail: for the log\n/);
});

runnerTest('--log-format json: an object a line, the same as in the lines of text', { ...app, args: ['--log-level', 'debug', '--log-format', 'json'] }, async (runner) => {
  const client = await runner.connect();
  const lines = 'several\n  lines "quoted" \u001b[2J \\ \u00e4 \u{1f600}';
  await client.ask({ name: 'emit', headers: { 'correlation-id': 'corr-1' } });
  await client.ask({ name: lines, headers: { 'correlation-id': lines } });
  await client.ask({ name: 'n'.repeat(1_000_000) });
  await client.close();
  await runner.stop();
  const parsed = {};
  for (const name of ['stdout', 'stderr']) {
    parsed[name] = runner.lines(name).map((text) => JSON.parse(text));
    for (const object of parsed[name]) {
      assert.deepEqual(Object.keys(object), ['time', 'level', 'eventId', 'correlationId', 'message']);
      assert.equal(new Date(object.time).toISOString(), object.time);
      assert.equal(object.level === 'error', name === 'stderr');
      assert.ok(object.message.length < 66_000);
    }
  }
  const find = (name, message) => parsed[name].find((object) => object.message === message) ?? assert.fail(`no ${message} in ${runner[name]}`);
  const emitted = find('stdout', 'emitted as debug');
  assert.deepEqual([emitted.level, emitted.correlationId], ['debug', 'corr-1']);
  assert.match(emitted.eventId, /^[0-9a-f-]{36}$/);
  assert.equal(find('stdout', 'emitted as trace').level, 'trace');
  assert.equal(find('stderr', 'emitted as error').level, 'error');
  assert.equal(find('stdout', 'several\n  lines\tin one').level, 'trace');
  assert.equal(find('stderr', `Failed to handle ${lines}: Not Implemented.`).correlationId, lines);
  const listening = parsed.stdout.find(({ message }) => message.startsWith('Listening on '));
  assert.deepEqual([listening.level, listening.eventId, listening.correlationId], ['info', 'configurapi', '']);
});

runnerTest('--log-format text', { ...app, args: ['--log-format', 'text'] }, async (runner) => {
  await exercise(runner);
  assert.deepEqual(levels(runner), ['Error', 'Info', 'Trace']);
});

runnerTest('--log-level trace is the default', app, async (runner) => {
  await exercise(runner);
  assert.deepEqual(levels(runner), ['Error', 'Info', 'Trace']);
});

runnerTest('--log-level debug', { ...app, args: ['--log-level', 'debug'] }, async (runner) => {
  await exercise(runner);
  assert.deepEqual(levels(runner), ['Debug', 'Error', 'Info', 'Trace']);
});

runnerTest('--log-level info', { ...app, args: ['--log-level', 'info'] }, async (runner) => {
  await exercise(runner);
  assert.deepEqual(levels(runner), ['Error', 'Info']);
});

/** A port that was free just now, for runners that do not say where they listen. */
async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function connectWhenReady(runner) {
  for (;;) {
    try {
      return await connect(runner.url);
    } catch (error) {
      if (error.code !== 'ECONNREFUSED' || runner.hasExited) throw error;
    }
  }
}

for (const [level, expected] of [['error', ['Error']], ['none', []], ['NONE', []]]) {
  const port = await freePort();
  runnerTest(`--log-level ${level}`, { ...app, args: ['--log-level', level], port }, async (runner) => {
    await (await connectWhenReady(runner)).close();
    await exercise(runner);
    assert.deepEqual(levels(runner), expected);
  });
}

runnerTest('a word that names no level: handlers emit by the route, the policy is not traced', {
  ...app,
  files: {
    'config.yaml': `api:
  events:
    - name: emit
      logLevel: debug
      policies:
        - emitHandler: []
          logLevel: verbose
    - { name: fail, policies: [failHandler] }
`,
  },
  args: ['--log-level', 'debug'],
}, async (runner) => {
  await exercise(runner);
  for (const level of ['debug', 'trace']) assert.match(runner.stdout, new RegExp(`emitted as ${level}`));
  assert.match(runner.stderr, /emitted as error/);
  assert.doesNotMatch(runner.stdout, /Executed emitHandler/);
  assert.match(runner.stdout, /Handled emit/);
});

runnerTest('levels of routes and policies in the config', {
  ...app,
  files: {
    'config.yaml': `api:
  events:
    - name: emit
      logLevel: none
      policies:
        - emitHandler: []
          logLevel: error
        - nothingHandler: []
    - { name: fail, policies: [failHandler] }
`,
  },
}, async (runner) => {
  await exercise(runner);
  assert.match(runner.stderr, /emitted as error/);
  assert.doesNotMatch(runner.stdout, /emitted as/);
  assert.doesNotMatch(runner.stdout, /Executed emitHandler/);
  assert.doesNotMatch(runner.stdout, /Handled emit/);
});

runnerTest('console writes what Node writes', app, async (runner) => {
  await runner.ask({ name: 'console' });
  await runner.stop();
  const out = runner.lines('stdout').filter((text) => !line.test(text));
  const err = runner.lines('stderr').filter((text) => !line.test(text));
  assert.deepEqual(out, ["log 1 { a: [ 1, 'two' ] } null undefined true", 'info formatted 42 %', 'debug', 'two', 'lines']);
  assert.deepEqual(err, ['error with a stack', 'warn']);
});
