'use strict';

// KeyObject, and keys in whatever form they are handed in: PEM, DER, JWK, a CryptoKey.

const { Buffer } = require('./buffer');
const { coded, invalidType, invalidValue, needFunction, needInteger, needObject, needString, needUint32 } = require('./arguments');
const { native: crypto, bufferOf, bytesOf, memoryOf } = require('./crypto_parts');
const timers = require('./timers');
const work = require('./work');

// JWK's curves, OpenSSL's names for them, and the bytes of their numbers.
const CURVES = {
  __proto__: null,
  'P-256': ['prime256v1', 32],
  'P-384': ['secp384r1', 48],
  'P-521': ['secp521r1', 66],
  secp256k1: ['secp256k1', 32],
};
const RAW = { __proto__: null, Ed25519: 'ED25519', Ed448: 'ED448', X25519: 'X25519', X448: 'X448' };
const RSA_PARTS = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'];

const base64url = (bytes) => bufferOf(bytes).toString('base64url');
const padded = (bytes, size) => (bytes.length >= size ? bytes : Buffer.concat([Buffer.alloc(size - bytes.length), bytes]));

let handleOf; // KeyObject -> what is in it: bytes of a secret, a handle of an asymmetric key
let make = false;

class KeyObject {
  #type;
  #handle;

  constructor(type, handle) {
    if (!['secret', 'public', 'private'].includes(type)) throw invalidValue('type', type);
    if (!make) throw invalidType('handle', 'of type object', handle);
    this.#type = type;
    this.#handle = handle;
  }

  get type() {
    return this.#type;
  }

  static from(key) {
    const { keyIn } = require('./web_crypto_key');
    const found = keyIn(key);
    if (!found) throw invalidType('key', 'an instance of CryptoKey', key);
    return found;
  }

  equals(other) {
    if (!(other instanceof KeyObject)) throw invalidType('otherKeyObject', 'an instance of KeyObject', other);
    if (this.#type !== other.#type) return false;
    return this.#type === 'secret' ? crypto.bytesEqual(this.#handle, other.#handle) : crypto.keysEqual(this.#handle, other.#handle);
  }

  static {
    handleOf = (key) => key.#handle;
  }
}
Object.defineProperty(KeyObject.prototype, Symbol.toStringTag, { value: 'KeyObject', configurable: true });

class SecretKeyObject extends KeyObject {
  get symmetricKeySize() {
    return handleOf(this).byteLength;
  }

  export(options) {
    if (options !== undefined) needObject(options, 'options');
    if (options?.format === 'jwk') return { kty: 'oct', k: base64url(handleOf(this)) };
    return Buffer.from(handleOf(this));
  }
}

class AsymmetricKeyObject extends KeyObject {
  get asymmetricKeyType() {
    return crypto.keyParts(handleOf(this), false).type.toLowerCase();
  }

