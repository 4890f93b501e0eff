// SIGTERM and SIGINT.

import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { echoApp } from './support/app.mjs';
import { text, upgradeRequest } from './support/raw.mjs';
import { runnerTest } from './support/runner.mjs';

const app = {
  routes: { on_connect: 'connectHandler', on_disconnect: 'disconnectHandler', hold: 'holdHandler', echo: 'echoHandler' },
  prelude: 'const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));',
  handlers: {
    connectHandler(event) {
      event.identity = { label: event.params.label };
    },
    async disconnectHandler(event) {
      await wait(20);
      console.log(`gone: ${event.identity.label} ${event.payload.code}`);
    },
    async holdHandler(event) {
      console.log('holding');
      await wait(event.params.ms ?? 1e9);
      event.response = new Response('held');
    },
    echoHandler(event) {
      event.response = new Response(event.payload);
    },
  },
};

for (const signal of ['SIGTERM', 'SIGINT']) {
  runnerTest(`${signal} with nobody there`, echoApp, async (runner) => {
    await runner.stop(signal);
  });

  runnerTest(`${signal}: 1001 for all, and every on_disconnect`, app, async (runner) => {
    const clients = await Promise.all(Array.from({ length: 20 }, (_, i) => runner.connect({ path: `/?label=c${i}` })));
    const ends = clients.map((client) => client.closed);
    await runner.stop(signal);
    for (const { code } of await Promise.all(ends)) assert.equal(code, 1001);
    const gone = runner.lines('stdout').filter((line) => line.includes('gone: ')).map((line) => line.match(/gone: (c\d+)/)[1]);
    assert.deepEqual(gone.sort(), clients.map((_, i) => `c${i}`).sort());
  });
}

runnerTest('nobody new is let in', app, async (runner) => {
  const client = await runner.connectRaw(); // does not answer the close, so the stop takes its time
  await client.upgrade({ path: '/?label=slow' });
  runner.signal('SIGTERM');
  assert.equal((await client.closeFrame()).code, 1001);
  const late = net.connect({ port: runner.port, host: '127.0.0.1' });
  const outcome = await Promise.race([once(late, 'error').then(() => 'refused'), once(late, 'close').then(() => 'closed')]);
  assert.ok(['refused', 'closed'].includes(outcome));
  await client.destroy();
  runner.assertCleanEnd(await runner.exited);
});

runnerTest('clients that are still in their handshake', app, async (runner) => {
  const silent = await runner.connectRaw();
  const half = await runner.connectRaw();
  half.write('GET / HTTP/1.1\r\nHost: localhost\r\n');
  await (await runner.connect({ path: '/?label=whole' })).ask({ name: 'echo', payload: 1 });
  await runner.stop();
  assert.equal((await silent.rest()).length, 0);
  assert.match((await half.rest()).toString(), /^HTTP\/1\.1 503 /);
});

runnerTest('clients whose on_connect has not ended', {
  ...app,
  handlers: {
    ...app.handlers,
    async connectHandler(event) {
      console.log('connecting');
      event.identity = { label: event.params.label };
      await wait(Number(event.params.ms));
    },
  },
  args: ['--drain-timeout', '2s'],
}, async (runner) => {
  const clients = [await runner.connectRaw(), await runner.connectRaw()];
  clients.forEach((client, i) => client.write(upgradeRequest({ path: `/?label=early&ms=${[100, 1e9][i]}` })));
  await runner.output('stdout', /connecting[^]*connecting/);
  await runner.stop();
  for (const client of clients) assert.match((await client.rest()).toString(), /^HTTP\/1\.1 503 /);
  assert.deepEqual(runner.stdout.match(/gone: .*/g), ['gone: early 1006'], 'what on_connect has begun is ended');
});

runnerTest('a handler that is still at work', app, async (runner) => {
  const client = await runner.connect({ path: '/?label=busy' });
  client.send({ name: 'hold', params: { ms: 50 } });
  await runner.output('stdout', /holding/);
  await runner.stop();
  assert.equal((await client.closed).code, 1001);
  assert.match(runner.stdout, /gone: busy/);
});

runnerTest('a handler that never ends', { ...app, args: ['--drain-timeout', '300ms'] }, async (runner) => {
  const client = await runner.connect({ path: '/?label=stuck' });
  client.send({ name: 'hold' });
  await runner.output('stdout', /holding/);
  await runner.stop();
  assert.equal((await client.closed).code, 1001);
});

runnerTest('a client that answers nothing', { ...app, args: ['--drain-timeout', '300ms'] }, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade({ path: '/?label=dumb' });
  await runner.stop();
  assert.equal((await client.closeFrame()).code, 1001);
  assert.match(runner.stdout, /gone: dumb/);
});

