// The Debian packages, installed where there is nothing else, and the main job done from there.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { connect } from '../e2e/support/client.mjs';
import { Root, missing } from './support/root.mjs';

const why = missing();
const build = process.env.CONFIGURAPI_BUILD;
const options = { skip: why ?? false, timeout: 280_000 };
let root;
let debs;

/** The path of the package of that name. */
const deb = (name) => path.join(root.work, 'packages', debs.find((file) => file.startsWith(`${name}_`)));
const field = (name, which) => execFileSync('dpkg-deb', ['--field', deb(name), which], { encoding: 'utf8' }).trim();

before(() => {
  if (why) return;
  root = new Root();
  const packages = path.join(root.work, 'packages');
  execFileSync('cpack', ['-G', 'DEB', '-B', packages], { cwd: build, stdio: 'ignore' });
  debs = readdirSync(packages).filter((name) => name.endsWith('.deb'));
}, { timeout: 120_000 });
after(() => root?.dispose());

/** Serves a directory of the root: {port, stop()}; rejects with what was said where the program ends. */
async function serve(directory) {
  const child = root.spawn(directory, ['/usr/bin/configurapi-runner-ws', '--host', '127.0.0.1', '--port', '0', '--no-management']);
  let output = '';
  const ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));
  const port = await new Promise((resolve, reject) => {
    const look = (text) => {
      output += text;
      const found = output.match(/Listening on ws:\/\/127\.0\.0\.1:(\d+)/);
      if (found) resolve(Number(found[1]));
    };
    child.stdout.setEncoding('utf8').on('data', look);
    child.stderr.setEncoding('utf8').on('data', look);
    ended.then((code) => reject(Object.assign(new Error(`it ended with ${code}:\n${output}`), { code, output })));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    assert.equal(await ended, 0, output);
  };
  return { port, pid: child.pid, stop };
}

const withConfig = (directory, config) => {
  mkdirSync(path.join(root.path, directory, 'handlers'), { recursive: true });
  writeFileSync(path.join(root.path, directory, 'config.yaml'), config);
};

test('what the packages say of themselves', options, () => {
  assert.equal(debs.length, 4);
  for (const name of ['configurapi-runner-ws', 'libconfigurapi-runner-ws0']) {
    for (const library of ['libc6', 'libfyaml0', 'libjansson4', 'libmicrohttpd12', 'libssl3', 'libuv1', 'zlib1g']) {
      assert.match(field(name, 'Depends'), new RegExp(`\\b${library}\\b`));
    }
    assert.doesNotMatch(field(name, 'Depends'), /javascriptcore|curl/);
    assert.equal(field(name, 'Recommends'), 'libjavascriptcoregtk-4.1-0, libcurl4');
  }
  const version = field('libconfigurapi-runner-ws0', 'Version');
  for (const name of ['configurapi-runner-ws', 'libconfigurapi-runner-ws0']) {
    assert.ok(field(name, 'Depends').includes(`configurapi-validation (= ${version})`));
  }
  assert.match(field('configurapi-validation', 'Depends'), /\blibpcre2-8-0\b/);
  assert.doesNotMatch(field('configurapi-validation', 'Depends'), /stdc/);
  assert.equal(field('libconfigurapi-runner-ws-dev', 'Depends'), `libconfigurapi-runner-ws0 (= ${version}), libjansson-dev`);
});

test('it runs on what it depends on and nothing else', options, () => {
  const unpacked = root.unpackDependencies(deb('configurapi-runner-ws'), deb('configurapi-validation'), 'dash');
  assert.ok(!unpacked.some((name) => /javascriptcore|curl/.test(name)));
  root.install(deb('configurapi-validation'));
  root.install(deb('configurapi-runner-ws'));
  assert.equal(root.run('/usr/bin/configurapi-runner-ws', '--version').trim(), field('configurapi-runner-ws', 'Version'));
  assert.ok(existsSync(path.join(root.path, 'usr/lib/systemd/system/configurapi-runner-ws@.service')));
});

test('handlers in C, without JavaScriptCore', options, async () => {
  // Built with what the development package has.
  const development = path.join(root.work, 'development');
  execFileSync('dpkg-deb', ['--extract', deb('libconfigurapi-runner-ws-dev'), development]);
  withConfig('srv/c', 'api:\n  events:\n    - name: getData\n      policies:\n        - fromModuleHandler: [{ id: 123 }]\n    - name: checked\n      policies: [validateJsonRequestHandler]\n');
  mkdirSync(path.join(root.path, 'srv/c/schemas'));
  writeFileSync(path.join(root.path, 'srv/c/schemas/checked.json'), '{"type":"number"}');
  const source = new URL('../library/module.c', import.meta.url).pathname;
  execFileSync('cc', ['-shared', '-fPIC', `-I${development}/usr/include`, '-o', path.join(root.path, 'srv/c/handlers/libmodule.so'), source]);

  const server = await serve('/srv/c');
  const client = await connect(`ws://127.0.0.1:${server.port}`);
  const reply = await client.ask({ name: 'getData', headers: { 'message-id': 'abc-123' } });
  assert.deepEqual(reply, { statusCode: 200, headers: { 'message-id': 'abc-123' }, body: { module: { id: 123 } } });
  assert.doesNotMatch(readFileSync(`/proc/${server.pid}/maps`, 'utf8'), /javascriptcore|libcurl|configurapi-validation/);
  assert.equal((await client.ask({ name: 'checked', payload: 'no number' })).statusCode, 400);
  assert.equal((await client.ask({ name: 'checked', payload: 1 })).statusCode, 200);
  await server.stop();
});

test('handlers in JavaScript, without JavaScriptCore: one line that names the package', options, async () => {
  withConfig('srv/js', 'api:\n  events:\n    - name: getData\n      policies: [getDataHandler]\n');
  cpSync(path.join(root.path, 'usr/share/doc/configurapi-runner-ws/examples/chat'), path.join(root.path, 'srv/chat'), { recursive: true });
  writeFileSync(path.join(root.path, 'srv/js/handlers/data.js'), 'exports.getDataHandler = async (event) => { event.response.body = event.params; };\n');
  await assert.rejects(serve('/srv/js'), ({ code, output }) => {
    assert.equal(code, 2);
    assert.match(output, /^[^\n]*\blibjavascriptcoregtk-4\.1-0\b[^\n]*\n$/);
    return true;
  });
});

test('handlers in JavaScript, with what is recommended', options, async () => {
  root.unpackDependencies(...field('configurapi-runner-ws', 'Recommends').split(', '));
  const server = await serve('/srv/js');
  const client = await connect(`ws://127.0.0.1:${server.port}`);
  const reply = await client.ask({ name: 'getData', params: { id: 123 }, headers: { 'message-id': 'abc-123' } });
  assert.deepEqual(reply, { statusCode: 200, headers: { 'message-id': 'abc-123' }, body: { id: 123 } });
  await server.stop();

  const chat = await serve('/srv/chat');
  const ada = await connect(`ws://127.0.0.1:${chat.port}`, { path: '/?name=Ada' });
  assert.equal((await ada.ask({ name: 'rooms', headers: { 'message-id': 1 } })).statusCode, 200);
  await chat.stop();
});

test('it goes as it came', options, () => {
  root.remove('configurapi-runner-ws');
  assert.ok(!existsSync(path.join(root.path, 'usr/bin/configurapi-runner-ws')));
  assert.ok(!existsSync(path.join(root.path, 'usr/share/doc/configurapi-runner-ws')));
});
