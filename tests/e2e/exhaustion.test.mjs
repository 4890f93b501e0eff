// What wants more than there is: descriptors, pings that nobody reads the pongs of, fragments without end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { echoApp, makeApp } from './support/app.mjs';
import { connect } from './support/client.mjs';
import { frame, opcodes, text, upgradeRequest } from './support/raw.mjs';
import { isSanitized, runnerPath, runnerTest } from './support/runner.mjs';

/** Clock ticks of processor time that the process has used. */
function ticksOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

test('out of descriptors: those that are there are served, nothing spins, and it recovers', async () => {
  const directory = makeApp(echoApp);
  const args = ['-p', '0', '--host', '127.0.0.1', '--no-management'];
  const child = spawn('sh', ['-c', 'ulimit -n 48; exec "$0" "$@"', runnerPath, ...args], { cwd: directory.path, stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (piece) => (errors += piece));
  try {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (piece) => (output += piece));
    while (!/Listening on ws:\/\/\S+:(\d+)/.test(output)) await once(child.stdout, 'data');
    const port = Number(output.match(/Listening on ws:\/\/\S+:(\d+)/)[1]);
    const url = `ws://127.0.0.1:${port}`;
    const first = await connect(url);
    const crowd = await Promise.all(Array.from({ length: 120 }, async () => {
      const socket = net.connect({ port, host: '127.0.0.1' });
      socket.on('error', () => {});
      await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
      return socket;
    }));
    assert.equal((await first.ask({ name: 'echo', payload: 1 })).body, 1);
    const before = ticksOf(child.pid);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const used = ticksOf(child.pid) - before;
    assert.ok(used <= 20, `${used} ticks of a hundred in a second of waiting`);
    assert.equal((await first.ask({ name: 'echo', payload: 2 })).body, 2);
    for (const socket of crowd) socket.destroy();
    let later;
    while (!later) later = await connect(url).catch(() => undefined);
    assert.equal((await later.ask({ name: 'echo', payload: 3 })).body, 3);
    const ended = once(child, 'close');
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
    assert.match(errors, /^\S+ Error: configurapi - {2}- \d+ connections are as many as there are descriptors for[^\n]*\n$/);
  } finally {
    child.kill('SIGKILL');
    directory.remove();
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
