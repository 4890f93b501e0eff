// StreamResponse: what goes out, of every kind of source, and what comes of its errors.

import assert from 'node:assert/strict';
import { upgradeRequest } from './support/raw.mjs';
import { runnerTest } from './support/runner.mjs';
import { randomNumbers, streamPrelude, takeStream, takeStreams, uuid } from './support/streams.mjs';

/** Each makes what a StreamResponse is made of; `expected` below has the chunks. */
const sources = {
  array: () => ['a', 'b', 'c'],
  emptyArray: () => [],
  set: () => new Set(['a', 'b', 'a']),
  map: () => new Map([['k', 1], ['l', { m: 2 }]]),
  generator: () => (function* () {
    yield 'a';
    yield* ['b', 'c'];
    return 'not a chunk';
  })(),
  emptyGenerator: () => (function* () {})(),
  asyncGenerator: () => (async function* () {
    yield 'a';
    await null;
    yield Promise.resolve('b');
    await new Promise((resolve) => setTimeout(resolve, 2));
    yield 'c';
  })(),
  emptyAsyncGenerator: () => (async function* () {})(),
  onlyNext: () => {
    let i = 0;
    return { [Symbol.iterator]: () => ({ next: () => (i < 3 ? { value: i++ } : { done: true }) }) };
  },
  nextAndReturn: () => {
    let i = 0;
    return { [Symbol.iterator]: () => ({ next: () => ({ value: i, done: i++ === 3 }), return: () => notes.push('returned') }) };
  },
  asyncIterator: () => {
    let i = 0;
    return { [Symbol.asyncIterator]: () => ({ next: async () => ({ value: i, done: i++ === 3 }) }) };
  },
  asyncIteratorThatIsNotAsync: () => {
    let i = 0;
    return { [Symbol.asyncIterator]: () => ({ next: () => ({ value: i, done: i++ === 3 }) }) };
  },
  thenables: () => {
    let i = 0;
    const later = (value) => ({ then: (resolve) => setTimeout(resolve, 1, value) });
    return { [Symbol.asyncIterator]: () => ({ next: () => later({ value: i, done: i++ === 3 }) }) };
  },
  bothIterators: () => ({
    async *[Symbol.asyncIterator]() {
      yield 'async';
    },
    *[Symbol.iterator]() {
      yield 'sync';
    },
  }),
  promisesInAnArray: () => ['a', Promise.resolve('b'), new Promise((resolve) => setTimeout(resolve, 2, 'c'))],
  functionWithIterator: () => Object.assign(() => {}, { [Symbol.iterator]: () => ['a'].values() }),
  classWithIterator: () => new (class {
    #words = ['a', 'b'];
    *[Symbol.iterator]() {
      yield* this.#words;
    }
  })(),
  reader: () => {
    let i = 0;
    return { getReader: () => ({ read: async () => (i < 3 ? { value: `r${i++}`, done: false } : { value: undefined, done: true }), cancel: async () => {} }) };
  },
  readerOfBytes: () => {
    const chunks = ['eins', 'zwei'].map((word) => new TextEncoder().encode(word));
    return { getReader: () => ({ read: async () => ({ value: chunks[0], done: chunks.shift() === undefined }), cancel: async () => {} }) };
  },
  readerAndIterator: () => ({
    getReader: () => ({ read: async () => ({ done: true }) }),
    async *[Symbol.asyncIterator]() {
      yield 'iterated';
    },
  }),
  buffer: () => Buffer.from('one chunk, é'),
  uint8Array: () => new TextEncoder().encode('one chunk'),
  subarray: () => Buffer.from('xxone chunkxx').subarray(2, 11),
  arrayBuffer: () => new TextEncoder().encode('one chunk').buffer,
  dataView: () => new DataView(new TextEncoder().encode('one chunk').buffer, 4),
  bytesInAnArray: () => [Buffer.from('a'), new Uint8Array([98]), new Uint8Array([99]).buffer],
  valuesOfBytes: () => new Uint8Array([1, 2]).values(),
  entries: () => ['x', 'y'].entries(),
  stringInAnObject: () => Object('ab'),
  thousand: () => Array.from({ length: 1000 }, (_, i) => i),
};

const expected = {
  array: ['a', 'b', 'c'],
  emptyArray: [],
  set: ['a', 'b'],
  map: [['k', 1], ['l', { m: 2 }]],
  generator: ['a', 'b', 'c'],
  emptyGenerator: [],
  asyncGenerator: ['a', 'b', 'c'],
  emptyAsyncGenerator: [],
  onlyNext: [0, 1, 2],
  nextAndReturn: [0, 1, 2],
  asyncIterator: [0, 1, 2],
  asyncIteratorThatIsNotAsync: [0, 1, 2],
  thenables: [0, 1, 2],
  bothIterators: ['async'],
  promisesInAnArray: ['a', 'b', 'c'],
  functionWithIterator: ['a'],
  classWithIterator: ['a', 'b'],
  reader: ['r0', 'r1', 'r2'],
  readerOfBytes: ['eins', 'zwei'],
  readerAndIterator: ['iterated'],
  buffer: ['one chunk, é'],
  uint8Array: ['one chunk'],
  subarray: ['one chunk'],
  arrayBuffer: ['one chunk'],
  dataView: ['chunk'],
  bytesInAnArray: ['a', 'b', 'c'],
  valuesOfBytes: [1, 2],
  entries: [[0, 'x'], [1, 'y']],
  stringInAnObject: ['a', 'b'],
  thousand: Array.from({ length: 1000 }, (_, i) => i),
};

