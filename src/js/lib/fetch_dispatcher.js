'use strict';

// Where Node's fetch sends its requests: a dispatcher in the sense of undici
// (https://github.com/nodejs/undici/blob/main/docs/docs/api/Dispatcher.md), over the runner's HTTP client.

const frames = require('./async_frames');
const { coded } = require('./arguments');
const requests = require('./requests');

const WHOLE = 1 << 20; // a body that is no longer than that goes out as a whole, and again where a kept connection had ended

// The client says by itself how the request is framed.
const FRAMING = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive']);

function lengthOf(headers) {
  const name = Object.keys(headers).find((key) => key.toLowerCase() === 'content-length');
  return name === undefined ? -1 : Number(headers[name]);
}

const asBytes = (chunk) => (typeof chunk === 'string' ? Buffer.from(chunk) : chunk);

async function gather(body) {
  const chunks = [];
  for await (const chunk of body) chunks.push(asBytes(chunk));
  return Buffer.concat(chunks);
}

const mismatch = () => coded(Error, 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'Request body length does not match content-length header');

// What the client says of a failure, with the codes that programs for Node look for.
const CODES = [
  [/connection refused/, 'ECONNREFUSED'],
  [/connection reset|Connection was reset/, 'ECONNRESET'],
  [/Could not resolve|Couldn't resolve/, 'ENOTFOUND'],
  [/Empty reply|transfer closed|left intact|Recv failure|Send failure/, 'UND_ERR_SOCKET'],
  [/Connection timed? ?out|Resolving timed out|SSL connection timeout/i, 'UND_ERR_CONNECT_TIMEOUT'],
  [/timed out after/, 'UND_ERR_HEADERS_TIMEOUT'],
  [/head is too large/, 'UND_ERR_HEADERS_OVERFLOW'],
  [/self[- ]signed certificate in/, 'SELF_SIGNED_CERT_IN_CHAIN'],
  [/self[- ]signed certificate/, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  [/unable to get local issuer/, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  [/certificate has expired/, 'CERT_HAS_EXPIRED'],
  [/certificate is not yet valid/, 'CERT_NOT_YET_VALID'],
  [/unable to verify the first certificate/, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  [/no alternative certificate subject name|certificate subject name .* does not match/, 'ERR_TLS_CERT_ALTNAME_INVALID'],
];

// OpenSSL's own words: "error:0A00010B:SSL routines::wrong version number".
const HANDSHAKE = /error:[0-9A-F]+:SSL routines:[^:]*:([\w -]+)/;

function handshakeCode(text) {
  const reason = HANDSHAKE.exec(text)?.[1].trim();
  if (reason === undefined) return /SSL_ERROR_SYSCALL/.test(text) ? 'ECONNRESET' : undefined;
  return reason === 'unexpected eof while reading' ? 'ECONNRESET' : `ERR_SSL_${reason.toUpperCase().replace(/[ -]/g, '_')}`;
}

function errorOf(text) {
  const code = CODES.find(([pattern]) => pattern.test(text))?.[1] ?? handshakeCode(text);
  return code ? coded(Error, code, text) : new Error(text);
}

class Exchange {
  #handler;
  #stream;
  #isOver = false;
  #isHeld = false; // the handler has enough for now
  #bodyEnded;

  constructor(handler) {
    this.#handler = handler;
  }

  async run({ origin, path, method, headers, body }) {
    const fields = headers ?? {};
    const length = lengthOf(fields);
    const pairs = Object.entries(fields).filter(([name]) => !FRAMING.has(name.toLowerCase()))
      .flatMap(([name, value]) => [value].flat().map((each) => [name, `${each}`]));
    const isFollowed = body && !(length >= 0 && length <= WHOLE);
    const whole = body && !isFollowed ? await gather(body) : undefined;
    if (this.#isOver) return;
    if (whole && whole.length !== length) throw mismatch();
    this.#stream = requests.open({
      method,
      url: `${origin}${path}`,
      headers: pairs,
      body: whole,
      length: isFollowed ? length : undefined,
      told: this.#told,
    });
    if (isFollowed) await this.#send(body, length);
  }

  async #send(body, length) {
    let sent = 0;
    for await (const chunk of body) {
      const bytes = asBytes(chunk);
      sent += bytes.byteLength;
      if (length >= 0 && sent > length) throw mismatch();
      if (this.#isOver || !(await this.#stream.write(bytes))) return;
    }
    if (length >= 0 && sent < length) throw mismatch();
    this.#stream.finish();
  }

  #told = {
    head: frames.bind((status, reason, lines) => {
      const raw = lines.map((line) => Buffer.from(line, 'latin1'));
      this.#isHeld = this.#handler.onHeaders(status, raw, this.#resume, reason) === false;
      this.#read();
    }),
    chunk: frames.bind((bytes) => {
      this.#isHeld = this.#handler.onData(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) === false;
      this.#read();
    }),
    end: frames.bind((error) => {
      if (this.#isOver) return;
      this.#isOver = true;
      if (error === undefined) this.#handler.onComplete([]);
      else this.#handler.onError(errorOf(error));
    }),
  };

  #read() {
    if (!this.#isOver && !this.#isHeld) this.#stream.read();
  }

  #resume = () => {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#read();
  };

  abort(reason) {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stream?.cancel();
    this.#handler.onError(reason ?? coded(Error, 'UND_ERR_ABORTED', 'Request aborted'));
  }
}

exports.dispatch = (options, handler) => {
  const exchange = new Exchange(handler);
  const abort = (reason) => exchange.abort(reason);
  handler.onConnect(abort);
  exchange.run(options).catch(abort);
  return true;
};
