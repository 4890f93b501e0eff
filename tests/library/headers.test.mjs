// The public headers, as users' compilers read them, and the examples that stand in them.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const include = fileURLToPath(new URL('../../include', import.meta.url));
const jansson = execFileSync('pkg-config', ['--cflags', 'jansson'], { encoding: 'utf8' }).split(/\s+/).filter(Boolean);
const strict = ['-Wall', '-Wextra', '-Wpedantic', '-Werror', '-fsyntax-only', `-I${include}`, ...jansson];

/** The C text in a header's first comment, which is indented there. */
const example = (header) => readFileSync(`${include}/${header}`, 'utf8').split('*/')[0].split('\n')
  .map((line) => line.match(/^ \*(?: {5}(.*))?$/)?.[1] ?? '').filter((line) => !line.startsWith('cc ')).join('\n');

// What is read of an event can be answered with as it is, and a text made of a literal.
const uses = `
#include <configurapi-runner-ws.h>

enum configurapi_result handler(configurapi_event *event, const json_t *parameters);

enum configurapi_result handler(configurapi_event *event, const json_t *parameters)
{
    configurapi_reply(event, 200, configurapi_event_payload(event));
    configurapi_set_body(event, configurapi_event_params(event));
    configurapi_set_payload(event, parameters);
    configurapi_set_param(event, "name", parameters);
    configurapi_set_identity(event, configurapi_event_identity(event));
    configurapi_set_header_value(event, "name", json_array_get(parameters, 0));
    configurapi_reply_string(event, 200, CONFIGURAPI_TEXT("text"));
    json_t *own = configurapi_resolve(event, parameters);
    configurapi_reply(event, 200, own);
    json_decref(own);
    return CONFIGURAPI_CONTINUE;
}
`;

/** The C texts in the README, of modules and of programs. */
const readme = [...readFileSync(new URL('../../README.md', import.meta.url), 'utf8').matchAll(/^```c\n([^]*?)^```$/gm)].map(([, text]) => text);
assert.equal(readme.length, 2);

const texts = [
  ['its uses', uses],
  ['a module, as configurapi.h has it', example('configurapi.h')],
  ['a program, as configurapi-runner-ws.h has it', example('configurapi-runner-ws.h')],
  ...readme.map((text, i) => [`the README's example ${i + 1}`, text]),
];
const compilers = [
  ['gcc', ['-std=c11', '-xc']], ['gcc', ['-std=c17', '-xc']], ['clang', ['-std=c17', '-xc']], ['g++', ['-std=c++11', '-xc++']], ['clang++', ['-std=c++17', '-xc++']],
];

for (const [what, text] of texts) {
  for (const [compiler, how] of compilers) {
    const missing = spawnSync(compiler, ['--version']).status !== 0;
    test(`${what}: ${compiler} ${how[0]}`, { skip: missing && 'it is not installed' }, () => {
      assert.match(text, /configurapi_result/);
      const { status, stderr } = spawnSync(compiler, [...strict, ...how, '-'], { input: text, encoding: 'utf8' });
      assert.equal(stderr, '');
      assert.equal(status, 0);
    });
  }
}
