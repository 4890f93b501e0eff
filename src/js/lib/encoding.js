'use strict';

// TextEncoder and TextDecoder (https://encoding.spec.whatwg.org/). UTF-8 is done here; what else there is, the port
// knows.

const utf8 = require('./utf8');

const UTF8_LABELS = new Set(['unicode-1-1-utf-8', 'unicode11utf8', 'unicode20utf8', 'utf-8', 'utf8', 'x-unicode20utf8']);
const NOTHING = new Uint8Array(0);

function failure(Constructor, code, message) {
  return Object.assign(new Constructor(message), { code });
}

class TextEncoder {
  get encoding() {
    return 'utf-8';
  }

  encode(input = '') {
    return utf8.encode(`${input}`);
  }

  encodeInto(source, destination) {
    if (!(destination instanceof Uint8Array))
      throw failure(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "dest" argument must be an instance of Uint8Array.');
    const [read, written] = native.utf8EncodeInto(source, destination);
    return { read, written };
  }
}

// How many bytes at the end are the beginning of a character whose rest may still come.
function unfinished(bytes) {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const lead = bytes[bytes.length - back];
    if (lead < 0x80) return 0;
    if (lead < 0xc0) continue;
    if (lead < 0xc2 || lead > 0xf4) return 0;
    const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (back >= size) return 0;
    if (back > 1) { // some second bytes would already be wrong
      const second = bytes[bytes.length - back + 1];
      if ((lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f)) return 0;
      if ((lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f)) return 0;
    }
    return back;
  }
  return 0;
}

function viewOf(input) {
  if (input === undefined) return NOTHING;
  if (input instanceof Uint8Array) return input;
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  throw failure(TypeError, 'ERR_INVALID_ARG_TYPE',
    'The "list" argument must be an instance of ArrayBuffer or ArrayBufferView.');
}

class TextDecoder {
  #fatal;
  #ignoreBOM;
  #port; // undefined for UTF-8
  #held = NOTHING; // the beginning of a character, while streaming
  #streaming = false;
  #begun = false; // a BOM could only have come before

  constructor(label = 'utf-8', options = {}) {
    const name = `${label}`.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, '').toLowerCase();
    if (options !== null && typeof options !== 'object' && typeof options !== 'function')
      throw failure(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "options" argument must be of type object.');
    this.#fatal = Boolean(options?.fatal);
    this.#ignoreBOM = Boolean(options?.ignoreBOM);
    if (!UTF8_LABELS.has(name)) this.#port = portFor(name, this.#fatal, this.#ignoreBOM);
  }

  get encoding() {
    return this.#port ? this.#port.encoding : 'utf-8';
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  decode(input, options = {}) {
    const bytes = viewOf(input);
    const stream = Boolean(options?.stream);
    try {
      return this.#port ? this.#port.decode(bytes, { stream }) : this.#decode(bytes, stream);
    } catch (error) {
      if (!this.#fatal || !(error instanceof TypeError)) throw error;
      throw failure(TypeError, 'ERR_ENCODING_INVALID_ENCODED_DATA',
        `The encoded data was not valid for encoding ${this.encoding}`);
    }
  }

  #decode(bytes, stream) {
    if (!this.#streaming) {
      this.#held = NOTHING;
      this.#begun = false;
    }
    this.#streaming = stream;
    if (this.#held.length > 0) {
      const joined = new Uint8Array(this.#held.length + bytes.length);
      joined.set(this.#held);
      joined.set(bytes, this.#held.length);
      bytes = joined;
      this.#held = NOTHING;
    }
    if (stream) {
      const rest = unfinished(bytes);
      if (rest > 0) {
        this.#held = bytes.slice(bytes.length - rest);
        bytes = bytes.subarray(0, bytes.length - rest);
      }
    }
    const text = utf8.decode(bytes, this.#fatal);
    if (this.#begun || text === '') return text;
    this.#begun = true;
    return !this.#ignoreBOM && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
}

function portFor(label, fatal, ignoreBOM) {
  const { TextDecoder: Port } = require('./vendor_text_decoder');
  try {
    return new Port(label, { fatal, ignoreBOM });
  } catch {
    throw failure(RangeError, 'ERR_ENCODING_NOT_SUPPORTED', `The "${label}" encoding is not supported`);
  }
}

for (const [Class, name] of [[TextEncoder, 'TextEncoder'], [TextDecoder, 'TextDecoder']])
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: name, configurable: true });

module.exports = { TextEncoder, TextDecoder };
