'use strict';

// What the pieces of crypto share: the native functions, and arguments in the forms Node takes.

const { Buffer } = require('./buffer');
const { coded, invalidType } = require('./arguments');

exports.native = native.part('crypto');

const isView = ArrayBuffer.isView;
const isMemory = (value) => value instanceof ArrayBuffer || isView(value);

// Bytes of a string in an encoding, or of a view (or, where `memory`, of an ArrayBuffer) as they lie.
exports.bytesOf = (data, name, { encoding, memory = false, also = '' } = {}) => {
  if (typeof data === 'string') return Buffer.from(data, encoding === 'buffer' ? 'utf8' : encoding);
  if (isView(data) || (memory && data instanceof ArrayBuffer)) return data;
  throw invalidType(name, memory
    ? `of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView${also}`
    : `of type string or an instance of Buffer, TypedArray, or DataView${also}`, data);
};

exports.memoryOf = (data, name, words = 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView') => {
  if (!isMemory(data)) throw invalidType(name, words, data);
  return data;
};

exports.bufferOf = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

// A result: a Buffer, or a string in the encoding that was asked for.
exports.told = (bytes, encoding) => {
  const buffer = exports.bufferOf(bytes);
  return encoding && encoding !== 'buffer' ? buffer.toString(encoding) : buffer;
};

// Bytes that come in pieces as text in one encoding: what is half a character waits for its other half.
exports.Output = class Output {
  #encoding;
  #decoder;
  #held = Buffer.alloc(0);
  #unit; // so many bytes make whole characters

  constructor(encoding) {
    this.#encoding = encoding;
    const name = encoding.toLowerCase();
    if (/^utf-?8$/.test(name)) this.#decoder = new (require('./encoding').TextDecoder)('utf-8', { ignoreBOM: true });
    this.#unit = /^base64/.test(name) ? 3 : /^(ucs-?2|utf-?16le)$/.test(name) ? 2 : 1;
  }

  write(bytes) {
    if (this.#decoder) return this.#decoder.decode(bytes, { stream: true });
    const all = Buffer.concat([this.#held, bytes]);
    const whole = all.length - (all.length % this.#unit);
    this.#held = all.subarray(whole);
    return all.toString(this.#encoding, 0, whole);
  }

  end(bytes) {
    if (this.#decoder) return this.#decoder.decode(bytes);
    return Buffer.concat([this.#held, bytes]).toString(this.#encoding);
  }
};

exports.invalidDigest = (name) => coded(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', `Invalid digest: ${name}`);

// [bytes, whether it can be as long as one likes] of a digest's name.
exports.digestInfo = (name) => {
  const info = exports.native.digestInfo(name);
  if (!info) throw exports.invalidDigest(name);
  return info;
};
