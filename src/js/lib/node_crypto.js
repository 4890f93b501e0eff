'use strict';

// Node's crypto, over OpenSSL. Its parts are loaded when they are first asked for.

const { coded, invalidType } = require('./arguments');
const { native: crypto } = require('./crypto_parts');

// What each part has, and what loads it.
const PARTS = [
  [() => require('./crypto_random'), ['randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID']],
  [() => require('./crypto_hash'), ['Hash', 'Hmac', 'createHash', 'createHmac', 'hash']],
  [() => require('./crypto_kdf'), ['hkdf', 'hkdfSync', 'pbkdf2', 'pbkdf2Sync', 'scrypt', 'scryptSync']],
  [() => require('./crypto_keys'), ['KeyObject', 'createPrivateKey', 'createPublicKey', 'createSecretKey', 'generateKey', 'generateKeyPair',
    'generateKeyPairSync', 'generateKeySync']],
  [() => require('./crypto_sign'), ['Sign', 'Verify', 'constants', 'createSign', 'createVerify', 'diffieHellman', 'privateDecrypt',
    'privateEncrypt', 'publicDecrypt', 'publicEncrypt', 'sign', 'verify']],
  [() => require('./crypto_cipher'), ['Cipheriv', 'Decipheriv', 'createCipheriv', 'createDecipheriv', 'getCipherInfo', 'getCiphers']],
];

// What Node has besides, and what to do instead.
const ONLY_IN_NODE = 'a handler that needs it can only run in Node itself';
const ABSENT = [
  ["generateKeyPair('ec') and diffieHellman() do the same", ['ECDH', 'createECDH']],
  ["generateKeyPair('x25519') and diffieHellman() do the same", ['DiffieHellman', 'DiffieHellmanGroup', 'createDiffieHellman',
    'createDiffieHellmanGroup', 'getDiffieHellman']],
  ['use createCipheriv() and createDecipheriv()', ['Cipher', 'Decipher', 'createCipher', 'createDecipher']],
  [ONLY_IN_NODE, ['Certificate', 'X509Certificate', 'checkPrime', 'checkPrimeSync', 'generatePrime', 'generatePrimeSync', 'setEngine', 'setFips']],
];

function timingSafeEqual(a, b) {
  for (const [name, value] of [['buf1', a], ['buf2', b]]) {
    if (!ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer)) {
      const error = invalidType(name, 'an instance of ArrayBuffer, Buffer, TypedArray, or DataView', value);
      throw Object.assign(error, { message: error.message.replace(/ Received .*/s, '') });
    }
  }
  if (a.byteLength !== b.byteLength)
    throw coded(RangeError, 'ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH', 'Input buffers must have the same byte length');
  return crypto.bytesEqual(a, b);
}

const web = () => require('./crypto').crypto;

module.exports = {
  timingSafeEqual,
  getCurves: () => crypto.curveNames().sort(),
  getHashes: () => crypto.digestNames(),
  getFips: () => 0,
  getRandomValues: (array) => web().getRandomValues(array),
  secureHeapUsed: () => undefined,
};

// From then on it is an ordinary property.
function late(name, get) {
  Object.defineProperty(module.exports, name, {
    get() {
      const value = get();
      Object.defineProperty(module.exports, name, { value, writable: true, enumerable: true, configurable: true });
      return value;
    },
    enumerable: true,
    configurable: true,
  });
}
for (const [load, names] of PARTS) for (const name of names) late(name, () => load()[name]);
for (const name of ['pseudoRandomBytes', 'prng', 'rng']) late(name, () => require('./crypto_random').randomBytes);
late('webcrypto', web);
late('subtle', () => web().subtle);

for (const [instead, names] of ABSENT) for (const name of names) {
  const absent = {
    [name]: function () {
      throw coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `crypto.${name} is not available in the runner's JavaScript engine: ${instead}`);
    },
  };
  Object.defineProperty(module.exports, name, { value: absent[name], writable: true, configurable: true });
}
