const { ErrorResponse, Response } = require('configurapi');

/** Bodies by name; each is made anew for every reply. */
const bodies = {
  text: () => 'text',
  emptyText: () => '',
  textOfJson: () => '{"already":"JSON"}',
  textOfAllKinds: () => '"quoted" \\ / \b\f\n\r\t \u0000\u001f\u007f \u2028\u2029 é 😀 \ud800 </script>',
  object: () => ({ a: 1, b: [true, null], c: { d: 'e' } }),
  emptyObject: () => ({}),
  array: () => [1, 'two', { three: 3 }, [4]],
  emptyArray: () => [],
  zero: () => 0,
  negativeZero: () => -0,
  number: () => 1.5,
  bigNumber: () => 1e21,
  notANumber: () => NaN,
  infinite: () => Infinity,
  yes: () => true,
  no: () => false,
  nothing: () => null,
  missing: () => undefined,
  date: () => new Date(0),
  invalidDate: () => new Date(NaN),
  regExp: () => /x/g,
  map: () => new Map([[1, 2]]),
  set: () => new Set([1]),
  error: () => new Error('as a body'),
  boxed: () => [new String('s'), new Number(1), new Boolean(false)],
  undefinedInside: () => ({ a: undefined, b: [undefined, () => {}, Symbol('s')], c: () => {}, d: NaN }),
  symbolNames: () => ({ [Symbol('hidden')]: 1, shown: 2 }),
  prototypeNames: () => JSON.parse('{"__proto__":1,"constructor":2,"toString":"3"}'),
  numberNames: () => ({ b: 1, 2: 2, a: 3, 1: 4 }),
  inheritedMembers: () => Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true }, hidden: { value: 3, enumerable: false } }),
  getters: () => ({
    get computed() {
      return 'by a getter';
    },
  }),
  classInstance: () => new (class Point {
    #hidden = 0;
    x = 1;
    y = 2;
  })(),
  toJSON: () => ({ toJSON: () => ({ made: 'by toJSON' }) }),
  toJSONText: () => ({ toJSON: () => 'text by toJSON' }),
  toJSONNothing: () => ({ toJSON: () => null }),
  toJSONInside: () => ({ a: { toJSON: (name) => `under ${name}` }, b: [{ toJSON: (name) => `at ${name}` }] }),
  toJSONThrows: () => ({
    toJSON() {
      throw Object.assign(new Error('toJSON failed'), { statusCode: 503 });
    },
  }),
  getterThrows: () => ({
    get broken() {
      throw new Error('getter failed');
    },
  }),
  circular: () => {
    const object = { name: 'me' };
    object.self = object;
    return object;
  },
  bigint: () => ({ big: 10n }),
  buffer: () => Buffer.from([0, 1, 2, 253, 254, 255]),
  bufferOfText: () => Buffer.from('text as bytes'),
  emptyBuffer: () => Buffer.alloc(0),
  bytes: () => new Uint8Array([104, 105]),
  bytesOfPart: () => new Uint8Array([1, 2, 3, 4, 5]).subarray(1, 4),
  bigBuffer: () => Buffer.alloc(100_000, 'abc'),
  bufferInside: () => ({ buffer: Buffer.from('hi') }),
  bytesInside: () => ({ bytes: new Uint8Array([1, 2]) }),
  otherArrays: () => ({ floats: new Float64Array([1.5]), words: new Uint16Array([258]), raw: new ArrayBuffer(2) }),
  deep: () => {
    let object = 'bottom';
    for (let i = 0; i < 200; i++) object = { down: object };
    return object;
  },
  big: () => Array.from({ length: 10_000 }, (_, i) => ({ index: i, text: `number ${i}` })),
  proxy: () => new Proxy({ a: 1 }, {}),
  responseInside: () => new Response('inner', 201),
};

