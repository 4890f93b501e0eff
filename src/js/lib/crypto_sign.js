'use strict';

// Signing and verifying, RSA's encryption, and agreeing on a secret.

const callable = require('./callable');
const { coded, invalidType, invalidValue, needFunction, needString } = require('./arguments');
const { native: crypto, bufferOf, bytesOf, told, invalidDigest, digestInfo } = require('./crypto_parts');
const { handleOf, KeyObject, privateOf, publicOf } = require('./crypto_keys');
const lateStream = require('./late_stream');
const timers = require('./timers');

const constants = Object.freeze({
  __proto__: null,
  RSA_PKCS1_PADDING: 1,
  RSA_NO_PADDING: 3,
  RSA_PKCS1_OAEP_PADDING: 4,
  RSA_PKCS1_PSS_PADDING: 6,
  RSA_PSS_SALTLEN_DIGEST: -1,
  RSA_PSS_SALTLEN_MAX_SIGN: -2,
  RSA_PSS_SALTLEN_AUTO: -2,
  POINT_CONVERSION_COMPRESSED: 2,
  POINT_CONVERSION_UNCOMPRESSED: 4,
  POINT_CONVERSION_HYBRID: 6,
});

// How the options beside a key say that it signs.
function mannerOf(key) {
  if (key === null || typeof key !== 'object' || key instanceof KeyObject) return { padding: 0, saltLength: -2, raw: false };
  const { padding = 0, saltLength = constants.RSA_PSS_SALTLEN_AUTO, dsaEncoding = 'der' } = key;
  for (const [name, value] of Object.entries({ padding, saltLength }))
    if (value !== (value | 0)) throw invalidValue(`options.${name}`, value);
  if (dsaEncoding !== 'der' && dsaEncoding !== 'ieee-p1363') throw invalidValue('options.dsaEncoding', dsaEncoding);
  return { padding, saltLength, raw: dsaEncoding === 'ieee-p1363' };
}

// How many bytes each number of an EC key's signatures has; undefined for other keys.
function numberSize(handle) {
  const { type, bits } = crypto.keyParts(handle, false);
  return type === 'EC' ? Math.ceil(bits / 8) : undefined;
}

function signed(handle, digest, data, isDigest, { padding, saltLength, raw }) {
  const signature = crypto.sign(handle, digest, data, isDigest, padding, saltLength);
  const size = raw ? numberSize(handle) : undefined;
  return size ? crypto.signatureToRaw(signature, size) : signature;
}

function verified(handle, digest, data, isDigest, { padding, saltLength, raw }, signature) {
  const size = raw ? numberSize(handle) : undefined;
  if (size) {
    if (signature.byteLength !== 2 * size) return false;
    signature = crypto.signatureFromRaw(signature);
  }
  return crypto.verify(handle, digest, data, isDigest, padding, saltLength, signature);
}

let finish; // what came, digested: [the digest's name, its bytes]

class Signing {
  #digest;
  #state;

