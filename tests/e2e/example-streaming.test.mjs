// examples/streaming, as it lies there: every event of it, and what happens when its reader leaves.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { guarded, startRunner } from './support/runner.mjs';

const example = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../examples/streaming');
const texts = createRequire(import.meta.url)(path.join(example, 'lib/texts.js'));

/** `body` gets the Runner; afterwards the program must stop cleanly. */
function exampleTest(name, body, args = []) {
  test(name, async () => {
    const runner = await startRunner({ cwd: example, args });
    try {
      await guarded(body(runner));
      await guarded(runner.stop());
    } finally {
      await runner.kill();
    }
  });
}

/** A client that has been welcomed. */
async function enter(runner) {
  const client = await runner.connect();
  const { headers, body } = await client.next();
  assert.deepEqual(headers, { 'x-push': 'welcome' });
  assert.deepEqual(body.texts, texts.names());
  return Object.assign(client, { id: body.connection });
}

/** Messages up to the end of `count` streams. */
async function takeStreams(client, count) {
  const messages = [];
  for (let ended = 0; ended < count; ) {
    messages.push(await client.next());
    if (messages.at(-1).headers['x-stream'] === 'done') ended++;
  }
  return messages;
}

const tell = (text, delay, id) => ({ name: 'tell', params: { text, delay }, headers: { 'message-id': id } });

exampleTest('tell: a text comes whole and in order', async (runner) => {
  const client = await enter(runner);
  for (const text of texts.names()) {
    client.send(tell(text, 0, text));
    const messages = await takeStreams(client, 1);
    const streamId = messages[0].headers['x-stream-id'];
    const headers = { 'Content-Type': 'text/plain', 'x-text': text, 'message-id': text, 'x-stream-id': streamId };
    const chunks = texts.tokensOf(text).map((body) => ({ statusCode: 200, headers: { ...headers, 'x-stream': 'chunk' }, body }));
    assert.deepEqual(messages, [...chunks, { statusCode: 200, headers: { ...headers, 'x-stream': 'done' }, body: '' }]);
  }
  await client.close();
});

exampleTest('tell: two at once interleave', async (runner) => {
  const client = await enter(runner);
  client.send(tell('seeds', 1, 'a'));
  client.send(tell('map', 1, 'b'));
  const messages = await takeStreams(client, 2);
  for (const [id, text] of [['a', 'seeds'], ['b', 'map']]) {
    const own = messages.filter(({ headers }) => headers['message-id'] === id);
    assert.equal(new Set(own.map(({ headers }) => headers['x-stream-id'])).size, 1);
    assert.deepEqual(own.map(({ body }) => body), [...texts.tokensOf(text), '']);
  }
  const changes = messages.filter(({ headers }, i) => i > 0 && headers['x-stream-id'] !== messages[i - 1].headers['x-stream-id']);
  assert.ok(changes.length > 2, 'neither waits for the other');
  await client.close();
});

exampleTest('tell: a reader who leaves midway ends it', async (runner) => {
  for (const [text, leave] of [['seeds', (client) => client.close(1000)], ['map', (client) => client.terminate()]]) {
    const client = await enter(runner);
    client.send(tell(text, 20));
    await client.take(3);
    await leave(client);
    const [, told, all] = await runner.output('stdout', new RegExp(`The reader of '${text}' left after (\\d+) of (\\d+) tokens\\.`));
    assert.equal(Number(all), texts.tokensOf(text).length);
    assert.ok(Number(told) >= 2 && Number(told) < Number(all), `left after ${told}`);
  }
});

exampleTest('work: the reply, then a push for every step', async (runner) => {
  const client = await enter(runner);
  assert.deepEqual(await client.ask({ name: 'work', params: { steps: 5, delay: 1 }, headers: { 'message-id': 7 } }), {
    statusCode: 202,
    headers: { 'message-id': 7 },
    body: { job: 1, steps: 5 },
  });
  const pushes = [1, 2, 3, 4, 5].map((done) => ({ statusCode: 200, headers: { 'x-push': 'progress' }, body: { job: 1, done, of: 5 } }));
  assert.deepEqual(await client.take(5), pushes);
  // Nothing more comes: the next message is the next reply.
  assert.equal((await client.ask({ name: 'work', params: { steps: 1, delay: 0 } })).statusCode, 202);
  assert.deepEqual((await client.next()).body, { job: 2, done: 1, of: 1 });
  await client.close();
});

