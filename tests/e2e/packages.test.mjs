// npm packages as they are installed beside handlers. What a package answers in Node, it answers in the program.

import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makeApp } from './support/app.mjs';
import { oldNode } from './support/node.mjs';
import { guarded, runToEnd, startRunner } from './support/runner.mjs';

const installed = path.join(path.dirname(fileURLToPath(import.meta.url)), '../node_modules');

/**
 * Modules that use a package and export `use()`, whose result is JSON. `.cjs` ones require it, `.mjs` ones import it. What can not be the
 * same twice is checked where it is made, and said as true.
 */
const users = {
  'lodash.cjs': `
const _ = require('lodash');
exports.use = () => [_.VERSION, _.chunk([1, 2, 3, 4, 5], 2), _.camelCase('some words here'), _.merge({ a: { b: 1 } }, { a: { c: [2] } }), _.template('<%= who %>: <% for (const x of list) { %>[<%- x %>]<% } %>')({ who: 'you', list: ['<', 2] }),
  _.isEqual(new Map([[1, { a: new Set([2]) }]]), new Map([[1, { a: new Set([2]) }]])), _.cloneDeep({ d: new Date(5), r: /x/g }).d.getTime(), _.debounce(() => {}, 1) instanceof Function, _([3, 1, 2]).sortBy().map((x) => x * 2).value(), _.get({ a: [{ b: 7 }] }, 'a[0].b'), _.words('fred, barney, & pebbles'), _.deburr('déjà vu')];`,
  'lodash.mjs': `
import _ from 'lodash';
import groupBy from 'lodash/groupBy.js';
import fp from 'lodash/fp.js';
export const use = () => [_.capitalize('word'), groupBy([1.2, 1.8, 2.1], Math.floor), fp.flow(fp.map((x) => x + 1), fp.sum)([1, 2])];`,
  'uuid.mjs': `
import { v1, v3, v4, v5, v7, validate, version, parse, stringify, NIL } from 'uuid';
export const use = () => [v3('name', v5.URL), v5('https://example.com/', v5.URL), validate(v4()), version(v1()), version(v7()), [...parse('6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b')], stringify(parse(NIL)), v4() !== v4(), v4({ random: new Uint8Array(16).fill(7) })];`,
  'uuid.cjs': `const { v4, validate } = require('uuid'); exports.use = () => validate(v4());`,
  'zod.mjs': `
import * as z from 'zod';
import { z as named } from 'zod';
const User = z.object({ name: z.string().min(2), age: z.number().int().positive().optional(), email: z.email(), tags: z.array(z.enum(['a', 'b'])).default(['a']), when: z.coerce.date(), either: z.union([z.literal('x'), z.number()]) }).strict();
export const use = async () => {
  const good = User.parse({ name: 'Ada', email: 'ada@example.com', when: '2020-01-01T00:00:00Z', either: 3 });
  const bad = User.safeParse({ name: 'A', age: -1, email: 'no', when: 'never', either: null, more: 1 });
  const later = await named.string().transform(async (s) => s.length).refine(async (n) => n > 1).safeParseAsync('four');
  return [good, bad.success, bad.error.issues.map(({ code, path, message }) => [code, path, message]), z.prettifyError(bad.error), later, bad.error instanceof z.ZodError, bad.error instanceof Error, z.toJSONSchema(z.object({ a: z.string() }))];
};`,
  'zod.cjs': `const { z } = require('zod'); exports.use = () => z.string().safeParse(5).error.issues[0].message;`,
  'ajv.cjs': `
const Ajv = require('ajv');
const ajv = new Ajv({ allErrors: true, useDefaults: true, coerceTypes: true });
const validate = ajv.compile({ type: 'object', required: ['id'], additionalProperties: false, properties: { id: { type: 'integer', minimum: 1 }, kind: { enum: ['a', 'b'], default: 'a' }, list: { type: 'array', items: { $ref: '#/definitions/item' }, uniqueItems: true } }, definitions: { item: { type: 'string', pattern: '^x', minLength: 2 } } });
exports.use = () => {
  const good = { id: '5', list: ['xa'] };
  return [validate(good), good, validate({ id: 0, list: ['y', 'y'], other: 1 }), validate.errors, ajv.errorsText(validate.errors)];
};`,
  'ajv.mjs': `
import { Ajv } from 'ajv';
import Draft from 'ajv/dist/2020.js';
export const use = () => [new Ajv().validate({ type: 'string' }, 5), new Draft.default().validate({ prefixItems: [{ type: 'number' }], items: false }, [1, 2])];`,
  'luxon.cjs': `
const { DateTime, Duration, Interval, Settings } = require('luxon');
Settings.defaultZone = 'utc';
exports.use = () => {
  const at = DateTime.fromISO('2024-02-29T12:34:56.789', { zone: 'America/New_York' });
  return [at.toISO(), at.plus({ years: 1, months: 1 }).toISODate(), at.setZone('Asia/Tokyo').toISO(), at.toFormat('yyyy LLL dd HH:mm ZZZZ'), at.setLocale('de').toLocaleString(DateTime.DATE_FULL), at.weekNumber, Duration.fromISO('P1DT2H').as('hours'),
    Interval.fromDateTimes(at, at.plus({ hours: 5 })).length('minutes'), DateTime.fromFormat('31/12/1999', 'dd/MM/yyyy').toISO(), DateTime.fromISO('nonsense').invalidReason, at.diff(at.minus({ days: 3 }), 'days').toObject()];
};`,
  'luxon.mjs': `import { DateTime } from 'luxon'; export const use = () => DateTime.fromMillis(0, { zone: 'utc' }).toRFC2822();`,
  'handlebars.cjs': `
const Handlebars = require('handlebars');
Handlebars.registerHelper('loud', (text) => String(text).toUpperCase());
Handlebars.registerPartial('item', '<li>{{name}}</li>');
const template = Handlebars.compile('{{#if list}}<ul>{{#each list}}{{> item}}{{/each}}</ul>{{else}}none{{/if}} {{loud who}} {{{raw}}} {{escaped}} {{@root.who}}');
exports.use = () => {
  const failures = ['{{#if}}', '{{missingHelper 1}}'].map((text) => { try { return Handlebars.compile(text)({}); } catch (error) { return error.message; } });
  return [template({ list: [{ name: 'a' }, { name: '<b>' }], who: 'you', raw: '<i>', escaped: '<i>' }), template({ who: 'x' }), failures, typeof Handlebars.precompile('{{a}}')];
};`,
  'http-errors.cjs': `
const createError = require('http-errors');
exports.use = () => {
  const error = createError(404, 'no such thing', { id: 5 });
  return [error.statusCode, error.expose, error.id, error instanceof createError.NotFound, createError.isHttpError(error), new createError.BadGateway().message, error.stack.split('\\n')[0]];
};`,
  'nanoid.mjs': `
import { nanoid, customAlphabet, urlAlphabet } from 'nanoid';
export const use = () => [nanoid().length, nanoid(5).length, /^[\\w-]+$/.test(nanoid()), /^[abc]{12}$/.test(customAlphabet('abc', 12)()), urlAlphabet.length, nanoid() !== nanoid()];`,
  'nanoid.cjs': `const { nanoid } = require('nanoid'); exports.use = () => nanoid(7).length;`,
  'jsonwebtoken.cjs': `
const jwt = require('jsonwebtoken');
exports.use = async () => {
  const options = { algorithm: 'HS256', issuer: 'me', noTimestamp: true };
  const token = jwt.sign({ sub: 'you', n: 1 }, 'secret', options);
  const failure = (...args) => { try { return jwt.verify(...args); } catch (error) { return [error.name, error.message, error instanceof jwt.JsonWebTokenError]; } };
  const later = await new Promise((resolve, reject) => jwt.sign({ a: 1 }, 'secret', { noTimestamp: true, algorithm: 'HS512' }, (error, signed) => (error ? reject(error) : resolve(signed))));
  return [token, jwt.verify(token, 'secret'), jwt.decode(token, { complete: true }).header, failure(token, 'other'), failure('x.y.z', 'secret'), failure(token, 'secret', { issuer: 'you' }),
    failure(jwt.sign({ exp: 1 }, 'secret'), 'secret')[0], later];
};`,
  'jose.mjs': `
import { SignJWT, jwtVerify, decodeJwt, EncryptJWT, jwtDecrypt, generateSecret, calculateJwkThumbprint, base64url, errors } from 'jose';
const secret = new TextEncoder().encode('a secret that has to be at least 256 bits long');
export const use = async () => {
  const token = await new SignJWT({ scope: 'all' }).setProtectedHeader({ alg: 'HS256' }).setSubject('you').setExpirationTime(4102444800).sign(secret);
  const { payload, protectedHeader } = await jwtVerify(token, secret, { subject: 'you' });
  const failure = await jwtVerify(token.slice(0, -2), secret).catch((error) => [error.code, error instanceof errors.JOSEError]);
  const key = secret.slice(0, 32);
  const encrypted = await new EncryptJWT({ hidden: 1 }).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(key);
  return [token, payload, protectedHeader, decodeJwt(token).sub, failure, (await jwtDecrypt(encrypted, key)).payload, base64url.encode('text'),
    await calculateJwkThumbprint({ kty: 'oct', k: base64url.encode(secret) })];
};`,
};