const app = {
  routes: {
    stream: 'streamHandler',
    list: 'listHandler',
    bytes: 'bytesHandler',
    values: 'valuesHandler',
    kept: 'keptHandler',
    isResponse: 'isResponseHandler',
    make: 'makeHandler',
    echo: 'echoHandler',
    gated: 'gatedHandler',
    step: 'stepHandler',
    notes: 'notesHandler',
  },
  prelude: `
const notes = [];
const gates = new Map();
const values = {
  objects: [{ a: 1, b: [null, { c: 'd' }] }, [], {}, [1, [2]]],
  numbers: [0, -0, 1.5, 1e300, NaN, Infinity],
  others: [true, false, null, undefined, () => {}, Symbol('s')],
  withToJson: [{ toJSON: () => ({ made: 'by toJSON' }) }, new Date(0), { deep: new Date(1) }, { toJSON: () => undefined }],
  empty: ['', {}, ''],
};
${streamPrelude}
const kept = new StreamResponse(['same', 'again'], 201, { own: 'header' });
const sources = {
${Object.entries(sources).map(([name, source]) => `${name}: ${source}`).join(',\n')}
};
`,
  handlers: {
    streamHandler(event) {
      event.response = new StreamResponse(sources[event.params.of]());
    },
    /** A chunk for each element of the payload. */
    listHandler(event) {
      const { statusCode, headers } = event.params;
      event.response = new StreamResponse(event.payload, statusCode, headers);
    },
    /** The payload is a list of base64 texts (bytes) and of lists of one string (as it is). */
    bytesHandler(event) {
      const chunks = event.payload.map((chunk) => (Array.isArray(chunk) ? chunk[0] : Buffer.from(chunk, 'base64')));
      event.response = new StreamResponse(chunks, 200, event.params.headers);
    },
    valuesHandler(event) {
      event.response = new StreamResponse(values[event.params.of]);
      if (event.params.replaces) event.response.jsonReplacer = (key, value) => (typeof value === 'number' ? `${key}:${value}` : value);
    },
    keptHandler(event) {
      event.response = kept;
    },
    isResponseHandler(event) {
      const made = new StreamResponse(['x']);
      const full = new StreamResponse(['y'], 203, { a: 'b' });
      event.response = new Response({
        isResponse: made instanceof Response,
        isStream: made instanceof StreamResponse,
        isError: made instanceof ErrorResponse,
        statusCodes: [made.statusCode, full.statusCode],
        headers: [made.headers, full.headers],
        bodies: [made.body, full.body],
        sameClass: require('configurapi-handler-ws').StreamResponse === StreamResponse,
      });
    },
    makeHandler(event) {
      const wrong = {
        string: 'text',
        undefined: undefined,
        null: null,
        number: 5,
        object: { a: 1 },
        generatorFunction: function* () {},
        asyncGeneratorFunction: async function* () {},
        plainFunction: () => [],
        promise: Promise.resolve([]),
      };
      event.response = new StreamResponse(wrong[event.params.of]);
    },
    echoHandler(event) {
      event.response = new Response(event.payload);
    },
    /** A chunk for each step that is given to its key, until a step without payload. */
    gatedHandler(event) {
      const { key } = event.params;
      event.response = new StreamResponse((async function* () {
        for (;;) {
          const word = await new Promise((resolve) => gates.set(key, resolve));
          if (word === undefined) return;
          yield word;
        }
      })(), 200, { key });
    },
    stepHandler(event) {
      const { key } = event.params;
      gates.get(key)(event.payload);
      event.response = null;
    },
    notesHandler(event) {
      event.response = new Response(notes);
    },
  },
};

const b64 = (bytes) => Buffer.from(bytes).toString('base64');

// ---- sources ----

runnerTest('every kind of source', app, async (runner) => {
  const client = await runner.connect();
  assert.deepEqual(Object.keys(sources), Object.keys(expected));
  const ids = new Set();
  for (const of of Object.keys(sources)) {
    for (const messageId of [undefined, `for ${of}`]) {
      client.send({ name: 'stream', params: { of }, headers: { 'message-id': messageId } });
      const { frames, bodies, id } = await takeStream(client);
      assert.deepEqual(bodies, expected[of], of);
      const echoed = messageId === undefined ? {} : { 'message-id': messageId };
      frames.forEach((frame, i) => {
        const kind = i < frames.length - 1 ? 'chunk' : 'done';
        const body = i < frames.length - 1 ? expected[of][i] : '';
        assert.deepEqual(frame, { statusCode: 200, headers: { ...echoed, 'x-stream': kind, 'x-stream-id': id }, body }, of);
      });
      ids.add(id);
    }
  }
  assert.equal(ids.size, 2 * Object.keys(sources).length, 'each stream has an id of its own');
  assert.deepEqual((await client.ask({ name: 'notes' })).body, [], 'return() is not called at an ordinary end');
});

runnerTest('a stream without chunks is its done frame', app, async (runner) => {
  const client = await runner.connect();
  for (const of of ['emptyArray', 'emptyGenerator', 'emptyAsyncGenerator']) {
    const frame = await client.ask({ name: 'stream', params: { of } });
    assert.match(frame.headers['x-stream-id'], uuid);
    assert.deepEqual(frame, { statusCode: 200, headers: { 'x-stream': 'done', 'x-stream-id': frame.headers['x-stream-id'] }, body: '' });
    assert.equal((await client.ask({ name: 'echo', payload: 'next' })).body, 'next');
  }
});

runnerTest('a StreamResponse is a Response', app, async (runner) => {
  assert.deepEqual((await runner.ask({ name: 'isResponse' })).body, {
    isResponse: true,
    isStream: true,
    isError: false,
    statusCodes: [200, 203],
    headers: [{}, { a: 'b' }],
    bodies: [['x'], ['y']],
    sameClass: true,
  });
});

runnerTest('one StreamResponse for many replies', app, async (runner) => {
  const client = await runner.connect();
  const ids = new Set();
  for (let i = 0; i < 3; i++) {
    client.send({ name: 'kept', headers: { 'message-id': i } });
    const { bodies, frames, id } = await takeStream(client);
    assert.deepEqual(bodies, ['same', 'again']);
    for (const { statusCode, headers } of frames) assert.deepEqual([statusCode, headers.own, headers['message-id']], [201, 'header', i]);
    ids.add(id);
  }
  assert.equal(ids.size, 3);
});

for (const [of, says] of [
  ['string', /not a string/],
  ['undefined', /undefined/],
  ['null', /null/],
  ['number', /number/],
  ['object', /object/],
  ['generatorFunction', /function.*call it/],
  ['asyncGeneratorFunction', /function.*call it/],
  ['plainFunction', /function/],
  ['promise', /object/],
]) {
  runnerTest(`what no StreamResponse can be made of: ${of}`, app, async (runner) => {
    const { statusCode, body } = await runner.ask({ name: 'make', params: { of } });
    assert.equal(statusCode, 500);
    assert.match(body.message, /StreamResponse/);
    assert.match(body.message, says);
    assert.match(body.details, /app\.js:\d+/);
  });
}

// ---- status, headers, message-id ----

