// --workers: several threads that serve as one (docs/operating.md, "Workers").

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { configText, echoApp, makeApp } from './support/app.mjs';
import { runnerTest, runToEnd, startRunner } from './support/runner.mjs';

const WORKERS = 3;

const crewApp = {
  args: ['--workers', String(WORKERS)],
  routes: { on_start: 'startHandler', on_connect: 'connectHandler', on_disconnect: 'disconnectHandler', who: 'whoHandler', push: 'pushHandler', post: 'postHandler', boom: 'boomHandler' },
  prelude: `
const { wsPostbackFunction } = require('configurapi-runner-ws');
const worker = require('crypto').randomUUID();
const connections = new Set();
let messages = 0;
`,
  handlers: {
    startHandler() {
      console.log(`start ${worker}`);
    },
    connectHandler(event) {
      connections.add(event.request.headers['connection-id']);
      event.identity = { worker };
    },
    disconnectHandler(event) {
      console.log(`end ${worker} ${event.payload.code}`);
    },
    async whoHandler(event) {
      await null;
      event.response = new Response({ worker, met: event.identity.worker, id: event.request.headers['connection-id'], connections: connections.size, messages: ++messages });
    },
    async pushHandler(event) {
      await event.request.headers['push-function'](new Response('pushed'));
      event.response = null;
    },
    async postHandler(event) {
      for (const id of event.payload) await wsPostbackFunction(event.request.headers['postback-url'].replace(/[^/]+$/, id), { statusCode: 200, headers: {}, body: worker });
      event.response = new Response('posted');
    },
    boomHandler() {
      throw new Error('boom');
    },
  },
};

/** Clients until each worker has some: who they are. */
async function meetAll(runner, workers = WORKERS) {
  const clients = [];
  const met = new Set();
  while (met.size < workers || clients.length < 4 * workers) {
    const client = await runner.connect();
    const { body } = await client.ask({ name: 'who' });
    clients.push(Object.assign(client, body));
    met.add(body.worker);
  }
  return { clients, workers: [...met] };
}

const endAll = (clients) => Promise.all(clients.map((client) => client.close()));
const manage = (runner, request, options) => fetch(`${runner.management}${request}`, options);

runnerTest('connections are spread, each worker has a world and an on_start of its own', crewApp, async (runner) => {
  assert.equal(new Set(runner.stdout.match(/^start .*$/mg)).size, WORKERS); // before the first line that it listens
  const { clients, workers } = await meetAll(runner);
  assert.equal(workers.length, WORKERS);
  for (const worker of workers) {
    const own = clients.filter((client) => client.worker === worker);
    assert.equal(Math.max(...own.map((client) => client.connections)), own.length);
  }
  for (const client of clients) {
    const { body } = await client.ask({ name: 'who' }); // it stays with its worker
    assert.deepEqual([body.worker, body.met], [client.worker, client.worker]);
    client.send({ name: 'push' });
    assert.equal((await client.next()).body, 'pushed');
  }
  await endAll(clients);
});

runnerTest('the management server sees them as one', crewApp, async (runner) => {
  const { clients, workers } = await meetAll(runner);
  const ids = await (await manage(runner, '/@connections')).json();
  assert.deepEqual(ids.sort(), clients.map(({ id }) => id).sort());
  for (const worker of workers) {
    const [client, other] = clients.filter((one) => one.worker === worker);
    const connection = `/@connections/${client.id}`;
    const described = await manage(runner, connection);
    assert.deepEqual([described.status, Object.keys(await described.json()).sort()], [200, ['connectedAt', 'identity', 'lastActiveAt']]);
    const body = JSON.stringify({ to: client.id, text: 'x'.repeat(100_000) });
    assert.equal((await manage(runner, connection, { method: 'POST', body })).status, 200);
    assert.equal(await client.nextText(), body);
    assert.equal((await manage(runner, `/post_@connection?id=${client.id}`, { method: 'POST', body: 'again' })).status, 200);
    assert.equal(await client.nextText(), 'again');
    assert.equal((await manage(runner, `${connection}?code=999`, { method: 'DELETE' })).status, 400);
    assert.equal((await manage(runner, `${connection}?code=4001&reason=enough`, { method: 'DELETE' })).status, 204);
    assert.deepEqual(await client.closed, { code: 4001, reason: 'enough' });
    const after = await manage(runner, connection);
    assert.deepEqual([after.status, after.headers.get('x-amzn-errortype')], [410, 'GoneException']);
    assert.equal((await manage(runner, connection, { method: 'POST', body: 'late' })).status, 410);
    if (other) assert.equal((await other.ask({ name: 'who' })).body.worker, worker);
  }
  await endAll(clients.filter((client) => !client.end));
});

