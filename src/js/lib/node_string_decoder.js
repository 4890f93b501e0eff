'use strict';

// require('string_decoder'): the port's, with Node's errors and the one encoding that is younger than it.

const { coded, invalidType } = require('./arguments');

const Port = require('./vendor_string_decoder').StringDecoder;

const asUrl = (text) => text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
const asIs = (text) => text;

function asBuffer(bytes) {
  if (!ArrayBuffer.isView(bytes)) throw invalidType('buf', 'an instance of Buffer, TypedArray, or DataView', bytes);
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

class StringDecoder {
  #port;
  #spell = asIs;

  constructor(encoding) {
    if (encoding !== undefined && encoding !== null && !Buffer.isEncoding(encoding))
      throw coded(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${encoding}`);
    const isUrl = /^base64url$/i.test(encoding);
    this.#port = new Port(isUrl ? 'base64' : encoding);
    if (isUrl) this.#spell = asUrl;
    this.encoding = isUrl ? 'base64url' : this.#port.encoding;
  }

  write(bytes) {
    return typeof bytes === 'string' ? bytes : this.#spell(this.#port.write(asBuffer(bytes)));
  }

  end(bytes) {
    const text = bytes === undefined ? '' : this.write(bytes);
    const rest = this.#spell(this.#port.end());
    this.#port = new Port(this.#port.encoding); // as if nothing had come
    return text + rest;
  }
}

// As Node's, it may be called without `new`, by those that inherit from it the old way.
function decoderFor(encoding) {
  return Reflect.construct(StringDecoder, [encoding], new.target ?? decoderFor);
}
decoderFor.prototype = StringDecoder.prototype;
Object.defineProperty(decoderFor, 'name', { value: 'StringDecoder' });
Object.defineProperty(decoderFor.prototype, 'constructor', { value: decoderFor, writable: true, configurable: true });

module.exports = { StringDecoder: decoderFor };