runnerTest('status and own headers are on every frame', app, async (runner) => {
  const client = await runner.connect();
  const headers = { 'Content-Type': 'text/plain', 'X-Own': 'kept', number: 5, nested: { a: [1] } };
  client.send({ name: 'list', params: { statusCode: 206, headers }, payload: ['a', 'b'] });
  const { frames, id } = await takeStream(client);
  assert.deepEqual(frames, [['chunk', 'a'], ['chunk', 'b'], ['done', '']].map(([kind, body]) => (
    { statusCode: 206, headers: { ...headers, 'x-stream': kind, 'x-stream-id': id }, body })));
});

runnerTest("a stream's marks can not be given by the handler", app, async (runner) => {
  const client = await runner.connect();
  const headers = { 'x-stream': 'mine', 'x-stream-id': 'mine', 'message-id': 'mine', 'Message-ID': 'mine' };
  client.send({ name: 'list', params: { headers }, payload: ['a'], headers: { 'message-id': 'yours' } });
  const { frames } = await takeStream(client);
  for (const frame of frames) assert.deepEqual(Object.keys(frame.headers).sort(), ['message-id', 'x-stream', 'x-stream-id']);
  for (const frame of frames) assert.equal(frame.headers['message-id'], 'yours');
  assert.deepEqual(frames.map((frame) => frame.headers['x-stream']), ['chunk', 'done']);
});

runnerTest('message-id is on every frame as it came', app, async (runner) => {
  const client = await runner.connect();
  const ids = ['1.50', '"a\\u0062"', '{ "a" : [ 1.50 , null ] }', '-0', '1E400', '12345678901234567890', '"é😀"', '"\\ud800"', '[]', 'null', 'true', '""'];
  for (const id of ids) {
    for (const [name, key] of [['list', 'message-id'], ['list', 'MESSAGE-ID']]) {
      client.send(`{"name":"${name}","payload":["a",{"b":1},"c"],"headers":{"${key}":${id}}}`);
      for (const kind of ['chunk', 'chunk', 'chunk', 'done']) {
        const text = await client.nextText();
        assert.ok(text.includes(`"message-id":${id},`) || text.includes(`"message-id":${id}}`), `${id} in ${text}`);
        const { headers } = JSON.parse(text);
        assert.equal(headers['x-stream'], kind);
        assert.deepEqual(Object.keys(headers).sort(), ['message-id', 'x-stream', 'x-stream-id']);
      }
    }
  }
});

// ---- text ----

const text = 'aé€😀 zß\u2028𝄞~';

runnerTest('UTF-8 across chunk borders: every cut in two', app, async (runner) => {
  const client = await runner.connect();
  const bytes = Buffer.from(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    client.send({ name: 'bytes', payload: [b64(bytes.subarray(0, cut)), b64(bytes.subarray(cut))] });
    assert.equal((await takeStream(client)).bodies.join(''), text, `cut at ${cut}`);
  }
});

runnerTest('UTF-8 across chunk borders: every cut in three', app, async (runner) => {
  const client = await runner.connect();
  const bytes = Buffer.from(text);
  for (let first = 0; first <= bytes.length; first++) {
    for (let second = first; second <= bytes.length; second++) {
      const pieces = [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)];
      client.send({ name: 'bytes', payload: pieces.map(b64) });
      assert.equal((await takeStream(client)).bodies.join(''), text, `cut at ${first} and ${second}`);
    }
  }
});

runnerTest('UTF-8 byte by byte', app, async (runner) => {
  const client = await runner.connect();
  for (const type of ['text/plain', 'application/json']) {
    client.send({ name: 'bytes', params: { headers: { 'content-type': type } }, payload: [...Buffer.from(text)].map((byte) => b64([byte])) });
    const { bodies } = await takeStream(client);
    assert.equal(bodies.join(''), text);
    for (const body of bodies) assert.doesNotMatch(body, /\p{Surrogate}/u, 'no half of a character');
  }
});

for (const [name, chunks, joined] of [
  ['two bytes of €', [[0xe2, 0x82]], '\ufffd'],
  ['one byte of é', [[0x61, 0xc3]], 'a\ufffd'],
  ['three bytes of 😀, one by one', [[0xf0], [0x9f], [0x98]], '\ufffd'],
  ['a character that does not go on', [[0xe2, 0x82], [0x61]], '\ufffda'],
  ['a continuation with nothing before it', [[0x61], [0x82]], 'a\ufffd'],
  ['bytes that are never UTF-8', [[0x61, 0xff, 0x62], [0xfe]], 'a\ufffdb\ufffd'],
  ['an encoded surrogate', [[0xed, 0xa0], [0x80]], '\ufffd\ufffd\ufffd'],
]) {
  runnerTest(`U+FFFD for what is no UTF-8: ${name}`, app, async (runner) => {
    const client = await runner.connect();
    client.send({ name: 'bytes', payload: chunks.map(b64) });
    const { bodies, done } = await takeStream(client);
    assert.equal(bodies.join(''), joined);
    assert.equal(done.body, '');
  });
}

runnerTest('a character cut off by a string, and one by an object', app, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'bytes', payload: [b64([0x61, 0xe2, 0x82]), ['string'], b64([0x62, 0xc3]), [{ object: true }], b64([0xa9])] });
  const { bodies } = await takeStream(client);
  const flat = bodies.map((body) => (typeof body === 'object' ? '{}' : body)).join('');
  assert.equal(flat, 'a\ufffdstringb\ufffd{}\ufffd');
});

runnerTest('a byte order mark is kept', app, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'bytes', payload: [b64([0xef]), b64([0xbb, 0xbf, 0x61]), b64([0xef, 0xbb, 0xbf])] });
  assert.equal((await takeStream(client)).bodies.join(''), '\ufeffa\ufeff');
});

runnerTest('strings of every kind', app, async (runner) => {
  const client = await runner.connect();
  const controls = Array.from({ length: 0x20 }, (_, i) => String.fromCharCode(i));
  const strings = [
    '"', '\\', '"quoted" \\ and "again"', '/', '</script>', '\u007f', '\u0080', '\u009f', '\u00ff', '\u0100', '\u2028\u2029', '\ufeff', '\uffff', '\ufffd', '\u{10ffff}', '',
    ...controls, controls.join(''), `${controls.join('é')}`, `${controls.join('€')}`, 'é'.repeat(1000), '€'.repeat(1000), '😀'.repeat(1000),
    '\ud800', '\udc00', 'a\ud83d', '\ude00b', '\udc00\ud800', 'x\ud800"\\\n', '{"json":"in a string"}', '{', 'x'.repeat(300_000), `é${'\n'.repeat(100_000)}`, '__proto__',
  ];
  client.send({ name: 'list', payload: strings });
  assert.deepEqual((await takeStream(client)).bodies, strings);
});

