// What config_parse makes of documents against Config.parse of the npm package, under several NODE_ENVs.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { cases, differences } from './cases.mjs';

process.env.TZ = 'UTC'; // String(date) as a key
const { Config } = createRequire(import.meta.url)('configurapi');

const directory = '/srv/app/config';
const environments = [undefined, 'dev', 'prod'];

/** What the C reader makes of every case: {error} or {imports, routes}. */
function ours(nodeEnv) {
  const input = cases.flatMap(({ yaml }) => {
    const document = Buffer.from(yaml);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(document.length);
    return [length, document];
  });
  const program = process.env.CONFIGURAPI_CONFIG_DUMP;
  assert.ok(program, 'CONFIGURAPI_CONFIG_DUMP names the program');
  const run = spawnSync(program, [directory, ...(nodeEnv === undefined ? [] : [nodeEnv])], {
    input: Buffer.concat(input),
    maxBuffer: 1 << 30,
  });
  assert.equal(run.status, 0, String(run.stderr));
  const lines = String(run.stdout).split('\n').slice(0, -1);
  assert.equal(lines.length, cases.length);
  return lines.map((line) => JSON.parse(line));
}

/** A value as JavaScript has it, of what config.h says stands for it in JSON. */
function revive(json) {
  if (Array.isArray(json)) return json.map(revive);
  if (json === null || typeof json !== 'object') return json;
  const keys = Object.keys(json);
  if (keys.length === 1) {
    if (keys[0] === '$date') return new Date(json.$date);
    if (keys[0] === '$binary') return Buffer.from(json.$binary, 'base64');
    if (keys[0] === '$number') return Number(json.$number);
  }
  const map = {};
  for (const key of keys) {
    assert.doesNotMatch(key, /^\$(?!\$)/, 'not escaped');
    // Not an assignment: "__proto__" is a key like any other.
    Object.defineProperty(map, key.replace(/^\$\$/, '$'), {
      value: revive(json[key]), configurable: true, enumerable: true, writable: true,
    });
  }
  return map;
}

const byName = (a, b) => (a.name < b.name ? -1 : Number(a.name > b.name));

/** Our config with JavaScript's values in it. */
function revived({ imports, routes }) {
  const policies = (list) => list.map((policy) => ({ ...policy, parameters: revive(policy.parameters) }));
  return { imports, routes: routes.map((route) => ({ ...route, policies: policies(route.policies) })).sort(byName) };
}

const parameters = (value) => (value instanceof Array ? value : []);
const policy = ({ name, logLevel, parameters: list }) => ({ name, logLevel: logLevel ?? null, parameters: parameters(list) });

/** The reference's config in the same form. Its order of routes is JavaScript's, ours is the file's. */
function reference(yaml, nodeEnv) {
  if (nodeEnv === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = nodeEnv;
  const config = Config.parse(String(yaml), directory);
  const routes = Object.keys(config.events.items).map((name) => {
    const { logLevel, policies } = config.events.items[name];
    return { name, logLevel: logLevel ?? 'none', policies: policies.map(policy) };
  });
  return { imports: config.modules, routes: routes.sort(byName) };
}

function attempt(read) {
  try {
    return read();
  } catch (error) {
    return { error: String(error.message) };
  }
}

/** The order of a map's keys too, which deepEqual does not look at. */
function orders(value) {
  if (value === null || typeof value !== 'object' || value instanceof Date || Buffer.isBuffer(value)) return null;
  return Object.keys(value).map((key) => [key, orders(value[key])]);
}

function same(actual, expected) {
  assert.deepEqual(actual, expected);
  assert.deepEqual(orders(actual), orders(expected));
}

for (const nodeEnv of environments) {
  describe(`NODE_ENV ${nodeEnv ?? 'unset'}`, () => {
    const results = ours(nodeEnv);

    cases.forEach(({ name, yaml, difference, ours: wanted }, index) => {
      test(name, () => {
        const { error } = results[index];
        const actual = error === undefined ? revived(results[index]) : { error };
        const expected = attempt(() => reference(yaml, nodeEnv));

        if (error !== undefined) assert.match(error, /^document:\d+:\d+: \S[^\n]*$/);
        if (difference === undefined) {
          if (expected.error === undefined || error === undefined) same(actual, expected);
          return;
        }
        assert.ok(differences[difference], 'the difference has a name');
        if (wanted === 'refuses') {
          assert.notEqual(error, undefined);
          assert.equal(expected.error, undefined, 'the two agree: this is no difference');
          return;
        }
        assert.equal(error, undefined);
        same(actual.routes.flatMap((route) => route.policies.map((p) => p.parameters)), wanted);
        assert.throws(() => same(actual, expected), 'the two agree: this is no difference');
      });
    });
  });
}
