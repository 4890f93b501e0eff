// What handlers do wrong outside of what anybody awaits, and where the stacks lead.

import assert from 'node:assert/strict';
import { echoApp } from './support/app.mjs';
import { runnerTest } from './support/runner.mjs';

const echo = echoApp.handlers;
const withEcho = (handlers, more = {}) => ({
  routes: { ...Object.fromEntries(Object.keys(handlers).map((name) => [name.replace(/Handler$/, ''), name])), echo: 'echoHandler' },
  handlers: { ...echo, ...handlers },
  ...more,
});

/** The program goes on after `name` was asked and stderr has said something like `pattern`. */
const survives = (name, app, pattern) =>
  runnerTest(name, app, async (runner) => {
    const client = await runner.connect();
    assert.equal((await client.ask({ name: 'act' })).body, 'done');
    await runner.output('stderr', pattern);
    for (let i = 0; i < 10; i++) assert.equal((await client.ask({ name: 'echo', payload: i })).body, i);
    assert.match(runner.lines('stderr').find((line) => pattern.test(line)), /^\d{4}-\d\d-\d\dT[\d:.]+Z Error: /);
  });

survives(
  'an error thrown in a timer',
  withEcho({
    actHandler(event) {
      setTimeout(() => {
        throw new Error('thrown in a timer');
      }, 1);
      event.response = new Response('done');
    },
  }),
  /thrown in a timer/,
);

survives(
  'an error thrown in an interval',
  withEcho({
    actHandler(event) {
      const interval = setInterval(() => {
        clearInterval(interval);
        throw new Error('thrown in an interval');
      }, 1);
      event.response = new Response('done');
    },
  }),
  /thrown in an interval/,
);

survives(
  'an error thrown in an immediate',
  withEcho({
    actHandler(event) {
      setImmediate(() => {
        throw new Error('thrown in an immediate');
      });
      event.response = new Response('done');
    },
  }),
  /thrown in an immediate/,
);

survives(
  'an error thrown in a microtask',
  withEcho({
    actHandler(event) {
      queueMicrotask(() => {
        throw new Error('thrown in a microtask');
      });
      event.response = new Response('done');
    },
  }),
  /thrown in a microtask/,
);

survives(
  'an error thrown in a tick',
  withEcho({
    actHandler(event) {
      process.nextTick(() => {
        throw new Error('thrown in a tick');
      });
      event.response = new Response('done');
    },
  }),
  /thrown in a tick/,
);

survives(
  'a rejection that nobody awaits',
  withEcho({
    actHandler(event) {
      Promise.reject(new Error('nobody awaits this'));
      event.response = new Response('done');
    },
  }),
  /nobody awaits this/,
);

survives(
  'an async function that nobody awaits',
  withEcho({
    actHandler(event) {
      (async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        throw new Error('fails when nobody looks');
      })();
      event.response = new Response('done');
    },
  }),
  /fails when nobody looks/,
);

survives(
  'a rejection with no error at all',
  withEcho({
    actHandler(event) {
      Promise.reject('only text');
      Promise.reject(undefined);
      Promise.reject(null);
      Promise.reject(Object.create(null));
      Promise.reject({ get stack() { throw new Error('even its stack'); } });
      event.response = new Response('done');
    },
  }),
  /only text/,
);

survives(
  'a push that fails and that nobody awaits',
  withEcho({
    async actHandler(event) {
      event.request.headers['push-function'](new Response({ big: 10n }));
      await null;
      event.response = new Response('done');
    },
  }),
  /Error: /,
);

runnerTest('a rejection that is awaited late is no news', withEcho({
  async actHandler(event) {
    const failing = Promise.reject(new Error('awaited in the end'));
    try {
      await failing;
    } catch {
      event.response = new Response('done');
    }
  },
}), async (runner) => {
  assert.equal((await runner.ask({ name: 'act' })).body, 'done');
  await runner.stop();
  assert.doesNotMatch(runner.stderr, /awaited in the end/);
});

const exits = [
  ['process.exit()', 0, { args: [] }],
  ['process.exit(3)', 3, { args: [3] }],
  ['process.exit() behind process.exitCode', 7, { code: 7, args: [] }],
];
for (const [name, code, payload] of exits) {
  runnerTest(`${name} in a handler`, withEcho({
    exitHandler(event) {
      if (event.payload.code) process.exitCode = event.payload.code;
      process.exit(...event.payload.args);
    },
  }), async (runner) => {
    const client = await runner.connect();
    client.send({ name: 'exit', payload });
    runner.assertCleanEnd(await runner.exited, code);
  });
}

runnerTest('process.exit in a timer', withEcho({
  exitHandler(event) {
    setTimeout(() => process.exit(4), 1);
    event.response = new Response('soon');
  },
}), async (runner) => {
  const client = await runner.connect();
  assert.equal((await client.ask({ name: 'exit' })).body, 'soon');
  runner.assertCleanEnd(await runner.exited, 4);
});

