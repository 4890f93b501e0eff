// The globals that handlers get, by the scripts of fixtures/globals: each runs inside the program, in a handler, and in Node as well,
// since what it claims is Node's behaviour.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { runnerTest } from './support/runner.mjs';

const folder = new URL('fixtures/globals/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.js'));
const require = createRequire(import.meta.url);

const files = Object.fromEntries(names.map((name) => [`globals/${name}`, readFileSync(new URL(name, folder), 'utf8')]));

runnerTest(
  'every script runs in a handler',
  {
    routes: { run: 'runHandler' },
    files,
    handlers: {
      async runHandler(event) {
        await require(`../globals/${event.payload}`).run();
        event.response = new Response('good');
      },
    },
  },
  async (runner) => {
    const client = await runner.connect();
    for (const name of names) {
      const reply = await client.ask({ name: 'run', payload: name });
      assert.equal(reply.body, 'good', `${name}: ${reply.body.message}\n${reply.body.details}`);
    }
    await client.close();
  },
);

for (const name of names) test(`${name} runs in Node`, () => require(new URL(name, folder).pathname).run());