runnerTest('random strings', app, async (runner) => {
  const seed = 20_251;
  const random = randomNumbers(seed);
  const pick = (count) => Math.floor(random() * count);
  const highest = [0x20, 0x7f, 0xff, 0x7ff, 0xffff];
  const client = await runner.connect();
  for (let round = 0; round < 20; round++) {
    const strings = Array.from({ length: 40 }, () => {
      const most = highest[pick(highest.length)];
      const units = Array.from({ length: pick(200) }, () => (pick(20) === 0 ? 0xd800 + pick(0x800) : pick(most + 1)));
      return String.fromCharCode(...units);
    });
    client.send({ name: 'list', payload: strings });
    assert.deepEqual((await takeStream(client)).bodies, strings, `seed ${seed}, round ${round}`);
  }
});

// ---- bytes ----

for (const [headers, isText] of [
  [undefined, true],
  [{}, true],
  [{ 'content-type': 'application/json' }, true],
  [{ 'Content-Type': 'application/json; charset=utf-8' }, true],
  [{ 'content-type': 'text/plain' }, true],
  [{ 'CONTENT-TYPE': 'TEXT/HTML;charset=UTF-8' }, true],
  [{ 'content-type': 'text/event-stream' }, true],
  [{ 'content-type': 'application/problem+json' }, true],
  [{ 'content-type': 'application/x-ndjson' }, true],
  [{ 'content-type': 'image/png' }, false],
  [{ 'Content-Type': 'image/png; name="text/plain"' }, false],
  [{ 'content-type': 'application/octet-stream' }, false],
  [{ 'content-type': 'application/pdf' }, false],
  [{ 'content-type': 'context/plain' }, false],
]) {
  runnerTest(`bytes of ${JSON.stringify(headers)}`, app, async (runner) => {
    const client = await runner.connect();
    const chunks = [[0x61, 0xc3], [0xa9], [0, 255, 254], [0x62]];
    client.send({ name: 'bytes', params: { headers }, payload: chunks.map(b64) });
    const { frames, bodies } = await takeStream(client);
    if (isText) {
      assert.equal(bodies.join(''), 'aé\0\ufffd\ufffdb');
      for (const frame of frames) assert.ok(!('content-transfer-encoding' in frame.headers));
    } else {
      assert.deepEqual(bodies, chunks.map(b64));
      for (const frame of frames) assert.equal(frame.headers['content-transfer-encoding'], 'base64');
    }
    for (const frame of frames) for (const [name, value] of Object.entries(headers ?? {})) assert.equal(frame.headers[name], value);
  });
}

runnerTest('strings and bytes of an image', app, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'bytes', params: { headers: { 'content-type': 'image/png' } }, payload: [['plain'], b64([1, 2, 3]), ['é'], b64([255]), [{ a: 1 }]] });
  const { frames, bodies } = await takeStream(client);
  assert.deepEqual(bodies, ['plain', 'AQID', 'é', '/w==', { a: 1 }]);
  assert.deepEqual(frames.slice(0, 5).map(({ headers }) => headers['content-transfer-encoding']), [undefined, 'base64', undefined, 'base64', undefined]);
});

// ---- values ----

for (const [of, bodies] of Object.entries({
  objects: [{ a: 1, b: [null, { c: 'd' }] }, [], {}, [1, [2]]],
  numbers: [0, 0, 1.5, 1e300, null, null],
  others: [true, false, '', '', '', ''],
  withToJson: [{ made: 'by toJSON' }, '1970-01-01T00:00:00.000Z', { deep: '1970-01-01T00:00:00.001Z' }, ''],
  empty: ['', {}, ''],
})) {
  runnerTest(`chunks that are no strings: ${of}`, app, async (runner) => {
    const client = await runner.connect();
    client.send({ name: 'values', params: { of } });
    assert.deepEqual((await takeStream(client)).bodies, bodies);
  });
}

runnerTest("jsonReplacer is the response's", app, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'values', params: { of: 'objects', replaces: true } });
  assert.deepEqual((await takeStream(client)).bodies, [{ a: 'a:1', b: [null, { c: 'd' }] }, [], {}, ['0:1', ['0:2']]]);
});

// ---- several at once ----

runnerTest('streams and replies take turns on one connection', app, async (runner) => {
  const client = await runner.connect();
  const stepper = await runner.connect();
  for (const key of ['a', 'b', 'c']) client.send({ name: 'gated', params: { key }, headers: { 'message-id': key } });
  assert.equal((await client.ask({ name: 'echo', payload: 'reply' })).body, 'reply', 'the streams have begun and hold nobody up');

  const ids = {};
  const step = async (key, payload, kind) => {
    // Steps come from the outside, and from the connection itself; the next frame must be of that stream.
    (payload % 2 ? stepper : client).send({ name: 'step', params: { key }, payload });
    const { statusCode, headers, body } = await client.next();
    ids[key] ??= headers['x-stream-id'];
    assert.deepEqual({ statusCode, headers, body }, {
      statusCode: 200,
      headers: { key, 'message-id': key, 'x-stream': kind, 'x-stream-id': ids[key] },
      body: kind === 'chunk' ? payload : '',
    });
  };
  const order = ['a', 'b', 'a', 'c', 'c', 'b', 'a', 'b', 'c', 'a'];
  for (const [i, key] of order.entries()) {
    await step(key, i, 'chunk');
    assert.deepEqual(await client.ask({ name: 'echo', payload: i, headers: { 'message-id': i } }), { statusCode: 200, headers: { 'message-id': i }, body: i });
  }
  await step('b', undefined, 'done');
  await step('a', 1, 'chunk');
  await step('c', undefined, 'done');
  await step('a', undefined, 'done');
  assert.equal(new Set(Object.values(ids)).size, 3);
});