runnerTest('an error is logged with its event', withEcho({
  failHandler() {
    throw new Error('this is\nlogged');
  },
}), async (runner) => {
  const reply = await runner.ask({ name: 'fail', headers: { 'correlation-id': 'c-7' } });
  assert.equal(reply.statusCode, 500);
  await runner.output('stderr', /^\S+Z Error: [0-9a-f-]{36} - c-7 - Failed to handle fail: this is logged$/m);
});

// Stacks

const stackApp = {
  routes: { thrown: 'thrownHandler', later: 'laterHandler', deep: 'deepHandler', module: 'moduleHandler', engine: 'engineHandler', named: 'namedHandler' },
  files: {
    'handlers/app.js': `const { fail } = require('../lib/fail');

module.exports = {
  thrownHandler(event) {
    throw new Error('on line five');
  },
  async laterHandler(event) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    throw new Error('on line nine');
  },
  deepHandler(event) {
    const inner = () => {
      throw new Error('on line thirteen');
    };
    [1].forEach(function outer() { inner(); });
  },
  moduleHandler(event) {
    fail();
  },
  engineHandler(event) {
    event.missing.member();
  },
  namedHandler(event) {
    const error = new TypeError('a message\\nof two lines');
    error.statusCode = 422;
    throw error;
  },
};
`,
    'lib/fail.js': `exports.fail = function fail() {
  throw new RangeError('in another file');
};
`,
  },
};

runnerTest("details of an error on the file's first line", {
  routes: { first: 'firstHandler' },
  files: { 'handlers/app.js': "exports.firstHandler = () => { throw new Error('at once'); }; // and no more\n" },
}, async (runner) => {
  const { details } = (await runner.ask({ name: 'first' })).body;
  const [, column] = details.match(/handlers\/app\.js:1:(\d+)\)?(?:\n|$)/);
  assert.ok(["'at once'", "('at once'", "Error('at once'", 'new Error'].some((text) =>
    "exports.firstHandler = () => { throw new Error('at once');".indexOf(text) === column - 1), details);
});

runnerTest('details of an error: the stack with file and line', stackApp, async (runner, directory) => {
  const details = async (name) => (await runner.ask({ name })).body.details;
  assert.match(await details('thrown'), /handlers\/app\.js:5\b/);
  assert.match(await details('later'), /handlers\/app\.js:9\b/);
  const deep = await details('deep');
  for (const line of [13, 15]) assert.match(deep, new RegExp(`handlers/app\\.js:${line}\\b`));
  assert.ok(deep.indexOf('app.js:13') < deep.indexOf('app.js:15'), 'the innermost first');
  const inModule = await details('module');
  assert.match(inModule, /lib\/fail\.js:2\b/);
  assert.match(inModule, /handlers\/app\.js:18\b/);
  assert.match(await details('engine'), /handlers\/app\.js:21\b/);
  assert.ok((await details('thrown')).includes(`${directory}/handlers/app.js`), 'the whole path');
});

runnerTest('a stack begins with the name and the message', stackApp, async (runner) => {
  assert.match((await runner.ask({ name: 'thrown' })).body.details, /^Error: on line five\n/);
  assert.match((await runner.ask({ name: 'module' })).body.details, /^RangeError: in another file\n/);
  assert.match((await runner.ask({ name: 'named' })).body.details, /^TypeError: a message\nof two lines\n/);
});

runnerTest('what is thrown can not be read: a 500 all the same', withEcho({
  statusHandler() {
    throw Object.defineProperty(new Error('words'), 'statusCode', { get() { throw new Error('no status'); } });
  },
  messageHandler() {
    throw Object.defineProperty(new Error('words'), 'message', { get() { throw new Error('no message'); } });
  },
  async revokedHandler() {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    throw proxy;
  },
}), async (runner) => {
  const client = await runner.connect();
  for (const name of ['status', 'message', 'revoked']) {
    const { statusCode, body } = await client.ask({ name });
    assert.deepEqual([statusCode, body.statusCode], [500, 500], name);
  }
  assert.equal((await client.ask({ name: 'echo', payload: 'on' })).body, 'on');
});

// Responses that can not be written

const withErrorRoute = (handlers) => {
  const { routes, ...app } = withEcho(handlers);
  return { ...app, routes: { ...routes, on_error: 'onErrorHandler' } };
};

runnerTest('a response that can not be written, where on_error fails as well', withErrorRoute({
  circularHandler(event) {
    const body = { to: 'é' };
    body.self = body;
    event.response = new Response(body);
  },
  async onErrorHandler() {
    await new Promise((resolve) => setTimeout(resolve, 5));
    throw new Error('on_error: x'.padEnd(60, 'x'));
  },
}), async (runner) => {
  const [client, other] = [await runner.connect(), await runner.connect()];
  for (let i = 0; i < 5; i++) {
    const circular = client.ask({ name: 'circular', headers: { 'message-id': i } });
    const secret = other.ask({ name: 'echo', payload: 'of another client'.repeat(20) });
    const { statusCode, headers, body } = await circular;
    assert.deepEqual([statusCode, headers['message-id'], body.statusCode], [500, i, 500]);
    assert.match(body.details, /^TypeError: /);
    assert.match((await secret).body, /^of another client/);
  }
});

