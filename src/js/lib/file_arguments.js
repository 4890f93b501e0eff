'use strict';

// What fs takes as arguments, in all the forms Node takes them.

const { coded, invalidType, invalidValue, outOfRange, needInt32, needInteger, needUint32, needSignal } = require('./arguments');
const { constants } = require('./file_constants');

const FLAGS = {
  __proto__: null,
  r: constants.O_RDONLY,
  rs: constants.O_RDONLY | constants.O_SYNC,
  'r+': constants.O_RDWR,
  'rs+': constants.O_RDWR | constants.O_SYNC,
  w: constants.O_TRUNC | constants.O_CREAT | constants.O_WRONLY,
  wx: constants.O_TRUNC | constants.O_CREAT | constants.O_WRONLY | constants.O_EXCL,
  'w+': constants.O_TRUNC | constants.O_CREAT | constants.O_RDWR,
  'wx+': constants.O_TRUNC | constants.O_CREAT | constants.O_RDWR | constants.O_EXCL,
  a: constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY,
  ax: constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_EXCL,
  as: constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_SYNC,
  'a+': constants.O_APPEND | constants.O_CREAT | constants.O_RDWR,
  'ax+': constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_EXCL,
  'as+': constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_SYNC,
};
for (const [twin, flag] of Object.entries({ sr: 'rs', 'sr+': 'rs+', xw: 'wx', 'xw+': 'wx+', xa: 'ax', 'xa+': 'ax+', sa: 'as', 'sa+': 'as+' }))
  FLAGS[twin] = FLAGS[flag];

function flagsOf(flags, name = 'flags') {
  if (typeof flags === 'number') {
    needInt32(flags, name);
    return flags;
  }
  if (flags === undefined || flags === null) return constants.O_RDONLY;
  const found = typeof flags === 'string' ? FLAGS[flags] : undefined;
  if (found === undefined) throw invalidValue(name, flags);
  return found;
}

function modeOf(mode, name = 'mode', otherwise = undefined) {
  mode ??= otherwise;
  if (typeof mode === 'string') {
    if (!/^[0-7]+$/.test(mode)) throw invalidValue(name, mode, 'must be a 32-bit unsigned integer or an octal string');
    mode = parseInt(mode, 8);
  }
  needUint32(mode, name);
  return mode;
}

const looksLikeUrl = (value) => Boolean(value?.href && value.protocol && value.auth === undefined && value.path === undefined);

function fromFileUrl(url) {
  if (url.protocol !== 'file:') throw coded(TypeError, 'ERR_INVALID_URL_SCHEME', 'The URL must be of scheme file');
  if (url.hostname !== '')
    throw coded(TypeError, 'ERR_INVALID_FILE_URL_HOST', 'File URL host must be "localhost" or empty on linux');
  if (/%2f/i.test(url.pathname))
    throw coded(TypeError, 'ERR_INVALID_FILE_URL_PATH', 'File URL path must not include encoded / characters');
  return decodeURIComponent(url.pathname);
}

// A string, or the bytes of a name that need not be UTF-8.
function pathOf(path, name = 'path') {
  if (looksLikeUrl(path)) path = fromFileUrl(path);
  if (typeof path !== 'string' && !(path instanceof Uint8Array))
    throw invalidType(name, 'of type string or an instance of Buffer or URL', path);
  if (typeof path === 'string' ? path.includes('\0') : path.includes(0))
    throw invalidValue(name, path, 'must be a string, Uint8Array, or URL without null bytes');
  return path;
}

function descriptorOf(fd, name = 'fd') {
  needInt32(fd, name, 0);
  return fd;
}

function encodingOf(encoding) {
  if (encoding && encoding !== 'buffer' && !Buffer.isEncoding(encoding))
    throw invalidValue('encoding', encoding, 'is invalid encoding');
  return encoding;
}

// Options, or the encoding in their place; a callback there means: none.
function optionsOf(options, defaults = {}) {
  if (options === undefined || options === null || typeof options === 'function') return { ...defaults };
  if (typeof options === 'string') options = { ...defaults, encoding: options };
  else if (typeof options === 'object') options = { ...defaults, ...options };
  else throw invalidType('options', 'one of type string or object', options);
  encodingOf(options.encoding);
  needSignal(options.signal, 'options.signal');
  return options;
}

// What an operation gave in bytes as a path in the encoding that was asked for.
function namesIn({ encoding }) {
  return (bytes) => {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    return encoding === 'buffer' ? buffer : buffer.toString(encoding ?? 'utf8');
  };
}

// Seconds since 1970.
function timeOf(time, name = 'time') {
  if (typeof time === 'string' && +time == time) return +time;
  if (Number.isFinite(time)) return time < 0 ? Date.now() / 1000 : time;
  if (time instanceof Date) return time.getTime() / 1000;
  throw invalidType(name, 'an instance of Date or an Time in seconds', time);
}

function ownerOf(id, name) {
  needInteger(id, name, -1, 4294967295);
  return id;
}

// Where in a file to read or write: undefined and null stand for its own position, -1 here.
function positionOf(position) {
  if (position === undefined || position === null) return -1;
  if (typeof position === 'bigint') {
    if (position < -1n || position > 2n ** 63n - 1n) throw outOfRange('position', `>= -1n && <= ${2n ** 63n - 1n}n`, position);
    return Number(position);
  }
  if (typeof position !== 'number') throw invalidType('position', 'one of type bigint or integer', position);
  needInteger(position, 'position', -1);
  return position;
}

const isView = (value) => ArrayBuffer.isView(value);

function viewOf(buffer, name = 'buffer') {
  if (!isView(buffer)) throw invalidType(name, 'an instance of Buffer, TypedArray, or DataView', buffer);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

function viewsOf(buffers) {
  if (!Array.isArray(buffers) || !buffers.every(isView)) throw invalidType('buffers', 'an ArrayBufferView[]', buffers);
  return buffers.map((each) => viewOf(each));
}

// What is to be written to a file, as bytes.
function dataOf(data, encoding, name = 'data') {
  if (typeof data === 'string') return Buffer.from(data, encoding || 'utf8');
  if (!isView(data)) throw invalidType(name, 'of type string or an instance of Buffer, TypedArray, or DataView', data);
  return viewOf(data);
}

module.exports = { flagsOf, modeOf, pathOf, descriptorOf, encodingOf, optionsOf, namesIn, timeOf, ownerOf, positionOf,
  viewOf, viewsOf, dataOf };
