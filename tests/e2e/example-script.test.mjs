// examples/script, as it lies there: a script tells the time to those who have subscribed at its handlers.

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { guarded, startRunner } from './support/runner.mjs';

const example = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../examples/script');

test('the time goes to subscribers', async () => {
  const runner = await startRunner({ cwd: example, args: ['server.js', '0.05'], env: { PORT: '0' } });
  try {
    await guarded((async () => {
      const [subscriber, other] = [await runner.connect(), await runner.connect()];
      assert.deepEqual(await subscriber.ask({ name: 'subscribe' }), { statusCode: 200, headers: {}, body: 'subscribed' });
      for (const { headers, body } of await subscriber.take(2)) {
        assert.deepEqual(headers, { 'x-push': 'tick' });
        assert.ok(Math.abs(new Date(body.time) - Date.now()) < 60_000);
      }
      assert.equal((await other.ask({ name: 'nobody' })).statusCode, 501);
      await runner.output('stderr', /^went wrong: \S+ - \S+ - Failed to handle nobody: Not Implemented\.$/m);
      await subscriber.close();
      assert.equal((await other.ask({ name: 'subscribe' })).body, 'subscribed');
      await other.next();
    })());
    await guarded(runner.stop());
    assert.doesNotMatch(runner.stdout, / Trace: /);
  } finally {
    await runner.kill();
  }
});
