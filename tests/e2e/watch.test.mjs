// --watch: what changes on disk is served, without a word (docs/operating.md, "Reloading").

import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { configText } from './support/app.mjs';
import { runnerTest } from './support/runner.mjs';

const SETTLED_MS = 400; // long enough for a reload that would come

const write = (directory, name, text) => {
  mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
  writeFileSync(path.join(directory, name), text);
};

const handler = (name, expression) => `exports.${name} = (event) => { event.response.body = ${expression}; };`;

const app = (files = {}, config = { routes: { version: 'versionHandler' } }) => ({
  args: ['--watch'],
  ...config,
  files: { 'handlers/app.js': handler('versionHandler', '1'), ...files },
});

const reloads = (runner) => runner.lines('stdout').filter((line) => line.includes('Reloaded config.yaml')).length;

async function until(runner, check) {
  for (;;) {
    const reply = await runner.ask({ name: 'version' });
    if (check(reply)) return;
    await sleep(20);
  }
}

const body = (wanted) => (reply) => reply.body === wanted;

runnerTest('a changed handler', app(), async (runner, directory) => {
  const client = await runner.connect();
  assert.equal((await client.ask({ name: 'version' })).body, 1);
  write(directory, 'handlers/app.js', handler('versionHandler', '2'));
  await until(runner, body(2));
  assert.equal((await client.ask({ name: 'version' })).body, 2);
  await client.close();
});

runnerTest('a handler that an editor puts in the place of another', app(), async (runner, directory) => {
  for (const version of [2, 3]) {
    write(directory, 'handlers/.app.js.new', handler('versionHandler', String(version)));
    renameSync(path.join(directory, 'handlers/.app.js.new'), path.join(directory, 'handlers/app.js'));
    await until(runner, body(version));
  }
});

runnerTest('a file that a handler requires, and one that this requires in its turn', app({
  'handlers/app.js': handler('versionHandler', 'require("../lib/one")'),
  'lib/one.js': 'module.exports = require("./two.json").version;',
  'lib/two.json': '{"version": 1}',
}), async (runner, directory) => {
  await until(runner, body(1));
  // It is required by the first event: only what reloads now would see that it changes.
  write(directory, 'handlers/app.js', 'const version = require("../lib/one"); exports.versionHandler = (event) => { event.response.body = version; };');
  await until(runner, body(1));
  while (reloads(runner) === 0) await sleep(20);
  write(directory, 'lib/two.json', '{"version": 2}');
  await until(runner, body(2));
  write(directory, 'lib/one.js', 'module.exports = 3;');
  await until(runner, body(3));
});

runnerTest('the configuration, a new file in handlers/, and one that is gone', app(), async (runner, directory) => {
  write(directory, 'handlers/more.js', handler('moreHandler', '"more"'));
  write(directory, 'config.yaml', configText({ version: 'moreHandler' }));
  await until(runner, body('more'));
  rmSync(path.join(directory, 'handlers/more.js'));
  await runner.output('stderr', /Not reloaded, all stays as it was: config\.yaml:\d+:\d+: no handler is named 'moreHandler'/);
  assert.equal((await runner.ask({ name: 'version' })).body, 'more');
});

runnerTest('a folder handlers/ that comes later', {
  ...app({}, { routes: { version: ['setResponseBodyHandler'] } }),
  files: { 'handlers/app.js': null, 'config.yaml': configText({ version: { setResponseBodyHandler: ['none'] } }) },
}, async (runner, directory) => {
  assert.equal((await runner.ask({ name: 'version' })).body, 'none');
  write(directory, 'handlers/app.js', handler('setResponseBodyHandler', '"own"'));
  await until(runner, body('own'));
});

runnerTest('a broken edit is said once and mended by the next', app(), async (runner, directory) => {
  write(directory, 'handlers/app.js', 'exports.versionHandler = );');
  await runner.output('stderr', /Not reloaded, all stays as it was: \S*handlers\/app\.js:1:\d+: SyntaxError/);
  assert.equal((await runner.ask({ name: 'version' })).body, 1);
  write(directory, 'handlers/app.js', handler('versionHandler', '2'));
  await until(runner, body(2));
  assert.equal(runner.lines('stderr').length, 1);
});

runnerTest('a module that was missing mends it, too', app(), async (runner, directory) => {
  write(directory, 'handlers/app.js', handler('versionHandler', 'missing').replace('exports', 'const missing = require("./missing.json");\nexports'));
  await runner.output('stderr', /Not reloaded.*Cannot find module '\.\/missing\.json'/);
  write(directory, 'handlers/missing.json', '"found"');
  await until(runner, body('found'));
});

runnerTest('schemas', {
  ...app(),
  routes: { version: ['validateJsonRequestHandler', 'versionHandler'] },
  files: { ...app().files, 'schemas/version.json': '{"type": "string"}' },
}, async (runner, directory) => {
  const ask = async () => (await runner.ask({ name: 'version', payload: 1 })).statusCode;
  assert.equal(await ask(), 400);
  write(directory, 'schemas/version.json', '{"type": "number"}');
  while (await ask() !== 200) await sleep(20);
});

runnerTest('a file that nothing was made of changes nothing', app({ 'notes.txt': '' }), async (runner, directory) => {
  write(directory, 'notes.txt', 'by a handler, perhaps');
  write(directory, 'handlers/data.json', '{}');
  write(directory, 'handlers/types.d.ts', 'export type None = undefined;');
  await sleep(SETTLED_MS);
  assert.equal(reloads(runner), 0);
  assert.deepEqual(runner.lines('stderr'), []);
});

runnerTest('many changes at once are one reload', app(), async (runner, directory) => {
  for (let version = 2; version <= 20; version++) write(directory, 'handlers/app.js', handler('versionHandler', String(version)));
  await until(runner, body(20));
  await sleep(SETTLED_MS);
  assert.equal(reloads(runner), 1);
});

runnerTest('without the option nothing is watched', { ...app(), args: [] }, async (runner, directory) => {
  write(directory, 'handlers/app.js', handler('versionHandler', '2'));
  await sleep(SETTLED_MS);
  assert.equal((await runner.ask({ name: 'version' })).body, 1);
});

runnerTest('a config file that goes, and comes again', app({ 'handlers/more.js': handler('moreHandler', '"more"') }), async (runner, directory) => {
  rmSync(path.join(directory, 'config.yaml'));
  await runner.output('stderr', /config.yaml/); // it is missed
  await sleep(SETTLED_MS);
  write(directory, 'config.yaml', configText({ version: 'moreHandler' }));
  await until(runner, body('more'));
  write(directory, 'config.yaml', configText({ version: 'versionHandler' }));
  await until(runner, body(1));
});

runnerTest('a config file that is a link, to another from then on', app({ 'handlers/more.js': handler('moreHandler', '"more"') }), async (runner, directory) => {
  const link = (to) => {
    symlinkSync(to, path.join(directory, 'new'));
    renameSync(path.join(directory, 'new'), path.join(directory, 'config.yaml'));
  };
  write(directory, 'one.yaml', configText({ version: 'moreHandler' }));
  write(directory, 'two.yaml', configText({ version: 'versionHandler' }));
  link('one.yaml');
  await until(runner, body('more'));
  await sleep(SETTLED_MS);
  link('two.yaml');
  await until(runner, body(1));
});
