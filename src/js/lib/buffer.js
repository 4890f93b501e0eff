'use strict';

// Buffer: the port's, with what it lacks of Node's, and with conversions done natively.

const { Buffer, kMaxLength } = require('./vendor_buffer');
const { encode: encodeUtf8, decode: decodeUtf8, byteLength: utf8Length } = require('./utf8');

Object.defineProperty(Buffer, 'name', { value: 'Buffer' }); // the bundle's may differ

const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const INSPECT_MAX_BYTES = 50;
const original = { from: Buffer.from, alloc: Buffer.alloc, ...Buffer.prototype };

function failure(Constructor, code, message) {
  return Object.assign(new Constructor(message), { code });
}

function unknownEncoding(encoding) {
  return failure(TypeError, 'ERR_UNKNOWN_ENCODING', `Unknown encoding: ${encoding}`);
}

function invalidArgument(name, expected, value) {
  return failure(TypeError, 'ERR_INVALID_ARG_TYPE',
    `The "${name}" argument must be ${expected}. Received ${value === null ? 'null' : `type ${typeof value}`}`);
}

function outOfRange(name, range, value) {
  return failure(RangeError, 'ERR_OUT_OF_RANGE',
    `The value of "${name}" is out of range. It must be ${range}. Received ${String(value)}`);
}

const utf16 = { encode: undefined, decode: undefined }; // left to the port
const utf8 = { encode: encodeUtf8, decode: (bytes) => decodeUtf8(bytes, false) };
const latin1 = { encode: (text) => native.latin1Encode(text), decode: (bytes) => native.latin1Decode(bytes) };
const hex = { encode: (text) => native.hexDecode(text), decode: (bytes) => native.hexEncode(bytes) };
const decodeBase64 = (text) => native.base64Decode(text);
const CODECS = {
  __proto__: null,
  utf8,
  'utf-8': utf8,
  latin1,
  binary: latin1,
  ascii: { encode: latin1.encode, decode: undefined },
  hex,
  base64: { encode: decodeBase64, decode: (bytes) => native.base64Encode(bytes, false) },
  base64url: { encode: decodeBase64, decode: (bytes) => native.base64Encode(bytes, true) },
  ucs2: utf16,
  'ucs-2': utf16,
  utf16le: utf16,
  'utf-16le': utf16,
};

// The codec of an encoding's name in whatever case, or undefined.
function codecOf(encoding) {
  return CODECS[encoding] ?? CODECS[`${encoding}`.toLowerCase()];
}

function asBuffer(bytes) {
  return Object.setPrototypeOf(bytes, Buffer.prototype);
}

function fromString(text, encoding) {
  if (typeof encoding !== 'string' || encoding === '') return asBuffer(utf8.encode(text));
  const codec = codecOf(encoding);
  if (!codec) throw unknownEncoding(encoding);
  return codec.encode ? asBuffer(codec.encode(text)) : original.from(text, encoding);
}