  get asymmetricKeyDetails() {
    const { type, bits, e, curve } = crypto.keyParts(handleOf(this), false);
    if (type === 'EC') return { namedCurve: curve };
    if (!e) return {};
    return { modulusLength: bits, publicExponent: BigInt(`0x${bufferOf(e).toString('hex')}`) };
  }
}

function jwkOf(key, isPrivate) {
  const parts = crypto.keyParts(handleOf(key), isPrivate);
  if (parts.type === 'RSA') {
    const names = isPrivate ? RSA_PARTS : RSA_PARTS.slice(0, 2);
    return { kty: 'RSA', ...Object.fromEntries(names.map((name) => [name, base64url(parts[name])])) };
  }
  if (parts.type === 'EC') {
    const found = Object.entries(CURVES).find(([, [name]]) => name === parts.curve);
    if (!found) throw coded(Error, 'ERR_CRYPTO_JWK_UNSUPPORTED_CURVE', `Unsupported JWK EC curve: ${parts.curve}.`);
    const [crv, [, size]] = found;
    const numbers = (isPrivate ? ['x', 'y', 'd'] : ['x', 'y']).map((name) => [name, base64url(padded(parts[name], size))]);
    return { kty: 'EC', crv, ...Object.fromEntries(numbers) };
  }
  const raw = Object.keys(RAW).find((name) => RAW[name] === parts.type);
  if (!raw) throw coded(Error, 'ERR_CRYPTO_JWK_UNSUPPORTED_KEY_TYPE', 'Unsupported JWK Key Type.');
  return { crv: raw, ...(isPrivate ? { d: base64url(parts.private) } : {}), x: base64url(parts.public), kty: 'OKP' };
}

const STRUCTURES = { spki: 'SubjectPublicKeyInfo', pkcs8: 'PrivateKeyInfo', pkcs1: 'type-specific', sec1: 'type-specific' };

function written(key, options, isPrivate, types) {
  needObject(options, 'options');
  const { format, type, cipher, passphrase } = options;
  if (format === 'jwk') return jwkOf(key, isPrivate);
  if (format !== 'pem' && format !== 'der') throw invalidValue('options.format', format);
  if (!types.includes(type)) throw invalidValue('options.type', type);
  if (type === 'pkcs1' && key.asymmetricKeyType !== 'rsa')
    throw coded(Error, 'ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS', 'The selected key encoding pkcs1 can only be used for RSA keys.');
  if (type === 'sec1' && key.asymmetricKeyType !== 'ec')
    throw coded(Error, 'ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS', 'The selected key encoding sec1 can only be used for EC keys.');
  if (cipher !== undefined) {
    needString(cipher, 'options.cipher');
    if (passphrase === undefined) throw invalidValue('options.passphrase', passphrase);
  }
  const phrase = passphrase === undefined || cipher === undefined ? undefined : bufferOf(bytesOf(passphrase, 'options.passphrase')).toString('latin1');
  const bytes = bufferOf(crypto.keyWrite(handleOf(key), isPrivate, STRUCTURES[type], format.toUpperCase(), cipher, phrase));
  return format === 'pem' ? bytes.toString() : bytes;
}

class PublicKeyObject extends AsymmetricKeyObject {
  export(options) {
    return written(this, options, false, ['pkcs1', 'spki']);
  }
}

class PrivateKeyObject extends AsymmetricKeyObject {
  export(options) {
    return written(this, options, true, ['pkcs1', 'pkcs8', 'sec1']);
  }
}

const CLASSES = { secret: SecretKeyObject, public: PublicKeyObject, private: PrivateKeyObject };

function keyObject(type, handle) {
  make = true;
  try {
    return new CLASSES[type](type, handle);
  } finally {
    make = false;
  }
}

// ---- keys that are handed in ----

function partOf(jwk, name) {
  const value = jwk[name];
  if (typeof value !== 'string') throw invalidType(`key.${name}`, 'of type string', value);
  return Buffer.from(value, 'base64url');
}

const invalidJwk = (kind) => coded(TypeError, 'ERR_CRYPTO_INVALID_JWK', `Invalid JWK${kind ? ` ${kind} key` : ' data'}`);

// A handle of the key a JWK has; of its public half where that is wanted.
function fromJwk(jwk, wantsPrivate) {
  needObject(jwk, 'key.key');
  const { kty, crv } = jwk;
  if (kty === 'RSA') {
    const names = wantsPrivate ? RSA_PARTS : RSA_PARTS.slice(0, 2);
    const parts = names.map((name) => partOf(jwk, name));
    try {
      return crypto.keyFromRsa(...parts, ...Array(RSA_PARTS.length - parts.length).fill(undefined));
    } catch {
      throw invalidJwk('RSA');
    }
  }
  if (kty === 'EC') {
    const [curve, size] = CURVES[crv] ?? [];
    if (!curve) throw invalidValue('key.crv', crv, "must be one of: 'P-256', 'secp256k1', 'P-384', 'P-521'");
    const point = Buffer.concat([Buffer.from([4]), padded(partOf(jwk, 'x'), size), padded(partOf(jwk, 'y'), size)]);
    const secret = wantsPrivate ? partOf(jwk, 'd') : undefined;
    try {
      return crypto.keyFromEc(curve, point, secret);
    } catch {
      throw invalidJwk('EC');
    }
  }
  if (kty === 'OKP') {
    if (!RAW[crv]) throw invalidValue('key.crv', crv, "must be one of: 'Ed25519', 'Ed448', 'X25519', 'X448'");
    const bytes = partOf(jwk, wantsPrivate ? 'd' : 'x');
    try {
      return crypto.keyFromRaw(RAW[crv], bytes, wantsPrivate);
    } catch {
      throw invalidJwk();
    }
  }
  throw invalidValue('key.kty', kty, "must be one of: 'RSA', 'EC', 'OKP'");
}

function read(bytes, isPrivate, passphrase) {
  const phrase = passphrase === undefined ? undefined : bufferOf(bytesOf(passphrase, 'key.passphrase', { memory: true })).toString('latin1');
  const handle = crypto.keyRead(bytes, isPrivate, phrase);
  if (handle === 'passphrase') throw coded(TypeError, 'ERR_MISSING_PASSPHRASE', 'Passphrase required for encrypted key');
  return handle;
}

const isPlain = (value) => value !== null && typeof value === 'object' && !ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer);