runnerTest('a hundred streams at once, and replies among them', app, async (runner) => {
  const client = await runner.connect();
  const count = 100;
  for (let i = 0; i < count; i++) {
    client.send({ name: 'stream', params: { of: i % 2 ? 'thousand' : 'asyncGenerator' }, headers: { 'message-id': i } });
    client.send({ name: 'echo', payload: i, headers: { 'message-id': `reply ${i}` } });
  }
  const { streams, others } = await takeStreams(client, count);
  while (others.length < count) others.push(await client.next());
  for (const { frames, bodies } of streams) {
    const id = frames[0].headers['message-id'];
    assert.deepEqual(bodies, expected[id % 2 ? 'thousand' : 'asyncGenerator']);
    for (const { headers } of frames) assert.equal(headers['message-id'], id);
  }
  assert.equal(new Set(streams.map(({ id }) => id)).size, count);
  assert.deepEqual(streams.map(({ frames }) => frames[0].headers['message-id']).sort((a, b) => a - b), Array.from({ length: count }, (_, i) => i));
  for (const { headers, body } of others) assert.equal(headers['message-id'], `reply ${body}`);
});

// ---- errors ----

const failing = {
  atOnce: [[], 500, 'broken', () => (function* () {
    throw new Error('broken');
  })()],
  afterThree: [[0, 1, 2], 500, 'broken', () => (function* () {
    yield* [0, 1, 2];
    throw new Error('broken');
  })()],
  asyncAtOnce: [[], 500, 'broken', () => (async function* () {
    throw new Error('broken');
  })()],
  asyncAfterTwo: [[0, 1], 500, 'broken', () => (async function* () {
    yield* [0, 1];
    await new Promise((resolve) => setTimeout(resolve, 1));
    throw new Error('broken');
  })()],
  rejectedNext: [[], 500, 'broken', () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('broken')), return: () => notes.push('returned') }) })],
  rejectedElement: [['a'], 500, 'broken', () => ['a', new Promise((_, reject) => setTimeout(reject, 1, new Error('broken'))), 'c']],
  ownStatus: [['a'], 418, 'a teapot', () => (function* () {
    yield 'a';
    throw Object.assign(new Error('a teapot'), { statusCode: 418 });
  })()],
  errorResponse: [['a'], 404, 'no such thing', () => (async function* () {
    yield 'a';
    throw new ErrorResponse('no such thing', 404, 'looked everywhere');
  })()],
  syntaxError: [['a'], 400, 'wrong', () => (function* () {
    yield 'a';
    throw new SyntaxError('wrong');
  })()],
  text: [['a'], 500, 'Internal Server Error', () => (function* () {
    yield 'a';
    throw 'a text';
  })()],
  undefinedThrown: [['a'], 500, 'Internal Server Error', () => (function* () {
    yield 'a';
    throw undefined;
  })()],
  noIterator: [[], 500, /./, () => ({ [Symbol.iterator]: () => null })],
  iteratorThrows: [[], 500, 'no iterator', () => ({
    [Symbol.asyncIterator]() {
      throw new Error('no iterator');
    },
  })],
  readerThrows: [[], 500, 'locked', () => ({
    getReader() {
      throw new TypeError('locked');
    },
  })],
  readRejects: [['a'], 500, 'aborted', () => {
    let i = 0;
    return { getReader: () => ({ read: async () => (i++ ? Promise.reject(new Error('aborted')) : { value: 'a', done: false }), cancel: async () => {} }) };
  }],
  nextGivesNothing: [[], 500, /object/, () => ({ [Symbol.iterator]: () => ({ next: () => 5 }) })],
  nextIsMissing: [[], 500, /./, () => ({ [Symbol.iterator]: () => ({}) })],
  doneThrows: [[], 500, 'done', () => ({ [Symbol.iterator]: () => ({ next: () => ({ get done() { throw new Error('done'); } }) }) })],
};

/** What fails in a chunk and not in the source, whose return() is then called. */
const failingChunks = {
  circular: [/./, `(() => { const a = {}; a.a = a; return a; })()`],
  bigInt: [/BigInt/, `10n`],
  toJsonThrows: ['no JSON', `({ toJSON() { throw new Error('no JSON'); } })`],
  getterThrows: ['no getter', `({ get a() { throw new Error('no getter'); } })`],
};

const failingApp = {
  routes: { fail: 'failHandler', failChunk: 'failChunkHandler', odd: 'oddHandler', echo: 'echoHandler', notes: 'notesHandler', list: 'listHandler' },
  prelude: `
const notes = [];
${streamPrelude}
const sources = {
${Object.entries(failing).map(([name, [, , , source]]) => `${name}: ${source}`).join(',\n')}
};
const chunks = {
${Object.entries(failingChunks).map(([name, [, chunk]]) => `${name}: ${chunk}`).join(',\n')}
};
`,
  handlers: {
    failHandler(event) {
      event.response = new StreamResponse(sources[event.params.of](), 207, { own: 'kept', 'content-type': 'text/plain' });
    },
    failChunkHandler(event) {
      const { of, kind } = event.params;
      const list = ['before', chunks[of], 'behind'];
      if (kind === 'generator') {
        event.response = new StreamResponse((function* () {
          try {
            yield* list;
            notes.push('went on');
          } finally {
            notes.push('finally');
          }
        })());
      } else if (kind === 'async generator') {
        event.response = new StreamResponse((async function* () {
          try {
            yield* list;
            notes.push('went on');
          } finally {
            notes.push('finally');
          }
        })());
      } else if (kind === 'reader') {
        event.response = new StreamResponse({ getReader: () => ({ read: async () => ({ value: list.shift(), done: false }), cancel: async () => notes.push('finally') }) });
      } else {
        const returned = {
          'returns': () => ({ done: true }),
          'returns nothing': () => {},
          'return throws': () => { throw new Error('return failed'); },
          'return rejects': () => Promise.reject(new Error('return failed')),
        };
        event.response = new StreamResponse({
          [Symbol.iterator]: () => ({ next: () => ({ value: list.shift(), done: false }), return() { notes.push('finally'); return returned[kind](); } }),
        });
      }
    },
    /** Responses that were changed after they were made. */
    oddHandler(event) {
      const response = new StreamResponse(['a']);
      Object.assign(response, event.params.set);
      if (event.params.circular) response.headers.self = response.headers;
      event.response = response;
    },
    echoHandler(event) {
      event.response = new Response(event.payload);
    },
    listHandler(event) {
      event.response = new StreamResponse(event.payload);
    },
    notesHandler(event) {
      event.response = new Response(notes.splice(0));
    },
  },
};

