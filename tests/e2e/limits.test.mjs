// Who is let in, for how long, and Amazon API Gateway's manners.

import assert from 'node:assert/strict';
import { echoApp } from './support/app.mjs';
import { frame, opcodes, text, upgradeRequest } from './support/raw.mjs';
import { runnerTest } from './support/runner.mjs';

async function statusOf(runner, options) {
  const client = await runner.connectRaw();
  client.write(upgradeRequest(options));
  const { status } = await client.response();
  await client.destroy();
  return status;
}

const withOrigin = (Origin) => ({ headers: { Origin } });

runnerTest('--origin lets in the pages it names, and who is no page', {
  ...echoApp,
  args: ['--origin', 'https://app.example.com', '--origin', 'http://localhost:*', '--origin=https://*.example.org'],
}, async (runner) => {
  const of = (origin) => statusOf(runner, origin === undefined ? {} : withOrigin(origin));
  for (const origin of [undefined, 'https://app.example.com', 'https://APP.example.com', 'http://localhost:3000', 'https://a.b.example.org']) assert.equal(await of(origin), 101, origin);
  for (const origin of ['https://example.com', 'http://app.example.com', 'https://app.example.com.evil', 'null', 'https://example.org', 'https://evil/.example.org']) assert.equal(await of(origin), 403, origin);
});

runnerTest('without --origin all pages may connect', echoApp, async (runner) => {
  assert.equal(await statusOf(runner, withOrigin('https://anywhere.example')), 101);
});

runnerTest('--max-connections: one more is refused with 503 until one goes', { ...echoApp, args: ['--max-connections', '3'] }, async (runner) => {
  const clients = await Promise.all([1, 2, 3].map(() => runner.connect()));
  assert.equal(await statusOf(runner), 503);
  const client = await runner.connectRaw();
  client.write(upgradeRequest());
  const { status, headers } = await client.response();
  assert.deepEqual([status, headers['retry-after']], [503, '5']);
  await client.destroy();
  assert.equal((await clients[0].ask({ name: 'echo', payload: 1 })).body, 1);
  await clients[0].close();
  const again = await runner.connect();
  assert.equal((await again.ask({ name: 'echo', payload: 2 })).body, 2);
  for (const client of [again, ...clients.slice(1)]) await client.close();
});

runnerTest('--max-connections counts those whose on_connect waits', {
  args: ['--max-connections', '1', '--drain-timeout', '100ms'],
  routes: { on_connect: 'waitHandler' },
  handlers: { waitHandler() { return new Promise(() => {}); } },
}, async (runner) => {
  const waiting = await runner.connectRaw();
  waiting.write(upgradeRequest());
  let status;
  do status = await Promise.race([statusOf(runner), new Promise((resolve) => setTimeout(resolve, 200, 'waits'))]);
  while (status === 'waits');
  assert.equal(status, 503);
  await waiting.destroy();
});

runnerTest('--idle-timeout: a connection without messages is closed with 1001', { ...echoApp, args: ['--idle-timeout', '300ms'] }, async (runner) => {
  const idle = await runner.connect();
  const busy = await runner.connect();
  let over = false;
  idle.closed.then(() => (over = true));
  while (!over) {
    assert.equal((await busy.ask({ name: 'echo', payload: 1 })).body, 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(await idle.closed, { code: 1001, reason: 'Idle for too long' });
  await busy.close();
});

runnerTest('--idle-timeout: pings are no messages', { ...echoApp, args: ['--idle-timeout', '400ms', '--ping-interval', '100ms'] }, async (runner) => {
  const idle = await runner.connect();
  const pings = setInterval(() => idle.webSocket.ping(), 50);
  assert.equal((await idle.closed).code, 1001);
  clearInterval(pings);
});

runnerTest('--idle-timeout: what is pushed counts', {
  args: ['--idle-timeout', '300ms'],
  routes: { tick: 'tickHandler' },
  handlers: {
    async tickHandler(event) {
      for (let i = 0; i < 8; i++) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        await event.request.headers['push-function'](`${i}`);
      }
      event.response = null;
    },
  },
}, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'tick' });
  for (let i = 0; i < 8; i++) assert.equal(await client.nextText(), String(i));
  assert.equal((await client.closed).code, 1001);
});

runnerTest('--max-lifetime: closed with 1001 however busy', { ...echoApp, args: ['--max-lifetime', '400ms'] }, async (runner) => {
  const client = await runner.connect();
  let over = false;
  client.closed.then(() => (over = true));
  while (!over) {
    client.send({ name: 'echo', payload: 1 });
    await Promise.race([client.next().catch(() => {}), client.closed]);
  }
  assert.deepEqual(await client.closed, { code: 1001, reason: 'Open for too long' });
});