// A KeyObject of what stands for a key; CryptoKeys give theirs.
function given(key) {
  if (key instanceof KeyObject) return key;
  return isPlain(key) ? require('./web_crypto_key').keyIn(key) : undefined;
}

const wrongKey = (key, name = 'key') => invalidType(name,
  'of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, KeyObject, or CryptoKey', key);

function mustBe(key, types) {
  if (types.includes(key.type)) return key;
  throw coded(TypeError, 'ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE', `Invalid key object type ${key.type}, expected ${types.join(' or ')}.`);
}

function asymmetric(key, type) {
  const isPrivate = type === 'private';
  const types = isPrivate ? ['private'] : ['private', 'public'];
  const known = given(key) ?? (isPlain(key) ? given(key.key) : undefined);
  if (known) return mustBe(known, types);
  const options = isPlain(key) ? key : { key };
  const { key: data, format = 'pem', passphrase, encoding } = options;
  if (format === 'jwk') return keyObject(type, fromJwk(data, isPrivate));
  if (typeof data !== 'string' && !ArrayBuffer.isView(data) && !(data instanceof ArrayBuffer)) throw wrongKey(data, isPlain(key) ? 'key.key' : 'key');
  if (format !== 'pem' && format !== 'der') throw invalidValue('options.format', format);
  return keyObject(type, read(bytesOf(data, 'key', { encoding, memory: true }), isPrivate, passphrase));
}

function createPrivateKey(key) {
  if (given(key)) {
    throw invalidType('key', 'of type string or an instance of ArrayBuffer, Buffer, TypedArray, DataView, or Object', key);
  }
  return asymmetric(key, 'private');
}

function createPublicKey(key) {
  const known = given(key) ?? (isPlain(key) ? given(key.key) : undefined);
  if (known) return keyObject('public', handleOf(mustBe(known, ['private'])));
  return asymmetric(key, 'public');
}

function createSecretKey(key, encoding) {
  if (typeof key === 'string') return keyObject('secret', Buffer.from(key, encoding));
  const bytes = memoryOf(key, 'key');
  return keyObject('secret', new Uint8Array(Buffer.from(new Uint8Array(bytes.buffer ?? bytes, bytes.byteOffset ?? 0, bytes.byteLength))));
}

// The bytes of a symmetric key.
function secretOf(key, options, name = 'key') {
  const known = given(key);
  if (known) return handleOf(mustBe(known, ['secret']));
  if (typeof key !== 'string' && !ArrayBuffer.isView(key) && !(key instanceof ArrayBuffer)) throw wrongKey(key, name);
  return bytesOf(key, name, { encoding: options?.encoding, memory: true });
}

// The handle of a key to sign or decrypt with, and of one to verify or encrypt with.
const privateOf = (key) => handleOf(asymmetric(key, 'private'));
const publicOf = (key) => handleOf(asymmetric(key, 'public'));

// ---- keys that are made ----

const PAIRS = { __proto__: null, rsa: 'RSA', ec: 'EC', ed25519: 'ED25519', ed448: 'ED448', x25519: 'X25519', x448: 'X448' };

// Those that are not made here, and what to do instead. They can be read and used.
const ABSENT = {
  'rsa-pss': "make one of type 'rsa' and sign with padding: constants.RSA_PKCS1_PSS_PADDING",
  dsa: "use 'ec' or 'ed25519'",
  dh: "use 'x25519' and diffieHellman()",
};

