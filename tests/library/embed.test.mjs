// examples/embed, built as its README says against what `cmake --install` has put somewhere, and run.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from '../e2e/support/client.mjs';
import { installTree } from './support/install.mjs';

const example = new URL('../../examples/embed/', import.meta.url);
const commands = [...readFileSync(new URL('README.md', example), 'utf8').matchAll(/```sh\n(.*?)```/gs)].map(([, text]) => text);

let directory;
let installed;

before(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'configurapi-embed-'));
  installed = installTree(path.join(directory, 'tree'), ['library', 'development']);
  cpSync(example, path.join(directory, 'embed'), { recursive: true });
});
after(() => rmSync(directory, { recursive: true, force: true }));

/** Starts the program on a free port; {child, port, ended}. */
async function start(program, env) {
  const child = spawn(path.join(directory, 'embed', program), ['0'], { env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'pipe'] });
  const ended = once(child, 'close');
  let log = '';
  const port = await new Promise((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text) => {
      log += text;
      const found = log.match(/thermostat: Listening on ws:\/\/.*:(\d+)/);
      if (found) resolve(Number(found[1]));
    });
    child.on('close', () => reject(new Error(`it ended:\n${log}`)));
  });
  return { child, port, ended };
}

const programs = [
  ['with the shared library', 0, 'thermostat', () => ({ LD_LIBRARY_PATH: installed.lib })],
  ['with the static library', 1, 'thermostat-static', () => ({})],
];

for (const [what, command, program, env] of programs) {
  test(what, { timeout: 120_000 }, async () => {
    execFileSync('sh', ['-ec', commands[command]], { cwd: path.join(directory, 'embed'), env: { ...process.env, ...installed.env }, stdio: 'inherit' });
    const needed = execFileSync('readelf', ['-d', path.join(directory, 'embed', program)], { encoding: 'utf8' });
    assert.equal(needed.includes('libconfigurapi-runner-ws.so.0'), command === 0);

    const { child, port, ended } = await start(program, env());
    try {
      const client = await connect(`ws://127.0.0.1:${port}`);
      assert.deepEqual((await client.ask({ name: 'subscribe' })).body, { subscribed: true });
      let message = await client.next();
      assert.equal(message.body.type, 'temperature');
      assert.ok(message.body.temperature > 18);
      client.send({ name: 'setTarget', payload: 'warm', headers: { 'message-id': 1 } });
      while (message.headers['message-id'] !== 1) message = await client.next();
      assert.equal(message.statusCode, 400);
      client.send({ name: 'setTarget', payload: 10, headers: { 'message-id': 2 } });
      while (message.headers['message-id'] !== 2) message = await client.next();
      assert.deepEqual(message.body, { target: 10 });
      client.terminate();
      const other = await connect(`ws://127.0.0.1:${port}`);
      assert.equal((await other.ask({ name: 'getTemperature' })).body.target, 10);
      child.kill('SIGINT');
      assert.equal((await other.closed).code, 1001);
      assert.deepEqual(await ended, [0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });
}
