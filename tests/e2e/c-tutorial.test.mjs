// docs/c-handlers.md and examples/native: built and run as they stand there.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { guarded, startRunner } from './support/runner.mjs';

const project = fileURLToPath(new URL('../..', import.meta.url));

/** A folder that pkg-config finds this source tree's own headers in. */
function packageFiles(directory) {
  writeFileSync(path.join(directory, 'configurapi-uninstalled.pc'),
    `Name: configurapi\nDescription: as in this tree\nVersion: 0\nCflags: -I${path.join(project, 'include')}\n`);
  return { ...process.env, PKG_CONFIG_PATH: directory };
}

/** The pieces of a Markdown page: files to write, commands to run, what goes over the wire. */
function piecesOf(page) {
  const pieces = [];
  for (const [, info, fenced, commands] of page.matchAll(/^```(.*)\n([^]*?)^```$|^((?: {4}(?:mkdir|cc|make) .*\n)+)/gm)) {
    if (commands) pieces.push({ kind: 'run', text: commands });
    else if (info === 'ws') pieces.push({ kind: 'talk', text: fenced });
    else pieces.push({ kind: 'write', file: info.split(' ')[1], text: fenced });
  }
  return pieces;
}

/** Sends what stands behind `>` and takes what stands behind `<`; `…` is any text. */
async function talk(directory, lines) {
  const runner = await startRunner({ cwd: directory });
  try {
    const client = await runner.connect();
    for (const line of lines) {
      if (line.startsWith('> ')) client.send(line.slice(2));
      else assert.equal((await client.nextText()).replace(/"x-stream-id":"[^"]+"/, '"x-stream-id":"…"'), line.slice(2));
    }
    await client.close();
    await runner.stop();
  } finally {
    await runner.kill();
  }
}

async function inFolder(body) {
  const directory = mkdtempSync(path.join(tmpdir(), 'configurapi-tutorial-'));
  try {
    await guarded(body(directory));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test('docs/c-handlers.md', () => inFolder(async (directory) => {
  const env = packageFiles(directory);
  let talks = 0;
  for (const { kind, file, text } of piecesOf(readFileSync(path.join(project, 'docs/c-handlers.md'), 'utf8'))) {
    if (kind === 'write') {
      mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
      writeFileSync(path.join(directory, file), text);
    } else if (kind === 'run') {
      execFileSync('sh', ['-ec', text.replaceAll('cc ', 'cc -Wall -Wextra -Werror ')], { cwd: directory, env });
    } else {
      await talk(directory, text.trimEnd().split('\n'));
      talks++;
    }
  }
  assert.equal(talks, 2);
}));

test('examples/native', () => inFolder(async (directory) => {
  for (const file of ['weather.c', 'config.yaml', 'Makefile', 'README.md']) cpSync(path.join(project, 'examples/native', file), path.join(directory, file));
  execFileSync('make', [`CFLAGS=-Werror -I${path.join(project, 'include')}`], { cwd: directory, env: packageFiles(directory) });
  const lines = readFileSync(path.join(directory, 'README.md'), 'utf8').split('\n').filter((line) => /^ {4}[<>] /.test(line));
  assert.ok(lines.length >= 5);
  await talk(directory, lines.map((line) => line.slice(4)));
}));
