'use strict';

// createCipheriv and createDecipheriv.

const callable = require('./callable');
const { coded, invalidType, needString } = require('./arguments');
const { native: crypto, bufferOf, bytesOf, Output } = require('./crypto_parts');
const { secretOf } = require('./crypto_keys');
const lateStream = require('./late_stream');

const MODES = { __proto__: null, 0: 'stream', 1: 'ecb', 2: 'cbc', 3: 'cfb', 4: 'ofb', 5: 'ctr', 6: 'gcm', 7: 'ccm', 0x10001: 'xts',
  0x10002: 'wrap', 0x10003: 'ocb' };
const NOT_PIECEWISE = new Set(['ccm', 'ocb', undefined]); // they would have to know all before they begin
const TAG_LENGTHS = new Set([4, 8, 12, 13, 14, 15, 16]);

function infoOf(name) {
  const [keyLength, ivLength, blockSize, mode, nid, longName, isAead] = crypto.cipherInfo(name) ?? [];
  if (keyLength === undefined || NOT_PIECEWISE.has(MODES[mode])) return undefined;
  return { keyLength, ivLength, blockSize, mode: MODES[mode], nid, name: longName, isAead };
}

class Cipher {
  #state;
  #encrypts;
  #isAead;
  #tagLength;
  #isTagFree; // a tag that is given may have any of the lengths
  #tag;
  #done = false;
  #output;

