'use strict';

// Node's buffer.

const { Buffer, kMaxLength } = require('./buffer');
const { invalidType } = require('./arguments');
const { atob, btoa } = require('./base64');

const MAX_STRING_LENGTH = 0x1fffffe8;

function bytesOf(input) {
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  throw invalidType('input', 'an instance of ArrayBuffer, Buffer, or TypedArray', input);
}

function isUtf8(input) {
  try {
    require('./utf8').decode(bytesOf(input), true);
    return true;
  } catch (error) {
    if (error.code === 'ERR_INVALID_ARG_TYPE') throw error;
    return false;
  }
}

const isAscii = (input) => bytesOf(input).every((byte) => byte < 0x80);

const TRANSCODABLE = /^(utf-?8|ucs-?2|utf-?16le|latin1|binary|ascii)$/i;

function transcode(source, from, to) {
  if (!(source instanceof Uint8Array)) throw invalidType('source', 'an instance of Buffer or Uint8Array', source);
  for (const encoding of [from, to]) {
    if (TRANSCODABLE.test(encoding)) continue;
    throw Object.assign(new Error('Unable to transcode Buffer [U_ILLEGAL_ARGUMENT_ERROR]'), { code: 'U_ILLEGAL_ARGUMENT_ERROR', errno: 1 });
  }
  let text = Buffer.from(source.buffer, source.byteOffset, source.length).toString(from);
  const limit = /^ascii$/i.test(to) ? 0x7f : /^(latin1|binary)$/i.test(to) ? 0xff : undefined;
  if (limit !== undefined) text = [...text].map((each) => (each.codePointAt(0) > limit ? '?' : each)).join('');
  return Buffer.from(text, to);
}

function SlowBuffer(size) {
  return Buffer.alloc(size);
}

module.exports = {
  Buffer,
  SlowBuffer,
  atob,
  btoa,
  isAscii,
  isUtf8,
  transcode,
  resolveObjectURL: (url) => require('./object_urls').resolve(url),
  kMaxLength,
  kStringMaxLength: MAX_STRING_LENGTH,
  constants: { MAX_LENGTH: kMaxLength, MAX_STRING_LENGTH },
  INSPECT_MAX_BYTES: 50,
};

// The world's own, where it has them.
for (const name of ['Blob', 'File']) Object.defineProperty(module.exports, name, { get: () => globalThis[name], enumerable: true });
