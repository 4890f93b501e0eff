'use strict';

// pbkdf2, scrypt and hkdf: at once, or on another thread.

const { coded, needFunction, needInt32, needInteger, needObject, needString, needUint32 } = require('./arguments');
const { native: crypto, bufferOf, bytesOf, digestInfo } = require('./crypto_parts');
const work = require('./work');

const NOTHING = new Uint8Array(0);

// The arguments of derive() behind its id.
const job = (name, digest, length, [password, salt, info = NOTHING], [a = 0, b = 0, c = 0, d = 0]) =>
  [name, digest, length, password, salt, info, a, b, c, d];

const now = (args) => crypto.derive(0, ...args);
const later = (args, callback, shape) => work.start((id) => crypto.derive(id, ...args),
  (error, bytes) => (error === undefined ? callback(null, shape(bytes)) : callback(error)));

function pbkdf2Job(password, salt, iterations, length, digest) {
  needString(digest, 'digest');
  const inputs = [bytesOf(password, 'password', { memory: true }), bytesOf(salt, 'salt', { memory: true })];
  needInt32(iterations, 'iterations', 1);
  needInt32(length, 'keylen', 0);
  digestInfo(digest);
  return job('pbkdf2', digest, length, inputs, [iterations]);
}

function pbkdf2(password, salt, iterations, length, digest, callback) {
  if (typeof digest === 'function') [digest, callback] = [undefined, digest];
  const args = pbkdf2Job(password, salt, iterations, length, digest);
  needFunction(callback, 'callback');
  later(args, callback, bufferOf);
}

const pbkdf2Sync = (...args) => bufferOf(now(pbkdf2Job(...args)));

const SHORT = { cost: 'N', blockSize: 'r', parallelization: 'p' };

function scryptJob(password, salt, length, options = {}) {
  const inputs = [bytesOf(password, 'password', { memory: true }), bytesOf(salt, 'salt', { memory: true })];
  needInt32(length, 'keylen', 0);
  const settled = { N: 16384, r: 8, p: 1, maxmem: 32 * 1024 * 1024 };
  if (options !== null) needObject(options, 'options');
  for (const [long, short] of Object.entries(SHORT)) {
    const name = options?.[short] !== undefined ? short : long;
    const value = options?.[name];
    if (value === undefined) continue;
    if (options[long] !== undefined && options[short] !== undefined)
      throw coded(Error, 'ERR_CRYPTO_SCRYPT_INVALID_PARAMETER', 'Invalid scrypt parameter');
    needUint32(value, name);
    settled[short] = value || settled[short];
  }
  if (options?.maxmem !== undefined) {
    needInteger(options.maxmem, 'maxmem', 0);
    settled.maxmem = options.maxmem || settled.maxmem;
  }
  const { N, r, p, maxmem } = settled;
  const complaint = crypto.scryptComplaint(N, r, p, maxmem);
  if (complaint !== undefined) {
    throw coded(RangeError, 'ERR_CRYPTO_INVALID_SCRYPT_PARAMS',
      `Invalid scrypt params${/memory limit/.test(complaint) ? `: ${complaint}` : ''}`);
  }
  return job('scrypt', undefined, length, inputs, [N, r, p, maxmem]);
}

function scrypt(password, salt, length, options, callback) {
  if (callback === undefined) [options, callback] = [undefined, options];
  const args = scryptJob(password, salt, length, options);
  needFunction(callback, 'callback');
  later(args, callback, bufferOf);
}

const scryptSync = (...args) => bufferOf(now(scryptJob(...args)));

function hkdfJob(digest, key, salt, info, length) {
  needString(digest, 'digest');
  const { secretOf } = require('./crypto_keys');
  const inputs = [secretOf(key, undefined, 'ikm'), bytesOf(salt, 'salt', { memory: true }), bytesOf(info, 'info', { memory: true })];
  needInteger(length, 'length', 0, 4294967296);
  if (inputs[2].byteLength > 1024) {
    throw coded(RangeError, 'ERR_OUT_OF_RANGE',
      `The value of "info" is out of range. It must be must not contain more than 1024 bytes. Received ${inputs[2].byteLength}`);
  }
  const [size] = digestInfo(digest);
  if (length > 255 * size) throw coded(RangeError, 'ERR_CRYPTO_INVALID_KEYLEN', 'Invalid key length');
  return job('hkdf', digest, length, inputs, []);
}

const memory = (bytes) => bytes.buffer;

function hkdf(digest, key, salt, info, length, callback) {
  const args = hkdfJob(digest, key, salt, info, length);
  needFunction(callback, 'callback');
  later(args, callback, memory);
}

const hkdfSync = (...args) => memory(now(hkdfJob(...args)));

// For webcrypto: promises of bytes.
const promised = (args) => work.promised((id) => crypto.derive(id, ...args));
const deriving = {
  pbkdf2: (...args) => promised(pbkdf2Job(...args)),
  hkdf: (...args) => promised(hkdfJob(...args)),
  digest: (name, data) => promised(job('digest', name, digestInfo(name)[0], [data, NOTHING], [])),
};

module.exports = { pbkdf2, pbkdf2Sync, scrypt, scryptSync, hkdf, hkdfSync, deriving };