/** Whole responses by name. */
const responses = {
  defaults: () => new Response(),
  status201: () => new Response('created', 201),
  status204: () => new Response('', 204),
  status404: () => new Response('a Response may say 404', 404),
  status500: () => new Response({ its: 'own' }, 500),
  headers: () => new Response('x', 200, { 'content-type': 'text/plain', 'X-Custom': 'Yes', empty: '' }),
  headerValues: () => new Response('x', 200, { number: 1, yes: true, nothing: null, missing: undefined, list: ['a', 'b'], map: { a: 1 }, date: new Date(0) }),
  headerNames: () => new Response('x', 200, JSON.parse('{"__proto__":"p","":"e","ü 😀":"u","1":"n"}')),
  ownMessageIds: () => new Response('x', 200, { 'Message-Id': 'one', 'MESSAGE-ID': 'two', 'message-id': 'three', 'x-message-id': 'four' }),
  ownMessageId: () => new Response('x', 200, { 'message-id': 'of the handler' }),
  transferEncoding: () => new Response(Buffer.from('x'), 200, { 'content-transfer-encoding': 'mine' }),
  headersNull: () => new Response('x', 200, null),
  noPrototype: () => new Response('x', 200, Object.assign(Object.create(null), { a: 'b' })),
  plain: () => ({ statusCode: 202, headers: { a: 'b' }, body: 'plain' }),
  plainObjectBody: () => ({ statusCode: 200, headers: {}, body: { a: 1 } }),
  plainWithMore: () => ({ statusCode: 200, headers: {}, body: 'x', more: 'is not sent', message: 'nor this' }),
  plainNoHeaders: () => ({ statusCode: 200, body: 'no headers' }),
  plainNoBody: () => ({ statusCode: 204, headers: {} }),
  plainBuffer: () => ({ statusCode: 200, headers: { a: 'b' }, body: Buffer.from('plain') }),
  subclass: () => new (class Special extends Response {
    constructor() {
      super('special', 203, { kind: 'special' });
    }
  })(),
  getters: () => ({
    get statusCode() {
      return 207;
    },
    get headers() {
      return { made: 'by a getter' };
    },
    get body() {
      return 'by a getter';
    },
  }),
  errorResponse: () => new ErrorResponse('an error', 400, { field: 'age' }),
  errorResponseOwnBody: () => Object.assign(new ErrorResponse('an error', 400), { body: { its: 'own' } }),
  replacer: () => Object.assign(new Response({ shown: 1, secret: 2, deep: { secret: 3, shown: 4 } }), {
    jsonReplacer: (name, value) => (name === 'secret' ? undefined : value),
  }),
  replacerNames: () => Object.assign(new Response({ a: 1, b: 2, c: { a: 3, b: 4 } }), { jsonReplacer: ['a', 'c'] }),
  replacerRoot: () => Object.assign(new Response({ a: 1 }), {
    jsonReplacer(name, value) {
      return name === '' ? { replaced: value, holder: Object.keys(this) } : value;
    },
  }),
  replacerDates: () => Object.assign(new Response({ at: new Date(0) }), {
    jsonReplacer: (name, value) => (name === 'at' ? typeof value : value),
  }),
  replacerThrows: () => Object.assign(new Response({ a: 1 }), {
    jsonReplacer() {
      throw new Error('replacer failed');
    },
  }),
  replacerOnText: () => Object.assign(new Response('text'), { jsonReplacer: () => 'never asked' }),
  replacerLeavesHeaders: () => Object.assign(new Response({ a: 1 }, 200, { a: 'kept' }), { jsonReplacer: ['nothing'] }),
  replacerOnError: () => Object.assign(new ErrorResponse('an error', 400, 'details'), {
    jsonReplacer: (name, value) => (name === 'details' ? undefined : value),
  }),
};

module.exports = {
  bodyHandler(event) {
    event.response = new Response(bodies[event.params.kind]());
  },

  assignBodyHandler(event) {
    event.response.body = bodies[event.params.kind]();
    event.response.statusCode = 206;
    event.response.headers.assigned = 'yes';
  },

  async laterHandler(event) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    event.response = new Response(bodies[event.params.kind]());
  },

  responseHandler(event) {
    event.response = responses[event.params.kind]();
  },

  nothingHandler(event) {
    event.response = event.params.kind === 'null' ? null : undefined;
  },

  leaveHandler() {},

  headersHandler(event) {
    event.response.headers['x-one'] = '1';
    event.response.headers = { ...event.response.headers, 'x-two': '2' };
  },
};
