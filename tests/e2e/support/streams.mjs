// Streams as tests read them, and as applications make them.

import WebSocket from 'ws';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { clientOptions } from './transport.mjs';

export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** For an application's prelude. */
export const streamPrelude = "const { StreamResponse } = require('configurapi-handler-ws');";

/** What a client gets of one stream, up to its done frame: {frames, bodies, done, id}. Every frame must be of that stream. */
export async function takeStream(client) {
  const frames = [];
  do frames.push(await client.next());
  while (frames.at(-1).headers['x-stream'] === 'chunk');
  return joinStream(frames);
}

/** Until so many streams are done: {streams, others}, in the order in which the streams began; `others` are no stream's frames. */
export async function takeStreams(client, count) {
  const framesOf = new Map();
  const others = [];
  for (let done = 0; done < count; ) {
    const frame = await client.next();
    const { 'x-stream': kind, 'x-stream-id': id } = frame.headers;
    if (kind === undefined) {
      others.push(frame);
      continue;
    }
    if (!framesOf.has(id)) framesOf.set(id, []);
    framesOf.get(id).push(frame);
    if (kind === 'done') done++;
  }
  return { streams: [...framesOf.values()].map(joinStream), others };
}

function joinStream(frames) {
  const done = frames.at(-1);
  const id = done.headers['x-stream-id'];
  if (!uuid.test(id)) throw new Error(`x-stream-id ${id} is no UUID`);
  if (done.headers['x-stream'] !== 'done') throw new Error(`the stream does not end with done, but ${JSON.stringify(done).slice(0, 300)}`);
  const chunks = frames.slice(0, -1);
  for (const { headers } of chunks) {
    if (headers['x-stream'] !== 'chunk' || headers['x-stream-id'] !== id) throw new Error(`no chunk of ${id}: ${JSON.stringify(headers)}`);
  }
  return { frames, bodies: chunks.map(({ body }) => body), done, id };
}

/** A client that reads everything, keeps nothing, and counts. */
export class Sink {
  messages = 0;
  bytes = 0;
  #waiting = [];

  constructor(webSocket) {
    this.webSocket = webSocket;
    this.closed = once(webSocket, 'close').then(([code]) => code);
    webSocket.on('error', () => {});
    webSocket.on('message', (data) => {
      this.messages++;
      this.bytes += data.length;
      while (this.#waiting[0]?.count <= this.messages) this.#waiting.shift().resolve();
    });
  }

  /** Resolves once so many messages more have come. */
  more(count) {
    return new Promise((resolve) => {
      this.#waiting.push({ count: this.messages + count, resolve });
      this.#waiting.sort((a, b) => a.count - b.count);
    });
  }

  send(message) {
    this.webSocket.send(JSON.stringify(message));
  }

  terminate() {
    this.webSocket.terminate();
    return this.closed;
  }
}

export async function connectSink(url) {
  const webSocket = new WebSocket(url, { perMessageDeflate: false, ...clientOptions });
  const sink = new Sink(webSocket);
  await once(webSocket, 'open');
  return sink;
}

/** Asks again and again until many turns of the program's loop no longer change the answer, which must not be `from`. */
export async function stable(ask, from = 0) {
  let before;
  let now = await ask();
  do {
    before = now;
    for (let i = 0; i < 200; i++) now = await ask();
  } while (now !== before || now === from);
  return now;
}

/** Numbers from 0 (inclusive) to 1 (exclusive), the same for the same seed. */
export function randomNumbers(seed) {
  let drawn = 0;
  return () => createHash('sha256').update(`${seed} ${drawn++}`).digest().readUInt32BE() / 2 ** 32;
}
