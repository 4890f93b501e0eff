// Node's crypto and webcrypto in handlers, beside Node's own.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { isSanitized, runnerTest } from './support/runner.mjs';
import { snippetTests } from './support/snippets.mjs';

// Made anew for each run, so that none is ever anybody's.
const pem = (pair) => ({ private: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }), public: pair.publicKey.export({ type: 'spki', format: 'pem' }) });
const rsaPair = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
const ecPair = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keys = {
  rsa: pem(rsaPair),
  ec: pem(ecPair),
  p384: pem(crypto.generateKeyPairSync('ec', { namedCurve: 'P-384' })),
  p521: pem(crypto.generateKeyPairSync('ec', { namedCurve: 'P-521' })),
  ed25519: pem(crypto.generateKeyPairSync('ed25519')),
  x25519: pem(crypto.generateKeyPairSync('x25519')),
  x25519b: pem(crypto.generateKeyPairSync('x25519')),
  ecb: pem(crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' })),
};
const others = {
  pkcs1: rsaPair.privateKey.export({ type: 'pkcs1', format: 'pem' }),
  pkcs1Public: rsaPair.publicKey.export({ type: 'pkcs1', format: 'pem' }),
  sec1: ecPair.privateKey.export({ type: 'sec1', format: 'pem' }),
  der: rsaPair.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  spkiDer: rsaPair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  encrypted: rsaPair.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' }),
};

const prelude = `
const crypto = require('node:crypto');
const { subtle } = globalThis.crypto;
const keys = ${JSON.stringify(keys)};
const others = ${JSON.stringify(others)};
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const text = (value) => new TextEncoder().encode(value);
const failing = async (action) => { const { name, code, message } = await attempt(action) ?? {}; return [name, code, message]; };
const named = async (action) => { try { await action(); return 'fine'; } catch (error) { return error.name; } };
`;

snippetTests('crypto', {
  digests: `
    const all = {};
    for (const name of ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sha512-256', 'sha3-256', 'sha3-512', 'blake2b512', 'blake2s256', 'ripemd160', 'RSA-SHA256', 'SHA256', 'shake128', 'sm3'])
      all[name] = ['', 'abc', 'é'.repeat(1000)].map((data) => crypto.createHash(name).update(data).digest('hex'));
    return all;`,
  'digests piece by piece': `
    const hash = crypto.createHash('sha256');
    hash.update('one').update(Buffer.from('two')).update('dGhyZWU=', 'base64').update(new Uint16Array([1, 2]));
    const copy = hash.copy();
    copy.update('more');
    return [hash.digest('base64'), copy.digest('base64url'), hex(crypto.createHash('shake256', { outputLength: 5 }).update('x').digest()), crypto.createHash('md5').update('x').digest('latin1'),
      crypto.hash('sha1', 'data'), crypto.hash('sha1', Buffer.from('data'), 'base64'), Buffer.isBuffer(crypto.createHash('md5').digest()), crypto.createHash('shake128', { outputLength: 0 }).digest('hex'),
      crypto.createHash('shake128').update('x').copy().copy({ outputLength: 4 }).digest('hex')];`,
  'digests as streams': `
    const hash = crypto.createHash('sha256');
    const written = new Promise((resolve) => hash.on('readable', () => { const data = hash.read(); if (data) resolve(data.toString('hex')); }));
    hash.write('some data');
    hash.end();
    const piped = await new Promise((resolve) => require('fs').createReadStream('/etc/passwd').pipe(crypto.createHash('md5')).setEncoding('hex').on('data', resolve));
    return [await written, piped];`,
  'the digest of what was written as to a stream': `
    const fs = require('fs');
    const { pipeline } = require('stream/promises');
    const all = [];
    for (const hash of [crypto.createHash('sha256'), crypto.createHmac('sha256', 'key')]) {
      await pipeline(fs.createReadStream('/etc/passwd'), hash);
      all.push(hash.digest('hex'), await failing(() => hash.digest('hex')), hash.read().toString('hex'));
    }
    const finished = crypto.createHash('md5');
    all.push(await new Promise((resolve) => finished.on('finish', () => resolve(finished.digest('hex'))).end('some data')));
    const after = crypto.createHash('md5');
    await pipeline(['one'], after);
    all.push(after.update('two') === after, after.digest('hex'));
    const before = crypto.createHash('md5').update('one');
    all.push(before.digest('hex'), await new Promise((resolve) => before.on('data', (data) => resolve(data.toString('hex'))).end()));
    return all;`,
  'classes without new, functions with it': `
    const args = { Hash: ['md5'], Hmac: ['md5', 'key'], Sign: ['sha256'], Verify: ['sha256'] };
    args.Cipheriv = args.Decipheriv = ['aes-128-cbc', '0123456789abcdef', '0123456789abcdef'];
    const all = [];
    for (const [name, given] of Object.entries(args)) {
      const made = [crypto[name](...given), new crypto['create' + name](...given), crypto['create' + name](...given), new crypto[name](...given)];
      all.push(name, crypto[name].name, crypto['create' + name].length,
        made.map((each) => [each instanceof crypto[name], each.constructor === crypto[name], ['Transform', 'Writable'].map((kind) => each instanceof require('stream')[kind])]));
    }
    class Digest extends crypto.Hash {
      constructor() { super('md5'); }
      hex() { return this.digest('hex'); }
    }
    const digest = new Digest().update('x');
    return [all, digest.hex(), digest instanceof crypto.Hash, digest.constructor.name, crypto.Hash('md5').update('x').copy().digest('hex'),
      new crypto.createHmac('md5', 'key').update('x').digest('hex'), require('util').inspect(crypto.Hmac).includes('Hmac')];`,
  hmac: `
    const all = ['md5', 'sha1', 'sha256', 'sha512'].map((name) => ['', 'key', Buffer.alloc(200, 7)].map((key) => crypto.createHmac(name, key).update('data').update('é').digest('hex')));
    const key = crypto.createSecretKey(Buffer.from('key'));
    const done = crypto.createHmac('sha1', 'k');
    done.digest();
    return [all, crypto.createHmac('sha256', key).update('data').digest('base64'), done.digest('hex'), await failing(() => done.update('x'))];`,
  'wrong digests': `
    const used = crypto.createHash('sha1');
    used.digest();
    return Promise.all([() => crypto.createHash('nope'), () => crypto.createHash(5), () => crypto.createHmac('nope', 'x'), () => crypto.createHmac('sha256'), () => crypto.createHash('sha256').update(5), () => used.update('x'),
      () => used.digest(), () => used.copy(), () => crypto.createHmac('sha256', {}), () => crypto.createHash('sha1', { outputLength: 'x' })].map(failing));`,
  lists: `[crypto.getHashes(), crypto.getCurves(), crypto.getHashes().includes('sha256'), ['aes-128-gcm', 'aes-256-cbc', 'aes-192-ctr', 'chacha20-poly1305', 'aes128', 'nope'].map((name) => crypto.getCiphers().includes(name)),
    ['aes-128-gcm', 'aes-256-cbc', 'aes-192-ctr', 'chacha20-poly1305', 'aes-128-ecb', 'nope'].map((name) => crypto.getCipherInfo(name) ?? null)]`,

  random: `
    const filled = crypto.randomFillSync(Buffer.alloc(10), 5);
    const more = await new Promise((resolve, reject) => crypto.randomBytes(8, (error, bytes) => (error ? reject(error) : resolve(bytes))));
    const into = await new Promise((resolve) => crypto.randomFill(new Uint32Array(4), 1, 2, (error, array) => resolve([...array].map((each) => each !== 0))));
    const numbers = Array.from({ length: 500 }, () => crypto.randomInt(3, 6));
    return [crypto.randomBytes(33).length, crypto.randomBytes(0).length, hex(filled.subarray(0, 5)), filled.subarray(5).some(Boolean), more.length, into[0], into[3], Math.min(...numbers), Math.max(...numbers), crypto.randomInt(1),
      await new Promise((resolve) => crypto.randomInt(7, 8, (error, number) => resolve(number))), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), crypto.getRandomValues(new Uint8Array(4)).length];`,
  'wrong random': `Promise.all([() => crypto.randomBytes(-1), () => crypto.randomBytes('x'), () => crypto.randomBytes(2 ** 31), () => crypto.randomFillSync('x'), () => crypto.randomFillSync(Buffer.alloc(2), 3), () => crypto.randomFillSync(Buffer.alloc(2), 0, 3),
    () => crypto.randomInt(5, 2), () => crypto.randomInt(0), () => crypto.randomInt('x'), () => crypto.randomInt(0, 2 ** 48), () => crypto.randomUUID(5)].map(failing))`,
  timingSafeEqual: `[crypto.timingSafeEqual(Buffer.from('ab'), Buffer.from('ab')), crypto.timingSafeEqual(Buffer.from('ab'), new Uint8Array([97, 99])), crypto.timingSafeEqual(Buffer.alloc(0), Buffer.alloc(0)),
    await failing(() => crypto.timingSafeEqual(Buffer.alloc(1), Buffer.alloc(2))), await failing(() => crypto.timingSafeEqual('a', 'b'))]`,

  'keys from passwords': `
    const later = (name, ...args) => new Promise((resolve, reject) => crypto[name](...args, (error, key) => (error ? reject(error) : resolve(hex(key)))));
    return [crypto.pbkdf2Sync('password', 'salt', 1000, 32, 'sha256').toString('hex'), await later('pbkdf2', 'password', Buffer.from('salt'), 1, 20, 'sha1'), crypto.pbkdf2Sync('', '', 1, 10, 'sha512').toString('hex'), crypto.pbkdf2Sync('a', 'b', 1, 0, 'sha1').length,
      crypto.scryptSync('password', 'salt', 32).toString('hex'), await later('scrypt', 'password', 'salt', 16, { N: 1024, r: 8, p: 2 }), await later('scrypt', 'p', 's', 8, { cost: 16, blockSize: 1, parallelization: 1 }), await later('scrypt', Buffer.from('x'), 'y', 64),
      hex(crypto.hkdfSync('sha256', 'key', 'salt', 'info', 42)), await later('hkdf', 'sha512', Buffer.from('key'), '', '', 64), crypto.hkdfSync('sha1', 'k', 's', 'i', 5).constructor.name, hex(crypto.hkdfSync('sha256', crypto.createSecretKey(Buffer.from('k')), 's', 'i', 9))];`,
  'wrong keys from passwords': `Promise.all([() => crypto.pbkdf2Sync('a', 'b', 1, 20, 'nope'), () => crypto.pbkdf2Sync('a', 'b', 0, 20, 'sha1'), () => crypto.pbkdf2Sync('a', 'b', 1, -1, 'sha1'), () => crypto.pbkdf2Sync('a', 'b', 1, 20), () => crypto.pbkdf2Sync(5, 'b', 1, 20, 'sha1'),
    () => crypto.pbkdf2('a', 'b', 1, 20, 'sha1'), () => crypto.scryptSync('a', 'b', 16, { N: 3 }), () => crypto.scryptSync('a', 'b', 16, { N: 2 ** 20 }), () => crypto.scryptSync('a', 'b', 16, { N: 4, cost: 4 }), () => crypto.scryptSync('a', 'b'), () => crypto.scrypt('a', 'b', 1),
    () => crypto.hkdfSync('nope', 'k', 's', 'i', 10), () => crypto.hkdfSync('sha1', 'k', 's', 'i', 100000), () => crypto.hkdfSync('sha1', 'k', 's', 'i', -1)].map(failing))`,

  ciphers: `
    const all = {};
    for (const [name, keyLength, ivLength] of [['aes-128-cbc', 16, 16], ['aes-256-cbc', 32, 16], ['aes-192-ctr', 24, 16], ['aes-128-gcm', 16, 12], ['aes-256-gcm', 32, 16], ['chacha20-poly1305', 32, 12], ['aes-128-ecb', 16, 0]]) {
      const [key, iv] = [Buffer.alloc(keyLength, 1), ivLength ? Buffer.alloc(ivLength, 2) : null];
      const isAead = /gcm|poly/.test(name);
      const cipher = crypto.createCipheriv(name, key, iv, isAead ? { authTagLength: 16 } : undefined);
      if (isAead) cipher.setAAD(Buffer.from('also'));
      const bytes = Buffer.concat([cipher.update('hello '), cipher.update('wörld', 'utf8'), cipher.final()]);
      const tag = isAead ? cipher.getAuthTag() : null;
      const decipher = crypto.createDecipheriv(name, key, iv, isAead ? { authTagLength: 16 } : undefined);
      if (isAead) decipher.setAAD(Buffer.from('also')).setAuthTag(tag);
      all[name] = [bytes.toString('hex'), tag && tag.toString('hex'), decipher.update(bytes, null, 'utf8') + decipher.final('utf8')];
    }
    const unpadded = crypto.createCipheriv('aes-128-cbc', Buffer.alloc(16), Buffer.alloc(16)).setAutoPadding(false);
    return [all, unpadded.update(Buffer.alloc(16), null, 'hex') + unpadded.final('hex'), crypto.createCipheriv('aes-128-cbc', 'k'.repeat(16), 'i'.repeat(16)).update('x'.repeat(20), 'utf8', 'base64')];`,
  'ciphers as streams': `
    const fs = require('fs');
    const collect = async (stream) => { const all = []; for await (const each of stream) all.push(each); return Buffer.concat(all); };
    fs.writeFileSync(folder + '/plain', 'some text'.repeat(50_000));
    const bytes = await collect(fs.createReadStream(folder + '/plain').pipe(crypto.createCipheriv('aes-128-cbc', Buffer.alloc(16), Buffer.alloc(16))));
    fs.writeFileSync(folder + '/hidden', bytes);
    return [crypto.hash('sha1', bytes), (await collect(fs.createReadStream(folder + '/hidden').pipe(crypto.createDecipheriv('aes-128-cbc', Buffer.alloc(16), Buffer.alloc(16))))).equals(fs.readFileSync(folder + '/plain'))];`,
  'wrong ciphers': `
    const decipher = (name, data, tag) => { const one = crypto.createDecipheriv(name, Buffer.alloc(16), Buffer.alloc(/gcm/.test(name) ? 12 : 16)); if (tag) one.setAuthTag(tag); one.update(data); one.final(); };
    return Promise.all([() => crypto.createCipheriv('nope', '', ''), () => crypto.createCipheriv('aes-128-cbc', Buffer.alloc(5), Buffer.alloc(16)), () => crypto.createCipheriv('aes-128-cbc', Buffer.alloc(16), Buffer.alloc(3)), () => crypto.createCipheriv('aes-128-cbc', 5, ''),
      () => crypto.createCipheriv('aes-128-cbc', Buffer.alloc(16), 5), () => decipher('aes-128-cbc', Buffer.from('abc')), () => decipher('aes-128-cbc', Buffer.alloc(16)), () => decipher('aes-128-gcm', 'abc', Buffer.alloc(16)), () => decipher('aes-128-gcm', 'abc'),
      () => decipher('aes-128-gcm', 'abc', Buffer.alloc(5))].map(failing));`,
  'how long a tag may be': `
    const [key, iv] = [Buffer.alloc(32), Buffer.alloc(12)];
    const all = [];
    for (const name of ['aes-256-gcm', 'chacha20-poly1305']) {
      for (const options of [undefined, { authTagLength: 16 }, { authTagLength: 8 }]) {
        const cipher = crypto.createCipheriv(name, key, iv, options);
        const bytes = Buffer.concat([cipher.update('hello'), cipher.final()]);
        const open = (length) => {
          const decipher = crypto.createDecipheriv(name, key, iv, options).setAuthTag(cipher.getAuthTag().subarray(0, length));
          return decipher.update(bytes, null, 'utf8') + decipher.final('utf8');
        };
        for (const length of [16, 8, 4]) all.push(await attempt(() => open(length)));
      }
    }
    return all;`,

  'signatures that are the same each time': `
    const rsa = (name) => crypto.createSign(name).update('some ').update('data').sign(keys.rsa.private, 'base64');
    return [rsa('RSA-SHA256'), rsa('sha512'), rsa('sha1'), crypto.sign('sha256', Buffer.from('data'), keys.rsa.private).toString('hex'), crypto.sign(null, Buffer.from('data'), keys.ed25519.private).toString('hex'),
      crypto.sign(undefined, Buffer.from('data'), crypto.createPrivateKey(keys.ed25519.private)).toString('hex'), await new Promise((resolve) => crypto.sign('sha384', Buffer.from('x'), keys.rsa.private, (error, bytes) => resolve(bytes.toString('hex')))),
      crypto.privateEncrypt(keys.rsa.private, Buffer.from('data')).toString('hex')];`,
  'signatures and who verifies them': `
    const all = [];
    for (const [kind, options] of [['rsa', {}], ['rsa', { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }], ['rsa', { padding: 6 }], ['ec', {}], ['ec', { dsaEncoding: 'ieee-p1363' }], ['p384', { dsaEncoding: 'ieee-p1363' }], ['p521', { dsaEncoding: 'ieee-p1363' }], ['p384', {}]]) {
      const signature = crypto.createSign('sha256').update('data').sign({ key: keys[kind].private, ...options });
      const verify = (data, bytes = signature, more = options) => crypto.createVerify('sha256').update(data).verify({ key: keys[kind].public, ...more }, bytes);
      const broken = Buffer.from(signature);
      broken[broken.length - 1] ^= 1;
      const other = crypto.sign('sha256', Buffer.from('data'), { key: keys[kind].private, ...options });
      all.push([kind, options.dsaEncoding ? signature.length : signature.length > 60, verify('data'), verify('other'), verify('data', broken), await attempt(() => verify('data', Buffer.from('x'))), verify('data', other), crypto.verify('sha256', Buffer.from('data'), { key: crypto.createPublicKey(keys[kind].private), ...options }, signature)]);
    }
    const signed = crypto.sign(null, Buffer.from('x'), keys.ed25519.private);
    return [all, crypto.verify(null, Buffer.from('x'), keys.ed25519.public, signed), crypto.verify(null, Buffer.from('y'), keys.ed25519.public, signed), await new Promise((resolve) => crypto.verify(null, Buffer.from('x'), keys.ed25519.public, signed, (error, good) => resolve(good)))];`,
  'what RSA encrypts': `
    const decrypt = (options, bytes) => crypto.privateDecrypt({ key: keys.rsa.private, ...options }, bytes).toString();
    const encrypt = (options) => crypto.publicEncrypt({ key: keys.rsa.public, ...options }, Buffer.from('secret'));
    const cases = [{}, { oaepHash: 'sha256' }, { oaepHash: 'sha1', oaepLabel: Buffer.from('label') }];
    return [cases.map((options) => decrypt(options, encrypt(options))), crypto.publicDecrypt(keys.rsa.public, crypto.privateEncrypt(keys.rsa.private, Buffer.from('x'))).toString(), (await failing(() => decrypt({ oaepHash: 'sha256' }, encrypt({})))).slice(0, 2), (await failing(() => decrypt({}, Buffer.alloc(5))))[0]];`,
  'agreeing on a secret': `
    const key = (name) => ({ privateKey: crypto.createPrivateKey(keys[name].private), publicKey: crypto.createPublicKey(keys[name].public) });
    return [['x25519', 'x25519b'], ['ec', 'ecb']].map(([a, b]) => [hex(crypto.diffieHellman({ privateKey: key(a).privateKey, publicKey: key(b).publicKey })), hex(crypto.diffieHellman({ privateKey: key(b).privateKey, publicKey: key(a).publicKey }))]);`,

  'keys in all forms': `
    const all = {};
    for (const [name, { private: secret, public: open }] of Object.entries(keys)) {
      const privateKey = crypto.createPrivateKey(secret);
      const publicKey = crypto.createPublicKey(open);
      const { modulusLength, publicExponent, namedCurve } = privateKey.asymmetricKeyDetails;
      all[name] = [privateKey.type, publicKey.type, privateKey.asymmetricKeyType, modulusLength, String(publicExponent), namedCurve, privateKey.export({ type: 'pkcs8', format: 'pem' }), hex(publicKey.export({ type: 'spki', format: 'der' })), privateKey.export({ format: 'jwk' }), publicKey.export({ format: 'jwk' }),
        crypto.createPublicKey(privateKey).equals(publicKey), privateKey.equals(publicKey), publicKey instanceof crypto.KeyObject, Object.prototype.toString.call(publicKey),
        crypto.createPrivateKey({ key: privateKey.export({ format: 'jwk' }), format: 'jwk' }).equals(privateKey), crypto.createPublicKey({ key: publicKey.export({ format: 'jwk' }), format: 'jwk' }).equals(publicKey), crypto.createPublicKey(secret).equals(publicKey)];
    }
    const rsa = crypto.createPrivateKey(keys.rsa.private);
    const encrypted = rsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'pass' });
    return [all, crypto.createPrivateKey(others.pkcs1).equals(rsa), crypto.createPrivateKey(others.sec1).equals(crypto.createPrivateKey(keys.ec.private)), crypto.createPublicKey(others.pkcs1Public).equals(crypto.createPublicKey(rsa)), rsa.export({ type: 'pkcs1', format: 'pem' }) === others.pkcs1,
      crypto.createPrivateKey(keys.ec.private).export({ type: 'sec1', format: 'pem' }) === others.sec1, crypto.createPublicKey(rsa).export({ type: 'pkcs1', format: 'pem' }) === others.pkcs1Public, crypto.createPrivateKey({ key: Buffer.from(others.der, 'base64'), format: 'der', type: 'pkcs8' }).equals(rsa),
      crypto.createPublicKey({ key: Buffer.from(others.spkiDer, 'base64'), format: 'der', type: 'spki' }).equals(crypto.createPublicKey(rsa)), crypto.createPrivateKey({ key: others.encrypted, passphrase: 'secret' }).equals(rsa), encrypted.split('\\n')[0], crypto.createPrivateKey({ key: encrypted, passphrase: Buffer.from('pass') }).equals(rsa)];`,
  'secret keys': `
    const key = crypto.createSecretKey(Buffer.from('some secret'));
    const made = crypto.generateKeySync('aes', { length: 256 });
    const later = await new Promise((resolve, reject) => crypto.generateKey('hmac', { length: 64 }, (error, found) => (error ? reject(error) : resolve(found))));
    return [key.type, key.symmetricKeySize, key.export().toString(), key.export({ format: 'jwk' }), key.equals(crypto.createSecretKey('some secret', 'utf8')), key.equals(made), made.symmetricKeySize, later.symmetricKeySize, key.asymmetricKeyType ?? null];`,
  'making keys': `
    const { publicKey, privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 1024, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } });
    const later = (type, options) => new Promise((resolve, reject) => crypto.generateKeyPair(type, options, (error, open, secret) => (error ? reject(error) : resolve([open.type, secret.type, secret.asymmetricKeyType, secret.asymmetricKeyDetails.namedCurve]))));
    const works = (pair) => crypto.verify(null, Buffer.from('x'), pair.publicKey, crypto.sign(null, Buffer.from('x'), pair.privateKey));
    return [publicKey.split('\\n')[0], privateKey.split('\\n')[0], await later('rsa', { modulusLength: 1024 }), await later('ec', { namedCurve: 'secp384r1' }), await later('ec', { namedCurve: 'P-256' }), await later('ed25519', {}), works(crypto.generateKeyPairSync('ed25519')),
      crypto.generateKeyPairSync('x25519').publicKey.asymmetricKeyType];`,
  'keys that are made in no known encoding': `
    const make = require('util').promisify(crypto.generateKeyPair);
    const encodings = [{ publicKeyEncoding: { type: 'nope', format: 'pem' } }, { publicKeyEncoding: { type: 'pkcs1', format: 'pem' } },
      { privateKeyEncoding: { type: 'pkcs8', format: 'nope' } }];
    return Promise.all(encodings.map(async (each) => (await attempt(() => make('ec', { namedCurve: 'P-256', ...each }))).code));`,
  'wrong keys': `
    const rsa = crypto.createPrivateKey(keys.rsa.private);
    return Promise.all([() => crypto.createPrivateKey('x'), () => crypto.createPrivateKey(5), () => crypto.createSecretKey(5), () => rsa.export({}), () => rsa.export({ type: 'x', format: 'pem' }), () => crypto.createPublicKey({ key: { kty: 'RSA' }, format: 'jwk' }),
      () => crypto.createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, format: 'jwk' }), () => crypto.generateKeyPairSync('zz', {}), () => crypto.generateKeyPairSync('ec', { namedCurve: 'zz' }), () => crypto.generateKeyPairSync('rsa', {}),
      () => crypto.sign('nope', Buffer.from('x'), rsa), () => crypto.createSign('nope'), () => crypto.createSign('sha256').sign(), () => crypto.createVerify('sha256').verify(crypto.createSecretKey(Buffer.from('x')), Buffer.from('y')), () => crypto.createPublicKey(crypto.createPublicKey(keys.rsa.public)),
      () => crypto.createHmac('sha256', rsa)].map(async (action) => (await failing(action)).slice(0, 2)));`,

  'webcrypto: digests': `
    const big = Buffer.alloc(3_000_000, 'x');
    return [await Promise.all(['SHA-1', 'SHA-256', 'sha-384', { name: 'SHA-512' }].map(async (name) => hex(await subtle.digest(name, text('data'))))), hex(await subtle.digest('SHA-256', big)), hex(await subtle.digest('SHA-256', new ArrayBuffer(3))), (await subtle.digest('SHA-1', text(''))).constructor.name,
      await named(() => subtle.digest('MD5', text('x'))), await named(() => subtle.digest('SHA-1', 'x')), crypto.webcrypto === globalThis.crypto, crypto.subtle === subtle, Object.prototype.toString.call(subtle)];`,
  'webcrypto: HMAC': `
    const key = await subtle.importKey('raw', text('secret'), { name: 'HMAC', hash: 'SHA-256' }, true, ['sign', 'verify']);
    const signature = await subtle.sign('HMAC', key, text('data'));
    const made = await subtle.generateKey({ name: 'hmac', hash: { name: 'SHA-384' } }, true, ['sign']);
    const jwk = await subtle.exportKey('jwk', key);
    const back = await subtle.importKey('jwk', jwk, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
    return [hex(signature), await subtle.verify('HMAC', key, signature, text('data')), await subtle.verify('HMAC', key, signature, text('other')), await subtle.verify('HMAC', back, signature, text('data')), key.algorithm, key.usages, key.type, key.extractable, made.algorithm, made.usages, jwk,
      hex(await subtle.exportKey('raw', key)), await named(() => subtle.sign('HMAC', back, text('x'))), await named(() => subtle.importKey('raw', text('x'), { name: 'HMAC', hash: 'SHA-256' }, true, [])), await named(() => subtle.importKey('raw', text('x'), { name: 'HMAC', hash: 'SHA-256' }, true, ['encrypt'])),
      Object.prototype.toString.call(key), key instanceof CryptoKey, crypto.KeyObject.from(key).export().toString()];`,
  'webcrypto: AES': `
    const all = [];
    for (const [name, more] of [['AES-GCM', { iv: Buffer.alloc(12, 1) }], ['AES-GCM', { iv: Buffer.alloc(16, 1), additionalData: text('also'), tagLength: 96 }], ['AES-CBC', { iv: Buffer.alloc(16, 1) }], ['AES-CTR', { counter: Buffer.alloc(16, 1), length: 64 }]]) {
      for (const size of [16, 32]) {
        const key = await subtle.importKey('raw', Buffer.alloc(size, 3), name, true, ['encrypt', 'decrypt']);
        const bytes = await subtle.encrypt({ name, ...more }, key, text('some text'));
        all.push([name, hex(bytes), Buffer.from(await subtle.decrypt({ name, ...more }, key, bytes)).toString(), key.algorithm, await subtle.exportKey('jwk', key)]);
      }
    }
    const key = await subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
    const iv = Buffer.alloc(12);
    const bytes = new Uint8Array(await subtle.encrypt({ name: 'AES-GCM', iv }, key, text('x')));
    bytes[0] ^= 1;
    return [all, key.algorithm, await named(() => subtle.decrypt({ name: 'AES-GCM', iv }, key, bytes)), await named(() => subtle.decrypt({ name: 'AES-GCM', iv }, key, new Uint8Array(3))), await named(() => subtle.generateKey({ name: 'AES-GCM', length: 100 }, true, ['encrypt'])), await named(() => subtle.importKey('raw', Buffer.alloc(5), 'AES-GCM', true, ['encrypt']))];`,
  'webcrypto: RSA and EC': `
    const der = (pem) => Buffer.from(pem.replace(/-----.*-----|\\n/g, ''), 'base64');
    const all = [];
    for (const [kind, algorithm, how] of [['rsa', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, {}], ['rsa', { name: 'RSA-PSS', hash: 'SHA-384' }, { saltLength: 48 }], ['ec', { name: 'ECDSA', namedCurve: 'P-256' }, { hash: 'SHA-256' }], ['p384', { name: 'ECDSA', namedCurve: 'P-384' }, { hash: { name: 'SHA-384' } }],
      ['p521', { name: 'ECDSA', namedCurve: 'P-521' }, { hash: 'SHA-512' }], ['ed25519', { name: 'Ed25519' }, {}]]) {
      const privateKey = await subtle.importKey('pkcs8', der(keys[kind].private), algorithm, true, ['sign']);
      const publicKey = await subtle.importKey('spki', der(keys[kind].public), algorithm, true, ['verify']);
      const signature = await subtle.sign({ name: algorithm.name, ...how }, privateKey, text('data'));
      const verify = (data) => subtle.verify({ name: algorithm.name, ...how }, publicKey, signature, text(data));
      const jwk = await subtle.exportKey('jwk', privateKey);
      const again = await subtle.importKey('jwk', jwk, algorithm, true, ['sign']);
      const told = ({ name, namedCurve, modulusLength, publicExponent, hash }) => ({ name, namedCurve, modulusLength, exponent: publicExponent && hex(publicExponent), hash });
      all.push([kind, signature.byteLength, await verify('data'), await verify('other'), jwk, await subtle.exportKey('jwk', publicKey), hex(await subtle.exportKey('spki', publicKey)), hex(await subtle.exportKey('pkcs8', again)) === hex(der(keys[kind].private)), told(publicKey.algorithm), privateKey.usages, publicKey.usages]);
      if (/PKCS1|Ed/.test(algorithm.name)) all.push(hex(signature));
    }
    const raw = await subtle.exportKey('raw', await subtle.importKey('spki', der(keys.ec.public), { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']));
    return [all, hex(raw), (await subtle.importKey('raw', raw, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify'])).type, await named(() => subtle.importKey('spki', der(keys.ec.public), { name: 'ECDSA', namedCurve: 'P-384' }, true, ['verify'])), await named(() => subtle.importKey('spki', Buffer.from('x'), { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify'])),
      await named(() => subtle.importKey('jwk', { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' }, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']))];`,
  'webcrypto: made pairs': `
    const all = [];
    for (const [algorithm, usages, how] of [[{ name: 'RSASSA-PKCS1-v1_5', modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }, ['sign', 'verify'], {}], [{ name: 'ECDSA', namedCurve: 'P-256' }, ['sign', 'verify'], { hash: 'SHA-256' }], [{ name: 'Ed25519' }, ['sign', 'verify'], {}]]) {
      const { privateKey, publicKey } = await subtle.generateKey(algorithm, false, usages);
      const signature = await subtle.sign({ name: algorithm.name, ...how }, privateKey, text('x'));
      all.push([await subtle.verify({ name: algorithm.name, ...how }, publicKey, signature, text('x')), privateKey.extractable, publicKey.extractable, privateKey.usages, publicKey.usages]);
    }
    const oaep = await subtle.generateKey({ name: 'RSA-OAEP', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }, true, ['encrypt', 'decrypt']);
    const bytes = await subtle.encrypt({ name: 'RSA-OAEP' }, oaep.publicKey, text('secret'));
    return [all, Buffer.from(await subtle.decrypt({ name: 'RSA-OAEP' }, oaep.privateKey, bytes)).toString(), (await subtle.exportKey('jwk', oaep.publicKey)).alg, await named(() => subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-999' }, true, ['sign'])), await named(() => subtle.generateKey({ name: 'nope' }, true, ['sign']))];`,
  'webcrypto: what is derived': `
    const password = await subtle.importKey('raw', text('password'), 'PBKDF2', false, ['deriveBits', 'deriveKey']);
    const secret = await subtle.importKey('raw', text('key'), 'HKDF', false, ['deriveBits', 'deriveKey']);
    const pbkdf2 = { name: 'PBKDF2', salt: text('salt'), iterations: 1000, hash: 'SHA-256' };
    const hkdf = { name: 'HKDF', salt: text('salt'), info: text('info'), hash: 'SHA-512' };
    const aes = await subtle.deriveKey(pbkdf2, password, { name: 'AES-GCM', length: 256 }, true, ['encrypt']);
    const mac = await subtle.deriveKey(hkdf, secret, { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']);
    const der = (pem) => Buffer.from(pem.replace(/-----.*-----|\\n/g, ''), 'base64');
    const agreed = [];
    for (const [a, b, algorithm] of [['x25519', 'x25519b', { name: 'X25519' }], ['ec', 'ecb', { name: 'ECDH', namedCurve: 'P-256' }]]) {
      const own = await subtle.importKey('pkcs8', der(keys[a].private), algorithm, false, ['deriveBits', 'deriveKey']);
      const other = await subtle.importKey('spki', der(keys[b].public), algorithm, true, []);
      agreed.push(hex(await subtle.deriveBits({ name: algorithm.name, public: other }, own, 256)), hex(await subtle.deriveBits({ name: algorithm.name, public: other }, own, null)), hex(await subtle.exportKey('raw', await subtle.deriveKey({ name: algorithm.name, public: other }, own, { name: 'AES-GCM', length: 128 }, true, ['encrypt']))));
    }
    return [hex(await subtle.deriveBits(pbkdf2, password, 256)), hex(await subtle.deriveBits(hkdf, secret, 128)), hex(await subtle.exportKey('raw', aes)), hex(await subtle.exportKey('raw', mac)), mac.algorithm, agreed, await named(() => subtle.deriveBits(pbkdf2, password, 7)), await named(() => subtle.deriveBits({ ...pbkdf2, iterations: 0 }, password, 8))];`,
  'webcrypto: wrapped keys': `
    const wrapping = await subtle.importKey('raw', Buffer.alloc(16, 1), 'AES-KW', true, ['wrapKey', 'unwrapKey']);
    const key = await subtle.importKey('raw', Buffer.alloc(32, 2), 'AES-GCM', true, ['encrypt', 'decrypt']);
    const bytes = await subtle.wrapKey('raw', key, wrapping, 'AES-KW');
    const back = await subtle.unwrapKey('raw', bytes, wrapping, 'AES-KW', 'AES-GCM', true, ['encrypt']);
    const gcm = await subtle.importKey('raw', Buffer.alloc(16, 1), 'AES-GCM', true, ['wrapKey', 'unwrapKey']);
    const how = { name: 'AES-GCM', iv: Buffer.alloc(12) };
    const viaJwk = await subtle.unwrapKey('jwk', await subtle.wrapKey('jwk', key, gcm, how), gcm, how, 'AES-GCM', true, ['encrypt', 'decrypt']);
    return [hex(bytes), hex(await subtle.exportKey('raw', back)), hex(await subtle.exportKey('raw', viaJwk)), await named(() => subtle.unwrapKey('raw', new Uint8Array(24), wrapping, 'AES-KW', 'AES-GCM', true, ['encrypt']))];`,
  'webcrypto: names': `[Object.keys(Object.getPrototypeOf(subtle)).sort(), typeof Crypto, typeof SubtleCrypto, typeof CryptoKey, await named(() => new CryptoKey()), await named(() => new SubtleCrypto()), await named(() => new Crypto())]`,
}, { prelude });

const app = {
  routes: { sign: 'signHandler', verify: 'verifyHandler', derive: 'deriveHandler', ping: 'pingHandler', hash: 'hashHandler', absent: 'absentHandler' },
  prelude: "const crypto = require('crypto');",
  handlers: {
    signHandler(event) {
      const { key, options } = event.payload;
      event.response = new Response(crypto.sign('sha256', Buffer.from('data'), { key, ...options }).toString('base64'));
    },
    verifyHandler(event) {
      const { key, options, signature } = event.payload;
      event.response = new Response(crypto.verify('sha256', Buffer.from('data'), { key, ...options }, Buffer.from(signature, 'base64')));
    },
    async deriveHandler(event) {
      const { iterations } = event.params;
      const key = await new Promise((resolve, reject) => {
        crypto.pbkdf2('password', 'salt', iterations, 32, 'sha512', (error, found) => (error ? reject(error) : resolve(found)));
      });
      event.response = new Response(key.toString('hex'));
    },
    pingHandler(event) {
      event.response = new Response('pong');
    },
    hashHandler(event) {
      for (let i = 0; i < 40_000; i++) crypto.createHash('sha256').update(String(i)).digest('hex');
      event.response = new Response('hashed');
    },
    absentHandler(event) {
      try {
        crypto.createECDH('secp256k1');
      } catch ({ code, message }) {
        event.response = new Response([code, message]);
      }
    },
  },
};

runnerTest('crypto: what one side signs the other verifies', app, async (runner) => {
  const client = await runner.connect();
  for (const [kind, options] of [['rsa', {}], ['rsa', { padding: 6, saltLength: 32 }], ['ec', {}], ['ec', { dsaEncoding: 'ieee-p1363' }], ['p521', { dsaEncoding: 'ieee-p1363' }]]) {
    const { body: signature } = await client.ask({ name: 'sign', payload: { key: keys[kind].private, options } });
    assert.equal(crypto.verify('sha256', Buffer.from('data'), { key: keys[kind].public, ...options }, Buffer.from(signature, 'base64')), true, kind);
    const own = crypto.sign('sha256', Buffer.from('data'), { key: keys[kind].private, ...options }).toString('base64');
    const { body: good } = await client.ask({ name: 'verify', payload: { key: keys[kind].public, options, signature: own } });
    assert.equal(good, true, kind);
  }
  await client.close();
});

runnerTest('crypto: hashes leave memory where it was', app, async (runner) => {
  const client = await runner.connect();
  for (let i = 0; i < 4; i++) await client.ask({ name: 'hash' });
  const before = runner.residentBytes();
  for (let i = 0; i < 4; i++) await client.ask({ name: 'hash' });
  const grown = runner.residentBytes() - before;
  assert.ok(grown < 40 * 1024 * 1024, `${grown} bytes more after 160000 hashes`);
  await client.close();
}, { skip: isSanitized() });

runnerTest('crypto: what takes long keeps no other event waiting', app, async (runner) => {
  const client = await runner.connect();
  const other = await runner.connect();
  let derived = false;
  const long = client.ask({ name: 'derive', params: { iterations: 1_000_000 } }).then((reply) => {
    derived = true;
    return reply;
  });
  assert.equal((await other.ask({ name: 'ping' })).body, 'pong');
  assert.equal(derived, false, 'the answer came after the key was derived');
  assert.equal((await long).body, crypto.pbkdf2Sync('password', 'salt', 1_000_000, 32, 'sha512').toString('hex'));
  await client.close();
  await other.close();
});

runnerTest('crypto: a stop in the middle of it', { ...app, args: ['--drain-timeout', '1ms'] }, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'derive', params: { iterations: 20_000_000 } });
  assert.equal((await runner.ask({ name: 'ping' })).body, 'pong');
  await runner.stop();
});

snippetTests('crypto', {
  'an encrypted key without its passphrase': `
    const { code } = await attempt(() => crypto.createPrivateKey({ key: others.encrypted }));
    return /PASSPHRASE|INTERRUPTED/.test(code);`,
}, { prelude });

runnerTest('crypto: what is not here says so', app, async (runner) => {
  const { body: [code, message] } = await runner.ask({ name: 'absent' });
  assert.equal(code, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM');
  assert.match(message, /crypto\.createECDH is not available/);
});
