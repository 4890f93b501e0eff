// Runs every section, those that are named (`node run.mjs closing utf8`), or one case or group by its number (`node run.mjs 7.7`), and ends
// with a line of what has run.

import path from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

/** By number. */
const sections = {
  1: 'framing',
  2: 'pings',
  3: 'reserved',
  4: 'opcodes',
  5: 'fragmentation',
  6: 'utf8',
  7: 'closing',
  8: 'masks',
  9: 'large',
  10: 'auto-fragmentation',
  11: 'handshake',
  12: 'compression',
  13: 'compression-offers',
  14: 'compression-rules',
};

let asked = process.argv.slice(2);
if (/^\d+(\.\d+){0,2}$/.test(asked[0]) && sections[parseInt(asked[0], 10)]) {
  process.env.CONFIGURAPI_TEST_CASES = asked[0];
  asked = [sections[parseInt(asked[0], 10)]];
}
for (const name of asked) {
  if (Object.values(sections).includes(name)) continue;
  console.error(`no section is named '${name}'; there are ${Object.values(sections).join(', ')}`);
  process.exit(2);
}
const files = Object.values(sections).filter((name) => asked.length === 0 || asked.includes(name));

const counts = new Map();
const start = performance.now();
let failures = 0;

function count({ name, details }, hasFailed) {
  const section = /^(\d+)\.\d+\.\d+ /.exec(name)?.[1];
  if (section !== undefined) counts.set(section, (counts.get(section) ?? 0) + 1);
  if (!hasFailed) return;
  failures++;
  const { cause } = details.error;
  console.error(`✖ ${name}\n    ${String(cause?.message ?? cause ?? details.error.message).replaceAll('\n', '\n    ')}`);
}

// One file after the other, so that they do not wait for each other's large messages.
run({ files: files.map((name) => path.join(here, `${name}.test.mjs`)), concurrency: 1 })
  .on('test:pass', (event) => count(event, false))
  .on('test:fail', (event) => {
    if (event.details.error.failureType !== 'subtestsFailed') count(event, true);
  })
  .on('end', () => {
    const each = [...counts].map(([section, cases]) => `${section} ${sections[section]} ${cases}`).join(', ');
    const all = [...counts.values()].reduce((sum, cases) => sum + cases, 0);
    const over = process.env.CONFIGURAPI_TEST_KEY === undefined ? 'TCP' : 'TLS';
    console.log(`over ${over}: ${all} cases (${each}), ${failures} failed, ${((performance.now() - start) / 1000).toFixed(1)} s`);
    process.exitCode = failures > 0 ? 1 : 0;
  })
  .resume();