function fromArrayBuffer(memory, offset, length) {
  offset = Math.trunc(offset) || 0;
  const room = memory.byteLength - offset;
  if (offset < 0 || room < 0) throw failure(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', '"offset" is outside of buffer bounds');
  length = length === undefined ? room : Math.max(0, Math.trunc(length) || 0);
  if (length > room) throw failure(RangeError, 'ERR_BUFFER_OUT_OF_BOUNDS', '"length" is outside of buffer bounds');
  return asBuffer(new Uint8Array(memory, offset, length));
}

function fromValue(value, encodingOrOffset, length) {
  try {
    if (value !== null && typeof value === 'object') return original.from(value, encodingOrOffset, length);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const primitive = value[Symbol.toPrimitive]?.('string');
    if (typeof primitive === 'string') return fromString(primitive, encodingOrOffset);
  }
  throw invalidArgument('first',
    'of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object', value);
}

function validateSize(size) {
  if (typeof size !== 'number') throw invalidArgument('size', 'of type number', size);
  if (!(size >= 0 && size <= kMaxLength)) throw outOfRange('size', `>= 0 && <= ${kMaxLength}`, size);
}

// The port's errors have no codes: one of its functions with those Node gives.
function coded(name, method, codes) {
  const own = {
    [name]: function (a, b, c, d) {
      try {
        return method.call(this, a, b, c, d);
      } catch (error) {
        if (/^Unknown encoding/.test(error?.message)) error.code ??= 'ERR_UNKNOWN_ENCODING';
        else if (error instanceof TypeError) error.code ??= codes.TypeError;
        else if (error instanceof RangeError) error.code ??= codes.RangeError;
        throw error;
      }
    },
  };
  return own[name];
}

// Those that make Buffers are functions, not methods, for some write `new` before them.
const statics = {
  from: function (value, encodingOrOffset, length) {
    if (typeof value === 'string') return fromString(value, encodingOrOffset);
    if (value instanceof ArrayBuffer) return fromArrayBuffer(value, encodingOrOffset, length);
    return fromValue(value, encodingOrOffset, length);
  },

  alloc: function (size, fill, encoding) {
    validateSize(size);
    return original.alloc(size, fill, encoding);
  },

  allocUnsafe: function (size) {
    validateSize(size);
    return original.alloc(size);
  },

  allocUnsafeSlow: function (size) {
    validateSize(size);
    return original.alloc(size);
  },

  concat: coded('concat', Buffer.concat, { TypeError: 'ERR_INVALID_ARG_TYPE', RangeError: 'ERR_OUT_OF_RANGE' }),

  of(...numbers) {
    return Buffer.from(numbers);
  },

  copyBytesFrom: function (view, offset = 0, length = view.length - offset) {
    if (!ArrayBuffer.isView(view) || view instanceof DataView) throw invalidArgument('view', 'an instance of TypedArray', view);
    for (const [name, value] of Object.entries({ offset, length }))
      if (!Number.isInteger(value) || value < 0) throw outOfRange(name, 'an integer >= 0', value);
    const part = view.subarray(offset, offset + length);
    return Buffer.from(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  },

  isEncoding(encoding) {
    return typeof encoding === 'string' && encoding !== '' && codecOf(encoding) !== undefined;
  },

  byteLength(value, encoding) {
    if (typeof value !== 'string') {
      if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
      throw invalidArgument('string', 'of type string or an instance of Buffer or ArrayBuffer', value);
    }
    const codec = encoding === undefined || encoding === '' ? utf8 : codecOf(encoding) ?? utf8;
    switch (codec) {
      case utf8: return utf8Length(value);
      case latin1:
      case CODECS.ascii: return value.length;
      case utf16: return value.length * 2;
      case hex: return value.length >>> 1;
    }
    let count = value.length; // base64: as if no character of it was to be passed over
    if (value.charCodeAt(count - 1) === 0x3d) count--;
    if (count > 1 && value.charCodeAt(count - 1) === 0x3d) count--;
    return Math.floor(count * 3 / 4);
  },

  compare(a, b) {
    if (!(a instanceof Uint8Array)) throw invalidArgument('buf1', 'an instance of Buffer or Uint8Array', a);
    if (!(b instanceof Uint8Array)) throw invalidArgument('buf2', 'an instance of Buffer or Uint8Array', b);
    const common = Math.min(a.length, b.length);
    for (let i = 0; i < common; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
    return Math.sign(a.length - b.length);
  },
};

// A search that sees nothing but whole UTF-16 units.
function searchUnits(buffer, bytes, at, forward) {
  const step = forward ? 2 : -2;
  const last = buffer.length - bytes.length;
  for (let i = (forward ? at : Math.min(at, last)) & ~1; i >= 0 && i <= last; i += step) {
    let matched = 0;
    while (matched < bytes.length && buffer[i + matched] === bytes[matched]) matched++;
    if (matched === bytes.length) return i;
  }
  return -1;
}

function search(buffer, value, byteOffset, encoding, forward) {
  if (typeof byteOffset === 'string') [encoding, byteOffset] = [byteOffset, undefined];
  let at = Math.trunc(byteOffset);
  if (Number.isNaN(at)) at = forward ? 0 : buffer.length;
  if (typeof value === 'number') return (forward ? original.indexOf : original.lastIndexOf).call(buffer, value, at);
  if (typeof value === 'string') value = fromString(value, encoding);
  else if (!(value instanceof Uint8Array))
    throw invalidArgument('value', 'one of type number or string or an instance of Buffer or Uint8Array', value);
  if (at < 0) at += buffer.length;
  if (value.length === 0) return Math.max(0, Math.min(at, buffer.length));
  if (at < 0) {
    if (!forward) return -1;
    at = 0;
  }
  if (encoding && codecOf(encoding) === utf16) return searchUnits(buffer, value, at, forward);
  const bytes = Buffer.isBuffer(value) ? value : asBuffer(value.subarray());
  return (forward ? original.indexOf : original.lastIndexOf).call(buffer, bytes, at);
}

function validateOffset(value, name, most) {
  if (typeof value !== 'number') throw invalidArgument(name, 'of type number', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < 0 || value > most) throw outOfRange(name, `>= 0 && <= ${most}`, value);
}

const methods = {
  toString(encoding, start, end) {
    const { length } = this;
    start = start <= 0 || start === undefined ? 0 : Math.trunc(start) || 0;
    end = end === undefined || end > length ? length : Math.trunc(end) || 0;
    if (end <= start) return '';
    const codec = encoding === undefined ? utf8 : codecOf(encoding);
    if (!codec) throw unknownEncoding(encoding);
    if (!codec.decode) return original.toString.call(this, encoding, start, end);
    const whole = start === 0 && end === length;
    return codec.decode(whole ? this : new Uint8Array(this.buffer, this.byteOffset + start, end - start));
  },

  write(text, offset, length, encoding) {
    if (typeof text !== 'string') throw invalidArgument('argument', 'of type string', text);
    if (offset === undefined) {
      [offset, length, encoding] = [0, this.length, undefined];
    } else if (length === undefined && typeof offset === 'string') {
      [offset, length, encoding] = [0, this.length, offset];
    } else {
      validateOffset(offset, 'offset', this.length);
      const room = this.length - offset;
      if (typeof length === 'string') [length, encoding] = [room, length];
      else if (length === undefined) length = room;
      else validateOffset(length, 'length', this.length);
      length = Math.min(length, room);
    }
    const codec = encoding ? codecOf(encoding) : utf8;
    if (!codec) throw unknownEncoding(encoding);
    if (codec === utf8)
      return native.utf8EncodeInto(text, new Uint8Array(this.buffer, this.byteOffset + offset, length))[1];
    if (codec === utf16) return original.write.call(this, text, offset, length & ~1, encoding); // whole units
    let bytes = codec.encode(text);
    if (bytes.length > length) bytes = bytes.subarray(0, length);
    this.set(bytes, offset);
    return bytes.length;
  },

  equals(other) {
    if (!(other instanceof Uint8Array)) throw invalidArgument('otherBuffer', 'an instance of Buffer or Uint8Array', other);
    return this === other || (this.length === other.length && Buffer.compare(this, other) === 0);
  },

  compare(target, start = 0, end = undefined, thisStart = 0, thisEnd = this.length) {
    if (!(target instanceof Uint8Array)) throw invalidArgument('target', 'an instance of Buffer or Uint8Array', target);
    end ??= target.length;
    validateOffset(start, 'targetStart', Number.MAX_SAFE_INTEGER);
    validateOffset(end, 'targetEnd', target.length);
    validateOffset(thisStart, 'sourceStart', Number.MAX_SAFE_INTEGER);
    validateOffset(thisEnd, 'sourceEnd', this.length);
    return Buffer.compare(this.subarray(thisStart, Math.max(thisStart, thisEnd)),
      target.subarray(start, Math.max(start, end)));
  },

  indexOf(value, byteOffset, encoding) {
    return search(this, value, byteOffset, encoding, true);
  },

  lastIndexOf(value, byteOffset, encoding) {
    return search(this, value, byteOffset, encoding, false);
  },

  [INSPECT](depth, options, inspect) {
    const shown = Math.min(INSPECT_MAX_BYTES, this.length);
    let text = this.toString('hex', 0, shown).replace(/..(?!$)/g, '$& ');
    const more = this.length - shown;
    if (more > 0) text += ` ... ${more} more byte${more > 1 ? 's' : ''}`;
    const own = inspect ? Object.keys(this).slice(this.length) : [];
    for (const key of own) text += `${text && ', '}${key}: ${inspect(this[key], { ...options, breakLength: Infinity })}`;
    return `<${this.constructor.name} ${text}>`;
  },
};
methods.inspect = methods[INSPECT];
methods.toLocaleString = methods.toString;

for (const [target, properties] of [[Buffer, statics], [Buffer.prototype, methods]]) {
  for (const key of Reflect.ownKeys(properties))
    Object.defineProperty(target, key, { value: properties[key], writable: true, enumerable: true, configurable: true });
}
const codes = {
  read: { TypeError: 'ERR_INVALID_ARG_TYPE', RangeError: 'ERR_OUT_OF_RANGE' },
  swap: { RangeError: 'ERR_INVALID_BUFFER_SIZE' },
  fill: { TypeError: 'ERR_INVALID_ARG_VALUE', RangeError: 'ERR_OUT_OF_RANGE' },
};
for (const name of Object.keys(Buffer.prototype)) {
  const kind = /^(?:(read|write)[A-Z]|swap|fill)/.exec(name);
  if (kind && name !== 'write')
    Buffer.prototype[name] = coded(name, Buffer.prototype[name], codes[kind[1] ? 'read' : kind[0]]);
}
for (const end of ['LE', 'BE']) {
  Buffer.prototype[`readBigUint64${end}`] = Buffer.prototype[`readBigUInt64${end}`];
  Buffer.prototype[`writeBigUint64${end}`] = Buffer.prototype[`writeBigUInt64${end}`];
}

module.exports = { Buffer, kMaxLength };