const gateway = {
  routes: { echo: 'echoHandler', on_connect: 'guardHandler', on_disconnect: 'goneHandler' },
  handlers: {
    echoHandler(event) {
      event.response = new Response(String(event.payload).length);
    },
    guardHandler(event) {
      const { status, text, fails } = event.request.query;
      if (fails) throw Object.assign(new Error('no luck'), { statusCode: fails });
      if (text) event.response = new Response('refused', text);
      if (status) event.response = new ErrorResponse('refused', Number(status));
    },
    goneHandler(event) {
      console.log('gone', event.payload.code);
    },
  },
  args: ['--api-gateway'],
};

async function codeAfter(runner, bytes) {
  const client = await runner.connectRaw();
  await client.upgrade();
  client.write(bytes);
  const { code } = await client.closeFrame();
  await client.destroy();
  return code;
}

const messageOf = (length) => JSON.stringify({ name: 'echo', payload: '' }).replace('""', `"${'x'.repeat(length - JSON.stringify({ name: 'echo', payload: '' }).length)}"`);

/** A text message in frames of at most `size` bytes. */
function inFrames(message, size) {
  const bytes = Buffer.from(message);
  const frames = [];
  for (let at = 0; at < bytes.length; at += size)
    frames.push(frame(at === 0 ? opcodes.text : opcodes.continuation, bytes.subarray(at, at + size), { final: at + size >= bytes.length }));
  return Buffer.concat(frames);
}

runnerTest('--api-gateway: messages of 128 KiB in frames of 32 KiB, no more', gateway, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  client.write(inFrames(messageOf(128 * 1024), 32 * 1024));
  assert.equal((await client.next()).statusCode, 200);
  await client.destroy();
  assert.equal(await codeAfter(runner, inFrames(messageOf(128 * 1024 + 1), 32 * 1024)), 1009);
  assert.equal(await codeAfter(runner, inFrames(messageOf(64 * 1024), 32 * 1024 + 1)), 1009);
  assert.equal(await codeAfter(runner, text(messageOf(32 * 1024 + 1))), 1009);
});

runnerTest('--api-gateway: binary messages close with 1003', gateway, async (runner) => {
  assert.equal(await codeAfter(runner, frame(opcodes.binary, '{"name":"echo"}')), 1003);
  assert.equal(await codeAfter(runner, frame(opcodes.binary, '')), 1003);
});

runnerTest("--api-gateway: on_connect's refusal is the upgrade's status", gateway, async (runner) => {
  for (const status of [400, 401, 403, 418, 500, 599]) assert.equal(await statusOf(runner, { path: `/?status=${status}` }), status);
  assert.equal(await statusOf(runner, { path: '/?status=600' }), 500);
  assert.equal(await statusOf(runner, { path: '/?text=401' }), 401);
  for (const [status, expected] of [['404', 404], ['200', 500], ['no number', 500]])
    assert.equal(await statusOf(runner, { path: `/?fails=${encodeURIComponent(status)}` }), expected, `an error that says ${status}`);
  assert.equal(await statusOf(runner), 101);
  await runner.output('stdout', /gone 1006/);
  assert.equal(runner.stdout.match(/^gone \d+$/gm).length, 1);
});

runnerTest('--api-gateway: its limits can be set', { ...gateway, args: ['--max-payload', '1k', '--api-gateway', '--idle-timeout', '200ms'] }, async (runner) => {
  assert.equal(await codeAfter(runner, text(messageOf(1025))), 1009);
  const idle = await runner.connect();
  assert.equal((await idle.closed).code, 1001);
});

runnerTest('--api-gateway: a post over 128 KiB is 413, one before the end of on_connect 410', {
  args: ['--api-gateway', '--management-port', '0', '--drain-timeout', '100ms'],
  routes: { on_connect: 'connectHandler' },
  handlers: {
    async connectHandler(event) {
      console.log('id', event.request.headers['connection-id']);
      if (event.request.query.wait) await new Promise(() => {});
    },
  },
}, async (runner) => {
  const post = async (id, body) => (await fetch(`${runner.management}/@connections/${id}`, { method: 'POST', body })).status;
  const client = await runner.connect();
  const [, id] = await runner.output('stdout', /id (\S+)/);
  assert.equal(await post(id, 'x'.repeat(128 * 1024)), 200);
  assert.equal((await client.nextText()).length, 128 * 1024);
  assert.equal(await post(id, 'x'.repeat(128 * 1024 + 1)), 413);
  const waiting = await runner.connectRaw();
  waiting.write(upgradeRequest({ path: '/?wait=1' }));
  const [, early] = await runner.output('stdout', /id [^]*id (\S+)/);
  assert.equal(await post(early, 'x'), 410);
  await waiting.destroy();
  await client.close();
});
