// How much at once: --max-in-flight, order, clients that do not read.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from './support/raw.mjs';
import { isSanitized, runnerTest } from './support/runner.mjs';

const app = {
  routes: { hold: 'holdHandler', state: 'stateHandler', letGo: 'letGoHandler', started: 'startedHandler', order: 'orderHandler', big: 'bigHandler', count: 'countHandler' },
  prelude: `
const started = [];
const held = new Map();
const watchers = [];
let bigs = 0;
`,
  handlers: {
    async holdHandler(event) {
      const { key } = event.params;
      started.push(key);
      watchers.forEach((watch) => watch());
      await new Promise((resolve) => held.set(key, resolve));
      event.response = new Response(key);
    },
    stateHandler(event) {
      event.response = new Response(started);
    },
    /** Answers once so many have started. */
    startedHandler(event) {
      return new Promise((resolve) => {
        const watch = () => {
          if (started.length < event.params.count) return;
          event.response = new Response([...started]);
          resolve();
        };
        watchers.push(watch);
        watch();
      });
    },
    letGoHandler(event) {
      held.get(event.params.key)();
      held.delete(event.params.key);
      event.response = new Response('let go');
    },
    async orderHandler(event) {
      started.push(event.payload);
      if (event.payload % 3 === 0) await new Promise((resolve) => setTimeout(resolve, event.payload % 7));
      event.response = new Response(event.payload);
    },
    bigHandler(event) {
      bigs++;
      event.response = new Response('x'.repeat(256 * 1024));
    },
    countHandler(event) {
      event.response = new Response(bigs);
    },
  },
};

const hold = (key) => ({ name: 'hold', params: { key }, headers: { 'message-id': key } });

for (const waits of ['in one write', 'one by one']) {
  runnerTest(`--max-in-flight 2, messages ${waits}`, { ...app, args: ['--max-in-flight', '2'] }, async (runner) => {
    const other = await runner.connect();
    const client = await runner.connectRaw();
    await client.upgrade();
    const keys = ['a', 'b', 'c', 'd', 'e'];
    if (waits === 'in one write') client.write(Buffer.concat(keys.map((key) => text(hold(key)))));
    else await client.writePieces(keys.map((key) => text(hold(key))));

    const started = async (count) => (await other.ask({ name: 'started', params: { count } })).body;
    const state = async () => (await other.ask({ name: 'state' })).body;
    assert.deepEqual(await started(2), ['a', 'b']);
    for (let i = 0; i < 20; i++) assert.deepEqual(await state(), ['a', 'b'], 'the third waits');

    await other.ask({ name: 'letGo', params: { key: 'b' } });
    assert.equal((await client.next()).body, 'b');
    assert.deepEqual(await started(3), ['a', 'b', 'c']);
    for (let i = 0; i < 20; i++) assert.deepEqual(await state(), ['a', 'b', 'c'], 'the fourth waits');

    await other.ask({ name: 'letGo', params: { key: 'a' } });
    assert.equal((await client.next()).body, 'a');
    assert.deepEqual(await started(4), ['a', 'b', 'c', 'd']);
    for (const key of ['c', 'd']) await other.ask({ name: 'letGo', params: { key } });
    assert.deepEqual([(await client.next()).body, (await client.next()).body].sort(), ['c', 'd']);
    assert.deepEqual(await started(5), keys);
    await other.ask({ name: 'letGo', params: { key: 'e' } });
    assert.equal((await client.next()).body, 'e');
    await client.destroy();
  });
}

const keeping = {
  routes: { wait: 'waitHandler', skip: 'skipHandler', count: 'countHandler', letGo: 'letGoHandler', catchall: 'keepHandler' },
  prelude: `
const waiting = [];
const kept = [];
`,
  handlers: {
    async waitHandler(event) {
      await new Promise((resolve) => waiting.push(resolve));
      event.response = new Response(event.request.raw);
    },
    skipHandler(event) {
      event.response = undefined;
    },
    keepHandler(event) {
      kept.push(event.payload, event.request.raw);
      event.response = undefined;
    },
    countHandler(event) {
      event.response = new Response(waiting.length + kept.length / 2);
    },
    letGoHandler(event) {
      waiting.forEach((resolve) => resolve());
      event.response = new Response(kept);
    },
  },
};

for (const [what, message, waits] of [['an event that waits', '{"name":"wait",  "payload":"é"}', true], ['a text that is kept', 'no JSON: é', false]]) {
  runnerTest(`${what} does not keep what came together with it`, { ...keeping, args: ['--max-in-flight', '10000'] }, async (runner) => {
    const client = await runner.connectRaw();
    await client.upgrade();
    const rounds = 1500;
    const turn = Buffer.concat([...Array(30).fill(text({ name: 'skip', payload: 'x'.repeat(2000) })), text(message)]);
    const ask = async (name) => {
      client.write(text({ name }));
      return (await client.next()).body;
    };
    await ask('count');
    const before = runner.residentBytes();
    for (let i = 0; i < rounds; i++) if (!client.socket.write(turn)) await once(client.socket, 'drain');
    assert.equal(await ask('count'), rounds);
    const after = runner.residentBytes();
    if (!isSanitized()) assert.ok(after - before < 100 << 20, `${(after - before) >> 20} MB`);

    const texts = await ask('letGo');
    for (let i = 0; waits && i < rounds; i++) texts.push((await client.next()).body);
    assert.deepEqual(new Set(texts), new Set([message]));
    await client.destroy();
  });
}

