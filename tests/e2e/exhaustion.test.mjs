// What wants more than there is: descriptors, pings that nobody reads the pongs of, fragments without end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { echoApp, makeApp } from './support/app.mjs';
import { connect } from './support/client.mjs';
import { frame, opcodes, text, upgradeRequest } from './support/raw.mjs';
import { guarded, isSanitized, processorTicks, runnerPath, runnerTest } from './support/runner.mjs';
import { scheme, transportArgs } from './support/transport.mjs';

/** Runs `body` with a program that may have so many descriptors; afterwards it must stop cleanly. */
async function withDescriptors(limit, app, args, body) {
  const directory = makeApp(app);
  const child = spawn('sh', ['-c', `ulimit -n ${limit}; exec "$0" "$@"`, runnerPath, '-p', '0', '--host', '127.0.0.1', ...transportArgs, ...args], { cwd: directory.path, stdio: ['ignore', 'pipe', 'pipe'] });
  const runner = { pid: child.pid, output: '', errors: '' };
  child.stderr.setEncoding('utf8').on('data', (piece) => (runner.errors += piece));
  child.stdout.setEncoding('utf8').on('data', (piece) => (runner.output += piece));
  const ended = once(child, 'close');
  try {
    while (!/Listening on ws:\/\/\S+:(\d+)/.test(runner.output)) await once(child.stdout, 'data');
    runner.port = Number(runner.output.match(new RegExp(`Listening on ${scheme}://\\S+:(\\d+)`))[1]);
    runner.url = `${scheme}://127.0.0.1:${runner.port}`;
    runner.management = runner.output.match(/Management on (http:\/\/\S+)/)?.[1];
    await guarded(body(runner));
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null], runner.errors);
  } finally {
    child.kill('SIGKILL');
    directory.remove();
  }
}

/** Sockets that say nothing. */
const crowd = (port, count) =>
  Promise.all(Array.from({ length: count }, async () => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.resume();
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    return socket;
  }));

const echoOf = async (client, payload) => assert.equal((await client.ask({ name: 'echo', payload })).body, payload);

