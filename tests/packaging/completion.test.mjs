// The shells' completions: what they offer is what --help tells of.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { generated, needs, options } from './support/help.mjs';

const levels = ['debug', 'error', 'info', 'none', 'trace'];
const lines = (text) => text.split('\n').filter(Boolean).sort();

function inDirectory(body) {
  const directory = mkdtempSync(path.join(tmpdir(), 'configurapi-completion-'));
  try {
    writeFileSync(path.join(directory, 'a.yaml'), '');
    return body(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** What bash offers for the last of `words`. */
const bash = (...words) =>
  inDirectory((cwd) => {
    const script = `source "$0"; COMP_WORDS=(configurapi-runner-ws "$@"); COMP_CWORD=$#; _configurapi_runner_ws; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return lines(execFileSync('bash', ['-c', script, generated('completion.bash'), ...words], { cwd, encoding: 'utf8' }));
  });

test('bash: options', needs('bash'), () => {
  assert.deepEqual(bash('-'), options);
  assert.deepEqual(bash('--no-'), ['--no-compression', '--no-management']);
  assert.deepEqual(bash('--check', '--vers'), ['--version']);
});

test('bash: a script, and its arguments', needs('bash'), () => {
  assert.deepEqual(bash(''), ['a.yaml']);
  assert.deepEqual(bash('--check', 'a'), ['a.yaml']);
});

test('bash: what stands behind them', needs('bash'), () => {
  assert.deepEqual(bash('--log-level', ''), levels);
  assert.deepEqual(bash('--log-level', 'i'), ['info']);
  assert.deepEqual(bash('--file', ''), ['a.yaml']);
  assert.deepEqual(bash('-f', 'a'), ['a.yaml']);
  assert.deepEqual(bash('--port', ''), []);
});

/** What fish offers for a command line. */
const fish = (line) =>
  inDirectory((cwd) => {
    const script = `source ${generated('completion.fish')}; complete -C ${JSON.stringify(`configurapi-runner-ws ${line}`)}`;
    const home = { XDG_CONFIG_HOME: cwd, XDG_DATA_HOME: cwd, HOME: cwd };
    return lines(execFileSync('fish', ['--no-config', '-c', script], { cwd, encoding: 'utf8', env: { ...process.env, ...home } })).map((found) => found.split('\t')[0]);
  });

test('fish: options and what stands behind them', needs('fish'), () => {
  assert.deepEqual(fish('--').sort(), options.filter((option) => option.startsWith('--')));
  assert.deepEqual(fish('--log-level ').sort(), levels);
  assert.ok(fish('--file ').includes('a.yaml'));
  assert.ok(fish('').includes('a.yaml'));
});

test('zsh: options and what stands behind them', needs('zsh'), () => {
  const file = generated('completion.zsh');
  execFileSync('zsh', ['-n', file]);
  // What _arguments is given, without the terminal that the completion itself would need.
  const specs = lines(execFileSync('zsh', ['-fc', `_arguments() { print -rl -- "$@" }; source ${file}`], { encoding: 'utf8' }));
  assert.deepEqual(specs.filter((spec) => spec.endsWith(':_files') && !spec.includes('[')), ['*:argument:_files', '1:script:_files']);
  const offered = specs.filter((spec) => spec.includes('[')).map((spec) => spec.match(/^(?:\([^)]*\)|\*)?(--?[\w-]+)\[/)[1]);
  assert.deepEqual(offered.sort(), options);
  assert.ok(specs.some((spec) => spec.startsWith('--log-format[') && spec.endsWith(':FORMAT:(text json)')));
  assert.ok(specs.some((spec) => spec.startsWith('--log-level[') && spec.endsWith(':LEVEL:(debug trace info error none)')));
  assert.ok(specs.some((spec) => spec.includes('-f[') && spec.endsWith(':PATH:_files')));
});

test('each has a line for its shell', () => assert.match(readFileSync(generated('completion.zsh'), 'utf8'), /^#compdef configurapi-runner-ws\n/));
