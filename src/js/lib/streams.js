'use strict';

// StreamResponse, and how one is sent (CONTRACT, section 6): every chunk a message of its own, none taken from the source
// while the connection has more to send than its high-water mark.

const { api } = require('./configurapi');
const { errorResponseOf } = require('./failures');
const inbox = require('./inbox');
const { LATER, NO_MEMORY } = require('./peer');
const { bytesOf, withoutMessageId } = require('./replies');
const timers = require('./timers');

const uncaught = (...all) => require('./process_events').uncaught(...all);

const TURN_BUDGET = 1 << 20; // characters that all streams send before the loop gets a turn
const LINE_BUDGET = 1 << 16; // characters that one sends before the connection's others get theirs

class StreamResponse extends api.Response {
  constructor(source, statusCode = 200, headers = {}) {
    if (!isSource(source)) throw new TypeError(`A StreamResponse takes an iterable, an async iterable or a readable stream, not ${nameOf(source)}.`);
    super(source, statusCode, headers);
  }
}

// A response whose chunks a handler in C will send.
class ForeignStream extends api.Response {}

function nameOf(value) {
  if (typeof value === 'function') return 'a function (call it first, where it is a generator function)';
  return value === null ? 'null' : typeof value === 'object' ? 'an object without an iterator' : `a ${typeof value}`;
}

function isSource(source) {
  if ((typeof source !== 'object' && typeof source !== 'function') || source === null) return false;
  return [source[Symbol.asyncIterator], source[Symbol.iterator], source.getReader].some((member) => typeof member === 'function') ||
    bytesOf(source) !== undefined;
}

function iteratorOf(source) {
  const bytes = bytesOf(source);
  if (bytes) return [bytes].values(); // one chunk; as an iterable it would be a chunk for each byte
  if (typeof source?.[Symbol.asyncIterator] === 'function') return source[Symbol.asyncIterator]();
  if (typeof source !== 'string' && typeof source?.[Symbol.iterator] === 'function') return source[Symbol.iterator]();
  if (typeof source?.getReader === 'function') return iteratorOfReader(source.getReader());
  throw new TypeError(`A StreamResponse's body must be an iterable, an async iterable or a readable stream, not ${nameOf(source)}.`);
}

// Of a WHATWG ReadableStream where it has no iterator of its own.
function iteratorOfReader(reader) {
  return { next: () => reader.read(), return: () => reader.cancel() };
}

const isThenable = (value) => value !== null && typeof value === 'object' && typeof value.then === 'function';

// Of a content-type, or of none: whether bytes are characters.
function isText(headers) {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'content-type');
  if (name === undefined) return true;
  return /^(?:text\/.*|.*[/+-](?:nd)?json(?:l|-seq)?)$/.test(String(headers[name]).split(';')[0].trim().toLowerCase());
}

let spent = 0;
let resting = [];

// For others who send: whether they are to rest, too.
function spend(length) {
  spent += length;
  return spent >= TURN_BUDGET;
}

function rest() {
  return new Promise((resolve) => {
    if (resting.push(resolve) === 1) timers.setImmediate(goOn);
  });
}

function goOn() {
  const due = resting;
  resting = [];
  spent = 0;
  for (const resolve of due) resolve();
}

// An error's body; that of another error where it can not be written.
function errorText(body) {
  try {
    return JSON.stringify(body) ?? '""';
  } catch (error) {
    return JSON.stringify(errorResponseOf(error).body);
  }
}

let pulled; // the stream whose source is asked for its next chunk
const open = new Set();
let closing = 0; // sources whose return() has not ended

// Tells a source that nobody wants more of it. What it does then is its own affair, but a stop waits for it.
function closeIterator(iterator) {
  try {
    const closed = iterator?.return?.();
    if (!isThenable(closed)) return;
    closing++;
    const ended = () => closing--;
    Promise.resolve(closed).catch(uncaught).then(ended);
  } catch (error) {
    uncaught(error);
  }
}

// A StreamResponse that will not be sent: its source must not wait for ever.
function discard(response) {
  try {
    closeIterator(iteratorOf(response.body));
  } catch (error) {
    uncaught(error);
  }
}