exampleTest("work: on_disconnect stops the connection's jobs, and no others", async (runner) => {
  const [one, two] = [await enter(runner), await enter(runner)];
  for (const client of [one, two]) assert.equal((await client.ask({ name: 'work', params: { steps: 100, delay: 20 } })).statusCode, 202);
  await one.next();
  await one.terminate();
  await runner.output('stdout', /Job 1 stopped after \d+ of 100 steps\./);
  const { done } = (await two.next()).body;
  assert.deepEqual((await two.next()).body, { job: 2, done: done + 1, of: 100 });
  assert.doesNotMatch(runner.stdout, /Job 2 stopped/);
  await two.close();
  await runner.output('stdout', /Job 2 stopped after \d+ of 100 steps\./);
});

test('work: without on_disconnect the push says that nobody is there', async () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'configurapi-test-'));
  let runner;
  try {
    const config = path.join(directory, 'config.yaml');
    writeFileSync(config, JSON.stringify({ api: { events: [{ name: 'work', policies: ['workHandler'] }] } }));
    runner = await startRunner({ cwd: example, args: ['-f', config] });
    const client = await runner.connect();
    await client.ask({ name: 'work', params: { steps: 100, delay: 10 } });
    await client.next();
    await client.terminate();
    await guarded(runner.output('stdout', /Job 1 stopped after \d+ of 100 steps\./));
    assert.equal(runner.stderr, '', '410 is no error to the job');
    await guarded(runner.stop());
  } finally {
    await runner?.kill();
    rmSync(directory, { recursive: true });
  }
});

exampleTest('report: the reply, then the report by postback', async (runner) => {
  const client = await enter(runner);
  const order = { name: 'report', params: { text: 'haiku', delay: 1 }, headers: { 'message-id': 'r' } };
  assert.deepEqual(await client.ask(order), { statusCode: 202, headers: { 'message-id': 'r' }, body: { report: 1 } });
  assert.deepEqual(await client.next(), {
    statusCode: 200,
    headers: { 'x-postback': 'report' },
    body: { report: 1, text: 'haiku', words: 13, longest: 'message', often: ['the (2)', 'rain (1)', 'on (1)'] },
  });
  await client.close();
});

exampleTest('report: nobody is left to post it to', async (runner) => {
  const client = await enter(runner);
  client.send({ name: 'report', params: { delay: 100 } });
  await client.close(); // said right behind the order: it is heard long before the report is written
  await runner.output('stdout', /Report 1 was not delivered: who ordered it has left\./);
});

exampleTest(
  'report: there is no postback without the management server',
  async (runner) => {
    const client = await enter(runner);
    const { statusCode, body } = await client.ask({ name: 'report' });
    assert.deepEqual([statusCode, body.message], [503, 'Reports need the management server: run without --no-management.']);
    await client.close();
  },
  ['--no-management'],
);

exampleTest('the management server lists the reader, and posts to it', async (runner) => {
  const client = await enter(runner);
  assert.deepEqual(await (await fetch(`${runner.management}/list_@connections`)).json(), [client.id]);
  const answer = await fetch(`${runner.management}/@connections/${client.id}`, { method: 'POST', body: 'hello' });
  assert.equal(answer.status, 200);
  assert.equal(await client.nextText(), 'hello');
  await client.close();
});

exampleTest('parameters: a wrong one is told what was expected', async (runner) => {
  const client = await enter(runner);
  const text = `'text' must be one of ${texts.names().join(', ')}.`;
  const number = (name, least, most) => `'${name}' must be a whole number from ${least} to ${most}.`;
  const cases = [
    ['tell', { text: 'none' }, text],
    ['tell', { text: 'constructor' }, text],
    ['tell', { text: null }, text],
    ['tell', { delay: -1 }, number('delay', 0, 2000)],
    ['tell', { delay: 2001 }, number('delay', 0, 2000)],
    ['tell', { delay: '5' }, number('delay', 0, 2000)],
    ['work', { steps: 0 }, number('steps', 1, 100)],
    ['work', { steps: 1.5 }, number('steps', 1, 100)],
    ['work', { delay: 5001 }, number('delay', 0, 5000)],
    ['report', { text: {} }, text],
    ['report', { delay: 60001 }, number('delay', 0, 60000)],
  ];
  for (const [name, params, message] of cases) {
    const { statusCode, headers, body } = await client.ask({ name, params, headers: { 'message-id': 'x' } });
    assert.deepEqual([statusCode, headers['message-id'], body.message], [400, 'x', message], `${name} ${JSON.stringify(params)}`);
  }
  await client.close();
});
