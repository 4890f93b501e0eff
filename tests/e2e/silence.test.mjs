// Who is taken for gone by --ping-interval: those of whom nothing is heard and who take nothing.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { frame, opcodes, text } from './support/raw.mjs';
import { runnerTest } from './support/runner.mjs';
import { stable, streamPrelude } from './support/streams.mjs';

const KB = 1024;
const MB = 1024 * KB;

const app = {
  routes: { endless: 'endlessHandler', big: 'bigHandler', hold: 'holdHandler', letGo: 'letGoHandler', on_disconnect: 'disconnectHandler' },
  prelude: `
${streamPrelude}
let letGo;
`,
  handlers: {
    endlessHandler(event) {
      const chunk = 'x'.repeat(16 * 1024);
      event.response = new StreamResponse((function* () {
        for (;;) yield chunk;
      })());
    },
    bigHandler(event) {
      event.response = new Response('x'.repeat(1 << 20));
    },
    async holdHandler(event) {
      await new Promise((resolve) => (letGo = resolve));
      event.response = new Response('held');
    },
    letGoHandler(event) {
      letGo();
      event.response = new Response('let go');
    },
    disconnectHandler(event) {
      console.log('gone', event.payload.code);
    },
  },
};

async function metric(runner, name) {
  const metrics = await (await fetch(`${runner.management}/metrics`)).text();
  return Number(metrics.match(new RegExp(`^configurapi_${name} (\\d+)$`, 'm'))[1]);
}

/** Reads `rounds` times 64 KB, with a rest of 200 ms between; answers pings once it comes to them. */
async function readSlowly(client, rounds) {
  let taken = 0;
  let pings = 0;
  for (let round = 1; round <= rounds; round++) {
    client.socket.resume();
    while (taken < round * 64 * KB) {
      const { opcode, payload } = await client.frame();
      taken += payload.length;
      if (opcode !== opcodes.ping) continue;
      pings++;
      client.write(frame(opcodes.pong, payload));
    }
    client.socket.pause();
    await delay(200); // slow is what is tried here
  }
  return pings;
}

runnerTest('a slow reader stays, although the pings lie behind what it still has to read', { ...app, args: ['--ping-interval', '700ms'] }, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  client.socket.pause();
  client.write(text({ name: 'endless' }));
  while ((await metric(runner, 'buffered_bytes')) < MB / 2); // it waits at its high-water mark, or a little below
  await readSlowly(client, 25);
  assert.equal(await metric(runner, 'connections'), 1);
  await client.reset();
});

for (const [name, count] of [['endless', 1], ['big', 50]]) {
  runnerTest(`a reader that takes nothing goes, read or not: ${name}`, { ...app, args: ['--ping-interval', '200ms'] }, async (runner) => {
    const client = await runner.connectRaw();
    await client.upgrade();
    client.socket.pause();
    client.write(Buffer.concat(Array.from({ length: count }, () => text({ name }))));
    await runner.output('stdout', /gone 1006/);
    while ((await metric(runner, 'connections')) > 0);
    await client.destroy();
  });
}

runnerTest('who is not read because of --max-in-flight stays', { ...app, args: ['--ping-interval', '100ms', '--max-in-flight', '1'] }, async (runner) => {
  const helper = await runner.connect();
  const client = await runner.connect();
  client.send({ name: 'hold' });
  await delay(1500); // seven intervals more than it takes to be dropped
  await helper.ask({ name: 'letGo' });
  assert.equal((await client.next()).body, 'held');
  await client.close();
});

runnerTest('nothing is read of a client while its stream is above the high-water mark', { ...app, args: ['--ping-interval', '0'] }, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  client.socket.pause();
  client.write(text({ name: 'endless' }));
  const unread = await stable(() => metric(runner, 'buffered_bytes'));
  client.write(frame(opcodes.text, 'x'.repeat(30 * KB)));
  for (let i = 0; i < 300; i++) assert.equal(await metric(runner, 'buffered_bytes'), unread);
  await client.reset();
});
