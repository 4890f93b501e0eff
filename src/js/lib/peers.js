'use strict';

// Connections as handlers see them: who is there, and how to send to it (CONTRACT, section 7).

const postback = require('./postback');
const { bytesOf, write } = require('./replies');

// What native.push says besides 0, queued, and -1, the connection is gone: queued, but there is more to send than the
// high-water mark; the same before the handshake has ended.
const CONGESTED = 1;
const EARLY = 2;

class Peer {
  #push;
  #postbackUrl;
  identity = undefined;
  gone = false; // nothing can be sent any more
  streams = new Set();
  #waiting = [];

  constructor(slot, id) {
    this.slot = slot;
    this.id = id;
  }

  get push() {
    return (this.#push ??= (response) => pushTo(this, response));
  }

  // undefined without a management server
  get postbackUrl() {
    return (this.#postbackUrl ??= postback.urlOf(this.id));
  }

  // Queues a text, or bytes for a binary message; below 0 where the connection is gone, above it where a stream has to wait.
  // Nobody may be made to wait where it is EARLY, for on_connect may be who does, and it is what the handshake's end
  // waits for.
  send(message, binary) {
    return native.push(this.slot, message, binary);
  }

  // The same for a text message of `head`, the text as JSON, and "}".
  sendChunk(head, text) {
    if (!text.isWellFormed()) return this.send(`${head}${JSON.stringify(text)}}`, false);
    return native.pushChunk(this.slot, head, text);
  }

  room() {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  drained() {
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  closed() {
    if (this.gone) return;
    this.gone = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new GoneError(this.id));
    for (const stream of this.streams) stream.cancel();
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
  const { Stream, StreamResponse } = require('./streams');
  if (response instanceof StreamResponse) {
    await new Stream(peer, response).run();
    if (peer.gone) throw new GoneError(peer.id);
    return;
  }
  if (peer.gone) throw new GoneError(peer.id);
  const bytes = bytesOf(response);
  const message = bytes ?? (typeof response === 'string' ? response : write(response, false));
  const sent = peer.send(message, bytes !== undefined);
  if (sent < 0) throw new GoneError(peer.id);
  if (sent === CONGESTED) await peer.room();
}

exports.Peer = Peer;
exports.EARLY = EARLY;
