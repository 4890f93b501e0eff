// What is to be seen of our symbols: exactly what the public headers declare, in the program and in both libraries.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const header = (name) => readFileSync(new URL(`../../include/${name}`, import.meta.url), 'utf8').replace(/\/\*.*?\*\//gs, '');

/** The functions that a header declares. */
const declared = (name) =>
  [...header(name).matchAll(/^CONFIGURAPI_API[^;(]*?\b(configurapi_\w+)\s*\(/gms)].map(([, symbol]) => symbol);

const functions = [...new Set([...declared('configurapi.h'), ...declared('configurapi-runner-ws.h')])].sort();

/** The symbols that others can see. Those of the C library that a program copies from it come with its version. */
function visible(file, options) {
  const lines = execFileSync('nm', [...options, '--defined-only', '--format=posix', file], { encoding: 'utf8', maxBuffer: 1 << 26 });
  return lines
    .split('\n')
    .map((line) => line.split(' ')[0])
    .filter((symbol) => symbol && !symbol.includes('@') && !symbol.endsWith(':'))
    .filter((symbol) => !/^_?_(asan|tsan|ubsan|sanitizer|odr_asan|interceptor)/.test(symbol))
    .sort();
}

test('the headers are read', () => assert.ok(functions.length > 60 && functions.includes('configurapi_reply_printf') && functions.includes('configurapi_runner_create')));

for (const [what, variable, options] of [
  ['the program', 'CONFIGURAPI_RUNNER', ['-D']],
  ['the shared library', 'CONFIGURAPI_SHARED', ['-D']],
  ['the static library', 'CONFIGURAPI_STATIC', ['-g']],
]) {
  test(what, (t) => {
    const file = process.env[variable];
    const symbols = visible(file, options);
    // The sanitizers' run time is linked into a program, with all its names.
    if (what === 'the program' && readFileSync(file).includes('__asan_init')) return t.skip('built with a sanitizer');
    assert.deepEqual(symbols, functions);
  });
}

test('the shared library has its soname', () => {
  const dynamic = execFileSync('readelf', ['-d', process.env.CONFIGURAPI_SHARED], { encoding: 'utf8' });
  assert.match(dynamic, /SONAME.*\[libconfigurapi-runner-ws\.so\.\d+\]/);
  for (const late of ['javascriptcore', 'libcurl']) assert.ok(!dynamic.includes(late), `${late} is opened when it is wanted`);
});