const checkMessage = (message, expectedMessage, what) => {
  if (typeof expectedMessage === 'string') assert.equal(message, expectedMessage, what);
  else assert.match(message, expectedMessage, what);
};

runnerTest("a source's error is the done frame", failingApp, async (runner) => {
  const client = await runner.connect();
  for (const [of, [bodies, statusCode, message]] of Object.entries(failing)) {
    client.send({ name: 'fail', params: { of }, headers: { 'message-id': of } });
    const stream = await takeStream(client);
    assert.deepEqual(stream.bodies, bodies, of);
    for (const frame of stream.frames.slice(0, -1)) assert.equal(frame.statusCode, 207);
    const { headers, body } = stream.done;
    assert.equal(stream.done.statusCode, statusCode, of);
    assert.deepEqual(headers, { own: 'kept', 'Content-Type': 'application/json', 'message-id': of, 'x-stream': 'done', 'x-stream-id': stream.id }, of);
    assert.deepEqual(Object.keys(body), ['statusCode', 'message', 'details'], of);
    assert.equal(body.statusCode, statusCode, of);
    checkMessage(body.message, message, of);
    if (message === 'broken' || message === 'a teapot') assert.match(body.details, /app\.js:\d+/, of);
    if (of === 'errorResponse') assert.equal(body.details, 'looked everywhere');
    if (of === 'text') assert.equal(body.details, 'a text');

    client.send({ name: 'list', payload: ['still', 'here'] });
    assert.deepEqual((await takeStream(client)).bodies, ['still', 'here']);
  }
  assert.deepEqual((await client.ask({ name: 'notes' })).body, [], 'what has thrown is not told to return');
});

for (const kind of ['generator', 'async generator', 'reader', 'returns', 'returns nothing', 'return throws', 'return rejects']) {
  runnerTest(`a chunk that can not be sent ends its source: ${kind}`, failingApp, async (runner) => {
    const client = await runner.connect();
    for (const [of, [message]] of Object.entries(failingChunks)) {
      client.send({ name: 'failChunk', params: { of, kind } });
      const { bodies, done } = await takeStream(client);
      assert.deepEqual(bodies, ['before'], of);
      assert.equal(done.statusCode, 500, of);
      assert.equal(done.body.statusCode, 500, of);
      checkMessage(done.body.message, message, of);
      assert.deepEqual((await client.ask({ name: 'notes' })).body, ['finally'], of);
    }
  });
}

for (const [name, params, says] of [
  ['a body that is a string', { set: { body: 'text' } }, /string/],
  ['no body', { set: { body: null } }, /null/],
  ['headers that are an array', { set: { headers: ['a'] } }, /headers/],
  ['headers that are a string', { set: { headers: 'a' } }, /headers/],
  ['circular headers', { circular: true }, /./],
]) {
  runnerTest(`a StreamResponse that was changed: ${name}`, failingApp, async (runner) => {
    const client = await runner.connect();
    client.send({ name: 'odd', params, headers: { 'message-id': 'odd' } });
    const replies = [];
    for (let asked = 0; asked < 2; asked++) {
      client.send({ name: 'echo', payload: 'behind it' });
      for (let frame = await client.next(); frame.body !== 'behind it'; frame = await client.next()) replies.push(frame);
    }
    assert.equal(replies.length, 1);
    const [reply] = replies;
    assert.equal(reply.statusCode, 500);
    assert.equal(reply.headers['message-id'], 'odd');
    assert.match(reply.body.message, says);
  });
}

runnerTest('a StreamResponse without headers', failingApp, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'odd', params: { set: { headers: null } } });
  const { bodies, frames, id } = await takeStream(client);
  assert.deepEqual(bodies, ['a']);
  assert.deepEqual(frames[0].headers, { 'x-stream': 'chunk', 'x-stream-id': id });
});

// ---- push ----

const pushApp = {
  routes: { on_connect: 'connectHandler', push: 'pushHandler', both: 'bothHandler', failing: 'failingHandler', to: 'toHandler', gated: 'gatedHandler', step: 'stepHandler', state: 'stateHandler', echo: 'echoHandler' },
  prelude: `
${streamPrelude}
const clients = new Map();
let step;
let state = 'not begun';
`,
  handlers: {
    async connectHandler(event) {
      const push = event.request.headers['push-function'];
      clients.set(event.params.label, push);
      if (event.params.floods) {
        const pushed = push(new StreamResponse(Array.from({ length: 40 }, () => 'x'.repeat(10_000))));
        if (event.params.awaits === '1') await pushed;
        state = 'on_connect ended';
      }
      if (event.params.greets) await push(new StreamResponse(['hello', 'there'], 200, { from: 'on_connect' }));
    },
    async pushHandler(event) {
      const value = await event.request.headers['push-function'](new StreamResponse(event.payload, 203, { own: 'h' }));
      event.response = new Response(value === undefined ? 'sent' : value);
    },
    async bothHandler(event) {
      const push = event.request.headers['push-function'];
      const words = async function* (word) {
        for (let i = 0; i < 20; i++) {
          await new Promise((resolve) => setTimeout(resolve, i % 3));
          yield word + i;
        }
      };
      await Promise.all([push(new StreamResponse(words('a'))), push(new StreamResponse(words('b'))), push('between')]);
      event.response = new StreamResponse(words('c'));
    },
    async failingHandler(event) {
      const source = (function* () {
        yield 'a';
        throw Object.assign(new Error('broken'), { statusCode: 409 });
      })();
      const outcome = await event.request.headers['push-function'](new StreamResponse(source)).then(() => 'resolved', (error) => `rejected: ${error.message}`);
      event.response = new Response(outcome);
    },
    async toHandler(event) {
      await clients.get(event.params.label)(new StreamResponse(event.payload));
      event.response = new Response('sent');
    },
    /** Pushes a stream that goes by steps, and notes when the push has resolved. */
    gatedHandler(event) {
      state = 'pushing';
      const source = (async function* () {
        for (;;) {
          const word = await new Promise((resolve) => (step = resolve));
          if (word === undefined) return;
          yield word;
        }
      })();
      event.request.headers['push-function'](new StreamResponse(source)).then(() => (state = 'resolved'));
      event.response = null;
    },
    stepHandler(event) {
      step(event.payload);
      event.response = null;
    },
    stateHandler(event) {
      event.response = new Response(state);
    },
    echoHandler(event) {
      event.response = new Response(event.payload);
    },
  },
};