runnerTest('--max-in-flight counts for each connection by itself', { ...app, args: ['--max-in-flight', '1'] }, async (runner) => {
  const clients = [await runner.connect(), await runner.connect(), await runner.connect()];
  const other = await runner.connect();
  clients.forEach((client, i) => [0, 1].forEach((j) => client.send(hold(`${i}${j}`))));
  const started = (await other.ask({ name: 'started', params: { count: 3 } })).body;
  assert.deepEqual(started.sort(), ['00', '10', '20']);
  for (const i of [0, 1, 2]) await other.ask({ name: 'letGo', params: { key: `${i}0` } });
  await other.ask({ name: 'started', params: { count: 6 } });
  for (const i of [0, 1, 2]) await other.ask({ name: 'letGo', params: { key: `${i}1` } });
  for (const client of clients) assert.equal((await client.take(2)).length, 2);
});

runnerTest('messages in flight are no more bytes than --max-payload, and one more message', { ...app, args: ['--max-payload', '1000'] }, async (runner) => {
  const other = await runner.connect();
  const client = await runner.connectRaw();
  await client.upgrade();
  const large = (key) => text({ ...hold(key), payload: 'x'.repeat(500) });
  const keys = ['a', 'b', 'c', 'd'];
  await client.writePieces([...keys.map(large), ...['e', 'f', 'g'].map((key) => text(hold(key)))]);

  const started = async (count) => (await other.ask({ name: 'started', params: { count } })).body;
  assert.deepEqual(await started(2), ['a', 'b']);
  for (let i = 0; i < 20; i++) assert.deepEqual((await other.ask({ name: 'state' })).body, ['a', 'b'], 'the third waits');
  for (const [i, key] of keys.slice(0, 3).entries()) {
    await other.ask({ name: 'letGo', params: { key } });
    assert.equal((await client.next()).body, key);
    await started(i + 3 > 4 ? 7 : i + 3);
  }
  for (const key of ['d', 'e', 'f', 'g']) await other.ask({ name: 'letGo', params: { key } });
  for (let i = 0; i < 4; i++) await client.next();
  await client.destroy();
});

runnerTest('a message as long as --max-payload is never too much', { ...app, args: ['--max-payload', '1000'] }, async (runner) => {
  const client = await runner.connect();
  const message = { name: 'state', payload: '' };
  message.payload = 'x'.repeat(1000 - JSON.stringify(message).length);
  for (let i = 0; i < 3; i++) assert.deepEqual((await client.ask(message)).statusCode, 200);
});

runnerTest('a client goes with messages waiting behind the limit', { ...app, args: ['--max-in-flight', '1', '--drain-timeout', '500ms'] }, async (runner) => {
  const other = await runner.connect();
  const client = await runner.connect();
  for (const key of ['a', 'b', 'c']) client.send(hold(key));
  await other.ask({ name: 'started', params: { count: 1 } });
  await client.terminate();
  await other.ask({ name: 'letGo', params: { key: 'a' } });
  assert.equal((await other.ask({ name: 'count' })).body, 0);
});

for (const limit of ['1', '3', '256']) {
  runnerTest(`messages start in their order, all are answered (${limit} in flight)`, { ...app, args: ['--max-in-flight', limit] }, async (runner) => {
    const client = await runner.connect();
    const numbers = Array.from({ length: 300 }, (_, i) => i);
    for (const number of numbers) client.send({ name: 'order', payload: number });
    const replies = (await client.take(300)).map(({ body }) => body);
    assert.deepEqual((await client.ask({ name: 'state' })).body, numbers);
    assert.deepEqual([...replies].sort((a, b) => a - b), numbers);
    if (limit === '1') assert.deepEqual(replies, numbers);
  });
}

runnerTest('a client that never reads costs little, and others are served', app, async (runner) => {
  const asked = 2000; // 500 MB of replies
  const other = await runner.connect();
  const greedy = await runner.connectRaw();
  await greedy.upgrade();
  greedy.socket.pause();
  greedy.write(Buffer.concat(Array.from({ length: asked }, () => text({ name: 'big' }))));

  // The runner has stopped when it serves others and starts nothing more for this one.
  const count = async () => (await other.ask({ name: 'count' })).body;
  let before;
  let now = await count();
  do {
    before = now;
    for (let i = 0; i < 100; i++) now = await count();
  } while (now !== before || now === 0);

  assert.ok(now < asked, 'the runner does not handle messages whose replies nobody takes');
  const megabytes = runner.residentBytes() / (1024 * 1024);
  // 64 MB may be queued, and as much again is in flight; twice that is the heap's slack until it is collected.
  assert.ok(megabytes < (isSanitized() ? 1500 : 500), `${Math.round(megabytes)} MB`);

  // It reads after all, and gets everything, or it was closed for that much unread.
  greedy.socket.resume();
  let replies = 0;
  let closed = false;
  while (replies < asked && !closed) {
    const { opcode } = await greedy.frame();
    if (opcode === 8) closed = true;
    else replies++;
  }
  assert.ok(closed || replies === asked);
  await greedy.destroy();
});

runnerTest('--max-buffered: a client with too much unread is closed with 1013', {
  ...app,
  args: ['--max-buffered', '1m', '--high-water-mark', '100m', '--max-in-flight', '1000'],
}, async (runner) => {
  const other = await runner.connect();
  const greedy = await runner.connectRaw();
  await greedy.upgrade();
  greedy.socket.pause();
  greedy.write(Buffer.concat(Array.from({ length: 100 }, () => text({ name: 'big' }))));
  for (let i = 0; i < 50; i++) await other.ask({ name: 'count' });
  greedy.socket.resume();
  assert.deepEqual(await greedy.closeFrame(), { code: 1013, reason: 'Too much is unsent' });
  assert.equal((await other.ask({ name: 'count' })).statusCode, 200);
  await greedy.destroy();
});
