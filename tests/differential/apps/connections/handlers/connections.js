const { ErrorResponse, Identity, Response } = require('configurapi');

const wait = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms));

/** What is kept by the label that a client gives in its URL. */
const greetings = new Map();
const steps = new Map();
const disconnects = new Map();
const pushes = new Map();
const held = new Map();

/** Resolves with what was disconnected under a label, once it is there. */
const watchers = [];
function disconnected(label) {
  return new Promise((resolve) => {
    watchers.push({ label, resolve });
    announce();
  });
}
function announce() {
  for (const watcher of watchers.splice(0)) {
    if (disconnects.has(watcher.label)) watcher.resolve(disconnects.get(watcher.label));
    else watchers.push(watcher);
  }
}

const headersOf = (event) =>
  Object.entries(event.request.headers)
    .filter(([name]) => !['postback-url', 'sec-websocket-key', 'host'].includes(name))
    .map(([name, value]) => [name, typeof value === 'function' ? 'a function' : value])
    .sort(([a], [b]) => (a < b ? -1 : 1));

/** An identity without what its class keeps to itself. */
const identityOf = ({ identity }) => (identity instanceof Identity ? { id: identity.id, name: identity.name, claims: identity.claims } : identity);

const bodies = {
  response: () => new Response({ pushed: 'response' }, 201, { kind: 'pushed' }),
  errorResponse: () => new ErrorResponse('pushed error', 418, 'details'),
  plain: () => ({ statusCode: 202, headers: { a: 'b' }, body: [1, 2] }),
  plainText: () => ({ statusCode: 200, headers: {}, body: 'plain text' }),
  noBody: () => ({ statusCode: 204, headers: {} }),
  bytesInside: () => new Response(Buffer.from([1, 2, 3])),
  text: () => 'raw text, é 😀',
  emptyText: () => '',
  json: () => '{"name":"for another protocol"}',
  buffer: () => Buffer.from([0, 255, 128]),
  emptyBuffer: () => Buffer.alloc(0),
  bytes: () => new Uint8Array([1, 2, 3]),
  bytesOfPart: () => new Uint8Array([1, 2, 3, 4]).subarray(1, 3),
  big: () => 'x'.repeat(100_000),
  replacer: () => Object.assign(new Response({ a: 1, b: 2 }), { jsonReplacer: ['a'] }),
};

const modes = {
  refuse(event) {
    event.response = new Response('never sent', Number(event.params.status ?? 403));
  },
  refuseError(event) {
    event.response = new ErrorResponse('no', 401);
  },
  throw() {
    throw new Error('on_connect failed');
  },
  throwSyntaxError() {
    throw new SyntaxError('on_connect failed');
  },
  async throwLater() {
    await wait();
    throw Object.assign(new Error('on_connect failed'), { statusCode: 429 });
  },
  catch() {
    this.catch(new Error('on_connect failed'));
  },
  throw200() {
    throw Object.assign(new Error('an error that says 200'), { statusCode: 200 });
  },
  throwNoNumber() {
    throw Object.assign(new Error('an error that says nothing'), { statusCode: 'none' });
  },
  assignError200(event) {
    event.response = new ErrorResponse('an error that says 200', 200);
  },
  statusText(event) {
    event.response = { statusCode: event.params.status, headers: {}, body: '' };
  },
  statusInfinite(event) {
    event.response = new Response('', Infinity);
  },
  statusHuge(event) {
    event.response = new Response('', 2 ** 32 + 200);
  },
  statusBigInt(event) {
    event.response = { statusCode: { valueOf: () => 401n }, headers: {}, body: '' };
  },
  noResponse(event) {
    event.response = undefined;
  },
  nullResponse(event) {
    event.response = null;
  },
  body(event) {
    event.response = new Response('is not sent', 200);
  },
  status399(event) {
    event.response = new Response('', 399);
  },
  status400(event) {
    event.response = new Response('', 400);
  },
  async protocol(event) {
    await wait();
    event.response.headers['sec-websocket-protocol'] = event.params.choose;
  },
  async identity(event) {
    await wait();
    event.identity = new Identity(event.params.user, [
      { type: 'role', value: 'admin', scope: ['read', 'write'] },
      { type: 'role', value: 'guest' },
      { type: 'plan', value: 'free', scope: 'eu' },
    ]);
    event.identity.name = 'Some One';
  },
  plainIdentity(event) {
    event.identity = { id: event.params.user };
  },
  textIdentity(event) {
    event.identity = event.params.user;
  },
  async push(event) {
    const push = event.request.headers['push-function'];
    await push(new Response('pushed while connecting'));
    await wait();
    await push('raw text while connecting');
    await push(Buffer.from([7]));
  },
  pushNotAwaited(event) {
    event.request.headers['push-function'](new Response('first'));
    event.request.headers['push-function'](new Response('second'));
  },
};

