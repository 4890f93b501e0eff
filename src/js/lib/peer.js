'use strict';

// Connections as handlers see them: who is there, and how to send to it (CONTRACT, section 7).

const { CONGESTED, EARLY, Line } = require('./line');
const postback = require('./postback');
const { bytesOf, write } = require('./replies');

// What native.push says of a message that was not queued.
const GONE = -1;
const FULL = -2;
const NO_MEMORY = -3;
const LATER = -4;

const MESSAGE_COST = 64; // of what may be sent in a turn, besides its length

// What few connections need is made when it is.
class Peer {
  #push;
  #postbackUrl;
  #sending; // `streams` and `line`
  identity = undefined;
  gone; // nothing can be sent any more
  met = true; // since peers.js looked last

  constructor(slot, runner) {
    const id = native.peerId(slot);
    this.slot = slot;
    this.id = id ?? '';
    this.gone = id === undefined || this.congestion() < 0; // while what it had said waited
    this.runner = runner; // its number
  }

  get push() {
    return (this.#push ??= (response) => pushTo(this, response));
  }

  // undefined without a management server
  get postbackUrl() {
    return (this.#postbackUrl ??= postback.urlOf(this.id, this.runner));
  }

  get #senders() {
    if (this.#sending === undefined) {
      this.#sending = { streams: new Set(), line: new Line(() => this.congestion()) };
      require('./peers').keep(this);
    }
    return this.#sending;
  }

  // Whether nothing would be lost if another took its place.
  get isPlain() {
    return this.identity === undefined && this.#sending === undefined;
  }

  // What is being sent chunk by chunk.
  get streams() {
    return this.#senders.streams;
  }

  // Who waits for room.
  get line() {
    return this.#senders.line;
  }

  // 0: there is room; CONGESTED or EARLY: who can wait should; below 0: the connection is gone. Nobody may be made to wait
  // where it is EARLY, for on_connect may be who does, and it is what the handshake's end waits for.
  congestion() {
    return native.congestion(this.slot);
  }

  // Queues a text, or bytes for a binary message, and says what congestion() would then; below 0 where it was not queued: LATER
  // where that was to be only `ifRoom` there is, otherwise refusal() has the error.
  send(message, binary, ifRoom = false) {
    return native.push(this.slot, message, binary, ifRoom);
  }

  // The same for a text message of `head`, the text as JSON, and "}".
  sendChunk(head, text, ifRoom) {
    if (!text.isWellFormed()) return this.send(`${head}${JSON.stringify(text)}}`, false, ifRoom);
    return native.pushChunk(this.slot, head, text, ifRoom);
  }

  // The client waits for a message that there is no memory for: it had better connect again.
  giveUp() {
    native.giveUp(this.slot);
  }

  // Why a message was not queued.
  refusal(sent) {
    if (sent === GONE) this.closed(); // we shall be told soon
    if (sent === FULL) return Object.assign(new Error(`More waits to be sent to the connection ${this.id} than --max-buffered.`), { statusCode: 429 });
    if (sent === NO_MEMORY) return Object.assign(new Error('Out of memory.'), { statusCode: 500 });
    return new GoneError(this.id);
  }

  // Resolves when one may go on to send (see line.js).
  async room(stream, onEarly) {
    do await this.line.wait(stream, onEarly);
    while (this.congestion() > 0); // somebody else was faster
  }

  drained() {
    this.#sending?.line.letIn();
  }

  closed() {
    if (this.gone) return;
    this.gone = true;
    this.#sending?.line.end(new GoneError(this.id));
    for (const stream of this.#sending?.streams ?? []) stream.cancel();
  }
}

class GoneError extends Error {
  constructor(id) {
    super(`The connection ${id} is gone.`);
    this.name = 'GoneError';
    this.statusCode = 410;
  }
}

// Resolves when the message is queued and the connection has room for more; for a stream, when its last one is.
async function pushTo(peer, response) {
  const { Stream, StreamResponse, rest, spend } = require('./streams');
  if (response instanceof StreamResponse) {
    await new Stream(peer, response, undefined, true).run();
    if (peer.gone) throw new GoneError(peer.id);
    return;
  }
  if (peer.gone) throw new GoneError(peer.id);
  const bytes = bytesOf(response);
  const message = bytes ?? (typeof response === 'string' ? response : write(response, false));
  const sent = peer.send(message, bytes !== undefined);
  if (sent < 0) throw peer.refusal(sent);
  const rests = spend(message.length + MESSAGE_COST); // however fast the client reads, others have their turn
  if (rests) {
    await rest();
    if (peer.gone) throw new GoneError(peer.id); // meanwhile: nobody would end its wait
  }
  if (sent === CONGESTED || (rests && sent !== EARLY)) await peer.room(); // one after another, who has rested too
}

exports.Peer = Peer;
exports.LATER = LATER;
exports.NO_MEMORY = NO_MEMORY;