runnerTest('many ask at once', crewApp, async (runner) => {
  const { clients } = await meetAll(runner);
  const statuses = await Promise.all(clients.flatMap(({ id }) => [
    manage(runner, `/@connections/${id}`), manage(runner, '/@connections'), manage(runner, '/metrics'),
    ...Array.from({ length: 10 }, () => manage(runner, `/@connections/${id}`, { method: 'POST', body: 'many' })),
  ].map(async (response) => (await response).status)));
  assert.deepEqual(new Set(statuses), new Set([200]));
  for (const client of clients) for (let i = 0; i < 10; i++) assert.equal(await client.nextText(), 'many');
  await endAll(clients);
});

runnerTest('/metrics adds up', crewApp, async (runner) => {
  const { clients } = await meetAll(runner);
  for (const client of clients) assert.equal((await client.ask({ name: 'boom' })).statusCode, 500);
  const text = await (await manage(runner, '/metrics')).text();
  const value = (name) => Number(text.match(new RegExp(`^configurapi_${name} (\\S+)$`, 'm'))?.[1]);
  assert.equal(value('connections'), clients.length);
  assert.equal(value('connections_total'), clients.length);
  assert.equal(value('messages_received_total'), 2 * clients.length);
  assert.equal(value('events_total\\{route="who",status="200"\\}'), clients.length);
  assert.equal(value('events_total\\{route="boom",status="500"\\}'), clients.length);
  assert.equal(value('handler_seconds_count\\{route="who"\\}'), clients.length);
  assert.equal(text.match(/^configurapi_handler_seconds_count\{route="who"\}/mg).length, 1);
  await endAll(clients);
});

runnerTest('a handler posts back to clients of every worker', crewApp, async (runner) => {
  const { clients } = await meetAll(runner);
  const [asking, ...others] = clients;
  asking.send({ name: 'post', payload: others.map(({ id }) => id) });
  for (const other of others) assert.equal((await other.next()).body, asking.worker);
  assert.equal((await asking.next()).body, 'posted');
  await endAll(clients);
});

runnerTest('--max-connections counts over all', { ...crewApp, args: [...crewApp.args, '--max-connections', '5'] }, async (runner) => {
  const clients = [];
  for (let i = 0; i < 5; i++) clients.push(await runner.connect());
  for (let i = 0; i < 5; i++) await assert.rejects(runner.connect(), /503/);
  await clients.pop().close();
  while (clients.length < 5) {
    const client = await runner.connect().catch(() => sleep(10));
    if (client) clients.push(client);
  }
  await endAll(clients);
});

runnerTest('a reload is every worker\'s', { ...crewApp, files: { 'handlers/version.js': 'exports.versionHandler = (event) => { event.response.body = 1; };' } }, async (runner, directory) => {
  const { clients } = await meetAll(runner);
  const versions = async () => new Set(await Promise.all(clients.map(async (client) => (await client.ask({ name: 'version' })).body)));
  writeFileSync(path.join(directory, 'config.yaml'), configText({ ...crewApp.routes, version: 'nobodyHandler' }));
  runner.signal('SIGHUP');
  await runner.output('stderr', /Not reloaded, all stays as it was: config\.yaml:\d+/);
  for (const client of clients) assert.equal((await client.ask({ name: 'version' })).statusCode, 501);
  writeFileSync(path.join(directory, 'config.yaml'), configText({ ...crewApp.routes, version: 'versionHandler' }));
  runner.signal('SIGHUP');
  await runner.output('stdout', /Reloaded/);
  while (!((found) => found.size === 1 && found.has(1))(await versions())) await sleep(20);
  for (const client of clients) assert.equal((await client.ask({ name: 'who' })).body.met, client.worker); // their identities went along
  assert.equal(runner.stdout.match(/Reloaded/g).length, 1);
  assert.equal(runner.stderr.match(/Not reloaded/g).length, 1);
  await endAll(clients);
});

runnerTest('a stop ends every connection of every worker', crewApp, async (runner) => {
  const { clients } = await meetAll(runner);
  await runner.stop();
  assert.deepEqual(new Set(await Promise.all(clients.map(async (client) => (await client.closed).code))), new Set([1001]));
  assert.equal(runner.stdout.match(/^end /mg).length, clients.length);
  assert.equal(new Set(runner.stdout.match(/^end \S+/mg)).size, WORKERS);
});

runnerTest('a second signal ends them at once', {
  ...crewApp,
  args: [...crewApp.args, '--drain-timeout', '1m'],
  routes: { ...crewApp.routes, on_disconnect: 'lateHandler' },
  handlers: { ...crewApp.handlers, async lateHandler() { await new Promise((resolve) => setTimeout(resolve, 60_000)); } },
}, async (runner) => {
  const { clients } = await meetAll(runner);
  runner.signal('SIGTERM');
  await Promise.all(clients.map((client) => client.closed));
  runner.signal('SIGTERM');
  runner.assertCleanEnd(await runner.exited);
});

