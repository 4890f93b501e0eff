// A bare socket and frames made by hand: for what a well-behaved client library would never send.

import { randomBytes } from 'node:crypto';
import { Inbox } from './inbox.mjs';
import { openSocket, openStream } from './transport.mjs';

export const opcodes = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/**
 * A frame as a client sends it. `length` replaces the length written into the header, `lengthBytes` (0, 2 or 8) its form, `reserved` are
 * the three RSV bits.
 */
export function frame(opcode, payload = '', { final = true, masked = true, reserved = 0, length, lengthBytes } = {}) {
  const bytes = Buffer.from(payload);
  const written = BigInt(length ?? bytes.length);
  const form = lengthBytes ?? (written < 126n ? 0 : written < 65536n ? 2 : 8);
  const head = [Buffer.from([(final ? 0x80 : 0) | (reserved << 4) | opcode])];
  const mask = masked ? 0x80 : 0;

  if (form === 0) {
    head.push(Buffer.from([mask | Number(written)]));
  } else {
    const wide = Buffer.alloc(8);
    wide.writeBigUInt64BE(written);
    head.push(Buffer.from([mask | (form === 2 ? 126 : 127)]), wide.subarray(8 - form));
  }
  if (!masked) return Buffer.concat([...head, bytes]);

  const key = randomBytes(4);
  return Buffer.concat([...head, key, bytes.map((byte, i) => byte ^ key[i % 4])]);
}

export const text = (payload, options) => frame(opcodes.text, typeof payload === 'string' ? payload : JSON.stringify(payload), options);

export function closePayload(code, reason = '') {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

/** An upgrade request's text. A header of null is left out. */
export function upgradeRequest({ path = '/', headers = {} } = {}) {
  const all = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== null).map(([name, value]) => `${name}: ${value}`);
  return [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n');
}

export class RawClient {
  #received = Buffer.alloc(0);
  #frames = new Inbox();
  #open = false;
  #wake = () => {};

  #transport;

  /** `socket` is what is read and written, `transport` the TCP socket under it. */
  constructor(socket, transport = socket) {
    this.socket = socket;
    this.#transport = transport;
    transport.setNoDelay(true);
    transport.on('error', () => {});
    socket.on('data', (bytes) => {
      this.#received = this.#received.length > 0 ? Buffer.concat([this.#received, bytes]) : bytes;
      this.#progress();
    });
    socket.on('error', () => {}); // 'close' follows
    this.ended = new Promise((resolve) => {
      socket.on('end', () => {
        this.hasEnded = true;
        this.#progress();
      });
      socket.on('close', () => {
        this.hasEnded = true;
        this.#progress();
        this.#frames.end('the server closed the socket');
        resolve();
      });
    });
  }

  #progress() {
    if (this.#open) this.#takeFrames();
    this.#wake();
  }

  write(data) {
    this.socket.write(data);
  }

  /** Writes each piece only when the one before has left for the network, so that they are not sent as one. */
  async writePieces(pieces) {
    for (const piece of pieces) {
      await new Promise((resolve) => this.socket.write(piece, resolve));
      await new Promise(setImmediate);
    }
  }

  /** Waits for an HTTP response: {status, headers, text}. What follows its head stays for frame(). */
  async response() {
    const end = () => this.#received.indexOf('\r\n\r\n');
    while (end() < 0 && !this.hasEnded) await new Promise((resolve) => (this.#wake = resolve));
    if (end() < 0) throw new Error(`no whole HTTP response: ${JSON.stringify(this.#received.toString('latin1'))}`);

    const [first, ...lines] = this.#received.subarray(0, end()).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
    this.#received = this.#received.subarray(end() + 4);
    return { status: Number(first.split(' ')[1]), headers, line: first };
  }

  /** Everything until the server closes its side. */
  async rest() {
    while (!this.hasEnded) await new Promise((resolve) => (this.#wake = resolve));
    return this.#received;
  }

  /** Sends an upgrade (with `early` right behind it) and checks that it was accepted. */
  async upgrade(options = {}, early = '') {
    this.write(Buffer.concat([Buffer.from(upgradeRequest(options)), Buffer.from(early)]));
    return this.upgraded();
  }

  async upgraded() {
    const response = await this.response();
    if (response.status !== 101) throw new Error(`not upgraded: ${response.line}`);
    this.#open = true;
    this.#takeFrames();
    return response;
  }

  #takeFrames() {
    for (;;) {
      const bytes = this.#received;
      if (bytes.length < 2) return;
      let head = 2;
      let length = bytes[1] & 0x7f;
      if (length === 126) head = 4;
      if (length === 127) head = 10;
      if (bytes.length < head) return;
      if (head === 4) length = bytes.readUInt16BE(2);
      if (head === 10) length = Number(bytes.readBigUInt64BE(2));
      if (bytes.length < head + length) return;
      const payload = bytes.subarray(head, head + length);
      this.#received = bytes.subarray(head + length);
      this.#frames.put({ final: (bytes[0] & 0x80) !== 0, reserved: (bytes[0] >> 4) & 7, opcode: bytes[0] & 15, masked: bytes[1] >= 128, payload });
    }
  }

  /** The server's next frame; rejects when it closes the socket first. */
  frame() {
    return this.#frames.take();
  }

  /** The next frame, which must be text, as JSON. */
  async next() {
    const { opcode, payload } = await this.frame();
    if (opcode !== opcodes.text) throw new Error(`frame of opcode ${opcode}, where text was expected: ${payload.toString('latin1')}`);
    return JSON.parse(payload.toString());
  }

  /** Skips to the server's Close frame: {code, reason}. */
  async closeFrame() {
    for (;;) {
      const { opcode, payload } = await this.frame();
      if (opcode !== opcodes.close) continue;
      return payload.length === 0 ? { code: 1005, reason: '' } : { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString() };
    }
  }

  /** Ends with a reset instead of a goodbye. */
  reset() {
    this.#transport.resetAndDestroy();
    return this.ended;
  }

  destroy() {
    this.socket.destroy();
    return this.ended;
  }
}

/** To the transport's own port. */
export async function connectRaw(port) {
  const { stream, socket } = await openStream(port);
  return new RawClient(stream, socket);
}

/** To a port that is no client's: the management server's, which has no TLS. */
export async function connectPlain(port) {
  return new RawClient(await openSocket(port));
}