async function connectWhenPossible(url) {
  for (let tries = 0; ; tries++) {
    const client = await connect(url).catch((error) => assert.ok(tries < 1000, error));
    if (client) return client;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const tooMany = /^\S+ Error: configurapi - {2}- \d+ connections are as many as there are descriptors for[^\n]*\n$/;

test('out of descriptors: those that are there are served, nothing spins, and it recovers', () =>
  withDescriptors(48, echoApp, ['--no-management'], async (runner) => {
    const first = await connect(runner.url);
    const sockets = await crowd(runner.port, 120);
    await echoOf(first, 1);
    const before = processorTicks(runner.pid);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const used = processorTicks(runner.pid) - before;
    assert.ok(used <= 20, `${used} ticks of a hundred in a second of waiting`);
    await echoOf(first, 2);
    for (const socket of sockets) socket.destroy();
    await echoOf(await connectWhenPossible(runner.url), 3);
    assert.match(runner.errors, tooMany);
  }));

test('visitors who go while their handlers wait hold no descriptors', async () => {
  const app = {
    ...echoApp,
    routes: { wait: 'waitHandler', ...echoApp.routes },
    handlers: {
      waitHandler() {
        return new Promise(() => {});
      },
      ...echoApp.handlers,
    },
  };
  await withDescriptors(64, app, ['--no-management', '--drain-timeout', '50'], async (runner) => {
    for (let i = 0; i < 100; i++) {
      const visitor = await connect(runner.url);
      visitor.send({ name: 'wait' });
      await visitor.terminate();
    }
    await echoOf(await connect(runner.url), 1);
    assert.doesNotMatch(runner.errors, /descriptors/);
  });
});

test('out of descriptors by management connections besides: the engine still has its own', () =>
  withDescriptors(256, echoApp, ['--management-port', '0'], async (runner) => {
    const first = await connect(runner.url);
    const sockets = [...(await crowd(runner.port, 300)), ...(await crowd(new URL(runner.management).port, 256))];
    await new Promise((resolve) => setTimeout(resolve, 1500)); // the engine looks after itself twice a second
    for (let i = 0; i < 100; i++) await echoOf(first, 'x'.repeat(10_000));
    assert.ok(readdirSync(`/proc/${runner.pid}/fd`).length < 256, 'some are left');
    for (const socket of sockets) socket.destroy();
    await echoOf(await connectWhenPossible(runner.url), 3);
    assert.match(runner.errors, tooMany);
  }));

test('descriptors that handlers have taken: connections wait, and are told of once', async () => {
  const app = {
    routes: { take: 'takeHandler', ...echoApp.routes },
    prelude: "const { wsPostbackFunction } = require('configurapi-runner-ws');",
    handlers: {
      takeHandler(event) {
        for (let i = 0; i < event.params.count; i++) wsPostbackFunction(event.params.url, {}).catch(() => {});
      },
      ...echoApp.handlers,
    },
  };
  const silent = net.createServer().listen(0, '127.0.0.1');
  const taken = new Set();
  silent.on('connection', (socket) => taken.add(socket.on('error', () => {})));
  await once(silent, 'listening');
  try {
    await withDescriptors(80, app, ['--no-management'], async (runner) => {
      const first = await connect(runner.url);
      await first.ask({ name: 'take', params: { url: `http://127.0.0.1:${silent.address().port}/`, count: 30 } });
      while (taken.size < 30) await new Promise((resolve) => setTimeout(resolve, 5));
      const sockets = await crowd(runner.port, 34); // fewer than there would be descriptors for
      const waiting = sockets.at(-1);
      const answered = new Promise((resolve) => waiting.once('data', () => resolve(true)).once('close', () => resolve(true)));
      waiting.write('GET / HTTP/1.1\r\n\r\n');
      await echoOf(first, 1);
      const tooLate = new Promise((resolve) => setTimeout(resolve, 300, false));
      assert.equal(await Promise.race([answered, tooLate]), false, 'the last one waits');
      for (const socket of taken) socket.destroy();
      assert.equal(await answered, true);
      for (const socket of sockets) socket.destroy();
      assert.match(runner.errors, /^\S+ Error: configurapi - {2}- \d+ connections and all else have taken nearly all descriptors[^\n]*\n$/);
    });
  } finally {
    for (const socket of taken) socket.destroy();
    silent.close();
  }
});

runnerTest('a flood of pings whose pongs nobody reads', { ...echoApp, args: ['--high-water-mark', '64k', '--max-buffered', '1m'] }, async (runner) => {
  const flood = await runner.connectRaw();
  await flood.upgrade();
  const before = runner.residentBytes();
  flood.socket.pause();
  const pings = Buffer.concat(Array.from({ length: 5000 }, () => frame(opcodes.ping, 'x'.repeat(125))));
  for (let sent = 0; sent < 64 << 20 && !flood.socket.writableNeedDrain; sent += pings.length) flood.write(pings);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal((await runner.ask({ name: 'echo', payload: 'others' })).body, 'others');
  if (!isSanitized()) assert.ok(runner.residentBytes() - before < 16 << 20, `${(runner.residentBytes() - before) >> 20} MB for pongs`);
  flood.reset();
});

runnerTest('a message of a million empty fragments', echoApp, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  const message = JSON.stringify({ name: 'echo', payload: 'at last' });
  const empty = Buffer.concat(Array.from({ length: 10_000 }, () => frame(opcodes.continuation, '', { final: false })));
  client.write(frame(opcodes.text, message.slice(0, 10), { final: false }));
  for (let i = 0; i < 100; i++) await new Promise((resolve) => client.socket.write(empty, resolve));
  client.write(frame(opcodes.continuation, message.slice(10)));
  assert.equal((await client.next()).body, 'at last');
  await client.destroy();
});

runnerTest('a thousand requests that never end', { ...echoApp, args: ['--handshake-timeout', '3s'] }, async (runner) => {
  const before = runner.residentBytes();
  const slow = await Promise.all(Array.from({ length: 1000 }, () => runner.connectRaw()));
  for (const client of slow) client.write(upgradeRequest({ headers: { 'X-Long': 'x'.repeat(8000) } }).slice(0, -2));
  assert.equal((await runner.ask({ name: 'echo', payload: 1 })).body, 1);
  if (!isSanitized()) assert.ok(runner.residentBytes() - before < 64 << 20);
  await Promise.all(slow.map((client) => client.ended));
  assert.equal((await runner.ask({ name: 'echo', payload: 2 })).body, 2);
});

runnerTest('a peer that never answers a close is let go', {
  ...echoApp,
  routes: { ...echoApp.routes, on_disconnect: 'goneHandler' },
  handlers: { ...echoApp.handlers, goneHandler(event) { console.log('gone', event.payload.code); } },
  args: ['--max-lifetime', '200ms'],
}, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  assert.equal((await client.closeFrame()).code, 1001);
  client.write(text({ name: 'echo', payload: 'too late' }));
  await client.ended;
  await runner.output('stdout', /gone 1006/);
});
