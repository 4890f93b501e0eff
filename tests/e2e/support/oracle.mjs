// Snippets that run in the program and in Node, which must come to the same: Node is the oracle.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { makeApp } from './app.mjs';
import { oldNode } from './node.mjs';
import { guarded, startRunner } from './runner.mjs';

/** What a snippet came to, as JSON tells it apart; it runs in both. */
async function outcomeOf(snippet, args) {
  function plain(value, depth = 0) {
    if (depth > 12) return '…';
    if (value === undefined) return '<undefined>';
    if (typeof value === 'bigint') return `<bigint ${value}>`;
    if (typeof value === 'symbol') return `<${String(value)}>`;
    if (typeof value === 'function') return `<function ${value.name}>`;
    if (Object.is(value, -0)) return '<-0>';
    if (typeof value === 'number' && !Number.isFinite(value)) return `<${value}>`;
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Error) {
      const { name, message, code } = value;
      return { error: name, message, ...(code === undefined ? {} : { code }) };
    }
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return `<${value.constructor.name} ${[...value]}>`;
    if (value instanceof ArrayBuffer) return `<ArrayBuffer ${[...new Uint8Array(value)]}>`;
    if (value instanceof Map) return { map: [...value].map((pair) => plain(pair, depth + 1)) };
    if (value instanceof Set) return { set: [...value].map((each) => plain(each, depth + 1)) };
    if (Array.isArray(value)) return Array.from(value, (each) => plain(each, depth + 1));
    const own = Object.entries(value).map(([key, each]) => [key, plain(each, depth + 1)]);
    return Object.getPrototypeOf(value) === null ? { '<null prototype>': Object.fromEntries(own) } : Object.fromEntries(own);
  }
  try {
    return { value: plain(await snippet(...args)) };
  } catch (error) {
    return { thrown: plain(error) };
  }
}

/**
 * A test for each snippet, a function of (require, given) that uses nothing from around it. `given` is data for it. Where Node
 * has not got what is asked, or says it in a way that nobody can depend on, `expected[name]` is what the program says.
 */
export function oracleTests(title, snippets, { given = () => null, expected = {}, files = {}, prelude = '' } = {}) {
  test(title, { skip: oldNode }, async (context) => {
    const source = Object.entries(snippets).map(([name, snippet]) => `${JSON.stringify(name)}: ${wordsOf(snippet)}`);
    const directory = makeApp({
      routes: { run: 'runHandler' },
      files: {
        'lib/snippets.js': `exports.snippets = {\n${source.join(',\n')}\n};\nexports.outcomeOf = ${outcomeOf};\n`,
        'handlers/app.js': `const { Response } = require('configurapi');
${prelude}
const { snippets, outcomeOf } = require('../lib/snippets');
exports.runHandler = async (event) => {
  const { name, given } = event.payload;
  event.response = new Response(await outcomeOf(snippets[name], [require, given]));
};
`,
        ...files,
      },
    });
    let runner;
    try {
      runner = await startRunner({ cwd: directory.path });
      const require = createRequire(`${directory.path}/handlers/app.js`);
      for (const [name, snippet] of Object.entries(snippets)) {
        await context.test(name, async () => {
          const data = await given(name);
          const { statusCode, body } = await guarded(runner.ask({ name: 'run', payload: { name, given: data } }));
          assert.equal(statusCode, 200, `${JSON.stringify(body, null, 2)}\n${runner.stderr.slice(-2000)}`);
          const inNode = expected[name] ?? JSON.parse(JSON.stringify(await guarded(outcomeOf(snippet, [require, data]))));
          assert.deepEqual(body, inNode, 'the program (actual) and Node (expected) differ');
        });
      }
      await guarded(runner.stop());
      assert.doesNotMatch(runner.stderr, /Uncaught/);
    } finally {
      await runner?.kill();
      directory.remove();
    }
  });
}

// A method's text is no function's.
function wordsOf(snippet) {
  const text = String(snippet);
  if (/^(async\s*)?(function\b|\(|\w+\s*=>)/.test(text)) return text;
  return text.startsWith('async ') ? text.replace(/^async\s*(\*?)\s*\w+/, 'async function$1') : text.replace(/^(\*?)\s*\w+/, 'function$1');
}