// The arguments of keyGenerate() behind its id.
function pairJob(type, options = {}) {
  needString(type, 'type');
  const name = PAIRS[type];
  if (Object.hasOwn(ABSENT, type)) {
    throw coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      `crypto.generateKeyPair('${type}') is not available in the runner's JavaScript engine: ${ABSENT[type]}`);
  }
  if (!name) throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'type' must be a supported key type. Received '${type}'`);
  if (type === 'rsa') {
    needObject(options, 'options');
    const { modulusLength, publicExponent = 0x10001 } = options;
    needUint32(modulusLength, 'options.modulusLength');
    needUint32(publicExponent, 'options.publicExponent');
    return [name, modulusLength, publicExponent, undefined];
  }
  if (type !== 'ec') return [name, 0, 0, undefined];
  needObject(options, 'options');
  needString(options.namedCurve, 'options.namedCurve');
  const curve = CURVES[options.namedCurve]?.[0] ?? options.namedCurve;
  return [name, 0, 0, curve];
}

const invalidCurve = () => coded(TypeError, 'ERR_CRYPTO_INVALID_CURVE', 'Invalid EC curve name');

function pairOf(handle) {
  return { publicKey: keyObject('public', handle), privateKey: keyObject('private', handle) };
}

function encodedPair(pair, { publicKeyEncoding, privateKeyEncoding } = {}) {
  return {
    publicKey: publicKeyEncoding ? pair.publicKey.export(publicKeyEncoding) : pair.publicKey,
    privateKey: privateKeyEncoding ? pair.privateKey.export(privateKeyEncoding) : pair.privateKey,
  };
}

function generateKeyPairSync(type, options) {
  const handle = crypto.keyGenerate(0, ...pairJob(type, options));
  if (!handle) throw invalidCurve();
  return encodedPair(pairOf(handle), options);
}

function beginPair(job, callback) {
  const known = job[3] === undefined || crypto.curveNames().includes(job[3]);
  if (!known) throw invalidCurve();
  work.start((id) => crypto.keyGenerate(id, ...job), callback);
}

function generateKeyPair(type, options, callback) {
  if (typeof options === 'function') [options, callback] = [undefined, options];
  needFunction(callback, 'callback');
  beginPair(pairJob(type, options), (error, handle) => {
    if (error !== undefined) {
      callback(error);
      return;
    }
    let pair;
    try {
      pair = encodedPair(pairOf(handle), options);
    } catch (failure) { // there is no such encoding
      callback(failure);
      return;
    }
    callback(null, pair.publicKey, pair.privateKey);
  });
}
Object.defineProperty(generateKeyPair, Symbol.for('nodejs.util.promisify.custom'), {
  value: (type, options) => new Promise((resolve, reject) => {
    generateKeyPair(type, options, (error, publicKey, privateKey) => (error ? reject(error) : resolve({ publicKey, privateKey })));
  }),
});

// For webcrypto.
const generatedPair = (type, options) => new Promise((resolve, reject) => {
  beginPair(pairJob(type, options), (error, handle) => (error === undefined ? resolve(pairOf(handle)) : reject(error)));
});

function generateKeySync(type, options) {
  needString(type, 'type');
  needObject(options, 'options');
  const { length } = options;
  if (type === 'hmac') needInteger(length, 'options.length', 8, 2 ** 31 - 1);
  else if (type !== 'aes') throw invalidValue('type', type, 'must be a supported key type');
  else if (![128, 192, 256].includes(length)) throw invalidValue('options.length', length, 'must be one of: 128, 192, 256');
  const bytes = Buffer.alloc(Math.trunc(length / 8));
  native.randomFill(bytes);
  return keyObject('secret', bytes);
}

function generateKey(type, options, callback) {
  needFunction(callback, 'callback');
  timers.setImmediate(callback, undefined, generateKeySync(type, options));
}

module.exports = { KeyObject, keyObject, handleOf, fromJwk, jwkOf, read, privateOf, publicOf, secretOf, given, CURVES, RAW, padded,
  createPrivateKey, createPublicKey, createSecretKey, generateKeyPair, generateKeyPairSync, generateKey, generateKeySync, generatedPair };
