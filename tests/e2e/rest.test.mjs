// What traffic leaves behind when it has ended: the engine collects by its own timers, although nothing is allocated any more.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { runnerTest } from './support/runner.mjs';

const MESSAGES = 1500;
const LAST = 50; // of them, whose end nobody's allocations hasten

const app = {
  routes: { keep: 'keepHandler', collected: 'collectedHandler' },
  prelude: `
const collected = [];
const registry = new FinalizationRegistry((number) => collected.push(number));
`,
  handlers: {
    keepHandler(event) {
      registry.register(event.payload, event.payload.number);
      event.response = new Response('');
    },
    collectedHandler(event) {
      event.response = new Response(collected.filter((number) => number >= event.payload).length);
    },
  },
};

runnerTest('garbage goes when clients are silent', app, async (runner) => {
  const client = await runner.connect();
  const text = 'x'.repeat(4000);
  for (let number = 0; number < MESSAGES; number++) client.send({ name: 'keep', payload: { number, text } });
  for (let number = 0; number < MESSAGES; number++) await client.nextText();
  let count = 0;
  for (let attempt = 0; attempt < 20 && count < LAST - 5; attempt++) {
    await sleep(1000);
    ({ body: count } = await client.ask({ name: 'collected', payload: MESSAGES - LAST }));
  }
  assert.ok(count >= LAST - 5, `${count} of the last ${LAST} messages' payloads are gone`); // the stack may hold a few
});

// A timer of the engine's is due some seconds after much lives and little is done. It once ended the process, on threads that
// WebKit's main thread was not named to.
const litter = {
  ...app,
  args: ['--workers', '2', '--no-management'],
  handlers: {
    keepHandler(event) {
      event.response = new Response(typeof kept);
    },
    collectedHandler() {},
  },
  prelude: `
let kept = Array.from({ length: 20_000 }, (_, number) => ({ number, list: [number] }));
let sum = 0;
let rounds = 0;
const timer = setInterval(() => {
  for (let i = 0; i < 50_000; i++) sum += new Array(i % 50).length;
  kept = kept.map((one) => ({ ...one }));
  if (++rounds === 100) clearInterval(timer);
}, 10);
`,
};

runnerTest('and workers live on', litter, async (runner) => {
  await sleep(7000);
  const clients = await Promise.all(Array.from({ length: 8 }, () => runner.connect()));
  for (const client of clients) assert.equal((await client.ask({ name: 'keep' })).body, 'object');
});
