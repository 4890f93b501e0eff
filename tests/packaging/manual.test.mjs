// The manual page: in step with --help, and as the typesetter likes it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { generated, help, needs, options } from './support/help.mjs';

const page = generated('configurapi-runner-ws.1');
const source = readFileSync(page, 'utf8');

/** The options that have a paragraph of their own. */
const documented = [...source.matchAll(/^\.TP\n(\\fB\\-.*)$/gm)].flatMap(([, line]) => line.match(/(?<=\\fB)\\-[\\\-\w]*(?=\\fR)/g).map((name) => name.replaceAll('\\-', '-')));

test('there are options', () => assert.ok(options.length > 30 && options.includes('--port') && options.includes('-h')));

test('it tells of every option, and of no other', () => assert.deepEqual([...documented].sort(), options));

test('it says what --help says of them', () => {
  const plain = source.replaceAll('\\-', '-').replace(/\s+/g, ' ');
  const said = help.match(/^ +--drain-timeout MS +(.*)$/m)[1];
  assert.ok(plain.includes(`--drain-timeout\\fR \\fIMS\\fR ${said}`));
});

test('it has its sections', () => {
  for (const section of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'SIGNALS', 'EXIT STATUS', 'ENVIRONMENT', 'FILES', 'EXAMPLES', 'SEE ALSO']) {
    assert.match(source, new RegExp(`^\\.SH ${section}$`, 'm'));
  }
});

test('it is set without a warning', needs('groff'), () => {
  const set = spawnSync('groff', ['-man', '-ww', '-Tutf8', '-rLL=100n', page], { encoding: 'utf8' });
  assert.deepEqual({ status: set.status, stderr: set.stderr }, { status: 0, stderr: '' });
});
