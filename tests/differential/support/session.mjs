// A conversation with one runner, written down: what is said is given by the case, what comes back makes the transcript.

import { isDeepStrictEqual } from 'node:util';

export class Session {
  #runner;
  #peers = [];

  transcript = [];

  constructor(runner) {
    this.#runner = runner;
  }

  /** Opens a connection called `label`; `options` are path, headers and protocols. */
  async connect(label = 'client', options = {}) {
    const client = await this.#runner.connect(options);
    this.transcript.push({ client: label, opened: true, protocol: client.protocol });
    const peer = new Peer(label, client, this.transcript);
    this.#peers.push(peer);
    return peer;
  }

  async end() {
    for (const peer of this.#peers) await peer.leave();
  }
}

class Peer {
  #label;
  #client;
  #transcript;

  constructor(label, client, transcript) {
    this.#label = label;
    this.#client = client;
    this.#transcript = transcript;
  }

  /** A string or Buffer goes out as it is, anything else as JSON. */
  send(message) {
    this.#client.send(message);
  }

  /** Takes `count` messages; `inAnyOrder` where nothing says in which they come. */
  async receive(count = 1, { inAnyOrder = false } = {}) {
    const entries = [];
    while (entries.length < count) entries.push({ client: this.#label, ...readFrame(await this.#client.nextFrame()) });
    if (inAnyOrder) entries.sort(byText);
    this.#transcript.push(...entries);
    return entries.map((entry) => entry.message);
  }

  async ask(message) {
    this.send(message);
    const [reply] = await this.receive();
    return reply;
  }

  /** Closes and notes how it ended. */
  async close(code, reason) {
    this.#client.close(code, reason);
    await this.closed();
  }

  async terminate() {
    await this.#client.terminate();
  }

  /** Waits for the other side to close and notes how. */
  async closed() {
    const end = await this.#client.closed;
    this.#transcript.push({ client: this.#label, closed: end });
  }

  async leave() {
    if (!this.#client.end) await this.#client.close(1000);
  }
}

function readFrame({ data, isBinary }) {
  if (isBinary) return { binary: data.toString('hex') };
  const text = data.toString();
  try {
    return { message: JSON.parse(text) };
  } catch {
    return { text };
  }
}

function byText(a, b) {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  if (isDeepStrictEqual(a, b)) return 0;
  return left < right ? -1 : 1;
}