test('an on_start that fails in one of them ends the start', async () => {
  // Only one of them can make the file.
  const app = makeApp({
    routes: { on_start: 'startHandler' },
    handlers: { startHandler() { require('fs').writeFileSync('only-one', '', { flag: 'wx' }); } },
  });
  const { code, stderr } = await runToEnd(['-p', '0', '--workers', '2'], { cwd: app.path });
  assert.equal(code, 2);
  assert.match(stderr, /^on_start failed: Error: EEXIST/m);
  app.remove();
});

test('so does a module that only one of them can load', async () => {
  const app = makeApp({ files: { 'handlers/app.js': "require('fs').writeFileSync('only-one', '', { flag: 'wx' });" } });
  const { code, stderr } = await runToEnd(['-p', '0', '--workers', '2'], { cwd: app.path });
  assert.equal(code, 2);
  assert.match(stderr, /EEXIST/);
  app.remove();
});

test('a port that another process has is an error, be that one with workers, too', async () => {
  const app = makeApp(echoApp);
  const first = await startRunner({ cwd: app.path, args: ['--workers', '2'] });
  for (const workers of ['1', '2']) {
    const { code, stderr } = await runToEnd(['-p', String(first.port), '--host', '127.0.0.1', '--workers', workers], { cwd: app.path });
    assert.deepEqual([code, /the port is in use/.test(stderr)], [2, true], stderr);
  }
  await first.stop();
  app.remove();
});

for (const number of ['0', '257', '1000001', 'many'])
  test(`--workers ${number} is refused`, async () => {
    const app = makeApp(echoApp);
    const { code, stderr } = await runToEnd(['--workers', number], { cwd: app.path });
    assert.equal(code, 2);
    assert.match(stderr, /--workers.*a number from 1 to 256/);
    app.remove();
  });

runnerTest('a stop right behind the line that they listen', crewApp, async (runner) => {
  runner.signal('SIGTERM');
  runner.assertCleanEnd(await runner.exited);
});

test('the management server answers while they start', async () => {
  const app = makeApp({
    routes: { on_start: 'startHandler' },
    handlers: { async startHandler() { await new Promise((resolve) => setTimeout(resolve, 500)); } },
  });
  const runner = await startRunner({ cwd: app.path, args: ['--workers', '4'], port: 1 });
  const [, management] = await runner.output('stdout', /Management on (\S+)/);
  runner.management = management;
  while (!/Listening/.test(runner.stdout)) {
    assert.equal((await manage(runner, '/metrics')).status, 200);
    assert.deepEqual(await (await manage(runner, '/@connections')).json(), []);
    assert.equal((await manage(runner, '/@connections/nobody')).status, 410);
  }
  await runner.stop();
  app.remove();
});

test('a stop before they listen', async () => {
  const app = makeApp({
    routes: { on_start: 'startHandler' },
    handlers: { async startHandler() { console.log('starting'); await new Promise((resolve) => setTimeout(resolve, 60_000)); } },
  });
  const running = startRunner({ cwd: app.path, args: ['--workers', '2'], port: 1 }); // it never says that it listens
  const runner = await running;
  await runner.output('stdout', /starting/);
  runner.signal('SIGTERM');
  runner.assertCleanEnd(await runner.exited);
  app.remove();
});

const busyApp = {
  args: ['--workers', '2'],
  routes: { busy: 'busyHandler', who: 'whoHandler' },
  prelude: "const worker = require('crypto').randomUUID();",
  handlers: {
    whoHandler(event) {
      event.response = new Response({ worker });
    },
    busyHandler(event) {
      for (const end = Date.now() + event.payload; Date.now() < end; );
    },
  },
};
runnerTest('who ends his side behind the request gets the answer, though a worker takes seconds', busyApp, async (runner) => {
  const { port } = new URL(runner.management);
  const { clients } = await meetAll(runner, 2);
  for (const worker of new Set(clients.map((client) => client.worker))) { // one of them has the management server
    const busy = clients.find((client) => client.worker === worker);
    busy.send({ name: 'busy', payload: 2500 });
    await sleep(100);
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let answer = '';
    socket.setEncoding('utf8').on('data', (piece) => (answer += piece));
    socket.end('GET /list_@connections HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await new Promise((resolve) => socket.on('end', resolve).on('error', resolve));
    assert.match(answer, /^HTTP\/1.1 200 /);
    await busy.next();
  }
});
