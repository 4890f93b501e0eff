'use strict';

// Random bytes, numbers and UUIDs.

const { Buffer } = require('./buffer');
const { invalidType, outOfRange, needFunction, needObject, needBoolean } = require('./arguments');
const timers = require('./timers');

const MOST_BYTES = 2 ** 31 - 1;
const MOST_RANGE = 2 ** 48;

function randomBytes(size, callback) {
  if (typeof size !== 'number') throw invalidType('size', 'of type number', size);
  if (!(size >= 0 && size <= MOST_BYTES)) throw outOfRange('size', `>= 0 && <= ${MOST_BYTES}`, size);
  if (callback !== undefined) needFunction(callback, 'callback');
  const bytes = Buffer.alloc(Math.trunc(size));
  native.randomFill(bytes);
  if (callback === undefined) return bytes;
  return timers.setImmediate(callback, null, bytes) && undefined;
}

// The part of a buffer that is to be filled; offset and size count its elements.
function partOf(buffer, offset, size) {
  if (!ArrayBuffer.isView(buffer) && !(buffer instanceof ArrayBuffer))
    throw invalidType('buf', 'an instance of ArrayBuffer or ArrayBufferView', buffer);
  const unit = buffer.BYTES_PER_ELEMENT ?? 1;
  const most = buffer.byteLength;
  offset ??= 0;
  if (typeof offset !== 'number') throw invalidType('offset', 'of type number', offset);
  offset *= unit;
  if (!(offset >= 0 && offset <= most)) throw outOfRange('offset', `>= 0 && <= ${most}`, offset);
  if (size === undefined) {
    size = most - offset;
  } else {
    if (typeof size !== 'number') throw invalidType('size', 'of type number', size);
    size *= unit;
    if (!(size >= 0 && size <= MOST_BYTES)) throw outOfRange('size', `>= 0 && <= ${MOST_BYTES}`, size);
    if (size + offset > most) throw outOfRange('size + offset', `<= ${most}`, size + offset);
  }
  return buffer instanceof ArrayBuffer ? new Uint8Array(buffer, offset, size)
    : new Uint8Array(buffer.buffer, buffer.byteOffset + offset, size);
}

function randomFillSync(buffer, offset, size) {
  native.randomFill(partOf(buffer, offset, size));
  return buffer;
}

function randomFill(buffer, offset, size, callback) {
  if (typeof offset === 'function') [offset, size, callback] = [undefined, undefined, offset];
  else if (typeof size === 'function') [size, callback] = [undefined, size];
  needFunction(callback, 'callback');
  randomFillSync(buffer, offset, size);
  timers.setImmediate(callback, null, buffer);
}

// Six bytes as a number, drawn again where it would make some results likelier than others.
function draw(range) {
  const limit = MOST_RANGE - (MOST_RANGE % range);
  for (;;) {
    const bytes = randomBytes(6);
    const number = bytes.readUIntBE(0, 6);
    if (number < limit) return number % range;
  }
}

function randomInt(min, max, callback) {
  if (max === undefined || typeof max === 'function') [min, max, callback] = [0, min, max];
  if (callback !== undefined) needFunction(callback, 'callback');
  if (!Number.isSafeInteger(min)) throw invalidType('min', 'a safe integer', min);
  if (!Number.isSafeInteger(max)) throw invalidType('max', 'a safe integer', max);
  if (max <= min) throw outOfRange('max', `greater than the value of "min" (${min})`, max);
  if (max - min > MOST_RANGE - 1) throw outOfRange('max - min', `<= ${MOST_RANGE - 1}`, max - min);
  const number = min + draw(max - min);
  if (callback === undefined) return number;
  return timers.nextTick(callback, undefined, number);
}

function randomUUID(options) {
  if (options !== undefined) {
    needObject(options, 'options');
    if (options.disableEntropyCache !== undefined) needBoolean(options.disableEntropyCache, 'options.disableEntropyCache');
  }
  return native.randomUUID();
}

module.exports = { randomBytes, randomFill, randomFillSync, randomInt, randomUUID };