  constructor(algorithm) {
    needString(algorithm, 'algorithm');
    this.#digest = algorithm;
    this.#state = crypto.hashMake(algorithm, undefined);
    if (!this.#state) throw coded(TypeError, 'ERR_CRYPTO_INVALID_DIGEST', 'Invalid digest');
  }

  update(data, encoding) {
    crypto.hashUpdate(this.#state, bytesOf(data, 'data', { encoding }));
    return this;
  }

  static {
    finish = (signing) => [signing.#digest, crypto.hashDigest(signing.#state, -1)];
  }
}
Object.defineProperty(Signing.prototype, '_write', {
  value(chunk, encoding, callback) {
    this.update(chunk, encoding);
    callback();
  },
  writable: true,
  configurable: true,
});
lateStream(Signing.prototype, 'Writable');

class Sign extends Signing {
  sign(key, encoding) {
    if (!key) throw coded(Error, 'ERR_CRYPTO_SIGN_KEY_REQUIRED', 'No key provided to sign');
    const manner = mannerOf(key);
    return told(signed(privateOf(key), ...finish(this), true, manner), encoding);
  }
}

class Verify extends Signing {
  verify(key, signature, encoding) {
    const manner = mannerOf(key);
    const bytes = bytesOf(signature, 'signature', { encoding });
    const handle = publicOf(key);
    const size = manner.raw ? numberSize(handle) : undefined;
    if (size && bytes.byteLength !== 2 * size) throw coded(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'Malformed signature');
    return verified(handle, ...finish(this), true, manner, bytes);
  }
}

// Functions, for some write `new` before them.
function createSign(algorithm, options) {
  return new Sign(algorithm, options);
}

function createVerify(algorithm, options) {
  return new Verify(algorithm, options);
}

// Those whose signatures make their own digest of the message.
function digestFor(algorithm) {
  if (algorithm === null || algorithm === undefined) return undefined;
  needString(algorithm, 'algorithm');
  digestInfo(algorithm);
  return algorithm;
}

function messageOf(data) {
  if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) return data;
  throw invalidType('data', 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView', data);
}

function sign(algorithm, data, key, callback) {
  if (callback !== undefined) needFunction(callback, 'callback');
  const digest = digestFor(algorithm);
  const bytes = messageOf(data);
  if (!key) throw coded(Error, 'ERR_CRYPTO_SIGN_KEY_REQUIRED', 'No key provided to sign');
  const signature = bufferOf(signed(privateOf(key), digest, bytes, false, mannerOf(key)));
  if (callback === undefined) return signature;
  return void timers.setImmediate(callback, null, signature);
}

function verify(algorithm, data, key, signature, callback) {
  if (callback !== undefined) needFunction(callback, 'callback');
  const digest = digestFor(algorithm);
  const bytes = messageOf(data);
  if (!ArrayBuffer.isView(signature) && !(signature instanceof ArrayBuffer))
    throw invalidType('signature', 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView', signature);
  const good = verified(publicOf(key), digest, bytes, false, mannerOf(key), signature);
  if (callback === undefined) return good;
  return void timers.setImmediate(callback, null, good);
}

const OPERATIONS = { encrypt: 0, decrypt: 1, privateEncrypt: 2, publicDecrypt: 3 };

function rsa(operation, handleFor, usualPadding) {
  return (key, data) => {
    const isOptions = key !== null && typeof key === 'object' && !(key instanceof KeyObject);
    const { padding = usualPadding, oaepHash, oaepLabel, encoding } = isOptions ? key : {};
    if (oaepHash !== undefined) needString(oaepHash, 'key.oaepHash');
    if (oaepHash !== undefined && !crypto.digestInfo(oaepHash)) throw invalidDigest(oaepHash);
    const label = oaepLabel === undefined ? undefined : bytesOf(oaepLabel, 'key.oaepLabel', { encoding, memory: true });
    const bytes = bytesOf(data, 'buffer', { encoding, memory: true });
    return bufferOf(crypto.rsa(handleFor(key), OPERATIONS[operation], padding, oaepHash ?? (padding === 4 ? 'sha1' : undefined), label, bytes));
  };
}

function diffieHellman(options) {
  const { privateKey, publicKey } = options ?? {};
  for (const [name, key, type] of [['privateKey', privateKey, 'private'], ['publicKey', publicKey, 'public']]) {
    if (!(key instanceof KeyObject)) throw invalidValue(`options.${name}`, key);
    if (key.type !== type && !(name === 'publicKey' && key.type === 'private'))
      throw coded(TypeError, 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', `Invalid key object type ${key.type}, expected ${type}.`);
  }
  if (privateKey.asymmetricKeyType !== publicKey.asymmetricKeyType) {
    throw coded(Error, 'ERR_CRYPTO_INCOMPATIBLE_KEY',
      `Incompatible key types for Diffie-Hellman: ${privateKey.asymmetricKeyType} and ${publicKey.asymmetricKeyType}`);
  }
  return bufferOf(crypto.agree(handleOf(privateKey), handleOf(publicKey)));
}

module.exports = {
  Sign: callable(Sign), Verify: callable(Verify), createSign, createVerify, sign, verify, signed, verified, diffieHellman, constants,
  publicEncrypt: rsa('encrypt', publicOf, constants.RSA_PKCS1_OAEP_PADDING),
  privateDecrypt: rsa('decrypt', privateOf, constants.RSA_PKCS1_OAEP_PADDING),
  privateEncrypt: rsa('privateEncrypt', privateOf, constants.RSA_PKCS1_PADDING),
  publicDecrypt: rsa('publicDecrypt', publicOf, constants.RSA_PKCS1_PADDING),
};
