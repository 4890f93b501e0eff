// examples/chat, as it lies there: a plain request, and two people in a room.

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { guarded, startRunner } from './support/runner.mjs';

const example = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../examples/chat');

/** `body` gets the Runner; afterwards the program must stop cleanly. */
function exampleTest(name, body) {
  test(name, async () => {
    const runner = await startRunner({ cwd: example });
    try {
      await guarded(body(runner));
      await guarded(runner.stop());
      assert.deepEqual(runner.lines('stderr').filter((line) => !line.includes('Failed to handle')), []);
    } finally {
      await runner.kill();
    }
  });
}

const enter = (runner, name) => runner.connect({ path: `/?${new URLSearchParams({ name })}` });
const join = (room, id) => ({ name: 'join', payload: { room }, headers: { 'message-id': id } });
const leave = (room, id) => ({ name: 'leave', payload: { room }, headers: { 'message-id': id } });
const say = (room, text, id) => ({ name: 'say', payload: { room, text }, headers: { 'message-id': id } });
const reply = (id, body, statusCode = 200) => ({ statusCode, headers: { 'message-id': id }, body });
const pushed = (type, room, name) => ({ statusCode: 200, headers: { 'x-push': type }, body: { type, room, name } });

exampleTest("the README's message, of somebody who gave no name", async (runner) => {
  const client = await runner.connect();
  client.send('{"name":"getData","params":{"id":123},"payload":{"foo":"bar"},"headers":{"message-id":"abc-123"}}');
  assert.equal(await client.nextText(), '{"statusCode":200,"headers":{"message-id":"abc-123"},"body":{"id":123,"youSent":{"foo":"bar"}}}');
  await client.close();
});

exampleTest('join, say and leave', async (runner) => {
  const [ada, bob] = [await enter(runner, 'Ada'), await enter(runner, ' Bob ')];

  ada.send(join('lobby', 1));
  assert.deepEqual(await ada.take(2), [pushed('joined', 'lobby', 'Ada'), reply(1, { room: 'lobby', members: ['Ada'] })]);
  bob.send(join('lobby', 2));
  assert.deepEqual(await bob.take(2), [pushed('joined', 'lobby', 'Bob'), reply(2, { room: 'lobby', members: ['Ada', 'Bob'] })]);
  assert.deepEqual(await ada.next(), pushed('joined', 'lobby', 'Bob'));

  ada.send(say('lobby', 'hello', 3));
  const [said, delivered] = await ada.take(2);
  const { at } = said.body;
  assert.equal(new Date(at).toISOString(), at);
  assert.deepEqual(said, { ...pushed('said', 'lobby', 'Ada'), body: { type: 'said', room: 'lobby', name: 'Ada', text: 'hello', at } });
  assert.deepEqual(delivered, reply(3, { delivered: true }));
  assert.deepEqual(await bob.next(), said);
  assert.deepEqual(await bob.ask({ name: 'rooms', headers: { 'message-id': 4 } }), reply(4, [{ name: 'lobby', members: ['Ada', 'Bob'] }]));

  assert.deepEqual(await bob.ask(leave('lobby', 5)), reply(5, { room: 'lobby' }));
  assert.deepEqual(await ada.next(), pushed('left', 'lobby', 'Bob'));
  const { statusCode, body } = await bob.ask(say('lobby', 'still there?', 6));
  assert.deepEqual([statusCode, body.message], [403, "Join 'lobby' first."]);
  assert.equal((await bob.ask(leave('lobby', 7))).statusCode, 404);

  for (const client of [ada, bob]) await client.close();
});

exampleTest('who goes leaves every room', async (runner) => {
  const [ada, guest] = [await enter(runner, 'Ada'), await runner.connect()];
  let name;
  for (const room of ['lobby', 'kitchen']) {
    ada.send(join(room, room));
    await ada.take(2);
    await guest.ask(join(room));
    name = (await guest.next()).body.members[1];
    await ada.next();
  }
  assert.match(name, /^Guest [0-9a-f]{4}$/);
  await guest.terminate();
  assert.deepEqual(await ada.take(2), [pushed('left', 'lobby', name), pushed('left', 'kitchen', name)]);
  await ada.close();
});

exampleTest('what is no room and no text is refused', async (runner) => {
  const client = await enter(runner, 'Ada');
  const cases = [
    [join(undefined), "'room' must be a text."],
    [join(' '), "'room' must be a text."],
    [join('r'.repeat(41)), "'room' must not be longer than 40 characters."],
    [say('lobby', 7), "'text' must be a text."],
    [say('lobby', 't'.repeat(2001)), "'text' must not be longer than 2000 characters."],
  ];
  for (const [message, expected] of cases) {
    const { statusCode, body } = await client.ask(message);
    assert.deepEqual([statusCode, body.message], [400, expected]);
  }
  await client.close();
});
