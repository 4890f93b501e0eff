// The globals that handlers use: support/checks.js must say in the program what it says in Node.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runnerTest } from './support/runner.mjs';

const file = new URL('./support/checks.js', import.meta.url);
const checks = createRequire(import.meta.url)(file.pathname);

const app = {
  routes: { check: 'checkHandler' },
  prelude: "const checks = require('../lib/checks');",
  handlers: {
    async checkHandler(event) {
      event.response = new Response((await checks[event.params.name]()) ?? null);
    },
  },
  files: { 'lib/checks.js': readFileSync(file, 'utf8') },
};

for (const name of Object.keys(checks)) {
  runnerTest(name, app, async (runner) => {
    const inNode = JSON.parse(JSON.stringify(await checks[name]()));
    const { statusCode, body } = await runner.ask({ name: 'check', params: { name } });
    assert.equal(statusCode, 200, JSON.stringify(body, null, 2));
    assert.deepEqual(body, inNode, 'the program (actual) and Node (expected) differ');
  });
}