  constructor(encrypts, name, key, iv, options = {}) {
    needString(name, 'cipher');
    const secret = secretOf(key, options);
    if (iv !== null && typeof iv !== 'string' && !ArrayBuffer.isView(iv) && !(iv instanceof ArrayBuffer))
      throw invalidType('iv', 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, or DataView', iv);
    const vector = iv === null ? new Uint8Array(0) : bytesOf(iv, 'iv', { encoding: options?.encoding, memory: true });
    const info = infoOf(name);
    if (!info) throw coded(Error, 'ERR_CRYPTO_UNKNOWN_CIPHER', 'Unknown cipher');
    if (secret.byteLength !== info.keyLength) throw coded(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
    if (info.isAead ? vector.byteLength === 0 : vector.byteLength !== info.ivLength)
      throw coded(TypeError, 'ERR_CRYPTO_INVALID_IV', 'Invalid initialization vector');
    this.#tagLength = options?.authTagLength ?? 16;
    if (info.isAead && !TAG_LENGTHS.has(this.#tagLength))
      throw coded(TypeError, 'ERR_CRYPTO_INVALID_AUTH_TAG', `Invalid authentication tag length: ${this.#tagLength}`);
    this.#isTagFree = info.mode === 'gcm' && (options?.authTagLength ?? undefined) === undefined;
    this.#encrypts = encrypts;
    this.#isAead = info.isAead;
    this.#state = crypto.cipherMake(name, encrypts, secret, vector);
  }

  update(data, inputEncoding, outputEncoding) {
    if (this.#done) throw coded(Error, 'ERR_CRYPTO_INVALID_STATE', 'Invalid state for operation update');
    const bytes = crypto.cipherUpdate(this.#state, bytesOf(data, 'data', { encoding: inputEncoding }));
    return this.#told(bytes, outputEncoding, 'write');
  }

  #told(bytes, encoding, how) {
    if (!encoding || encoding === 'buffer') return bufferOf(bytes);
    this.#output ??= new Output(encoding);
    return this.#output[how](bytes);
  }

  final(outputEncoding) {
    if (this.#done) throw coded(Error, 'ERR_CRYPTO_INVALID_STATE', 'Unsupported state');
    this.#done = true;
    if (!this.#isAead) return this.#told(crypto.cipherFinal(this.#state), outputEncoding, 'end');
    try {
      if (!this.#encrypts && !this.#tag) throw undefined;
      const rest = crypto.cipherFinal(this.#state);
      if (this.#encrypts) this.#tag = crypto.cipherTag(this.#state, this.#tagLength);
      return this.#told(rest, outputEncoding, 'end');
    } catch {
      throw new Error('Unsupported state or unable to authenticate data');
    }
  }

  setAutoPadding(isPadded = true) {
    crypto.cipherPadding(this.#state, Boolean(isPadded));
    return this;
  }

  setAAD(data, options) {
    if (!this.#isAead || this.#done) throw coded(Error, 'ERR_CRYPTO_INVALID_STATE', 'Invalid state for operation setAAD');
    crypto.cipherAssociate(this.#state, bytesOf(data, 'buffer', { encoding: options?.encoding, memory: true }));
    return this;
  }

  getAuthTag() {
    if (!this.#encrypts || !this.#tag) throw coded(Error, 'ERR_CRYPTO_INVALID_STATE', 'Invalid state for operation getAuthTag');
    return bufferOf(this.#tag);
  }

  setAuthTag(tag, encoding) {
    const bytes = bytesOf(tag, 'buffer', { encoding, memory: true });
    if (!this.#isAead || this.#encrypts || this.#tag) throw coded(Error, 'ERR_CRYPTO_INVALID_STATE', 'Invalid state for operation setAuthTag');
    if (this.#isTagFree ? !TAG_LENGTHS.has(bytes.byteLength) : bytes.byteLength !== this.#tagLength)
      throw coded(TypeError, 'ERR_CRYPTO_INVALID_AUTH_TAG', `Invalid authentication tag length: ${bytes.byteLength}`);
    crypto.cipherSetTag(this.#state, bytes);
    this.#tag = bytes;
    return this;
  }
}

Object.defineProperties(Cipher.prototype, {
  _transform: {
    value(chunk, encoding, callback) {
      this.push(this.update(chunk, encoding));
      callback();
    },
    writable: true,
    configurable: true,
  },
  _flush: {
    value(callback) {
      let rest;
      try {
        rest = this.final();
      } catch (error) {
        callback(error);
        return;
      }
      this.push(rest);
      callback();
    },
    writable: true,
    configurable: true,
  },
});
lateStream(Cipher.prototype, 'Transform');

// What is not to be had of a class is taken from it: the two directions share the rest.
class Cipheriv extends Cipher {
  constructor(cipher, key, iv, options) {
    super(true, cipher, key, iv, options);
  }
}
Cipheriv.prototype.setAuthTag = undefined;

class Decipheriv extends Cipher {
  constructor(cipher, key, iv, options) {
    super(false, cipher, key, iv, options);
  }
}
Decipheriv.prototype.getAuthTag = undefined;

// Functions, for some write `new` before them.
function createCipheriv(cipher, key, iv, options) {
  return new Cipheriv(cipher, key, iv, options);
}

function createDecipheriv(cipher, key, iv, options) {
  return new Decipheriv(cipher, key, iv, options);
}

function getCipherInfo(nameOrId, options = {}) {
  if (typeof nameOrId !== 'string' && typeof nameOrId !== 'number') throw invalidType('nameOrNid', 'one of type string or number', nameOrId);
  const name = typeof nameOrId === 'string' ? nameOrId : crypto.cipherNames().find((each) => infoOf(each)?.nid === nameOrId);
  const info = name === undefined ? undefined : infoOf(name);
  if (!info) return undefined;
  if (options?.keyLength !== undefined && options.keyLength !== info.keyLength) return undefined;
  if (options?.ivLength !== undefined && options.ivLength !== info.ivLength && !info.isAead) return undefined;
  const { mode, nid, blockSize, ivLength, keyLength } = info;
  return {
    mode,
    name: info.name.toLowerCase(),
    nid,
    ...(mode !== 'stream' ? { blockSize } : {}),
    ...(ivLength ? { ivLength: options?.ivLength ?? ivLength } : {}),
    keyLength,
  };
}

module.exports = {
  Cipheriv: callable(Cipheriv),
  Decipheriv: callable(Decipheriv),
  createCipheriv,
  createDecipheriv,
  getCipherInfo,
  getCiphers: () => crypto.cipherNames().filter(infoOf),
};
