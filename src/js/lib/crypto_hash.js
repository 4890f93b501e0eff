'use strict';

// createHash, createHmac and hash().

const callable = require('./callable');
const { coded, invalidType, needString, needUint32 } = require('./arguments');
const { native: crypto, bufferOf, bytesOf, told, invalidDigest, digestInfo } = require('./crypto_parts');
const lateStream = require('./late_stream');

const finalized = () => coded(Error, 'ERR_CRYPTO_HASH_FINALIZED', 'Digest already called');

// The digest's length where one was asked for, otherwise -1.
function lengthOf(algorithm, { outputLength } = {}) {
  if (outputLength === undefined) return -1;
  needUint32(outputLength, 'options.outputLength');
  const [size, isFree] = digestInfo(algorithm);
  if (!isFree && outputLength !== size) throw coded(Error, 'ERR_OSSL_EVP_NOT_XOF_OR_INVALID_LENGTH', 'Unsupported state or unable to set length');
  return outputLength;
}

class Hash {
  #algorithm;
  #state;
  #length;
  #bytes; // the digest, once there is one
  #done = false; // it was asked for

  constructor(algorithm, options, copied) {
    needString(algorithm, 'algorithm');
    this.#algorithm = algorithm;
    this.#state = copied ?? crypto.hashMake(algorithm, undefined);
    if (!this.#state) throw new Error('Digest method not supported');
    this.#length = lengthOf(algorithm, options ?? {});
  }

  update(data, encoding) {
    if (this.#done) throw finalized();
    const bytes = bytesOf(data, 'data', { encoding });
    if (!this.#bytes) crypto.hashUpdate(this.#state, bytes);
    return this;
  }

  #finish() {
    return (this.#bytes ??= crypto.hashDigest(this.#state, this.#length));
  }

  digest(encoding) {
    if (this.#done) throw finalized();
    this.#done = true;
    return told(this.#finish(), encoding && `${encoding}`);
  }

  // Whoever has written to it as to a stream may ask for the digest all the same.
  _flush(callback) {
    this.push(bufferOf(this.#finish().slice()));
    callback();
  }

  copy(options) {
    if (this.#done) throw finalized();
    return new Hash(this.#algorithm, options, crypto.hashCopy(this.#state));
  }
}

class Hmac {
  #state;
  #done = false;

  constructor(algorithm, key, options) {
    needString(algorithm, 'hmac');
    const { secretOf } = require('./crypto_keys');
    const bytes = secretOf(key, options);
    this.#state = crypto.hashMake(algorithm, bytes);
    if (!this.#state) throw invalidDigest(algorithm);
  }

  update(data, encoding) {
    if (this.#done) throw finalized();
    crypto.hashUpdate(this.#state, bytesOf(data, 'data', { encoding }));
    return this;
  }

  // A second time there is nothing left.
  digest(encoding) {
    const bytes = this.#done ? new Uint8Array(0) : crypto.hashDigest(this.#state, -1);
    this.#done = true;
    return told(bytes, encoding && `${encoding}`);
  }

  _flush(callback) {
    this.push(this.digest());
    callback();
  }
}

function transform(chunk, encoding, callback) {
  this.update(chunk, encoding);
  callback();
}

for (const Class of [Hash, Hmac]) {
  Object.defineProperty(Class.prototype, '_transform', { value: transform, writable: true, configurable: true });
  lateStream(Class.prototype, 'Transform');
}

function hash(algorithm, data, encoding = 'hex') {
  needString(algorithm, 'algorithm');
  if (typeof data !== 'string' && !ArrayBuffer.isView(data))
    throw invalidType('input', 'of type string or an instance of Buffer, TypedArray, or DataView', data);
  return new Hash(algorithm).update(data).digest(encoding);
}

// Functions, for some write `new` before them.
function createHash(algorithm, options) {
  return new Hash(algorithm, options);
}

function createHmac(algorithm, key, options) {
  return new Hmac(algorithm, key, options);
}

module.exports = { Hash: callable(Hash), Hmac: callable(Hmac), hash, createHash, createHmac };