runnerTest('a pushed stream, and the reply behind it', pushApp, async (runner) => {
  const client = await runner.connect();
  for (const payload of [['a', { b: 1 }, 'c'], [], Array.from({ length: 500 }, (_, i) => i)]) {
    client.send({ name: 'push', payload, headers: { 'message-id': "the reply's" } });
    const { frames, bodies, id } = await takeStream(client);
    assert.deepEqual(bodies, payload);
    frames.forEach(({ statusCode, headers }, i) => {
      assert.equal(statusCode, 203);
      assert.deepEqual(headers, { own: 'h', 'x-stream': i < payload.length ? 'chunk' : 'done', 'x-stream-id': id });
    });
    assert.deepEqual(await client.next(), { statusCode: 200, headers: { 'message-id': "the reply's" }, body: 'sent' });
  }
});

runnerTest("the push of a stream resolves at the stream's end", pushApp, async (runner) => {
  const client = await runner.connect();
  const watcher = await runner.connect();
  const state = async () => (await watcher.ask({ name: 'state' })).body;
  client.send({ name: 'gated' });
  for (const word of ['one', 'two', 'three']) {
    assert.equal((await client.ask({ name: 'echo', payload: word })).body, word);
    const chunk = await client.ask({ name: 'step', payload: word });
    assert.deepEqual([chunk.headers['x-stream'], chunk.body], ['chunk', word]);
    assert.equal(await state(), 'pushing');
  }
  await client.ask({ name: 'echo' });
  const done = await client.ask({ name: 'step' });
  assert.equal(done.headers['x-stream'], 'done');
  assert.equal(await state(), 'resolved');
});

runnerTest('several pushed streams at once', pushApp, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'both', headers: { 'message-id': 'mine' } });
  const frames = [];
  while (frames.filter((frame) => frame.headers?.['x-stream'] === 'done').length < 3) {
    const text = await client.nextText();
    frames.push(text === 'between' ? { text } : JSON.parse(text));
  }
  assert.equal(frames.filter(({ text }) => text).length, 1);
  for (const word of ['a', 'b', 'c']) {
    const id = frames.find(({ body }) => body === `${word}0`).headers['x-stream-id'];
    const own = frames.filter(({ headers }) => headers?.['x-stream-id'] === id);
    assert.deepEqual(own.map(({ body }) => body), [...Array.from({ length: 20 }, (_, i) => word + i), '']);
    for (const { headers } of own) assert.equal(headers['message-id'], word === 'c' ? 'mine' : undefined);
  }
});

runnerTest("a pushed stream's error", pushApp, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'failing' });
  const { bodies, done } = await takeStream(client);
  assert.deepEqual(bodies, ['a']);
  assert.deepEqual([done.statusCode, done.body.message], [409, 'broken']);
  assert.equal((await client.next()).body, 'rejected: broken');
});

runnerTest('a stream for another connection', pushApp, async (runner) => {
  const one = await runner.connect({ path: '/?label=one' });
  const two = await runner.connect({ path: '/?label=two' });
  two.send({ name: 'to', params: { label: 'one' }, payload: [1, 2, 3] });
  assert.deepEqual((await takeStream(one)).bodies, [1, 2, 3]);
  assert.equal((await two.next()).body, 'sent');
});

runnerTest('a stream pushed by on_connect comes first', pushApp, async (runner) => {
  const client = await runner.connect({ path: '/?greets=1' });
  client.send({ name: 'echo', payload: 'reply' });
  const { bodies, frames } = await takeStream(client);
  assert.deepEqual(bodies, ['hello', 'there']);
  for (const { headers } of frames) assert.equal(headers.from, 'on_connect');
  assert.equal((await client.next()).body, 'reply');
});

for (const [how, awaits] of [['awaited', 1], ['not awaited', 0]]) {
  runnerTest(`a stream pushed by on_connect may be longer than the high-water mark (${how})`, { ...pushApp, args: ['--high-water-mark', '64k'] }, async (runner) => {
    const watcher = await runner.connect();
    const client = await runner.connectRaw();
    client.write(upgradeRequest({ path: `/?floods=1&awaits=${awaits}` }));
    let state;
    for (let i = 0; i < 1000 && state !== 'on_connect ended'; i++) state = (await watcher.ask({ name: 'state' })).body;
    assert.equal(state, 'on_connect ended');
    await client.upgraded();
    const { bodies } = await takeStream(client);
    assert.deepEqual(bodies.map((body) => body.length), Array.from({ length: 40 }, () => 10_000));
    await client.destroy();
  });
}

// ---- on_connect and on_disconnect ----

const lifecycleApp = {
  routes: { on_connect: 'connectHandler', on_disconnect: 'disconnectHandler', notes: 'notesHandler', until: 'untilHandler' },
  prelude: `
${streamPrelude}
const notes = [];
const watchers = [];
function note(text) {
  notes.push(text);
  watchers.forEach((watch) => watch());
}
function noted(name) {
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => { note(name + ' pulled'); return { value: 'x', done: false }; },
      return: async () => { note(name + ' returned'); return { done: true }; },
    }),
  };
}
`,
  handlers: {
    connectHandler(event) {
      const { connect, refuse, reader } = event.params;
      const source = reader ? { getReader: () => ({ read: async () => note('connect pulled'), cancel: async () => note('connect returned') }) } : noted('connect');
      if (connect) event.response = new StreamResponse(source, refuse ? 403 : 200);
      event.identity = { disconnect: event.params.disconnect };
    },
    disconnectHandler(event) {
      if (event.identity.disconnect) event.response = new StreamResponse(noted('disconnect'));
    },
    notesHandler(event) {
      event.response = new Response(notes);
    },
    untilHandler(event) {
      return new Promise((resolve) => {
        const watch = () => {
          if (!notes.includes(event.params.note)) return;
          event.response = new Response(notes);
          resolve();
        };
        watchers.push(watch);
        watch();
      });
    },
  },
};

for (const path of ['/?connect=1', '/?connect=1&reader=1']) {
  runnerTest(`a StreamResponse of on_connect is not sent (${path})`, lifecycleApp, async (runner) => {
    const client = await runner.connect({ path });
    assert.deepEqual(await client.ask({ name: 'notes' }), { statusCode: 200, headers: {}, body: ['connect returned'] });
  });
}