const app = {
  routes: { use: 'useHandler' },
  handlers: {
    async useHandler(event) {
      const { use } = await import(`../users/${event.payload}`);
      event.response = new Response(await use());
    },
  },
  files: Object.fromEntries(Object.entries(users).map(([name, text]) => [`users/${name}`, text])),
};

/** As `npm install` leaves them, without a copy. */
const install = (directory) => symlinkSync(installed, path.join(directory, 'node_modules'));

/** A started program with the packages beside it, and a message to every user. */
test('packages', { skip: oldNode }, async (t) => {
  const directory = makeApp(app);
  install(directory.path);
  const runner = await startRunner({ cwd: directory.path });
  for (const name of Object.keys(users)) {
    await t.test(name, async () => {
      const { statusCode, body } = await guarded(runner.ask({ name: 'use', payload: name }));
      assert.equal(statusCode, 200, typeof body?.details === 'string' ? body.details : JSON.stringify(body));
      const { use } = await import(pathToFileURL(path.join(directory.path, 'users', name)));
      assert.deepEqual(body, JSON.parse(JSON.stringify(await use())), 'the program (actual) and Node (expected) differ');
    });
  }
  await runner.stop();
  directory.remove();
});

/** Packages that can not run here, and what is said of them before anything is served. */
const impossible = {
  bcrypt: /Error: 'bcrypt' is a native addon, which only Node itself can load: \S+\.node, required by \S+\/node-gyp-build\.js\. Use a package that does the same in JavaScript, or leave that work to a program of its own that runs in Node$/,
  ws: /^Cannot find module 'https': Node's module "https" is not available here: for HTTP requests use the global fetch\(\)\. Require stack: - \S+\/ws\/lib\/websocket\.js - \S+\/ws\/lib\/stream\.js/,
};

for (const [name, expected] of Object.entries(impossible)) {
  for (const [file, text] of [['handlers/x.js', `require('${name}');`], ['handlers/x.mjs', `import '${name}';`]]) {
    test(`packages: ${name} can not run here, ${file}`, async () => {
      const directory = makeApp({ files: { 'handlers/app.js': null, [file]: text } });
      install(directory.path);
      const { code, stderr } = await runToEnd(['--check'], { cwd: directory.path });
      directory.remove();
      assert.equal(code, 2, stderr);
      assert.match(stderr.trimEnd(), expected);
    });
  }
}
