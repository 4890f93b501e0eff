// Snippets of JavaScript that are run in a handler of the program and in Node, and must come to the same. Node is the oracle.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { oldNode } from './node.mjs';
import { runnerTest } from './runner.mjs';

const AsyncFunction = (async () => {}).constructor;

// What a snippet finds around it. It runs in both.
const preludeText = `
const attempt = async (action) => {
  try {
    return await action();
  } catch (error) {
    return errorFacts(error);
  }
};
const errorFacts = (error) => {
  if (!(error instanceof Error)) return error;
  const { name, code, message, errno, syscall, path, dest } = error;
  return JSON.parse(JSON.stringify({ name, code, message, errno, syscall, path, dest }));
};
`;

/** The body of an async function of (require, folder): `folder` is an empty directory. */
const bodyOf = (text, prelude) => `${preludeText}\n${prelude}\n${/\breturn\b/.test(text) ? text : `return (${text});`}`;

// Paths of the two runs differ; what is made of them must not.
const comparable = (value, folder) => JSON.parse(JSON.stringify(value ?? null).replaceAll(folder, '<folder>'));

/**
 * Registers a test for each snippet of `snippets`, name -> text: an expression, or statements that `return`. `prelude` is text before
 * each. What they give must survive JSON. The program is started once for each test, so that none finds what another left.
 */
export function snippetTests(title, snippets, { prelude = '', files = {}, env = {} } = {}) {
  const app = {
    env,
    routes: { run: 'runHandler' },
    handlers: {
      async runHandler(event) {
        const { name, folder } = event.params;
        event.response = new Response(JSON.stringify((await require('../lib/snippets')[name](require, folder)) ?? null));
      },
    },
    files: {
      ...files,
      'lib/snippets.js': `module.exports = {\n${Object.entries(snippets)
        .map(([name, text]) => `${JSON.stringify(name)}: async (require, folder) => {\n${bodyOf(text, prelude)}\n}`)
        .join(',\n')}\n};`,
    },
  };

  for (const [name, text] of Object.entries(snippets)) {
    runnerTest(`${title}: ${name}`, app, async (runner, directory) => {
      const nodeFolder = mkdtempSync(path.join(tmpdir(), 'configurapi-node-'));
      const folder = path.join(directory, 'folder');
      const before = process.cwd();
      mkdirSync(folder);
      try {
        process.chdir(directory); // the program's
        const require = createRequire(path.join(directory, 'handlers/app.js'));
        const inNode = comparable(await new AsyncFunction('require', 'folder', bodyOf(text, prelude))(require, nodeFolder), nodeFolder);
        process.chdir(before);
        const { statusCode, body } = await runner.ask({ name: 'run', params: { name, folder } });
        assert.equal(statusCode, 200, JSON.stringify(body, null, 2));
        const found = comparable(typeof body === 'string' ? JSON.parse(body) : body, folder);
        assert.deepEqual(found, inNode, 'the program (actual) and Node (expected) differ');
      } finally {
        process.chdir(before);
        rmSync(nodeFolder, { recursive: true, force: true });
      }
    }, { skip: oldNode });
  }
}