runnerTest('a client that reads nothing', { ...app, args: ['--drain-timeout', '300ms'] }, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade({ path: '/?label=deaf' });
  client.socket.pause();
  for (let i = 0; i < 30; i++) client.write(text({ name: 'echo', payload: 'x'.repeat(200_000) }));
  await (await runner.connect({ path: '/?label=other' })).ask({ name: 'echo', payload: 1 });
  await runner.stop();
  await client.destroy();
});

for (const timeout of ['60s', '0']) {
  runnerTest(`a second signal ends at once (--drain-timeout ${timeout})`, { ...app, args: ['--drain-timeout', timeout] }, async (runner) => {
    const client = await runner.connect({ path: '/?label=stuck' });
    client.send({ name: 'hold' });
    await runner.output('stdout', /holding/);
    runner.signal('SIGTERM');
    assert.equal((await client.closed).code, 1001);
    await runner.output('stdout', /gone: stuck/);
    const waits = new Promise((resolve) => setTimeout(resolve, 700, 'waits'));
    assert.equal(await Promise.race([runner.exited, waits]), 'waits', 'for the handler');
    const start = performance.now();
    runner.signal('SIGINT');
    runner.assertCleanEnd(await runner.exited);
    assert.ok(performance.now() - start < 20_000);
  });
}

runnerTest('--drain-timeout 0 waits for as long as it takes', { ...app, args: ['--drain-timeout', '0'] }, async (runner) => {
  const client = await runner.connectRaw(); // does not answer its Close
  await client.upgrade({ path: '/?label=slow' });
  client.write(text({ name: 'hold', params: { ms: 1500 } }));
  await runner.output('stdout', /holding/);
  runner.signal('SIGTERM');
  await runner.output('stdout', /Handled hold/);
  await client.destroy();
  runner.assertCleanEnd(await runner.exited);
});

runnerTest('the same signal twice', app, async (runner) => {
  await runner.connect({ path: '/?label=one' });
  runner.signal('SIGTERM');
  runner.signal('SIGTERM');
  const { code, signal } = await runner.exited;
  // The second may cut the stop short; it must not crash it.
  assert.ok(code === 0 || signal === 'SIGTERM');
});

runnerTest('timers of handlers do not keep the process', {
  routes: { tick: 'tickHandler' },
  handlers: {
    tickHandler(event) {
      setInterval(() => {}, 10);
      setTimeout(() => {}, 1e9);
      event.response = new Response('ticking');
    },
  },
}, async (runner) => {
  assert.equal((await runner.ask({ name: 'tick' })).body, 'ticking');
  await runner.stop();
});

runnerTest('more than a hundred go one batch after another', { ...echoApp, args: ['--drain-timeout', '2s'] }, async (runner) => {
  const clients = [];
  while (clients.length < 350) clients.push(...(await Promise.all(Array.from({ length: 50 }, () => runner.connect()))));
  const ends = [];
  for (const client of clients) client.closed.then(({ code }) => ends.push({ code, at: performance.now() }));
  runner.signal('SIGTERM');
  await runner.output('stdout', /Listening/);
  const last = clients.at(-1);
  assert.equal((await last.ask({ name: 'echo', payload: 'still served' })).body, 'still served');
  runner.assertCleanEnd(await runner.exited);
  await Promise.all(clients.map((client) => client.closed));
  assert.deepEqual(new Set(ends.map(({ code }) => code)), new Set([1001]));
  const times = ends.map(({ at }) => at).sort((a, b) => a - b);
  assert.ok(times.at(-1) - times[0] >= 250, `all within ${Math.round(times.at(-1) - times[0])} ms`);
  assert.ok(times[99] - times[0] <= 250, 'the first hundred at once');
});

runnerTest('more clients than fit into one crossing, whose on_disconnect posts back while the program goes', {
  routes: { on_disconnect: 'goneHandler' },
  prelude: "const { wsPostbackFunction } = require('configurapi-runner-ws');",
  handlers: {
    async goneHandler(event) {
      await wsPostbackFunction(event.request.headers['postback-url'], { body: 'late' }).catch(() => {});
    },
  },
  args: ['--management-port', '0', '--drain-timeout', '1ms', '--log-level', 'info'],
}, async (runner) => {
  const clients = [];
  while (clients.length < 1200) clients.push(...(await Promise.all(Array.from({ length: 50 }, () => runner.connect()))));
  const ends = clients.map((client) => client.closed);
  runner.signal('SIGTERM');
  runner.signal('SIGTERM');
  runner.assertCleanEnd(await runner.exited);
  await Promise.all(ends);
});

runnerTest('an on_start that does not end says so, and can be stopped', {
  routes: { on_start: 'startHandler' },
  handlers: {
    startHandler() {
      return new Promise(() => {});
    },
  },
  port: 0,
}, async (runner) => {
  await runner.output('stdout', /Info: configurapi - {2}- on_start has not ended: nothing is served before it has\n/);
});
