'use strict';

// The global crypto (https://w3c.github.io/webcrypto/#Crypto-interface).

const MOST_BYTES = 65536;
const INTEGERS = new Set(['Int8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int16Array', 'Uint16Array', 'Int32Array',
  'Uint32Array', 'BigInt64Array', 'BigUint64Array']);
const kindOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get;
let make = false;

function failure(message, name) {
  const { DOMException } = require('./structured');
  return new DOMException(message, name);
}

class Crypto {
  constructor() {
    if (!make) throw Object.assign(new TypeError('Illegal constructor'), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
  }

  getRandomValues(array) {
    if (arguments.length === 0)
      throw Object.assign(new TypeError('The "array" argument must be specified'), { code: 'ERR_MISSING_ARGS' });
    if (!INTEGERS.has(kindOf.call(array)))
      throw failure('The data argument must be an integer-type TypedArray', 'TypeMismatchError');
    if (array.byteLength > MOST_BYTES)
      throw failure(`The requested length exceeds ${MOST_BYTES} bytes`, 'QuotaExceededError');
    native.randomFill(array);
    return array;
  }

  randomUUID(options) {
    return options === undefined ? native.randomUUID() : require('./crypto_random').randomUUID(options);
  }

  get subtle() {
    return require('./web_crypto').subtle;
  }

  get CryptoKey() {
    return require('./web_crypto').CryptoKey;
  }
}

Object.defineProperty(Crypto.prototype, Symbol.toStringTag, { value: 'Crypto', configurable: true });
make = true;
exports.crypto = new Crypto();
exports.Crypto = Crypto;
make = false;