class Stream {
  #peer;
  #response;
  #messageId; // JSON text, or undefined
  #id = native.randomUUID();
  #iterator;
  #isText;
  #decoder; // once there were bytes
  #head; // of a chunk's message, up to its body
  #markedHead; // the same for base64
  #lastMarked = false;
  #sendAside; // a chunk that was put aside
  #over = false;
  #failure;
  #finish;
  #goOnAlone = () => {}; // resolves run() before the end
  asks = false; // and waits for what its source says
  turn = 0; // in which it has asked last

  constructor(peer, response, messageId, isPushed = false) {
    this.isPushed = isPushed; // or else it is a reply
    this.#peer = peer;
    this.#response = response;
    this.#messageId = messageId;
  }

  // Resolves when the last message is queued or the client is gone, or where on_connect would wait for its own end; rejects
  // with what the source threw, which the client has been told.
  run() {
    return new Promise((resolve, reject) => {
      this.#goOnAlone = resolve;
      this.#finish = () => {
        open.delete(this);
        this.#peer.streams.delete(this);
        if (this.#failure) reject(this.#failure.error);
        else resolve();
      };
      open.add(this);
      this.#peer.streams.add(this);
      this.#start();
    });
  }

  #start() {
    const { headers, body } = this.#response;
    try {
      this.#iterator = iteratorOf(body);
      this.#isText = isText(headers ?? {});
      this.#head = this.#headOf(this.#response.statusCode, headers ?? {}, 'chunk');
    } catch (error) {
      closeIterator(this.#iterator);
      this.#fail(error);
      return;
    }
    if (this.#peer.gone) this.cancel();
    else this.#pump();
  }

  // Its source did not return, and was ended. `isAwaited`: whoever has called run() has got its promise.
  interrupted(error, isAwaited) {
    if (this.#over) return;
    this.#peer.line.pass(this);
    this.#fail(error, isAwaited);
  }

  // The client is gone.
  cancel() {
    if (this.#over) return;
    this.#over = true;
    closeIterator(this.#iterator);
    this.#finish();
  }

  async #pump() {
    const peer = this.#peer;
    const { line } = peer;
    let closes = true; // whether the source has to be told of an error
    let sent = 0; // characters since its turn began
    try {
      let congestion = peer.congestion();
      for (;;) {
        if (spent >= TURN_BUDGET) {
          await rest();
          congestion = peer.congestion();
        }
        if (sent >= LINE_BUDGET && !line.isEmpty) line.pass(this);
        if (congestion > 0 || !line.take(this)) {
          await this.#room();
          sent = 0;
        }
        if (this.#over) return;
        closes = false;
        pulled = this;
        let result = this.#iterator.next();
        pulled = undefined;
        if (isThenable(result)) {
          this.#ask();
          result = await result;
          this.asks = false;
        }
        if (this.#over) return;
        if (typeof result !== 'object' || result === null) throw new TypeError(`The source's iterator gave ${result}, which is no object.`);
        if (result.done) break;
        let { value } = result;
        closes = true;
        if (isThenable(value)) {
          this.#ask();
          value = await value;
          this.asks = false;
        }
        if (this.#over) return;
        const before = spent;
        congestion = this.#sendChunk(value);
        while (congestion === LATER) { // others have sent meanwhile
          await this.#room();
          if (this.#over) return;
          congestion = this.#sendAside();
        }
        sent += spent - before;
        if (congestion < 0) {
          const error = peer.refusal(congestion);
          if (!peer.gone) throw error;
          this.cancel();
          return;
        }
      }
      this.#end();
    } catch (error) {
      pulled = undefined;
      if (this.#over) return;
      if (closes) closeIterator(this.#iterator);
      this.#fail(error);
    } finally {
      line.pass(this);
    }
  }

  #ask() {
    this.asks = true;
    this.turn = inbox.turn();
  }

  #room() {
    this.#peer.line.pass(this);
    return this.#peer.room(this, () => this.#goOnAlone());
  }

  // What Peer.send() says; 0 where nothing was to be sent yet, LATER where it is put aside until there is room.
  #sendChunk(chunk) {
    const bytes = bytesOf(chunk);
    if (bytes && !this.#isText) {
      this.#markedHead ??= this.#headOf(this.#response.statusCode, { ...this.#response.headers, 'content-transfer-encoding': 'base64' }, 'chunk');
      this.#lastMarked = true;
      return this.#send(this.#markedHead, `"${native.base64Encode(bytes, false)}"`, true);
    }
    this.#lastMarked = false;
    if (bytes) {
      this.#decoder ??= new (require('./encoding').TextDecoder)('utf-8', { ignoreBOM: true });
      const text = this.#decoder.decode(bytes, { stream: true });
      if (text !== '') return this.#sendText(text, true);
      spent += this.#head.length; // nothing is sent of it, but who gives such chunks without end is to rest, too
      return 0;
    }
    if (typeof chunk === 'string') return this.#sendText(this.#decoder ? this.#decoder.decode() + chunk : chunk, true);
    const text = chunk === null ? '""' : JSON.stringify(chunk, this.#response.jsonReplacer) ?? '""';
    this.#flush();
    return this.#send(this.#head, text, true);
  }

  #sendText(text, ifRoom) {
    const sent = this.#peer.sendChunk(this.#head, text, ifRoom);
    if (sent === LATER) this.#sendAside = () => this.#sendText(text, true);
    else spent += this.#head.length + text.length;
    return sent;
  }

  #send(head, body, ifRoom) {
    const message = `${head}${body}}`;
    const sent = this.#peer.send(message, false, ifRoom);
    if (sent === LATER) this.#sendAside = () => this.#send(head, body, true);
    else spent += message.length;
    return sent;
  }

  // The message that tells of its end.
  #sendLast(head, body) {
    if (this.#send(head, body, false) === NO_MEMORY) this.#peer.giveUp();
  }

  // Bytes that were the beginning of a character which did not go on.
  #flush() {
    const text = this.#decoder ? this.#decoder.decode() : '';
    if (text) this.#sendText(text, false);
  }

  #headOf(statusCode, headers, kind) {
    if (typeof headers !== 'object' || Array.isArray(headers)) throw new TypeError("A response's headers must be an object.");
    const own = this.#messageId === undefined ? { ...headers } : { ...withoutMessageId(headers) };
    delete own['x-stream'];
    delete own['x-stream-id'];
    const text = JSON.stringify(own);
    const messageId = this.#messageId === undefined ? '' : `"message-id":${this.#messageId},`;
    return `{"statusCode":${JSON.stringify(statusCode) ?? '200'},"headers":${text.slice(0, -1)}${text === '{}' ? '' : ','}` +
      `${messageId}"x-stream":"${kind}","x-stream-id":"${this.#id}"},"body":`;
  }

  #end() {
    const { statusCode, headers } = this.#response;
    this.#flush();
    const mark = this.#lastMarked ? { 'content-transfer-encoding': 'base64' } : {};
    this.#sendLast(this.#headOf(statusCode, { ...headers, ...mark }, 'done'), '""');
    this.#over = true;
    this.#finish();
  }

  #fail(error, isAwaited = true) {
    this.#over = true;
    if (isAwaited) this.#failure = { error };
    const { statusCode, body } = errorResponseOf(error);
    this.#sendLast(this.#failedHead(statusCode), errorText(body));
    this.#finish();
  }

  // Without the response's own headers, where it is those that can not be written.
  #failedHead(statusCode) {
    const type = { 'Content-Type': 'application/json' };
    try {
      const kept = Object.entries(this.#response.headers ?? {}).filter(([name]) => name.toLowerCase() !== 'content-type');
      return this.#headOf(statusCode, { ...Object.fromEntries(kept), ...type }, 'done');
    } catch {
      return this.#headOf(statusCode, type, 'done');
    }
  }
}

// The stream whose source is at it now; it is not any more.
function takePulled() {
  const stream = pulled;
  pulled = undefined;
  return stream;
}

// Those whose sources have promised a chunk.
function asking() {
  return [...open].filter((stream) => stream.asks);
}

module.exports = { StreamResponse, ForeignStream, Stream, asking, discard, rest, spend, pulled: takePulled, openStreams: () => open.size, closingSources: () => closing };