runnerTest('what a response that can not be written throws can not be written either', withEcho({
  bodyHandler(event) {
    event.response = new Response({
      toJSON() {
        throw Object.assign(new ErrorResponse('words', 418), { body: { big: 10n } });
      },
    });
  },
  thrownHandler() {
    throw Object.assign(new ErrorResponse('words', 418), { body: { big: 10n } });
  },
  nameHandler(event) {
    event.name = Symbol('name');
    event.response = new Response({ big: 10n });
  },
}), async (runner) => {
  const client = await runner.connect();
  for (const name of ['body', 'thrown', 'name']) {
    const { statusCode, body } = await client.ask({ name });
    assert.deepEqual([statusCode, body.statusCode], [500, 500], name);
  }
  assert.equal((await client.ask({ name: 'echo', payload: 'on' })).body, 'on');
});

/** Handlers that make something of their event with which nobody can go on. */
const broken = {
  frozenHandler(event) {
    Object.freeze(event);
    throw new Error('frozen');
  },
  unwritableHandler(event) {
    event.response = new Response({ big: 10n });
    Object.freeze(event);
  },
  nameHandler(event) {
    Object.defineProperty(event, 'name', { get() { throw new Error('no name'); } });
  },
  async responseHandler(event) {
    await null;
    Object.defineProperty(event, 'response', { get() { throw new Error('no response'); } });
  },
  idHandler(event) {
    Object.defineProperty(event, 'id', { get() { throw new Error('no id'); } });
    this.emit('error', 'no id to be logged with');
  },
};

for (const [kind, more] of Object.entries({ 'alone': {}, 'with on_error and on_after_request': { on_error: 'lookHandler', on_after_request: 'lookHandler' } })) {
  runnerTest(`an event that can not be used any more fails, and no other, ${kind}`, {
    routes: { ...Object.fromEntries(Object.keys(broken).map((name) => [name.replace(/Handler$/, ''), name])), echo: 'echoHandler', ...more },
    handlers: { ...echo, ...broken, lookHandler() {} },
  }, async (runner) => {
    const client = await runner.connect();
    for (const name of Object.keys(broken).map((handler) => handler.replace(/Handler$/, ''))) {
      client.send({ name });
      client.send({ name: 'echo', payload: 'on', headers: { 'message-id': 'echo' } });
      const [failed, other] = (await client.take(2)).sort((a, b) => ('message-id' in a.headers) - ('message-id' in b.headers));
      assert.deepEqual([failed.statusCode, failed.body.statusCode, other.body], [500, 500, 'on'], name);
    }
    const metrics = await (await fetch(`${runner.management}/metrics`)).text();
    assert.match(metrics, /^configurapi_events_in_flight 0$/m);
  });
}

// A client may make it of anything, and what has no text would take what came with it along.
runnerTest('a correlation id that is no text', withEcho({
  failHandler() {
    throw new Error('failed');
  },
  tellHandler(event) {
    this.emit('trace', 'told');
    event.response = new Response('done');
  },
}), async (runner) => {
  const client = await runner.connect();
  for (const id of [{ toString: 1, valueOf: 2 }, [{ toString: null }], { toString: {} }]) {
    for (const more of [{ query: { correlationid: id } }, { headers: { 'correlation-id': id } }]) {
      client.send({ name: 'tell', ...more });
      client.send({ name: 'fail', ...more });
      client.send({ name: 'nobody', ...more });
      client.send({ name: 'echo', payload: 'on' });
      const statuses = (await client.take(4)).map(({ statusCode }) => statusCode);
      assert.deepEqual(statuses.sort(), [200, 200, 500, 501]);
    }
  }
});

// What C, or the pipeline itself, changes of an event that takes no changes is of another in its place, and what came with it goes on.
runnerTest('a frozen event that nobody has a route for', {
  routes: { on_before_request: 'freezeHandler', echo: 'echoHandler' },
  handlers: {
    ...echo,
    freezeHandler(event) {
      if (event.payload === 'freeze') Object.freeze(event);
    },
  },
}, async (runner) => {
  const client = await runner.connect();
  for (let i = 0; i < 3; i++) {
    client.send({ name: 'nobody', payload: 'freeze', headers: { 'message-id': 'frozen' } });
    client.send({ name: 'echo', payload: i, headers: { 'message-id': 'echo' } });
    const replies = Object.fromEntries((await client.take(2)).map((reply) => [reply.headers['message-id'], reply]));
    assert.deepEqual([replies.frozen.statusCode, replies.frozen.body.message, replies.echo.body], [501, 'Not Implemented.', i]);
  }
  const metrics = await (await fetch(`${runner.management}/metrics`)).text();
  assert.match(metrics, /^configurapi_events_in_flight 0$/m);
});