runnerTest('a StreamResponse with 403 of on_connect refuses', lifecycleApp, async (runner) => {
  const watcher = await runner.connect();
  const client = await runner.connectRaw();
  await client.upgrade({ path: '/?connect=1&refuse=1' });
  const { opcode } = await client.frame();
  assert.equal(opcode, 8);
  await client.destroy();
  assert.deepEqual((await watcher.ask({ name: 'notes' })).body, ['connect returned']);
});

runnerTest('a StreamResponse of on_disconnect is not sent', lifecycleApp, async (runner) => {
  const watcher = await runner.connect();
  const client = await runner.connect({ path: '/?disconnect=1' });
  await client.close(1000);
  assert.deepEqual((await watcher.ask({ name: 'until', params: { note: 'disconnect returned' } })).body, ['disconnect returned']);
});

// ---- policies ----

const policiesApp = {
  routes: {
    on_before_request: 'beforeHandler',
    on_success: 'successHandler',
    on_error: 'errorHandler',
    on_after_request: 'afterHandler',
    catchall: 'catchallHandler',
    stream: ['streamHandler', 'skippedHandler'],
    twice: ['streamHandler', 'otherHandler'],
    complete: ['completeHandler', 'otherHandler'],
    fails: ['streamHandler', 'failHandler'],
    notes: 'notesHandler',
  },
  prelude: `
${streamPrelude}
const notes = [];
`,
  handlers: {
    beforeHandler(event) {
      event.before = true;
    },
    streamHandler(event) {
      event.response = new StreamResponse((async function* () {
        yield 'a';
        yield event.before ? 'before' : 'not before';
      })(), 200, { step: 'route' });
      return this.continue();
    },
    skippedHandler() {},
    otherHandler(event) {
      event.response = new StreamResponse(['other']);
    },
    completeHandler(event) {
      event.response = new StreamResponse(['complete']);
      return this.complete();
    },
    failHandler() {
      throw Object.assign(new Error('failed'), { statusCode: 409 });
    },
    catchallHandler(event) {
      event.response = new StreamResponse([event.name]);
    },
    successHandler(event) {
      if (event.name === 'notes') return;
      notes.push(`success of ${event.name}: ${event.response instanceof StreamResponse}`);
      event.response.headers.success = 'seen';
      if (event.params.replaces) event.response = new StreamResponse(['of on_success'], 206);
    },
    errorHandler(event) {
      notes.push(`error of ${event.name}: ${event.response instanceof ErrorResponse}`);
      if (event.params.streams) event.response = new StreamResponse(['of', 'on_error'], 409);
    },
    afterHandler(event) {
      if (event.name !== 'notes') notes.push(`after ${event.name}`);
    },
    notesHandler(event) {
      event.response = new Response(notes.splice(0));
    },
  },
};

runnerTest('a stream under on_success and on_after_request', policiesApp, async (runner) => {
  const client = await runner.connect();
  const stream = async (message) => {
    client.send(message);
    return takeStream(client);
  };
  const notes = async () => (await client.ask({ name: 'notes' })).body.sort();

  const plain = await stream({ name: 'stream' });
  assert.deepEqual(plain.bodies, ['a', 'before']);
  for (const { headers } of plain.frames) assert.deepEqual([headers.step, headers.success], ['route', 'seen']);
  assert.deepEqual(await notes(), ['after stream', 'success of stream: true']);

  const replaced = await stream({ name: 'stream', params: { replaces: true } });
  assert.deepEqual(replaced.bodies, ['of on_success']);
  assert.equal(replaced.done.statusCode, 206);
  await notes();

  assert.deepEqual((await stream({ name: 'twice' })).bodies, ['other']);
  assert.deepEqual((await stream({ name: 'complete' })).bodies, ['complete']);
  assert.deepEqual((await stream({ name: 'nobody' })).bodies, ['nobody']);
  assert.deepEqual(await notes(), ['after complete', 'after nobody', 'after twice', 'success of complete: true', 'success of nobody: true', 'success of twice: true']);
});

runnerTest('a stream whose route fails, and one of on_error', policiesApp, async (runner) => {
  const client = await runner.connect();
  const failed = await client.ask({ name: 'fails' });
  assert.deepEqual([failed.statusCode, failed.body.message], [409, 'failed']);
  assert.ok(!('x-stream' in failed.headers));
  assert.deepEqual((await client.ask({ name: 'notes' })).body.sort(), ['after fails', 'error of fails: true']);

  client.send({ name: 'fails', params: { streams: true } });
  const { bodies, done } = await takeStream(client);
  assert.deepEqual(bodies, ['of', 'on_error']);
  assert.equal(done.statusCode, 409);
  assert.deepEqual((await client.ask({ name: 'notes' })).body.sort(), ['after fails', 'error of fails: true']);
});

runnerTest("a source that fails by another connection's going is an error like any other", {
  routes: { keep: 'keepHandler', relay: 'relayHandler', on_disconnect: 'goneHandler', circular: 'circularHandler' },
  prelude: `${streamPrelude}
let kept;
let gone;
const left = new Promise((resolve) => (gone = resolve));
async function* relay() {
  yield 'first';
  await left;
  await kept('to nobody');
}
function* circular() {
  const body = {};
  body.body = body;
  throw Object.assign(new ErrorResponse('no', 418), { body });
}`,
  handlers: {
    keepHandler(event) {
      kept = event.request.headers['push-function'];
    },
    goneHandler() {
      gone();
    },
    relayHandler(event) {
      event.response = new StreamResponse(relay());
    },
    circularHandler(event) {
      event.response = new StreamResponse(circular());
    },
  },
}, async (runner) => {
  const leaving = await runner.connect();
  await leaving.ask({ name: 'keep' });
  const client = await runner.connect();
  client.send({ name: 'relay', headers: { 'message-id': 1 } });
  assert.equal((await client.next()).body, 'first');
  await leaving.terminate();
  const done = await client.next();
  assert.deepEqual([done.statusCode, done.headers['x-stream'], done.body.statusCode], [410, 'done', 410]);

  client.send({ name: 'circular', headers: { 'message-id': 2 } });
  const failed = await client.next();
  assert.deepEqual([failed.statusCode, failed.headers['x-stream'], failed.headers['message-id']], [418, 'done', 2]);
  assert.match(failed.body.message, /c(ircular|yclic)/i);
  await client.close();
});
