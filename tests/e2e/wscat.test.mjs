// The client that people try first.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runnerTest } from './support/runner.mjs';
import { isSecure } from './support/transport.mjs';

const wscat = path.join(path.dirname(fileURLToPath(import.meta.url)), '../node_modules/wscat/bin/wscat');

const app = {
  routes: { getData: 'getDataHandler' },
  handlers: {
    getDataHandler(event) {
      event.response = new Response({ id: event.params.id, foo: event.payload.foo });
    },
  },
};

runnerTest('wscat', app, async (runner) => {
  const message = '{"name":"getData","params":{"id":123},"payload":{"foo":"bar"},"headers":{"message-id":"abc-123"}}';
  // Waits for ever after sending (-w -1); its input stays open, or it would leave.
  const child = spawn(process.execPath, [wscat, ...(isSecure ? ['--no-check'] : []), '-c', runner.url, '-x', message, '-w', '-1'], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const [output] = await once(child.stdout.setEncoding('utf8'), 'data');
    assert.deepEqual(JSON.parse(output), { statusCode: 200, headers: { 'message-id': 'abc-123' }, body: { id: 123, foo: 'bar' } });
  } finally {
    child.kill();
    await once(child, 'close');
  }
});