module.exports = {
  greetHandler(event) {
    const { label } = event.params;
    event.greeted = true;
    greetings.set(label, {
      name: event.name,
      method: event.method,
      path: event.request.path,
      query: event.request.query,
      params: event.params,
      headers: headersOf(event),
      identity: event.identity === undefined,
      payload: event.payload === undefined,
      raw: event.request.raw === undefined,
      correlationId: event.correlationId,
      isId: event.correlationId === event.id,
    });
  },

  async modeHandler(event) {
    await modes[event.params.mode]?.call(this, event);
  },

  /** Notes the steps of on_connect and on_disconnect. */
  stepHandler(event, step) {
    const label = event.params.label ?? event.identity?.label;
    if (!label || !event.name.startsWith('on_')) return;
    if (step === 'error' && event.params.forgive) event.response = new Response('', 200);
    if (step === 'error' && event.params.forget) event.response = null;
    steps.set(label, [...(steps.get(label) ?? []), `${event.name}: ${step}`]);
    if (step === 'after' && event.name === 'on_connect' && event.identity === undefined) event.identity = { label };
    else if (step === 'after' && event.name === 'on_connect' && typeof event.identity === 'object') event.identity.label = label;
  },

  goneHandler(event) {
    const label = event.identity?.label;
    disconnects.set(label, {
      name: event.name,
      method: event.method,
      payload: event.payload,
      raw: event.request.raw === undefined,
      identity: event.identity,
      connection: event.request.headers['connection-id'],
    });
    // Behind the end of the pipeline, so that its last steps are there as well.
    setTimeout(announce, 1);
  },

  whoAmIHandler(event) {
    event.response = new Response({ connection: event.request.headers['connection-id'], identity: identityOf(event) });
  },

  claimsHandler(event) {
    const { identity } = event;
    event.response = new Response({
      isIdentity: identity instanceof Identity,
      id: identity.id,
      name: identity.name,
      email: identity.email === undefined,
      has: [
        identity.hasClaim('role', 'admin'),
        identity.hasClaim('role', 'admin', 'read'),
        identity.hasClaim('role', ['nobody', 'admin'], ['none', 'write']),
        identity.hasClaim('role', 'guest'),
        identity.hasClaim('role', 'guest', 'read'),
        identity.hasClaim('plan', 'free', 'eu'),
        identity.hasClaim('nothing', 'of'),
      ],
      get: [identity.getClaim('role', 'admin', 'write'), identity.getClaim('plan', 'free', 'eu'), identity.getClaim('plan', 'paid') === undefined],
      all: [identity.getClaims('role', 'admin', 'read'), identity.getClaims('role', 'guest'), identity.getClaims('x', 'y')],
      claims: identity.claims,
    });
  },

  setIdentityHandler(event) {
    event.identity = { id: 'set by a message', label: event.identity?.label };
    event.response = new Response(event.identity.id);
  },

  countHandler(event) {
    event.identity.count = (event.identity.count ?? 0) + 1;
    event.response = new Response(event.identity.count);
  },

  greetingHandler(event) {
    event.response = new Response(greetings.get(event.params.label));
  },

  /** Waits for the end of the connection of that label. */
  async disconnectsHandler(event) {
    const { label } = event.params;
    event.response = new Response({ ...(await disconnected(label)), steps: steps.get(label) });
  },

  async pushHandler(event) {
    const { kind } = event.params;
    const resolved = await event.request.headers['push-function'](bodies[kind]());
    event.response = new Response({ resolved: resolved === undefined });
  },

  async pushAroundHandler(event) {
    const push = event.request.headers['push-function'];
    await push(new Response('before'));
    push(new Response('before, not awaited'));
    setTimeout(() => push(new Response('after')), 1);
    event.response = new Response('reply');
  },

  pushLaterHandler(event) {
    const push = event.request.headers['push-function'];
    setTimeout(async () => {
      for (const text of ['one', 'two', 'three']) await push(text);
    }, 1);
    event.response = new Response('they follow');
  },

  async pushOnlyHandler(event) {
    await event.request.headers['push-function'](new Response('instead of a reply'));
    event.response = null;
  },

  registerHandler(event) {
    pushes.set(event.params.as, event.request.headers['push-function']);
    event.response = new Response('registered');
  },

  async pushToHandler(event) {
    try {
      await pushes.get(event.params.to)(new Response({ from: 'another connection' }));
      event.response = new Response('sent');
    } catch (error) {
      event.response = new Response({ isError: error instanceof Error, statusCode: error.statusCode });
    }
  },

  async pushBrokenHandler(event) {
    const circular = {};
    circular.self = circular;
    try {
      await event.request.headers['push-function'](new Response(circular));
      event.response = new Response('sent');
    } catch (error) {
      event.response = new Response(error instanceof Error);
    }
  },

  /** Answers when another event says so, or never. */
  async holdHandler(event) {
    await new Promise((resolve) => held.set(event.params.as, resolve));
    event.response = new Response('let go');
  },

  letGoHandler(event) {
    held.get(event.params.as)?.();
    event.response = new Response(held.delete(event.params.as));
  },
};
