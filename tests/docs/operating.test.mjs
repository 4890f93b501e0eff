// docs/operating.md: in step with --help.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { options } from '../packaging/support/help.mjs';

const page = readFileSync(new URL('../../docs/operating.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| (`-[^|]*) \|/gm)].map(([, names]) => names);

test('its table has every option, and no other', () => {
  const told = rows.flatMap((names) => names.match(/(?<=[`\s])-[-\w]+/g));
  assert.deepEqual(told.sort(), options);
});
