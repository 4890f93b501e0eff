'use strict';

// CryptoKey (https://w3c.github.io/webcrypto/#cryptokey-interface), over a KeyObject.

const { coded } = require('./arguments');

let make = false;
let keyIn; // the KeyObject of a CryptoKey; undefined for whatever else

class CryptoKey {
  #key;
  #algorithm;
  #usages;
  #extractable;

  constructor(key, algorithm, usages, extractable) {
    if (!make) throw coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    this.#key = key;
    this.#algorithm = algorithm;
    this.#usages = usages;
    this.#extractable = extractable;
  }

  get type() {
    return this.#key.type;
  }

  get extractable() {
    return this.#extractable;
  }

  get algorithm() {
    return this.#algorithm;
  }

  get usages() {
    return this.#usages;
  }

  static {
    keyIn = (key) => (typeof key === 'object' && key !== null && #key in key ? key.#key : undefined);
  }
}
Object.defineProperty(CryptoKey.prototype, Symbol.toStringTag, { value: 'CryptoKey', configurable: true });

function cryptoKey(key, algorithm, usages, extractable) {
  make = true;
  try {
    return new CryptoKey(key, algorithm, usages, extractable);
  } finally {
    make = false;
  }
}

module.exports = { CryptoKey, cryptoKey, keyIn };
