// Streams are pulled no faster than their client reads, cost no more memory for being long, and hold nobody else up.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { readFileSync } from 'node:fs';
import { text } from './support/raw.mjs';
import { isSanitized, runnerTest } from './support/runner.mjs';
import { connectSink, stable, streamPrelude, takeStream } from './support/streams.mjs';
import { isSecure } from './support/transport.mjs';

const KB = 1024;
const MB = 1024 * KB;

/** What a paused client's and the program's sockets take, at the most; the kernel says it, and lets buffers grow to it while they are read. */
const kernelBytes = ['tcp_rmem', 'tcp_wmem']
  .map((name) => Number(readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').split(/\s+/)[2]))
  .reduce((sum, most) => sum + most);

const app = {
  routes: { on_connect: 'connectHandler', numbers: 'numbersHandler', pulls: 'pullsHandler', push: 'pushHandler', echo: 'echoHandler', big: 'bigHandler', waits: 'waitsHandler', open: 'openHandler', total: 'totalHandler', flood: 'floodHandler', late: 'lateHandler', loops: 'loopsHandler' },
  prelude: `
${streamPrelude}
const pulls = {};
const ended = {};
const gates = {};
const pushes = {}; // by the connection's label
const outcomes = [];
let begun = 0; // pushes of floodHandler's

// Chunks of so many characters that begin with their number. \`pulls\` says how many were asked for.
function make(kind, key, count, size) {
  const filling = 'x'.repeat(size - 8);
  const chunk = (i) => {
    pulls[key]++;
    const text = String(i).padStart(8, '0') + filling;
    return kind.startsWith('bytes') ? Buffer.from(text) : kind.startsWith('object') ? { n: i, text } : text;
  };
  const end = () => {
    ended[key] = (ended[key] ?? 0) + 1;
    console.log('ended: ' + key);
  };
  pulls[key] = 0;
  if (kind === 'gated async generator') return (async function* () {
    await new Promise((resolve) => (gates[key] = resolve));
    for (let i = 0; i < count; i++) yield chunk(i);
  })();
  if (kind.endsWith('async generator')) return (async function* () {
    try {
      for (let i = 0; i < count; i++) yield chunk(i);
    } finally {
      end();
    }
  })();
  if (kind.endsWith('with timers')) return (async function* () {
    try {
      for (let i = 0; i < count; i++) {
        if (i % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
        yield chunk(i);
      }
    } finally {
      end();
    }
  })();
  if (kind.endsWith('with a pause')) return (async function* () {
    try {
      for (let i = 0; i < count; i++) {
        yield chunk(i);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    } finally {
      end();
    }
  })();
  if (kind.endsWith('generator')) return (function* () {
    try {
      for (let i = 0; i < count; i++) yield chunk(i);
    } finally {
      end();
    }
  })();
  if (kind.endsWith('never')) return {
    [Symbol.asyncIterator]: () => ({ next: () => (pulls[key]++, new Promise(() => {})), return: end }),
  };
  let i = 0;
  if (kind.endsWith('reader')) return {
    getReader: () => ({ read: async () => (i < count ? { value: chunk(i++), done: false } : (end(), { done: true })), cancel: async () => end() }),
  };
  return { [Symbol.iterator]: () => ({ next: () => (i < count ? { value: chunk(i++), done: false } : (end(), { done: true })), return: end }) };
}
`,
  handlers: {
    connectHandler(event) {
      pushes[event.params.label] = event.request.headers['push-function'];
    },
    numbersHandler(event) {
      const { kind = 'generator', key, count = Infinity, size, headers } = event.params;
      event.response = new StreamResponse(make(kind, key, count, size), 200, headers ?? {});
    },
    async pushHandler(event) {
      const { kind = 'generator', key, count, size } = event.params;
      await event.request.headers['push-function'](new StreamResponse(make(kind, key, count, size)));
      event.response = new Response('pushed');
    },
    pullsHandler(event) {
      const { key } = event.params;
      event.response = new Response({ pulls: pulls[key] ?? 0, ended: ended[key] ?? 0 });
    },
    echoHandler(event) {
      event.response = new Response(event.payload);
    },
    bigHandler(event) {
      event.response = new Response('x'.repeat(event.params.size));
      setTimeout(gates[event.params.opens], 1); // behind the reply
    },
    /** Opens all gates at once. */
    openHandler(event) {
      event.response = new Response(Object.values(gates).map((open) => open()).length);
    },
    totalHandler(event) {
      const sum = (counts) => Object.values(counts).reduce((a, b) => a + b, 0);
      event.response = new Response({ pulls: sum(pulls), gates: Object.keys(gates).length, begun, outcomes });
    },
    /** Pushes without waiting. */
    floodHandler(event) {
      const { label, count, size } = event.params;
      for (let i = 0; i < count; i++) pushes[label]('x'.repeat(size)).catch((error) => outcomes.push(error.statusCode));
      event.response = new Response('flooded');
    },
    /** Pushes streams. */
    lateHandler(event) {
      const { label, kind, streams, count, size } = event.params;
      for (let i = 0; i < streams; i++)
        pushes[label](new StreamResponse(make(kind, String(i), count, size), 200, { 'message-id': String(i) })).catch((error) => outcomes.push(error.statusCode));
      event.response = new Response('late');
    },
    /** So many at once, each of which waits for its push before the next. */
    loopsHandler(event) {
      const { label, loops, size } = event.params;
      for (let i = 0; i < loops; i++)
        (async () => {
          for (;;) {
            begun++;
            await pushes[label]('x'.repeat(size));
          }
        })().catch((error) => outcomes.push(error.statusCode));
      event.response = new Response('looping');
    },
    waitsHandler(event) {
      event.response = new Response(event.params.key in gates);
    },
  },
};

const numbers = (params) => ({ name: 'numbers', params, headers: { 'message-id': params.key } });

async function connectPaused(runner, label) {
  const client = await runner.connectRaw();
  await client.upgrade(label === undefined ? {} : { path: `/?label=${label}` });
  client.socket.pause();
  return client;
}

const pullsOf = async (watcher, key) => (await watcher.ask({ name: 'pulls', params: { key } })).body.pulls;

/** The number in a chunk's frame; undefined of the done frame. Whole frames are not parsed: there are many. */
function numberOf({ opcode, payload }, size) {
  assert.equal(opcode, 1);
  const head = payload.subarray(0, 300).toString('latin1');
  const body = head.indexOf('"body":"');
  if (head.includes('"x-stream":"done"')) return undefined;
  assert.ok(head.includes('"x-stream":"chunk"'), head);
  assert.equal(payload.length, body + 8 + size + 2, 'a whole chunk');
  return Number(head.slice(body + 8, body + 16));
}

/** Takes chunks from number `from` up to `to`, each as it must be. */
async function takeNumbers(client, from, to, size) {
  for (let i = from; i < to; i++) {
    const number = numberOf(await client.frame(), size);
    if (number !== i) assert.equal(number, i);
  }
}

async function takeDone(client) {
  const done = await client.next();
  assert.equal(done.headers['x-stream'], 'done');
  assert.deepEqual([done.statusCode, done.body], [200, '']);
}

// ---- a client that pauses ----

const size = 64 * KB;

for (const [option, highWaterMark] of [[[], MB], [['--high-water-mark', '64k'], 64 * KB]]) {
  for (const kind of ['generator', 'async generator', 'iterator', 'reader', 'with timers']) {
    runnerTest(`a paused client stops the source: ${kind} ${option.join(' ')}`, { ...app, args: option }, async (runner) => {
      const count = 1200; // 75 MB
      const watcher = await runner.connect();
      const client = await connectPaused(runner);
      client.write(text(numbers({ kind, key: 'k', count, size })));

      const bound = (highWaterMark + 300 + size + kernelBytes) / size;
      const first = await stable(() => pullsOf(watcher, 'k'));
      assert.ok(first <= bound, `${first} pulls`);

      // It reads a part, then stops again.
      client.socket.resume();
      const part = 500;
      await takeNumbers(client, 0, part, size);
      client.socket.pause();
      const second = await stable(() => pullsOf(watcher, 'k'));
      assert.ok(second >= part, 'it went on');
      const read = client.socket.bytesRead / size; // the test itself reads ahead
      assert.ok(second <= read + bound, `${second} pulls, ${read} read`);

      client.socket.resume();
      await takeNumbers(client, part, count, size);
      await takeDone(client);
      assert.deepEqual((await watcher.ask({ name: 'pulls', params: { key: 'k' } })).body, { pulls: count, ended: 1 });
      await client.destroy();
    });
  }
}

for (const kind of ['bytes generator', 'object async generator']) {
  runnerTest(`a paused client stops the source: ${kind}`, { ...app, args: ['--high-water-mark', '64k'] }, async (runner) => {
    const count = 1200;
    const watcher = await runner.connect();
    const client = await connectPaused(runner);
    client.write(text(numbers({ kind, key: 'k', count, size, headers: { 'content-type': 'application/json' } })));
    const pulls = await stable(() => pullsOf(watcher, 'k'));
    assert.ok(pulls <= (64 * KB + 400 + size + kernelBytes) / size, `${pulls} pulls`);
    client.socket.resume();
    const { bodies } = await takeStream(client);
    assert.deepEqual(bodies.map((body) => Number((body.text ?? body).slice(0, 8))), Array.from({ length: count }, (_, i) => i));
    await client.destroy();
  });
}

runnerTest('small chunks count like large ones', { ...app, args: ['--high-water-mark', '64k'] }, async (runner) => {
  const small = 200;
  const count = 400_000;
  const watcher = await runner.connect();
  const client = await connectPaused(runner);
  client.write(text(numbers({ key: 'k', count, size: small })));
  const pulls = await stable(() => pullsOf(watcher, 'k'));
  assert.ok(pulls <= (64 * KB + kernelBytes) / small, `${pulls} pulls`);
  await client.reset();
  while ((await watcher.ask({ name: 'pulls', params: { key: 'k' } })).body.ended === 0);
});

runnerTest('a pushed stream waits for its client too', { ...app, args: ['--high-water-mark', '64k'] }, async (runner) => {
  const count = 600;
  const watcher = await runner.connect();
  const client = await connectPaused(runner);
  client.write(text({ name: 'push', params: { key: 'k', count, size } }));
  const pulls = await stable(() => pullsOf(watcher, 'k'));
  assert.ok(pulls <= (64 * KB + 300 + size + kernelBytes) / size, `${pulls} pulls`);
  client.socket.resume();
  await takeNumbers(client, 0, count, size);
  await takeDone(client);
  assert.equal((await client.next()).body, 'pushed');
  await client.destroy();
});

runnerTest('a stream waits while other replies fill the connection', { ...app, args: ['--high-water-mark', '64k', '--max-buffered', '1g'] }, async (runner) => {
  const watcher = await runner.connect();
  const client = await connectPaused(runner);
  client.write(text(numbers({ kind: 'gated async generator', key: 'k', count: 20, size })));
  while (!(await watcher.ask({ name: 'waits', params: { key: 'k' } })).body);
  const bigs = 30;
  client.write(Buffer.concat(Array.from({ length: bigs }, () => text({ name: 'big', params: { size: MB, opens: 'k' } }))));
  assert.equal(await stable(() => pullsOf(watcher, 'k')), 1, 'what it had asked for already');
  client.socket.resume();
  for (let i = 0; i < bigs; i++) assert.equal((await client.next()).body.length, MB);
  await takeNumbers(client, 0, 20, size);
  await takeDone(client);
  await client.destroy();
});

runnerTest('two streams of one connection, both stalled', { ...app, args: ['--high-water-mark', '64k'] }, async (runner) => {
  const count = 400;
  const watcher = await runner.connect();
  const client = await connectPaused(runner);
  for (const key of ['a', 'b']) client.write(text(numbers({ kind: key === 'a' ? 'generator' : 'async generator', key, count, size })));
  const both = async () => (await pullsOf(watcher, 'a')) + (await pullsOf(watcher, 'b'));
  const pulls = await stable(both);
  assert.ok(pulls <= (64 * KB + 2 * (300 + size) + kernelBytes) / size, `${pulls} pulls`);

  client.socket.resume();
  const next = { a: 0, b: 0 };
  const done = new Set();
  while (done.size < 2) {
    const frame = await client.frame();
    const [, key] = frame.payload.subarray(0, 300).toString('latin1').match(/"message-id":"(\w)"/);
    const number = numberOf(frame, size);
    if (number === undefined) done.add(key);
    else assert.equal(number, next[key]++);
  }
  assert.deepEqual(next, { a: count, b: count });
  await client.destroy();
});

runnerTest("one connection's stall does not hold another's stream", app, async (runner) => {
  const count = 500;
  const watcher = await runner.connect();
  const stalled = await connectPaused(runner);
  stalled.write(text(numbers({ key: 'stalled', count, size })));
  const pulls = await stable(() => pullsOf(watcher, 'stalled'));

  for (let round = 0; round < 3; round++) {
    const client = await runner.connectRaw();
    await client.upgrade();
    client.write(text(numbers({ key: `free ${round}`, count, size })));
    await takeNumbers(client, 0, count, size);
    await takeDone(client);
    await client.destroy();
  }
  assert.equal(await pullsOf(watcher, 'stalled'), pulls, 'the stalled one still waits');

  stalled.socket.resume();
  await takeNumbers(stalled, 0, count, size);
  await takeDone(stalled);
  await stalled.destroy();
});

// ---- many at once on one connection ----

const many = { ...app, args: ['--high-water-mark', '256k', '--max-buffered', '8m'] };
const large = 256 * KB;

async function allOf(watcher) {
  watcher.asked = (watcher.asked ?? 0) + 1;
  return (await watcher.ask({ name: 'total' })).body;
}

/** The high-water mark, and a chunk above it; with what is said besides. */
const most = 2 * large + 64 * KB;

/** A gauge or counter of /metrics. */
async function metric(runner, name) {
  const metrics = await (await fetch(`${runner.management}/metrics`)).text();
  return Number(metrics.match(new RegExp(`^configurapi_${name} (\\d+)$`, 'm'))[1]);
}

/** Takes `streams` streams of `count` chunks each, whole and in order, told apart by their message-id. */
async function takeMany(client, streams, count, chunkSize) {
  const next = {};
  for (let done = 0; done < streams; ) {
    const frame = await client.frame();
    assert.equal(frame.opcode, 1);
    const [, key] = frame.payload.subarray(0, 300).toString('latin1').match(/"message-id":"(\w+)"/);
    const number = numberOf(frame, chunkSize);
    next[key] ??= 0;
    if (number !== undefined) assert.equal(number, next[key]++);
    else if (++done) assert.equal(next[key], count, `all of ${key}`);
  }
}

for (const kind of ['generator', 'async generator', 'reader']) {
  runnerTest(`a hundred streams at once: as many chunks are asked for as there is room for, ${kind}`, many, async (runner) => {
    const watcher = await runner.connect();
    const client = await connectPaused(runner);
    client.write(Buffer.concat(Array.from({ length: 100 }, (_, i) => text(numbers({ kind, key: `k${i}`, count: 3, size: large })))));
    const pulls = await stable(async () => (await allOf(watcher)).pulls);
    assert.ok((await metric(runner, 'buffered_bytes')) <= most);
    const sent = (await metric(runner, 'messages_sent_total')) - watcher.asked;
    assert.ok(pulls <= sent + 1, `${pulls} pulls, ${sent} sent`);
    client.socket.resume();
    await takeMany(client, 100, 3, large);
    await client.destroy();
  });
}

runnerTest('sources that answer together: what they gave waits', many, async (runner) => {
  const watcher = await runner.connect();
  const client = await connectPaused(runner);
  client.write(Buffer.concat(Array.from({ length: 100 }, (_, i) => text(numbers({ kind: 'gated async generator', key: `k${i}`, count: 2, size: large })))));
  while ((await allOf(watcher)).gates < 100); // those that do not answer hold nobody up
  await watcher.ask({ name: 'open' });
  await stable(async () => (await allOf(watcher)).pulls);
  assert.ok((await metric(runner, 'buffered_bytes')) <= most);
  client.socket.resume();
  await takeMany(client, 100, 2, large);
  await client.destroy();
});

for (const kind of ['generator', 'async generator']) {
  runnerTest(`streams pushed to a congested connection ask for nothing yet: ${kind}`, { ...app, args: ['--high-water-mark', '256k'] }, async (runner) => {
    const floods = Math.ceil(kernelBytes / large) + 8;
    const watcher = await runner.connect();
    const client = await connectPaused(runner, 'slow');
    await watcher.ask({ name: 'flood', params: { label: 'slow', count: floods, size: large } });
    await watcher.ask({ name: 'late', params: { label: 'slow', kind, streams: 60, count: 3, size: large } });
    for (let i = 0; i < 300; i++) assert.equal((await allOf(watcher)).pulls, 0);
    client.socket.resume();
    for (let i = 0; i < floods; i++) assert.equal((await client.frame()).payload.length, large);
    await takeMany(client, 60, 3, large);
    assert.deepEqual((await allOf(watcher)).outcomes, []);
    await client.destroy();
  });
}

runnerTest('pushes that wait go on one after another', { ...app, args: ['--high-water-mark', '256k'] }, async (runner) => {
  const loops = 100;
  const watcher = await runner.connect();
  const client = await connectPaused(runner, 'slow');
  await watcher.ask({ name: 'loops', params: { label: 'slow', loops, size: large } });
  for (let round = 1; round <= 5; round++) {
    client.socket.resume();
    for (let i = 0; i < loops; i++) assert.equal((await client.frame()).payload.length, large);
    client.socket.pause();
    await stable(async () => (await allOf(watcher)).begun);
    const unsent = await metric(runner, 'buffered_bytes');
    if (round > 1) assert.ok(unsent <= most, `${unsent} bytes are unsent`); // in the first, all had pushed at once
  }
  await client.reset();
});

runnerTest('twenty stalled streams, each goes on by itself', { ...app, args: ['--high-water-mark', '64k'] }, async (runner) => {
  const count = 150; // more than sockets take
  const watcher = await runner.connect();
  const clients = await Promise.all(Array.from({ length: 20 }, () => connectPaused(runner)));
  clients.forEach((client, i) => client.write(text(numbers({ key: `k${i}`, count, size }))));
  const last = `k${clients.length - 1}`;
  await stable(() => pullsOf(watcher, last));
  for (const client of clients.reverse()) {
    client.socket.resume();
    await takeNumbers(client, 0, count, size);
    await takeDone(client);
    await client.destroy();
  }
});

runnerTest('a stream counts towards --max-in-flight', { ...app, args: ['--max-in-flight', '1'] }, async (runner) => {
  const client = await runner.connect();
  client.send(numbers({ kind: 'with timers', key: 'k', count: 100, size: 100 }));
  client.send({ name: 'echo', payload: 'behind it' });
  const { bodies } = await takeStream(client);
  assert.equal(bodies.length, 100);
  assert.equal((await client.next()).body, 'behind it');
});

// ---- memory ----

/**
 * The most the program held while `count` chunks went to a client that pauses, over what it held behind a small stream of the same kind.
 */
async function growth(runner, { kind, count, size: chunkSize, small }) {
  const client = await runner.connectRaw();
  await client.upgrade();
  client.write(text(numbers({ kind, key: 'small', count: small, size: chunkSize })));
  await takeNumbers(client, 0, small, chunkSize);
  await takeDone(client);

  const before = runner.residentBytes();
  let most = before;
  const sample = () => (most = Math.max(most, runner.residentBytes()));
  const sampling = setInterval(sample, 20);
  try {
    client.write(text(numbers({ kind, key: 'large', count, size: chunkSize })));
    const quarter = Math.floor(count / 4);
    await takeNumbers(client, 0, quarter, chunkSize);
    client.socket.pause();
    await delay(3000); // the pause is what is tried here
    client.socket.resume();
    await takeNumbers(client, quarter, count, chunkSize);
    await takeDone(client);
    sample();
  } finally {
    clearInterval(sampling);
  }
  await client.destroy();
  return most - before;
}

const long = [
  ['generator', 64 * KB, 6250, 200],
  ['async generator', 64 * KB, 6250, 200],
  ['bytes async generator', 64 * KB, 1600, 200],
  ['generator', KB, 100_000, 10_000],
  ['async generator', KB, 100_000, 10_000],
];

// Over TLS, one is enough: what it holds are the same bytes as records.
for (const [kind, chunkSize, count, small] of isSecure ? [['async generator', 64 * KB, 1600, 200]] : long) {
  runnerTest(`memory stays where it is: ${count} chunks of ${chunkSize / KB} KB, ${kind}`, app, async (runner) => {
    const grown = await growth(runner, { kind, count, size: chunkSize, small });
    if (!isSanitized()) assert.ok(grown <= 32 * MB, `${(grown / MB).toFixed(1)} MB more`);
  });
}

// ---- streams without an end ----

const endless = ['generator', 'async generator', 'iterator', 'reader', 'with timers'];

for (const kind of endless) {
  for (const chunkSize of isSecure ? [64 * KB] : [100, 64 * KB]) {
    runnerTest(`an endless stream leaves others their turn: ${kind}, chunks of ${chunkSize}`, app, async (runner) => {
      const other = await runner.connect();
      const greedy = await connectSink(runner.url);
      greedy.send(numbers({ kind, key: 'k', size: chunkSize }));
      await greedy.more(10);
      for (let i = 0; i < 50; i++) {
        assert.equal((await other.ask({ name: 'echo', payload: i })).body, i);
        await greedy.more(1);
      }
      assert.equal((await runner.ask({ name: 'echo', payload: 'a new one' })).body, 'a new one');
      await greedy.terminate();
      while ((await other.ask({ name: 'pulls', params: { key: 'k' } })).body.ended === 0);
    });
  }
}

runnerTest('ten endless streams at once leave others their turn', app, async (runner) => {
  const other = await runner.connect();
  const greedy = await Promise.all(Array.from({ length: 5 }, () => connectSink(runner.url)));
  greedy.forEach((sink, i) => ['a', 'b'].forEach((name) => sink.send(numbers({ kind: endless[i], key: name + i, size: KB }))));
  for (let i = 0; i < 20; i++) {
    assert.equal((await other.ask({ name: 'echo', payload: i })).body, i);
    await Promise.all(greedy.map((sink) => sink.more(1)));
  }
  for (let i = 0; i < 5; i++) for (const name of ['a', 'b']) assert.ok((await pullsOf(other, name + i)) > 0, name + i);
  await Promise.all(greedy.map((sink) => sink.terminate()));
});

runnerTest('an endless stream leaves its own connection its turn', app, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  client.write(text(numbers({ key: 'k', size: 100 })));
  for (let i = 0; i < 5; i++) {
    client.write(text({ name: 'echo', payload: `reply ${i}`, headers: { 'message-id': 'reply' } }));
    let frame;
    do frame = await client.next();
    while (frame.headers['message-id'] === 'k');
    assert.equal(frame.body, `reply ${i}`);
  }
  await client.reset();
});

for (const kind of endless.filter((one) => one !== 'with timers')) {
  runnerTest(`SIGTERM during an endless stream: ${kind}`, app, async (runner) => {
    const sink = await connectSink(runner.url);
    sink.send(numbers({ kind, key: 'k', size: KB }));
    await sink.more(100);
    await runner.stop();
    assert.equal(await sink.closed, 1001);
    assert.equal(runner.stdout.split('ended: k').length - 1, 1, 'its source has ended once');
  });
}

// An async generator can not be ended before what it awaits is there: the drain timeout is long enough for that.
runnerTest('SIGTERM while a generator awaits a timer', app, async (runner) => {
  const client = await runner.connect();
  client.send(numbers({ kind: 'with a pause', key: 'k', size: KB }));
  assert.equal((await client.next()).body.length, KB);
  await runner.stop();
  assert.equal((await client.closed).code, 1001);
  assert.equal(runner.stdout.split('ended: k').length - 1, 1, 'its source has ended once');
});

runnerTest('SIGTERM during a stream whose source gives nothing', app, async (runner) => {
  const client = await runner.connect();
  client.send(numbers({ kind: 'never', key: 'k', size: KB }));
  assert.equal((await client.ask({ name: 'echo', payload: 1 })).body, 1);
  await runner.stop();
  assert.equal((await client.closed).code, 1001);
  assert.equal(runner.stdout.split('ended: k').length - 1, 1);
});

for (const kind of ['generator', 'async generator', 'reader']) {
  runnerTest(`SIGTERM while a paused client holds a stream: ${kind}`, { ...app, args: ['--drain-timeout', '300ms'] }, async (runner) => {
    const watcher = await runner.connect();
    const client = await connectPaused(runner);
    client.write(text(numbers({ kind, key: 'k', size })));
    await stable(() => pullsOf(watcher, 'k'));
    await runner.stop();
    assert.equal(runner.stdout.split('ended: k').length - 1, 1);
    await client.destroy();
  });
}
