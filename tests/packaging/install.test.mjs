// The installed tree, and the systemd unit in it.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { installTree } from '../library/support/install.mjs';
import { needs } from './support/help.mjs';

let prefix;
let installed;
let files;

before(() => {
  prefix = mkdtempSync(path.join(tmpdir(), 'configurapi-install-'));
  installed = installTree(prefix, ['program', 'library', 'validation', 'development']);
  files = readdirSync(prefix, { recursive: true }).filter((name) => !statSync(path.join(prefix, name)).isDirectory());
});
after(() => rmSync(prefix, { recursive: true, force: true }));

test('what is there', () => {
  const wanted = [
    'bin/configurapi-runner-ws',
    'include/configurapi.h',
    'include/configurapi-runner-ws.h',
    'lib/systemd/system/configurapi-runner-ws@.service',
    'share/man/man1/configurapi-runner-ws.1',
    'share/bash-completion/completions/configurapi-runner-ws',
    'share/zsh/vendor-completions/_configurapi-runner-ws',
    'share/fish/vendor_completions.d/configurapi-runner-ws.fish',
    'share/doc/configurapi-runner-ws/README.md',
    'share/doc/configurapi-runner-ws/docs/operating.md',
    'share/doc/configurapi-runner-ws/licenses.txt',
    'share/doc/configurapi-runner-ws/copyright',
    'share/doc/configurapi-runner-ws/examples/chat/config.yaml',
    'share/doc/configurapi-runner-ws/examples/script/server.js',
    'share/doc/libconfigurapi-runner-ws-dev/examples/embed/thermostat.c',
  ];
  for (const file of wanted) assert.ok(files.includes(file), `${file} is installed`);
  for (const name of ['libconfigurapi-runner-ws.so', 'libconfigurapi-runner-ws.so.0', 'libconfigurapi-runner-ws.a']) {
    assert.ok(existsSync(path.join(installed.lib, name)), `${name} is installed`);
  }
});

test('the program runs from there', () => {
  assert.match(execFileSync(path.join(prefix, 'bin/configurapi-runner-ws'), ['--version'], { encoding: 'utf8' }), /^\d+\.\d+\.\d+\n$/);
  assert.ok(existsSync(path.join(installed.lib, 'configurapi-runner-ws/configurapi-validation.so')));
});

test('the licences of what is inside', () => {
  const licenses = readFileSync(path.join(prefix, 'share/doc/configurapi-runner-ws/licenses.txt'), 'utf8');
  for (const name of ['buffer', 'events', 'whatwg-url']) assert.ok(licenses.includes(name), `${name}'s licence`);
});

test('pkg-config finds it where it is', () => {
  const pkgConfig = (...args) => execFileSync('pkg-config', args, { encoding: 'utf8', env: { ...process.env, ...installed.env } }).trim();
  for (const name of ['configurapi', 'configurapi-runner-ws']) {
    pkgConfig('--validate', name);
    assert.equal(path.resolve(pkgConfig('--variable=includedir', name)), path.join(prefix, 'include'));
    assert.equal(pkgConfig('--modversion', name), execFileSync(path.join(prefix, 'bin/configurapi-runner-ws'), ['--version'], { encoding: 'utf8' }).trim());
  }
  assert.match(pkgConfig('--libs', 'configurapi-runner-ws'), /-lconfigurapi-runner-ws/);
  assert.doesNotMatch(pkgConfig('--libs', 'configurapi'), /configurapi/);
  assert.match(pkgConfig('--libs', '--static', 'configurapi-runner-ws'), /-luv/);
});

test('a module of handlers is compiled with nothing but configurapi.pc', () => {
  const source = new URL('../library/module.c', import.meta.url).pathname;
  const command = `cc -Wall -Wextra -Werror -shared -fPIC -o ${path.join(prefix, 'libmodule.so')} ${source} $(pkg-config --cflags configurapi)`;
  execFileSync('sh', ['-ec', command], { env: { ...process.env, ...installed.env } });
});

for (const [kind, libs, env] of [
  ['shared', '$(pkg-config --libs configurapi-runner-ws)', () => ({ LD_LIBRARY_PATH: installed.lib })],
  ['static', "$(pkg-config --libs --static configurapi-runner-ws | sed 's/-lconfigurapi-runner-ws/-l:libconfigurapi-runner-ws.a/')", () => ({})],
]) {
  test(`a program with the ${kind} library finds what is opened at run time`, () => {
    const tests = new URL('../library/', import.meta.url).pathname;
    const program = path.join(prefix, 'bin', `validating-${kind}`);
    const command = `cc -D_GNU_SOURCE -I${tests} -o ${program} ${tests}/validating.c ${tests}/support/client.c $(pkg-config --cflags configurapi-runner-ws) ${libs} -pthread`;
    execFileSync('sh', ['-ec', command], { env: { ...process.env, ...installed.env } });
    mkdirSync(path.join(prefix, 'schemas'), { recursive: true });
    writeFileSync(path.join(prefix, 'schemas/checked.json'), '{"type":"number"}');
    const reply = JSON.parse(execFileSync(program, [prefix], { encoding: 'utf8', env: { ...process.env, ...env() } }));
    assert.equal(reply.statusCode, 400, JSON.stringify(reply));
  });
}

const unit = () => path.join(prefix, 'lib/systemd/system/configurapi-runner-ws@.service');

test('the unit starts the program that is installed with it', () => {
  assert.ok(readFileSync(unit(), 'utf8').includes(`ExecStart=${prefix}/bin/configurapi-runner-ws $CONFIGURAPI_OPTIONS\n`));
});

test('systemd takes the unit', needs('systemd-analyze'), () => {
  const instance = unit().replace('@.', '@test.');
  const verified = spawnSync('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', instance], { encoding: 'utf8' });
  assert.deepEqual({ status: verified.status, stderr: verified.stderr }, { status: 0, stderr: '' });
});

test('systemd finds the unit safe', needs('systemd-analyze'), () => {
  // Of 100, which is nothing held back: a network server with a just-in-time compiler can not get much below 15.
  const rated = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', '--threshold=20', unit()], { encoding: 'utf8' });
  assert.equal(rated.status, 0, rated.stdout + rated.stderr);
});
