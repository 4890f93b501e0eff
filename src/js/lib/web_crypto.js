'use strict';

// SubtleCrypto (https://w3c.github.io/webcrypto/), over the same functions as Node's crypto.

const { Buffer } = require('./buffer');
const { coded, invalidType } = require('./arguments');
const { native: crypto } = require('./crypto_parts');
const { createSecretKey, fromJwk, generatedPair, handleOf, jwkOf, keyObject, padded, read, CURVES, RAW } = require('./crypto_keys');
const { signed, verified } = require('./crypto_sign');
const { createCipheriv, createDecipheriv } = require('./crypto_cipher');
const { deriving } = require('./crypto_kdf');
const { CryptoKey, cryptoKey, keyIn } = require('./web_crypto_key');

const DIGESTS = { __proto__: null, 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' };
const BLOCKS = { __proto__: null, 'SHA-1': 512, 'SHA-256': 512, 'SHA-384': 1024, 'SHA-512': 1024 };
const BIG = 1 << 20; // from so many bytes on, another thread digests
const PKCS1 = 1;
const OAEP = 4;
const PSS = 6;

function failure(message, name) {
  const { DOMException } = require('./structured');
  return new DOMException(message, name);
}
const unsupported = (message = 'Unrecognized algorithm name') => failure(message, 'NotSupportedError');

// Bytes as they are now: what is asked for may be done later.
function bytesOf(data, name) {
  if (!ArrayBuffer.isView(data) && !(data instanceof ArrayBuffer))
    throw invalidType(name, 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView', data);
  const view = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  return view.slice();
}

const memoryOf = (bytes) => {
  const { buffer, byteOffset, byteLength } = bytes;
  return byteOffset === 0 && buffer.byteLength === byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
};

// ---- algorithms ----

const KINDS = {
  __proto__: null,
  'rsassa-pkcs1-v1_5': { name: 'RSASSA-PKCS1-v1_5', kind: 'rsa', padding: PKCS1, uses: ['sign', 'verify'] },
  'rsa-pss': { name: 'RSA-PSS', kind: 'rsa', padding: PSS, uses: ['sign', 'verify'] },
  'rsa-oaep': { name: 'RSA-OAEP', kind: 'rsa', padding: OAEP, uses: ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'] },
  ecdsa: { name: 'ECDSA', kind: 'ec', uses: ['sign', 'verify'] },
  ecdh: { name: 'ECDH', kind: 'ec', uses: ['deriveKey', 'deriveBits'] },
  ed25519: { name: 'Ed25519', kind: 'raw', uses: ['sign', 'verify'] },
  ed448: { name: 'Ed448', kind: 'raw', uses: ['sign', 'verify'] },
  x25519: { name: 'X25519', kind: 'raw', uses: ['deriveKey', 'deriveBits'] },
  x448: { name: 'X448', kind: 'raw', uses: ['deriveKey', 'deriveBits'] },
  hmac: { name: 'HMAC', kind: 'hmac', uses: ['sign', 'verify'] },
  'aes-gcm': { name: 'AES-GCM', kind: 'aes', mode: 'gcm', uses: ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'] },
  'aes-cbc': { name: 'AES-CBC', kind: 'aes', mode: 'cbc', uses: ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'] },
  'aes-ctr': { name: 'AES-CTR', kind: 'aes', mode: 'ctr', uses: ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey'] },
  'aes-kw': { name: 'AES-KW', kind: 'aes', uses: ['wrapKey', 'unwrapKey'] },
  pbkdf2: { name: 'PBKDF2', kind: 'kdf', uses: ['deriveKey', 'deriveBits'] },
  hkdf: { name: 'HKDF', kind: 'kdf', uses: ['deriveKey', 'deriveBits'] },
};
// Which of an asymmetric key's uses its public half has.
const PUBLIC_USES = new Set(['verify', 'encrypt', 'wrapKey']);

// {name, ...what else was given, algorithm: its row above}; names are taken in whatever case.
function normalized(given) {
  if (typeof given === 'string') given = { name: given };
  if (given === null || typeof given !== 'object' || typeof given.name !== 'string')
    throw invalidType('algorithm', 'of type string or an instance of Object', given);
  const algorithm = KINDS[given.name.toLowerCase()];
  if (!algorithm) throw unsupported();
  return { ...given, name: algorithm.name, algorithm };
}

function hashOf(hash) {
  const name = typeof hash === 'string' ? hash : hash?.name;
  if (typeof name !== 'string') throw invalidType('algorithm.hash', 'of type string or an instance of Object', hash);
  const found = Object.keys(DIGESTS).find((each) => each === name.toUpperCase());
  if (!found) throw unsupported();
  return found;
}

function usagesFor(usages, allowed) {
  if (!Array.isArray(usages)) throw invalidType('keyUsages', 'an instance of Array', usages);
  const all = ['encrypt', 'decrypt', 'sign', 'verify', 'deriveKey', 'deriveBits', 'wrapKey', 'unwrapKey'];
  for (const usage of usages) {
    if (!all.includes(usage)) throw invalidType('keyUsages', `one of ${all.join(', ')}`, usage);
    if (!allowed.includes(usage)) throw failure('Unsupported key usage for this key', 'SyntaxError');
  }
  return all.filter((usage) => usages.includes(usage));
}

const needsUsage = (usages) => {
  if (usages.length === 0) throw failure('Usages cannot be empty when creating a key.', 'SyntaxError');
};

// Whether the key may be used so, by this algorithm.
function needUse(key, { name }, use) {
  if (!keyIn(key)) throw invalidType('key', 'an instance of CryptoKey', key);
  if (key.algorithm.name !== name) throw failure('Key algorithm mismatch', 'InvalidAccessError');
  if (!key.usages.includes(use)) throw failure(`Unable to use this key to ${use}`, 'InvalidAccessError');
  return handleOf(keyIn(key));
}

// ---- signing ----

function mannerOf(given, key) {
  const { algorithm, saltLength } = given;
  switch (algorithm.kind) {
    case 'rsa': return [DIGESTS[key.algorithm.hash.name], { padding: algorithm.padding, saltLength: saltLength ?? -2, raw: false }];
    case 'ec': return [DIGESTS[hashOf(given.hash)], { padding: 0, saltLength: -2, raw: true }];
    default: return [undefined, { padding: 0, saltLength: -2, raw: false }];
  }
}

function hmac(handle, key, data) {
  const state = crypto.hashMake(DIGESTS[key.algorithm.hash.name], handle);
  crypto.hashUpdate(state, data);
  return crypto.hashDigest(state, -1);
}

async function sign(given, key, data) {
  given = normalized(given);
  const handle = needUse(key, given, 'sign');
  const bytes = bytesOf(data, 'data');
  if (given.algorithm.kind === 'hmac') return memoryOf(hmac(handle, key, bytes));
  const [digest, manner] = mannerOf(given, key);
  return memoryOf(signed(handle, digest, bytes, false, manner));
}

async function verify(given, key, signature, data) {
  given = normalized(given);
  const handle = needUse(key, given, 'verify');
  const expected = bytesOf(signature, 'signature');
  const bytes = bytesOf(data, 'data');
  if (given.algorithm.kind === 'hmac') return crypto.bytesEqual(hmac(handle, key, bytes), expected);
  const [digest, manner] = mannerOf(given, key);
  return verified(handle, digest, bytes, false, manner, expected);
}

// ---- encrypting ----

function aesOptions(given, length) {
  const { mode } = given.algorithm;
  const name = `aes-${length}-${mode}`;
  if (mode === 'ctr') {
    const counter = bytesOf(given.counter, 'algorithm.counter');
    if (counter.length !== 16) throw failure('algorithm.counter must have exactly 16 bytes', 'OperationError');
    return { name, iv: counter };
  }
  const iv = bytesOf(given.iv, 'algorithm.iv');
  if (mode === 'cbc') {
    if (iv.length !== 16) throw failure('algorithm.iv must contain exactly 16 bytes', 'OperationError');
    return { name, iv };
  }
  const tagLength = given.tagLength ?? 128;
  if (![32, 64, 96, 104, 112, 120, 128].includes(tagLength)) throw failure(`${tagLength} is not a valid AES-GCM tag length`, 'OperationError');
  return { name, iv, tag: tagLength / 8, aad: given.additionalData === undefined ? undefined : bytesOf(given.additionalData, 'algorithm.additionalData') };
}

function aesEncrypt(given, handle, data) {
  const { name, iv, tag, aad } = aesOptions(given, handle.byteLength * 8);
  const cipher = createCipheriv(name, handle, iv, tag ? { authTagLength: tag } : undefined);
  if (aad) cipher.setAAD(aad);
  return Buffer.concat([cipher.update(data), cipher.final(), ...(tag ? [cipher.getAuthTag()] : [])]);
}

function aesDecrypt(given, handle, data) {
  const { name, iv, tag, aad } = aesOptions(given, handle.byteLength * 8);
  const end = data.length - (tag ?? 0);
  if (end < 0) throw failure('The provided data is too small.', 'OperationError');
  const decipher = createDecipheriv(name, handle, iv, tag ? { authTagLength: tag } : undefined);
  if (aad) decipher.setAAD(aad);
  if (tag) decipher.setAuthTag(data.subarray(end));
  return Buffer.concat([decipher.update(data.subarray(0, end)), decipher.final()]);
}

function crypt(given, key, data, use) {
  given = normalized(given);
  if (given.algorithm.name === 'AES-KW' || !given.algorithm.uses.includes('encrypt')) throw unsupported();
  const handle = needUse(key, given, use);
  const bytes = bytesOf(data, 'data');
  const encrypts = use === 'encrypt' || use === 'wrapKey';
  try {
    if (given.algorithm.kind === 'aes') return encrypts ? aesEncrypt(given, handle, bytes) : aesDecrypt(given, handle, bytes);
    const label = given.label === undefined ? undefined : bytesOf(given.label, 'algorithm.label');
    return crypto.rsa(handle, encrypts ? 0 : 1, OAEP, DIGESTS[key.algorithm.hash.name], label, bytes);
  } catch (error) {
    if (error.name === 'OperationError' || error.code === 'ERR_INVALID_ARG_TYPE') throw error;
    throw failure('The operation failed for an operation-specific reason', 'OperationError');
  }
}

const encrypt = async (given, key, data) => memoryOf(crypt(given, key, data, 'encrypt'));
const decrypt = async (given, key, data) => memoryOf(crypt(given, key, data, 'decrypt'));

// ---- digests and what is derived ----

async function digest(given, data) {
  const name = hashOf(given);
  const bytes = bytesOf(data, 'data');
  if (bytes.length >= BIG) return memoryOf(await deriving.digest(DIGESTS[name], bytes));
  const state = crypto.hashMake(DIGESTS[name], undefined);
  crypto.hashUpdate(state, bytes);
  return memoryOf(crypto.hashDigest(state, -1));
}

async function bitsOf(given, key, length) {
  const { algorithm } = given;
  const handle = handleOf(keyIn(key));
  if (algorithm.kind === 'kdf') {
    if (length === null || length % 8 !== 0) throw failure('length must be a multiple of 8', 'OperationError');
    const salt = bytesOf(given.salt, 'algorithm.salt');
    const hash = DIGESTS[hashOf(given.hash)];
    if (algorithm.name === 'HKDF') return deriving.hkdf(hash, handle, salt, bytesOf(given.info, 'algorithm.info'), length / 8);
    if (!given.iterations) throw failure('iterations cannot be zero', 'OperationError');
    return deriving.pbkdf2(handle, salt, given.iterations, length / 8, hash);
  }
  if (!keyIn(given.public)) throw invalidType('algorithm.public', 'an instance of CryptoKey', given.public);
  if (given.public.algorithm.name !== key.algorithm.name) throw failure('The public and private keys must be of the same type', 'InvalidAccessError');
  if (given.public.algorithm.namedCurve !== key.algorithm.namedCurve) throw failure('Named curve mismatch', 'InvalidAccessError');
  const secret = crypto.agree(handle, handleOf(keyIn(given.public)));
  if (length === null) return secret;
  if (Math.ceil(length / 8) > secret.length) throw failure('derived bit length is too small', 'OperationError');
  const bits = secret.slice(0, Math.ceil(length / 8));
  if (length % 8) bits[bits.length - 1] &= (0xff00 >> length % 8) & 0xff;
  return bits;
}

async function deriveBits(given, key, length = null) {
  given = normalized(given);
  needUse(key, given, 'deriveBits');
  return memoryOf(await bitsOf(given, key, length));
}

// How many bits a key that is to be derived has; null for as many as there are.
function lengthOf(given) {
  const { algorithm, length, hash } = given;
  if (algorithm.kind === 'aes') return aesLength(length);
  if (algorithm.kind === 'hmac') return length ?? BLOCKS[hashOf(hash)];
  if (algorithm.kind === 'kdf') return null;
  throw unsupported();
}

async function deriveKey(given, baseKey, derived, extractable, usages) {
  given = normalized(given);
  needUse(baseKey, given, 'deriveKey');
  const bits = await bitsOf(given, baseKey, lengthOf(normalized(derived)));
  return importKey('raw', bits, derived, extractable, usages);
}

// ---- keys ----

function aesLength(length) {
  if (![128, 192, 256].includes(length)) throw failure('Invalid key length', 'OperationError');
  return length;
}

const secretKey = (bytes, details, usages, extractable) => cryptoKey(createSecretKey(bytes), details, usages, Boolean(extractable));

function details(given, key) {
  const { algorithm: { kind, name } } = given;
  if (kind === 'rsa') {
    const { bits, e } = crypto.keyParts(handleOf(key), false);
    return { name, modulusLength: bits, publicExponent: new Uint8Array(e), hash: { name: hashOf(given.hash) } };
  }
  return kind === 'ec' ? { name, namedCurve: given.namedCurve } : { name };
}

function curveOf({ namedCurve }) {
  if (!CURVES[namedCurve]) throw unsupported('Unrecognized namedCurve');
  return CURVES[namedCurve];
}

async function generateKey(given, extractable, usages) {
  given = normalized(given);
  const { kind, name, uses } = given.algorithm;
  usages = usagesFor(usages, uses);
  if (kind === 'kdf') throw unsupported();
  if (kind === 'aes' || kind === 'hmac') {
    const hash = kind === 'hmac' ? { hash: { name: hashOf(given.hash) } } : {};
    const length = kind === 'aes' ? aesLength(given.length) : given.length ?? BLOCKS[hash.hash.name];
    if (length === 0) throw failure('Zero-length key is not supported', 'OperationError');
    needsUsage(usages);
    const bytes = new Uint8Array(Math.ceil(length / 8));
    native.randomFill(bytes);
    return secretKey(bytes, { name, length, ...hash }, usages, extractable);
  }
  if (kind === 'ec') curveOf(given);
  if (kind === 'rsa') hashOf(given.hash);
  const [type, options] = kind === 'rsa'
    ? ['rsa', { modulusLength: given.modulusLength, publicExponent: parseInt(Buffer.from(bytesOf(given.publicExponent, 'algorithm.publicExponent')).toString('hex'), 16) }]
    : kind === 'ec' ? ['ec', { namedCurve: given.namedCurve }] : [name.toLowerCase(), {}];
  const isPublic = (usage) => PUBLIC_USES.has(usage);
  const privateUsages = usages.filter((usage) => !isPublic(usage));
  needsUsage(privateUsages);
  const { publicKey, privateKey } = await generatedPair(type, options);
  const algorithm = details(given, publicKey);
  return {
    publicKey: cryptoKey(publicKey, algorithm, usages.filter(isPublic), true),
    privateKey: cryptoKey(privateKey, algorithm, privateUsages, Boolean(extractable)),
  };
}

const JWK_HMAC = { 'SHA-1': 'HS1', 'SHA-256': 'HS256', 'SHA-384': 'HS384', 'SHA-512': 'HS512' };
const JWK_AES = { 'AES-GCM': 'GCM', 'AES-CBC': 'CBC', 'AES-CTR': 'CTR', 'AES-KW': 'KW' };
const JWK_RSA = { 'RSASSA-PKCS1-v1_5': 'RS', 'RSA-PSS': 'PS', 'RSA-OAEP': 'RSA-OAEP' };

// What a JWK's `alg` is for such a key.
function jwkAlgorithm({ name, hash, length }) {
  if (name === 'HMAC') return JWK_HMAC[hash.name];
  if (JWK_AES[name]) return `A${length}${JWK_AES[name]}`;
  const digits = hash?.name.slice('SHA-'.length);
  if (name === 'RSA-OAEP') return digits === '1' ? 'RSA-OAEP' : `RSA-OAEP-${digits}`;
  if (name === 'Ed25519' || name === 'Ed448') return name;
  return JWK_RSA[name] ? `${JWK_RSA[name]}${digits}` : undefined;
}

const dataError = (message = 'Invalid keyData') => failure(message, 'DataError');

function checkJwk(jwk, kty, extractable, usages) {
  if (jwk === null || typeof jwk !== 'object') throw dataError('Invalid keyData');
  if (jwk.kty !== kty) throw dataError('Invalid JWK "kty" Parameter');
  if (jwk.ext === false && extractable) throw dataError('JWK "ext" Parameter and extractable mismatch');
  if (jwk.key_ops !== undefined && !usages.every((usage) => jwk.key_ops.includes(usage)))
    throw dataError('Key operations and usage mismatch');
}

function importSecret(format, data, given, extractable, usages) {
  const { kind, name, uses } = given.algorithm;
  if (kind === 'kdf' && extractable) throw failure(`${name} keys must not be extractable`, 'SyntaxError');
  usages = usagesFor(usages, uses);
  needsUsage(usages);
  let bytes;
  if (format === 'jwk' && kind !== 'kdf') {
    checkJwk(data, 'oct', extractable, usages);
    bytes = new Uint8Array(Buffer.from(data.k, 'base64url'));
  } else if (format === 'raw') {
    bytes = bytesOf(data, 'keyData');
  } else {
    throw unsupported(`Unable to import ${name} key with format ${format}`);
  }
  const length = bytes.length * 8;
  if (kind === 'kdf') return secretKey(bytes, { name }, usages, false);
  if (kind === 'aes') {
    if (![128, 192, 256].includes(length)) throw dataError('Invalid key length');
    return secretKey(bytes, { name, length }, usages, extractable);
  }
  if (length === 0) throw dataError('Zero-length key is not supported');
  return secretKey(bytes, { name, length: given.length ?? length, hash: { name: hashOf(given.hash) } }, usages, extractable);
}

// The handle of a key in one of the formats for asymmetric ones, and whether it is private.
function importHandle(format, data, given, extractable, usages) {
  const { kind, name } = given.algorithm;
  switch (format) {
    case 'jwk': {
      const kty = { rsa: 'RSA', ec: 'EC', raw: 'OKP' }[kind];
      checkJwk(data, kty, extractable, usages);
      if (kind === 'ec' && data.crv !== given.namedCurve) throw dataError('JWK "crv" does not match the requested algorithm');
      if (kind === 'raw' && data.crv !== name) throw dataError('JWK "crv" Parameter and algorithm name mismatch');
      const isPrivate = data.d !== undefined;
      return [fromJwk(data, isPrivate), isPrivate];
    }
    case 'spki': return [read(bytesOf(data, 'keyData'), false), false];
    case 'pkcs8': return [read(bytesOf(data, 'keyData'), true), true];
    case 'raw':
      if (kind === 'ec') return [crypto.keyFromEc(curveOf(given)[0], bytesOf(data, 'keyData'), undefined), false];
      if (kind === 'raw') return [crypto.keyFromRaw(RAW[name], bytesOf(data, 'keyData'), false), false];
      throw unsupported(`Unable to import ${name} key with format raw`);
    default: throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The provided value '${format}' is not a valid enum value of type KeyFormat.`);
  }
}

// Whether the key that came is one for that algorithm.
function isKeyFor({ algorithm: { kind, name }, namedCurve }, handle) {
  const { type, curve } = crypto.keyParts(handle, false);
  if (kind === 'rsa') return type === 'RSA';
  if (kind === 'ec') return type === 'EC' && curve === CURVES[namedCurve][0];
  return type === RAW[name];
}

async function importKey(format, data, given, extractable, usages) {
  given = normalized(given);
  const { kind, uses } = given.algorithm;
  if (kind === 'aes' || kind === 'hmac' || kind === 'kdf') return importSecret(format, data, given, extractable, usages);
  if (kind === 'ec') curveOf(given);
  if (kind === 'rsa') hashOf(given.hash);
  let found;
  try {
    found = importHandle(format, data, given, extractable, usages);
  } catch (error) {
    if (error.name !== 'Error' && error.code !== 'ERR_CRYPTO_INVALID_JWK') throw error;
    throw dataError();
  }
  const [handle, isPrivate] = found;
  if (!isKeyFor(given, handle)) throw dataError('Invalid key type');
  const half = uses.filter((use) => PUBLIC_USES.has(use) !== isPrivate || use.startsWith('derive'));
  usages = usagesFor(usages, uses.some((use) => use.startsWith('derive')) && !isPrivate ? [] : half);
  if (isPrivate) needsUsage(usages);
  const key = keyObject(isPrivate ? 'private' : 'public', handle);
  return cryptoKey(key, details(given, key), usages, Boolean(extractable));
}

function exported(format, key) {
  const object = keyIn(key);
  const { name, namedCurve } = key.algorithm;
  const { kind } = KINDS[name.toLowerCase()];
  const wrong = () => unsupported(`Unable to export ${name} ${key.type} key using ${format} format`);
  if (format === 'jwk') {
    const alg = jwkAlgorithm(key.algorithm);
    const jwk = key.type === 'secret' ? object.export({ format: 'jwk' }) : jwkOf(object, key.type === 'private');
    return { key_ops: [...key.usages], ext: key.extractable, ...jwk, ...(alg ? { alg } : {}) };
  }
  if (key.type === 'secret') {
    if (format !== 'raw') throw wrong();
    return object.export();
  }
  if (format === 'spki' && key.type === 'public') return object.export({ type: 'spki', format: 'der' });
  if (format === 'pkcs8' && key.type === 'private') return object.export({ type: 'pkcs8', format: 'der' });
  if (format !== 'raw' || key.type !== 'public' || kind === 'rsa') throw wrong();
  const { x, y, public: raw } = crypto.keyParts(handleOf(object), false);
  const size = CURVES[namedCurve]?.[1];
  return kind === 'ec' ? Buffer.concat([Buffer.from([4]), padded(x, size), padded(y, size)]) : raw;
}

async function exportKey(format, key) {
  if (!keyIn(key)) throw invalidType('key', 'an instance of CryptoKey', key);
  if (!key.extractable) throw failure('key is not extractable', 'InvalidAccessError');
  const value = exported(format, key);
  return format === 'jwk' ? value : memoryOf(value);
}

// ---- keys within keys ----

// RFC 3394's first vector.
const WRAP_IV = new Uint8Array(8).fill(0xa6);

function wrapped(given, key, bytes, use) {
  if (given.name !== 'AES-KW') return crypt(given, key, bytes, use);
  const handle = needUse(key, given, use);
  const make = use === 'wrapKey' ? createCipheriv : createDecipheriv;
  try {
    const cipher = make(`id-aes${handle.byteLength * 8}-wrap`, handle, WRAP_IV);
    return Buffer.concat([cipher.update(bytes), cipher.final()]);
  } catch {
    throw failure('The operation failed for an operation-specific reason', 'OperationError');
  }
}

async function wrapKey(format, key, wrappingKey, given) {
  given = normalized(given);
  const value = await exportKey(format, key);
  let bytes = format === 'jwk' ? Buffer.from(JSON.stringify(value)) : new Uint8Array(value);
  if (format === 'jwk' && given.name === 'AES-KW') bytes = Buffer.concat([bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8, ' ')]);
  return memoryOf(wrapped(given, wrappingKey, bytes, 'wrapKey'));
}

async function unwrapKey(format, data, unwrappingKey, given, algorithm, extractable, usages) {
  const bytes = wrapped(normalized(given), unwrappingKey, bytesOf(data, 'wrappedKey'), 'unwrapKey');
  return importKey(format, format === 'jwk' ? JSON.parse(Buffer.from(bytes).toString()) : bytes, algorithm, extractable, usages);
}

let make = false;

class SubtleCrypto {
  constructor() {
    if (!make) throw coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
  }
}
const methods = { decrypt, deriveBits, deriveKey, digest, encrypt, exportKey, generateKey, importKey, sign, unwrapKey, verify, wrapKey };
for (const [name, value] of Object.entries(methods))
  Object.defineProperty(SubtleCrypto.prototype, name, { value, writable: true, enumerable: true, configurable: true });
Object.defineProperty(SubtleCrypto.prototype, Symbol.toStringTag, { value: 'SubtleCrypto', configurable: true });

make = true;
const subtle = new SubtleCrypto();
make = false;

module.exports = { SubtleCrypto, CryptoKey, subtle };
