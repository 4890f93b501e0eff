// console.* and the stacks of errors: what Node prints, the program prints.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { oldNode } from './support/node.mjs';
import { runnerTest } from './support/runner.mjs';

const file = new URL('fixtures/shown/console.js', import.meta.url);
const names = Object.keys(createRequire(import.meta.url)(file.pathname));

/** What a case prints on each stream. */
function printed(run) {
  const texts = { stdout: '', stderr: '' };
  const originals = {};
  for (const name of ['stdout', 'stderr']) {
    originals[name] = process[name].write;
    process[name].write = (text) => {
      texts[name] += text;
      return true;
    };
  }
  try {
    run();
  } finally {
    for (const name of ['stdout', 'stderr']) process[name].write = originals[name];
  }
  return texts;
}

const app = {
  routes: { print: 'printHandler' },
  prelude: `${printed}`,
  handlers: {
    printHandler(event) {
      event.response = new Response(printed(require('../console.js')[event.payload]));
    },
  },
  files: { 'console.js': readFileSync(file, 'utf8') },
};

/**
 * The frames inside the file, and of the engine's functions that call it; without the receivers that only V8 tells, and the runners'
 * own frames.
 */
function comparable(text, directory) {
  return text.replaceAll(directory, '')
    .replace(/^ +(?:at |\.\.\. \d+ lines matching )(?:(?!\/console\.js|\(<anonymous>\)).)*?(?=(?: [{[]|[,}\]])?$)/gm, '(elsewhere)')
    .replace(/\n\(elsewhere\)/g, '')
    .replace(/ at (new )?(?:(?:Object|exports|module\.exports|Made)\.)?([\w<>]+) (?=\()/g, ' at $1$2 ');
}

for (const name of names) {
  runnerTest(`console: ${name}`, app, async (runner, directory) => {
    const { statusCode, body } = await runner.ask({ name: 'print', payload: name });
    assert.equal(statusCode, 200, JSON.stringify(body, null, 2));
    const inNode = printed(createRequire(import.meta.url)(path.join(directory, 'console.js'))[name]);
    for (const stream of ['stdout', 'stderr'])
      assert.equal(comparable(body[stream], directory), comparable(inNode[stream], directory), `${stream}: the program (actual) and Node (expected) differ`);
  }, { skip: oldNode });
}
