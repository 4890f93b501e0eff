// What docs/javascript.md says of Node's modules is so.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { test } from 'node:test';
import { oldNode } from './support/node.mjs';
import { runnerTest } from './support/runner.mjs';

const text = readFileSync(new URL('../../docs/javascript.md', import.meta.url), 'utf8');
const [section] = /(?<=## Node's modules\n)[^]*?(?=\n## )/.exec(text);
const rows = [...section.matchAll(/^\| ([a-z][^|]*) \| ((?:there|not there)[^|]*) \|$/gm)].map(([, names, said]) => ({ names: names.split(', '), there: said === 'there' }));
const names = rows.flatMap((row) => row.names);

test("every module of Node's is spoken of, once", { skip: oldNode }, () => {
  assert.deepEqual([...names].sort(), builtinModules.filter((name) => !name.startsWith('_')).sort());
});

runnerTest('the modules that are said to be there are, the others say what they are', {
  routes: { look: 'lookHandler' },
  handlers: {
    lookHandler(event) {
      const outcome = (name) => {
        try {
          return typeof require(name);
        } catch (error) {
          return error.message.includes(name) && error.message.includes(__filename) ? error.code : error.message;
        }
      };
      event.response = new Response(event.payload.map((name) => [outcome(name), outcome(`node:${name}`)]));
    },
  },
}, async (runner) => {
  const { body } = await runner.ask({ name: 'look', payload: names });
  const there = new Set(rows.filter((row) => row.there).flatMap((row) => row.names));
  names.forEach((name, i) => {
    for (const outcome of body[i]) {
      if (there.has(name)) assert.match(outcome, /^(?:object|function)$/, `${name}: ${outcome}`);
      else assert.equal(outcome, 'MODULE_NOT_FOUND', name);
    }
  });
});

runnerTest('dates and locales are as is said', {
  routes: { look: 'lookHandler' },
  handlers: {
    lookHandler(event) {
      const before = new Date(0).getHours();
      process.env.TZ = 'America/New_York';
      const when = (text) => (Number.isNaN(Date.parse(text)) ? 'invalid' : new Date(text).toISOString());
      event.response = new Response([['2020-01-01 10:00:00 UTC', '2020-01-01 10:00:00 +00:00', '2020-02-30', '2020-1-1', '2020-01-01T10:00:00Z'].map(when),
        (0.5).toLocaleString(), (0.5).toLocaleString('de-DE'), before, new Date(0).getHours(), new Date(0).toLocaleString('de-DE', { timeZone: 'Asia/Tokyo', hour: 'numeric' })]);
    },
  },
  env: { TZ: 'Asia/Tokyo', LANG: 'de_DE.UTF-8' },
}, async (runner) => {
  assert.deepEqual((await runner.ask({ name: 'look' })).body, [['invalid', 'invalid', 'invalid', '2020-01-01T00:00:00.000Z', '2020-01-01T10:00:00.000Z'],
    '0.5', '0,5', 9, 9, '09 Uhr']);
});
