// A client that knows exactly what has to come, and accepts nothing else.

import assert from 'node:assert/strict';
import { closePayload, frame, opcodes, upgradeRequest } from '../../e2e/support/raw.mjs';

const { text, binary, close, ping, pong } = opcodes;

const names = Object.fromEntries(Object.entries(opcodes).map(([name, opcode]) => [opcode, name]));

function describe({ final, reserved, opcode, masked, payload }) {
  const marks = `${final ? '' : ', not final'}${reserved ? `, reserved ${reserved}` : ''}${masked ? ', masked' : ''}`;
  const bytes = payload.length > 100 ? `${payload.subarray(0, 100).toString('latin1')}…` : payload.toString('latin1');
  return `${names[opcode] ?? opcode}${marks}, ${payload.length} bytes ${JSON.stringify(bytes)}`;
}

/** What a frame of the server takes, its header in the shortest form. */
const frameSize = (length) => length + (length < 126 ? 2 : length < 65536 ? 4 : 10);

/** Bytes in pieces of `size`; the last may be shorter. */
export function pieces(bytes, size) {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** Frames of one message, each with `size` bytes of it; `reserved` are the first one's reserved bits. */
export function fragments(opcode, payload, size, { reserved = 0 } = {}) {
  const all = payload.length > 0 ? pieces(Buffer.from(payload), size) : [Buffer.alloc(0)];
  return framesOf(opcode, all, { reserved });
}

/** Frames of one message, each with one of `payloads`. */
export function framesOf(opcode, payloads, { reserved = 0 } = {}) {
  const last = payloads.length - 1;
  return payloads.map((payload, i) =>
    i === 0 ? frame(opcode, payload, { final: i === last, reserved }) : frame(opcodes.continuation, payload, { final: i === last }),
  );
}

export class Peer {
  #head = '';
  #received = 0; // bytes behind the server's HTTP response
  #accounted = 0; // of them, those of frames that were expected, in their shortest form
  #hasEnded = false; // as it should: not by a reset
  #over = false;

  constructor(client) {
    this.client = client;
    let open = false;
    client.socket.on('data', (bytes) => {
      if (open) {
        this.#received += bytes.length;
        return;
      }
      this.#head += bytes.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      open = true;
      this.#received = this.#head.length - end - 4;
      this.#head = this.#head.slice(0, end);
    });
    client.socket.on('end', () => (this.#hasEnded = true));
  }

  // Sending

  async upgrade(options, early) {
    const response = await this.client.upgrade(options, early);
    return { ...response, head: this.#head };
  }

  /** An upgrade octet by octet. */
  async upgradeSlowly(options) {
    await this.chop([Buffer.from(upgradeRequest(options))], 1);
    return this.client.upgraded();
  }

  /** All in one write. */
  send(...frames) {
    this.client.write(Buffer.concat(frames));
  }

  /** One write for each. */
  sendEach(frames) {
    return this.client.writePieces(frames);
  }

  /** Cut into writes of so many octets, wherever frames end; stops when the server has closed. */
  async chop(frames, size) {
    for (const piece of pieces(Buffer.concat(frames), size)) {
      if (this.#hasEnded) return;
      await this.client.writePieces([piece]);
    }
  }

  // Expecting

  async #take() {
    const got = await this.client.frame();
    this.#accounted += frameSize(got.payload.length);
    return got;
  }

  /** The next frame must be exactly this one; `payload` may be checked by a function instead. */
  async expect(opcode, payload, { reserved = 0 } = {}) {
    const got = await this.#take();
    const rightHead = got.final && !got.masked && got.reserved === reserved && got.opcode === opcode;
    const wanted = Buffer.from(payload);
    if (rightHead && got.payload.equals(wanted)) return;
    assert.fail(`expected ${describe({ final: true, reserved, opcode, payload: wanted })}\n     got ${describe(got)}`);
  }

  /** The next message, which has to be one frame; what its reserved bits mean is for the caller to say. */
  async message() {
    const got = await this.#take();
    if (got.final && !got.masked && (got.opcode === text || got.opcode === binary)) return got;
    return assert.fail(`expected a message\n     got ${describe(got)}`);
  }

  text(payload) {
    return this.expect(text, payload);
  }

  binary(payload) {
    return this.expect(binary, payload);
  }

  pong(payload = '') {
    return this.expect(pong, payload);
  }

  /** A ping now is answered, and by nothing but its pong. */
  async alive(payload = '?') {
    this.send(frame(ping, payload));
    await this.pong(payload);
  }

  /** The server closes with exactly this payload, ends the stream, and sends nothing more. */
  async closed(payload = '') {
    this.#over = true;
    await this.expect(close, payload);
    await this.#end();
  }

  /** The server fails the connection: a Close with this code and some reason, the end of the stream, and nothing more. */
  async failed(code) {
    this.#over = true;
    const got = await this.#take();
    const isClose = got.final && !got.masked && got.reserved === 0 && got.opcode === close && got.payload.length >= 2;
    if (!isClose || got.payload.readUInt16BE() !== code) assert.fail(`expected a close with ${code}\n     got ${describe(got)}`);
    assert.ok(got.payload.length <= 125);
    new TextDecoder('utf-8', { fatal: true }).decode(got.payload.subarray(2));
    await this.#end();
  }

  async #end() {
    let more;
    await this.client.frame().then((got) => (more = describe(got)), () => {});
    assert.equal(more, undefined, 'a frame behind the close');
    assert.ok(this.#hasEnded, 'the stream was cut off, not ended');
    assert.equal(this.#received, this.#accounted, 'bytes that the expected frames take');
  }

  /** The server ends the stream without a word. */
  async gone() {
    this.#over = true;
    await this.#end();
  }

  /** A clean close by the client, unless there was one already. */
  async finish() {
    if (this.#over) return;
    this.send(frame(close, closePayload(1000)));
    await this.closed(closePayload(1000));
  }

  /** The server has refused the upgrade and closed: its response, with the body as text. */
  async refused() {
    this.#over = true;
    const response = await this.client.response();
    assert.notEqual(response.status, 101, 'the upgrade was accepted');
    const body = (await this.client.rest()).toString();
    assert.ok(this.#hasEnded, 'the stream was cut off, not ended');
    return { ...response, body };
  }
}
