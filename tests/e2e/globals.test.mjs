// The globals that handlers get. What is claimed of them is Node's behaviour: the scripts of fixtures/globals assert it in both, and
// what support/checks.js finds in the program must be what it finds in Node.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { oldNode } from './support/node.mjs';
import { runnerTest, runToEnd } from './support/runner.mjs';

const require = createRequire(import.meta.url);
const folder = new URL('fixtures/globals/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.js'));
const file = new URL('./support/checks.js', import.meta.url);
const checks = require(file.pathname);

const app = {
  routes: { run: 'runHandler', check: 'checkHandler' },
  prelude: "const checks = require('../lib/checks');",
  handlers: {
    async runHandler(event) {
      await require(`../globals/${event.payload}`).run();
      event.response = new Response('good');
    },
    async checkHandler(event) {
      event.response = new Response((await checks[event.params.name]()) ?? null);
    },
  },
  files: {
    'lib/checks.js': readFileSync(file, 'utf8'),
    ...Object.fromEntries(names.map((name) => [`globals/${name}`, readFileSync(new URL(name, folder), 'utf8')])),
  },
};

for (const name of names) test(`${name} runs in Node`, { skip: oldNode }, () => require(new URL(name, folder).pathname).run());

runnerTest('every script runs in a handler', app, async (runner) => {
  const client = await runner.connect();
  for (const name of names) {
    const reply = await client.ask({ name: 'run', payload: name });
    assert.equal(reply.body, 'good', `${name}: ${reply.body.message}\n${reply.body.details}`);
  }
  await client.close();
});

runnerTest('process.versions has what Node has not', {
  routes: { versions: 'versionsHandler' },
  handlers: {
    versionsHandler(event) {
      event.response = new Response(process.versions);
    },
  },
}, async (runner) => {
  const { body } = await runner.ask({ name: 'versions' });
  const { stdout } = await runToEnd(['--version'], { cwd: '/' });
  assert.equal(`${body.configurapi}\n`, stdout);
  assert.match(body.javascriptcore, /^\d+\.\d+\.\d+$/);
  assert.equal(body.node.split('.')[0], '20');
});

for (const name of Object.keys(checks)) {
  runnerTest(name, app, async (runner) => {
    const inNode = JSON.parse(JSON.stringify(await checks[name]()));
    const { statusCode, body } = await runner.ask({ name: 'check', params: { name } });
    assert.equal(statusCode, 200, JSON.stringify(body, null, 2));
    assert.deepEqual(body, inNode, 'the program (actual) and Node (expected) differ');
  }, { skip: oldNode });
}
