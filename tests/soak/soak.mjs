// soak.mjs SECONDS [SEED]: random clients of one program, over TCP and TLS, and a management caller, for so long. They
// connect, send, stream, lie and vanish; afterwards the program holds what it held before: connections, events, streams,
// unsent bytes, descriptors, memory. Ends with exit code 0 where it does.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { constants, deflateRawSync } from 'node:zlib';
import { makeApp } from '../e2e/support/app.mjs';
import { closePayload, frame, opcodes, text, upgradeRequest } from '../e2e/support/raw.mjs';
import { isSanitized, startRunner } from '../e2e/support/runner.mjs';
import { randomNumbers } from '../e2e/support/streams.mjs';

const seconds = Number(process.argv[2] ?? 20);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
if (!(seconds > 0)) throw new Error('usage: soak.mjs SECONDS [SEED]');
const random = randomNumbers(seed);
const draw = (count) => Math.floor(random() * count);
const pick = (list) => list[draw(list.length)];

const AT_ONCE = 40;
const LOOKS = 10;
const here = path.dirname(fileURLToPath(import.meta.url));
const key = process.env.SOAK_KEY ?? path.join(here, '../../build/release/tests/key.pem');
const cert = process.env.SOAK_CERT ?? path.join(here, '../../build/release/tests/certificate.pem');

const app = {
  routes: { on_connect: 'connectHandler', on_disconnect: 'disconnectHandler', echo: 'echoHandler', wait: 'waitHandler', stream: 'streamHandler', push: 'pushHandler', nothing: 'nothingHandler', stats: 'statsHandler' },
  prelude: `
const { StreamResponse } = require('configurapi-handler-ws');
const counts = { opened: 0, ended: 0, begun: 0, over: 0, waiting: 0 };
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function* source(chunks, size) {
  counts.begun++;
  try {
    for (let i = 0; i < chunks; i++) {
      if (i % 7 === 0) await wait(1);
      yield 'x'.repeat(size);
    }
  } finally {
    counts.over++;
  }
}
`,
  handlers: {
    async connectHandler(event) {
      if (event.params.slow) await wait(3);
      event.response = new Response('', event.params.refuse ? 403 : 200);
      if (!event.params.refuse) counts.opened++;
    },
    disconnectHandler() {
      counts.ended++;
    },
    echoHandler(event) {
      event.response = new Response(event.payload);
    },
    async waitHandler() {
      counts.waiting++;
      await wait(5);
      counts.waiting--;
    },
    streamHandler(event) {
      event.response = new StreamResponse(source(event.params.chunks, event.params.size));
    },
    async pushHandler(event) {
      const push = event.request.headers['push-function'];
      await push({ pushed: 1 }).catch(() => {});
    },
    nothingHandler(event) {
      event.response = null;
    },
    statsHandler(event) {
      event.response = new Response(counts);
    },
  },
};

const compressed = deflateRawSync('{"name":"echo","payload":"zzzzzzzz"}', { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
const messages = [
  () => text({ name: 'echo', payload: 'e'.repeat(draw(20_000)), headers: { 'message-id': draw(1000) } }),
  () => text({ name: 'wait' }),
  () => text({ name: 'stream', params: { chunks: draw(200), size: draw(5_000) } }),
  () => text({ name: 'push' }),
  () => text({ name: 'nothing' }),
  () => text({ name: 'nobody' }),
  () => text('no json'),
  () => frame(opcodes.ping, randomBytes(draw(126))),
  () => frame(opcodes.pong),
  () => frame(opcodes.binary, randomBytes(draw(300))),
  () => frame(opcodes.text, '{"name":"ec', { final: false }),
  () => frame(opcodes.continuation, 'ho"}'),
  () => frame(opcodes.text, compressed, { reserved: 4 }),
  () => (draw(6) ? text({ name: 'echo' }) : randomBytes(draw(50))),
  () => (draw(8) ? text({ name: 'echo' }) : frame(opcodes.text, Buffer.from([0xff]))),
  () => (draw(8) ? text({ name: 'wait' }) : frame(opcodes.close, closePayload(pick([1000, 4000, 1005])))),
];
const headers = [{}, {}, {}, { 'Sec-WebSocket-Extensions': 'permessage-deflate' }, { 'Sec-WebSocket-Key': 'bad' }, { Origin: 'null' }, () => ({ 'X-Long': 'z'.repeat(draw(18_000)) })];

/** One client that comes, does as the random numbers say, and goes. */
async function visit(ports) {
  const secure = draw(2) === 0;
  const socket = net.connect({ port: secure ? ports.secure : ports.plain, host: '127.0.0.1' });
  let stream = socket;
  const gone = new Promise((resolve) => socket.on('close', resolve));
  const until = (emitter, name) => Promise.race([gone, new Promise((resolve) => emitter.once(name, resolve)), sleep(2_000)]);
  socket.on('error', () => {});
  try {
    await until(socket, 'connect');
    if (draw(20) === 0) { // no protocol at all
      socket.write(randomBytes(draw(3_000)));
      await sleep(draw(20));
      return;
    }
    if (secure) {
      stream = tls.connect({ socket, rejectUnauthorized: false });
      stream.on('error', () => {});
      if (draw(20) === 0) return; // amid the handshake
      await until(stream, 'secureConnect');
      if (draw(30) === 0) socket.write(randomBytes(100)); // no record
    }
    stream.on('data', () => {});
    const extra = pick(headers);
    const request = upgradeRequest({ path: pick(['/', '/?slow=1', '/?refuse=1', '/?a=%ff&b']), headers: typeof extra === 'function' ? extra() : extra });
    stream.write(draw(15) === 0 ? request.slice(0, draw(request.length)) : request);
    if (draw(4) > 0) await sleep(draw(15));
    if (draw(10) === 0) stream.pause();
    for (let i = draw(12); i > 0; i--) {
      const message = pick(messages)();
      stream.write(draw(10) ? message : message.subarray(0, draw(message.length)));
      if (draw(3) === 0) await sleep(draw(10));
    }
    if (draw(3) === 0) await sleep(draw(60));
    pick([() => socket.resetAndDestroy(), () => socket.destroy(), () => stream.end()])();
  } finally {
    setTimeout(() => socket.destroy(), 100);
  }
}

async function load(ports, until) {
  let visits = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (; Date.now() < until; visits++) await visit(ports);
  }));
  return visits;
}

async function manage({ management }, until) {
  while (Date.now() < until) {
    const ids = await (await fetch(`${management}/@connections`)).json();
    for (const id of ids.slice(0, 3)) await (await fetch(`${management}/@connections/${id}`, { method: pick(['GET', 'POST']) })).text();
    await sleep(20);
  }
}

const metricsOf = async (runner) => {
  const page = await (await fetch(`${runner.management}/metrics`)).text();
  return (name) => Number(page.match(new RegExp(`^configurapi_${name} (\\d+)$`, 'm'))[1]);
};

/** What the program holds, once that is nothing of its clients; bounded by a minute. */
async function look(runner) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const metric = await metricsOf(runner);
    const held = Object.fromEntries(['connections', 'events_in_flight', 'streams_open', 'buffered_bytes'].map((name) => [name, metric(name)]));
    const counts = (await runner.ask({ name: 'stats' })).body; // one of those opened is who asks
    const descriptors = readdirSync(`/proc/${runner.pid}/fd`).length;
    const quiet = held.connections === 0 && held.events_in_flight + held.streams_open + held.buffered_bytes === 0;
    if ((quiet && counts.opened - counts.ended === 1 && counts.begun === counts.over) || Date.now() > deadline)
      return { ...held, ...counts, descriptors, malloc: isSanitized() ? NaN : runner.mallocBytes(), resident: runner.residentBytes(), engine: metric('javascript_heap_bytes') };
    await sleep(50);
  }
}

/** Looks again and again while others come and go; of memory the least counts, for what is not collected yet is no leak. */
async function phase(runner, ports, ms) {
  const looks = [];
  let visits = 0;
  for (let i = 0; i < LOOKS; i++) {
    const until = Date.now() + ms / LOOKS;
    [visits] = [visits + (await Promise.all([load(ports, until), manage(ports, until)]))[0]];
    await sleep(200); // the last sockets' ends
    looks.push(await look(runner));
  }
  const least = (name) => Math.min(...looks.map((each) => each[name]));
  return { ...looks.at(-1), descriptors: least('descriptors'), malloc: least('malloc'), resident: least('resident'), engine: least('engine'), visits };
}

const directory = makeApp(app);
const runner = await startRunner({
  cwd: directory.path,
  args: ['--log-level', 'info', '--high-water-mark', '64k', '--max-buffered', '1m', '--handshake-timeout', '500ms', '--ping-interval', '2s', '--key', key, '--cert', cert, '--s-port', '0'],
});
try {
  const ports = { management: runner.management, plain: runner.port, secure: Number(runner.stdout.match(/Listening on wss:\/\/\S+:(\d+)/)[1]) };
  const before = await phase(runner, ports, seconds * 250);
  const after = await phase(runner, ports, seconds * 750);
  console.log(`seed ${seed}\nbefore ${JSON.stringify(before)}\nafter  ${JSON.stringify(after)}`);
  const { opened, ended, begun, over, ...held } = after;
  assert.deepEqual([opened - ended, begun - over], [1, 0]);
  assert.deepEqual([held.connections, held.events_in_flight, held.streams_open, held.buffered_bytes, held.waiting], [0, 0, 0, 0, 0]);
  assert.ok(held.visits > 50 && begun > 10, `${held.visits} visits and ${begun} streams are not much`);
  assert.ok(held.descriptors <= before.descriptors + 2, 'descriptors');
  // As in tests/e2e/vanishing.test.mjs: the engine's allocator keeps the pages of its highest tide.
  if (!isSanitized())
    for (const [name, bound] of [['malloc', 4 << 20], ['engine', 4 << 20], ['resident', 48 << 20]]) assert.ok(after[name] - before[name] <= bound, name);
  await runner.stop();
  assert.doesNotMatch(runner.stderr, /Uncaught/);
  console.log(`good: ${before.visits + after.visits} visits`);
} finally {
  await runner.kill();
  directory.remove();
}
process.exit(0); // sockets to a program that is gone may be open still
