// GET /health and GET /metrics.

import assert from 'node:assert/strict';
import { runnerTest } from './support/runner.mjs';
import { text } from './support/raw.mjs';

const oddNames = ['say "hi"', 'back\\slash', 'line\nend', 'both\\n"', 'trailing\\', 'ünï → 😀', '{a="b",c="d"} 1', '# HELP', ' ', 'a,b', '__proto__'];

const app = {
  routes: {
    on_connect: 'connectHandler',
    on_disconnect: 'disconnectHandler',
    echo: 'echoHandler',
    missing: 'missingHandler',
    broken: 'brokenHandler',
    status: 'statusHandler',
    push: 'pushHandler',
    quiet: 'quietHandler',
    sleep: 'sleepHandler',
    hold: 'holdHandler',
    stream: 'streamHandler',
    release: 'releaseHandler',
    failing: 'failingHandler',
    ...Object.fromEntries(oddNames.map((name) => [name, 'echoHandler'])),
  },
  prelude: `
const { StreamResponse } = require('configurapi-handler-ws');
const held = [];
const hold = () => new Promise((resolve) => held.push(resolve));
`,
  handlers: {
    connectHandler(event) {
      if (event.params.refuse) event.response = new ErrorResponse('no', 403);
    },
    disconnectHandler() {},
    echoHandler(event) {
      event.response = new Response(event.payload);
    },
    missingHandler(event) {
      event.response = new ErrorResponse('nothing there', 404);
    },
    brokenHandler() {
      throw new Error('broken');
    },
    statusHandler(event) {
      event.response = new Response('', event.payload);
    },
    async pushHandler(event) {
      for (const message of event.payload) await event.request.headers['push-function'](message);
      event.response = new Response('');
    },
    quietHandler(event) {
      event.response = null;
    },
    async sleepHandler(event) {
      await new Promise((resolve) => setTimeout(resolve, event.payload));
      event.response = new Response('');
    },
    failingHandler(event) {
      const { status } = event.params;
      event.response = new StreamResponse((function* () {
        yield 'a chunk';
        throw status === undefined ? new Error('midway') : Object.assign(new Error('midway'), { statusCode: status });
      })());
    },
    async holdHandler(event) {
      await hold();
      event.response = new Response('held');
    },
    streamHandler(event) {
      async function* chunks() {
        yield 'first';
        await hold();
        yield 'last';
      }
      event.response = new StreamResponse(chunks());
    },
    releaseHandler(event) {
      held.splice(0).forEach((resolve) => resolve());
      event.response = new Response('released');
    },
  },
};

const withArgs = (...args) => ({ ...app, args });

// ---- the text format ----

const unescapes = { '\\\\': '\\', '\\"': '"', '\\n': '\n' };

/** The labels between the braces: name="value" with commas between, nothing else. */
function parseLabels(source, line) {
  const labels = {};
  let rest = source;
  while (rest.length > 0) {
    const match = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^\\"\n]|\\\\|\\"|\\n)*)"(,|$)/.exec(rest);
    assert.ok(match, `labels: ${line}`);
    assert.ok(!(match[1] in labels), `a label twice: ${line}`);
    labels[match[1]] = match[2].replace(/\\[\\"n]/g, (escape) => unescapes[escape]);
    rest = rest.slice(match[0].length);
    if (match[3] === ',') assert.ok(rest.length > 0, `a comma at the end: ${line}`);
  }
  return labels;
}

const key = (name, labels) => JSON.stringify([name, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);

/** The families of a text: name → {type, help, samples: [{name, labels, value}]}. Throws at whatever the format does not allow. */
function parse(source) {
  assert.ok(source.endsWith('\n'), 'the last line has its end');
  assert.doesNotMatch(source, /\r/);
  const families = new Map();
  const seen = new Set();
  let current;
  for (const line of source.slice(0, -1).split('\n')) {
    const help = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (help) {
      assert.ok(!families.has(help[1]), `a family twice: ${line}`);
      current = { name: help[1], help: help[2], samples: [] };
      families.set(current.name, current);
      continue;
    }
    const type = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/.exec(line);
    if (type) {
      assert.equal(type[1], current?.name, `TYPE behind its HELP: ${line}`);
      assert.equal(current.type, undefined, `TYPE once: ${line}`);
      assert.equal(current.samples.length, 0, `TYPE before the samples: ${line}`);
      [, , current.type] = type;
      continue;
    }
    const sample = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
    assert.ok(sample, `no line of the format: ${JSON.stringify(line)}`);
    const [, name, labelText = '', number] = sample;
    assert.ok(current?.type, `a sample without HELP and TYPE: ${line}`);
    const suffixes = current.type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    assert.ok(suffixes.some((suffix) => current.name + suffix === name), `a sample of another family: ${line}`);
    assert.match(number, /^([0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?|\+Inf)$/, line);
    const labels = parseLabels(labelText, line);
    const identity = key(name, labels);
    assert.ok(!seen.has(identity), `a sample twice: ${line}`);
    seen.add(identity);
    current.samples.push({ name, labels, value: Number(number) });
  }
  for (const family of families.values()) {
    assert.ok(family.type, `${family.name} has a TYPE`);
    if (family.type === 'counter') assert.match(family.name, /_total$/);
    if (family.type === 'histogram') checkHistogram(family);
  }
  return families;
}

/** Buckets rise, end at +Inf, and that one is the count. */
function checkHistogram({ name, samples }) {
  const series = new Map();
  for (const { name: sampleName, labels: { le, ...labels }, value } of samples) {
    const identity = key(name, labels);
    if (!series.has(identity)) series.set(identity, { buckets: [] });
    const one = series.get(identity);
    if (sampleName === `${name}_bucket`) {
      assert.ok(le !== undefined, 'a bucket has its bound');
      one.buckets.push({ bound: le === '+Inf' ? Infinity : Number(le), value });
    } else {
      assert.equal(le, undefined);
      one[sampleName.slice(name.length + 1)] = value;
    }
  }
  for (const [identity, { buckets, sum, count }] of series) {
    assert.ok(buckets.length > 1 && sum !== undefined && count !== undefined, `${identity} is whole`);
    for (let i = 1; i < buckets.length; i++) {
      assert.ok(buckets[i].bound > buckets[i - 1].bound, `${identity}: bounds rise`);
      assert.ok(buckets[i].value >= buckets[i - 1].value, `${identity}: buckets are summed up`);
    }
    assert.equal(buckets.at(-1).bound, Infinity);
    assert.equal(buckets.at(-1).value, count, `${identity}: +Inf is all`);
    assert.ok(sum >= 0);
  }
}

class Metrics {
  constructor(source) {
    this.families = parse(source);
  }

  /** The sample's value, undefined where there is none. */
  get(name, labels = {}) {
    const family = this.families.get(`configurapi_${name.replace(/_(bucket|sum|count)$/, '')}`) ?? this.families.get(`configurapi_${name}`);
    assert.ok(family, `there is ${name}`);
    return family.samples.find((sample) => key(sample.name, sample.labels) === key(`configurapi_${name}`, labels))?.value;
  }

  events(route) {
    const family = this.families.get('configurapi_events_total');
    return Object.fromEntries(family.samples.filter(({ labels }) => labels.route === route).map(({ labels, value }) => [labels.status, value]));
  }
}

async function metricsOf(runner) {
  const response = await fetch(`${runner.management}/metrics`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4\b/);
  const bytes = Buffer.from(await response.arrayBuffer());
  const source = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  return new Metrics(source);
}

/** Asks again until `isSo` says so, or has not for long. */
async function until(what, runner, isSo) {
  for (let i = 0; i < 1000; i++) {
    const metrics = await metricsOf(runner);
    if (isSo(metrics)) return metrics;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return assert.fail(`it never came to this: ${what}`);
}

const post = (runner, id, body) => fetch(`${runner.management}/@connections/${id}`, { method: 'POST', body });
const list = async (runner) => (await fetch(`${runner.management}/@connections`)).json();

// ---- health ----

runnerTest('health', app, async (runner) => {
  const response = await fetch(`${runner.management}/health`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type'), /^application\/json\b/);
  assert.deepEqual(await response.json(), { status: 'ok' });
});

runnerTest('health while it drains', withArgs('--drain-timeout', '30s'), async (runner) => {
  const client = await runner.connectRaw(); // does not answer the Close
  await client.upgrade();
  const [id] = await list(runner);
  runner.signal('SIGTERM');
  assert.equal((await client.closeFrame()).code, 1001);
  const response = await fetch(`${runner.management}/health`);
  assert.equal(response.status, 503);
  assert.match(response.headers.get('content-type'), /^application\/json\b/);
  assert.equal(response.headers.get('retry-after'), '5');
  assert.notEqual((await response.json()).status, 'ok');
  const head = await fetch(`${runner.management}/health`, { method: 'HEAD' });
  assert.equal(head.status, 503);
  assert.equal((await metricsOf(runner)).get('connections_total'), 1, 'metrics are there to the end');
  assert.deepEqual(await list(runner), []);
  assert.equal((await post(runner, id, 'too late')).status, 410);
  await client.destroy();
  runner.assertCleanEnd(await runner.exited);
});

// ---- metrics ----

runnerTest('metrics of nothing yet', app, async (runner) => {
  const metrics = await metricsOf(runner);
  const gauges = ['connections', 'events_in_flight', 'streams_open', 'buffered_bytes'];
  const counters = ['connections_total', 'messages_received_total', 'messages_sent_total', 'received_bytes_total', 'sent_bytes_total'];
  for (const name of [...gauges, ...counters]) {
    assert.equal(metrics.get(name), 0, name);
    assert.equal(metrics.families.get(`configurapi_${name}`).type, gauges.includes(name) ? 'gauge' : 'counter');
  }
  for (const { value } of metrics.families.get('configurapi_upgrades_rejected_total').samples) assert.equal(value, 0);
  assert.ok(metrics.get('javascript_heap_bytes') > 0);
});

runnerTest('connections, now and ever', app, async (runner) => {
  const clients = await Promise.all(Array.from({ length: 5 }, () => runner.connect()));
  let metrics = await metricsOf(runner);
  assert.deepEqual([metrics.get('connections'), metrics.get('connections_total')], [5, 5]);
  await clients.pop().close();
  await clients.pop().terminate();
  metrics = await until('three are left', runner, (now) => now.get('connections') === 3);
  assert.equal(metrics.get('connections_total'), 5);
  await runner.connect();
  metrics = await metricsOf(runner);
  assert.deepEqual([metrics.get('connections'), metrics.get('connections_total')], [4, 6]);
  assert.deepEqual(metrics.events('on_connect'), { 200: 6 });
  assert.deepEqual((await until('both ends are counted', runner, (now) => now.events('on_disconnect')[200] === 2)).events('on_disconnect'), { 200: 2 });
});

runnerTest('messages and their bytes', app, async (runner) => {
  const client = await runner.connect();
  const sent = [
    { name: 'echo', payload: 'x' },
    { name: 'echo', payload: 'é 😀' },
    'not JSON',
    '',
    Buffer.from(JSON.stringify({ name: 'echo', payload: 'in a binary message' })),
    { name: 'echo', payload: 'y'.repeat(300_000) },
    { name: 'missing' },
    { name: 5 },
  ].map((message) => (typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)));
  let received = 0;
  for (const message of sent) {
    client.send(message);
    received += (await client.nextFrame()).data.length;
  }
  let metrics = await metricsOf(runner);
  assert.equal(metrics.get('messages_received_total'), sent.length);
  assert.equal(metrics.get('received_bytes_total'), sent.reduce((sum, message) => sum + Buffer.byteLength(message), 0));
  assert.equal(metrics.get('messages_sent_total'), sent.length);
  assert.equal(metrics.get('sent_bytes_total'), received);

  await post(runner, (await list(runner))[0], 'posted é');
  received += (await client.nextFrame()).data.length;
  client.send({ name: 'push', payload: ['one', 'two', 'three'] });
  for (let i = 0; i < 4; i++) received += (await client.nextFrame()).data.length;
  client.send({ name: 'quiet' });
  metrics = await until('it was handled', runner, (now) => now.get('handler_seconds_count', { route: 'quiet' }) === 1);
  assert.equal(metrics.get('messages_received_total'), sent.length + 2);
  assert.equal(metrics.get('messages_sent_total'), sent.length + 5);
  assert.equal(metrics.get('sent_bytes_total'), received);
});

runnerTest('bytes of replies that carry a message-id', app, async (runner) => {
  const client = await runner.connect();
  let received = 0;
  for (const id of ['abc-123', 5, { an: 'object' }, 'x'.repeat(1000)]) {
    for (const name of ['echo', 'missing', 'nowhere']) {
      client.send({ name, payload: 'x', headers: { 'message-id': id } });
      received += (await client.nextFrame()).data.length;
    }
  }
  assert.equal((await metricsOf(runner)).get('sent_bytes_total'), received);
});

runnerTest('frames that are no messages are not counted as such', app, async (runner) => {
  const client = await runner.connect();
  client.webSocket.ping('ping');
  await new Promise((resolve) => client.webSocket.once('pong', resolve));
  let metrics = await metricsOf(runner);
  for (const name of ['messages_received_total', 'messages_sent_total', 'received_bytes_total', 'sent_bytes_total']) assert.equal(metrics.get(name), 0, name);
  await client.close(1000, 'reason');
  metrics = await until('it is gone', runner, (now) => now.get('connections') === 0);
  for (const name of ['messages_received_total', 'messages_sent_total']) assert.equal(metrics.get(name), 0, name);
});

runnerTest('events by route and status', app, async (runner) => {
  const client = await runner.connect();
  const traffic = [
    ['echo', 7, 200],
    ['missing', 3, 404],
    ['broken', 2, 500],
  ];
  for (const [name, count, status] of traffic) {
    for (let i = 0; i < count; i++) assert.equal((await client.ask({ name, payload: '' })).statusCode, status);
  }
  for (const name of ['nowhere', '', 'echo ', 'Echo']) assert.equal((await client.ask({ name })).statusCode, 501);
  assert.equal((await client.ask('not JSON')).statusCode, 501);
  for (const refused of [{ name: 5 }, { name: 'echo', params: 5 }]) assert.equal((await client.ask(refused)).statusCode, 400);
  for (const status of [201, 201, 302, 418]) await client.ask({ name: 'status', payload: status });

  const metrics = await metricsOf(runner);
  for (const [name, count, status] of traffic) {
    assert.deepEqual(metrics.events(name), { [status]: count });
    assert.equal(metrics.get('handler_seconds_count', { route: name }), count);
  }
  assert.deepEqual(metrics.events(''), { 400: 2, 501: 5 });
  assert.equal(metrics.get('handler_seconds_count', { route: '' }), 7);
  assert.deepEqual(metrics.events('status'), { 201: 2, 302: 1, 418: 1 });
  assert.deepEqual(metrics.events('hold'), {});
  const all = metrics.families.get('configurapi_events_total').samples.reduce((sum, { value }) => sum + value, 0);
  assert.equal(all, 1 + 12 + 7 + 4, 'with on_connect');
});

runnerTest('a stream that fails midway counts as what its client was told', app, async (runner) => {
  const client = await runner.connect();
  for (const [status, told] of [[undefined, 500], [404, 404], [503, 503], [503, 503]]) {
    client.send({ name: 'failing', params: { status } });
    assert.equal((await client.next()).statusCode, 200);
    assert.equal((await client.next()).statusCode, told);
  }
  await until('all have ended', runner, (now) => now.get('streams_open') === 0 && now.get('events_in_flight') === 0);
  assert.deepEqual((await metricsOf(runner)).events('failing'), { 404: 1, 500: 1, 503: 2 });
});

runnerTest('routes with odd names', app, async (runner) => {
  const client = await runner.connect();
  for (const [i, name] of oddNames.entries()) {
    for (let j = 0; j <= i; j++) assert.equal((await client.ask({ name, payload: j })).body, j);
  }
  const metrics = await metricsOf(runner);
  for (const [i, name] of oddNames.entries()) {
    assert.deepEqual(metrics.events(name), { 200: i + 1 }, name);
    assert.equal(metrics.get('handler_seconds_count', { route: name }), i + 1);
  }
});

runnerTest('a catchall is a route', { routes: { catchall: 'echoHandler' }, handlers: { echoHandler: app.handlers.echoHandler } }, async (runner) => {
  const client = await runner.connect();
  for (const name of ['a', 'b', '']) await client.ask({ name, payload: 1 });
  const metrics = await metricsOf(runner);
  assert.deepEqual(metrics.events('catchall'), { 200: 3 });
  assert.deepEqual(metrics.events(''), {});
});

// Scrapers refuse a whole page that has a sample twice.
const nameless = {
  routes: { on_before_request: 'guardHandler', '': 'echoHandler' },
  handlers: {
    guardHandler(event) {
      if (event.params.bad) throw new ErrorResponse('bad', 400);
    },
    echoHandler: app.handlers.echoHandler,
  },
};

runnerTest('a route without a name beside events that came to no route', nameless, async (runner) => {
  const client = await runner.connect();
  assert.equal((await client.ask('not JSON')).body, 'not JSON');
  await client.ask({ params: { bad: true } });
  await metricsOf(runner);
});

runnerTest('more statuses than are told apart', app, async (runner) => {
  const client = await runner.connect();
  for (let status = 200; status < 240; status++) await client.ask({ name: 'status', payload: status });
  const counts = (await metricsOf(runner)).events('status');
  assert.equal(Object.values(counts).reduce((sum, count) => sum + count, 0), 40);
  assert.ok(Object.keys(counts).length < 40);
  assert.ok(counts[0] > 0);
});

runnerTest('more statuses than are told apart, and one that is none', app, async (runner) => {
  const client = await runner.connect();
  await client.ask({ name: 'status', payload: 'no number' });
  for (let status = 200; status < 240; status++) await client.ask({ name: 'status', payload: status });
  const counts = (await metricsOf(runner)).events('status');
  assert.equal(Object.values(counts).reduce((sum, count) => sum + count, 0), 41);
});

runnerTest('seconds', app, async (runner) => {
  const client = await runner.connect();
  const ms = 120;
  for (let i = 0; i < 3; i++) await client.ask({ name: 'sleep', payload: ms });
  const metrics = await metricsOf(runner);
  const bucket = (le) => metrics.get('handler_seconds_bucket', { route: 'sleep', le });
  assert.equal(bucket('0.1'), 0, 'it took longer');
  assert.equal(bucket('10'), 3);
  assert.equal(bucket('+Inf'), 3);
  assert.equal(metrics.get('handler_seconds_count', { route: 'sleep' }), 3);
  const sum = metrics.get('handler_seconds_sum', { route: 'sleep' });
  assert.ok(sum >= (3 * (ms - 2)) / 1000 && sum < 30, `${sum} s`);
});

runnerTest('events in flight', app, async (runner) => {
  const [one, two] = [await runner.connect(), await runner.connect()];
  for (const client of [one, one, two]) client.send({ name: 'hold' });
  await until('three are held', runner, (now) => now.get('events_in_flight') === 3);
  await (await runner.connect()).ask({ name: 'release' });
  assert.equal((await one.take(2)).length + (await two.take(1)).length, 3);
  const metrics = await until('none is', runner, (now) => now.get('events_in_flight') === 0);
  assert.deepEqual(metrics.events('hold'), { 200: 3 });
});

runnerTest('streams open', app, async (runner) => {
  const [one, two] = [await runner.connect(), await runner.connect()];
  for (const client of [one, one, two]) {
    client.send({ name: 'stream' });
    assert.equal((await client.next()).body, 'first');
  }
  assert.equal((await metricsOf(runner)).get('streams_open'), 3);
  await two.terminate();
  await until('its client has gone', runner, (now) => now.get('streams_open') === 2);
  await (await runner.connect()).ask({ name: 'release' });
  await one.take(4);
  const metrics = await until('both have ended', runner, (now) => now.get('streams_open') === 0);
  assert.equal(metrics.get('events_in_flight'), 0);
  assert.equal(metrics.get('handler_seconds_count', { route: 'stream' }), 3);
});

runnerTest('buffered bytes', app, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  const [id] = await list(runner);
  client.socket.pause();
  const body = 'x'.repeat(15_000_000);
  for (let i = 0; i < 3; i++) assert.equal((await post(runner, id, body)).status, 200);
  const buffered = (await metricsOf(runner)).get('buffered_bytes');
  assert.ok(buffered > 1_000_000 && buffered <= 3 * (body.length + 14), `${buffered} bytes`);
  client.socket.resume();
  for (let i = 0; i < 3; i++) assert.equal((await client.frame()).payload.length, body.length);
  await until('it has read all', runner, (now) => now.get('buffered_bytes') === 0);

  client.socket.pause();
  for (let i = 0; i < 3; i++) await post(runner, id, body);
  assert.ok((await metricsOf(runner)).get('buffered_bytes') > 1_000_000);
  await client.reset();
  const metrics = await until('it has gone', runner, (now) => now.get('connections') === 0);
  assert.equal(metrics.get('buffered_bytes'), 0);
});

runnerTest('bytes that wait for on_connect or for the head to end', app, async (runner) => {
  const client = await runner.connectRaw();
  client.write('GET / HTTP/1.1\r\nHost: h\r\n');
  await until('they are held', runner, (now) => now.get('buffered_bytes') === 25);
  await client.destroy();
  await until('it has gone', runner, (now) => now.get('buffered_bytes') === 0);
});

runnerTest('upgrades rejected, by reason', withArgs('--handshake-timeout', '200ms'), async (runner) => {
  const upgrade = 'Host: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const requests = {
    bad_request: ['hello\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', `GET / HTTP/1.1\r\n${upgrade.replace('dGhl', '')}\r\n`],
    method: ['POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n', `DELETE / HTTP/1.1\r\n${upgrade}\r\n`],
    no_upgrade: ['GET / HTTP/1.1\r\nHost: h\r\n\r\n'],
    too_long: [`GET /${'x'.repeat(20_000)}`, `GET / HTTP/1.1\r\n${upgrade}X: ${'x'.repeat(20_000)}\r\n\r\n`],
    too_slow: ['', 'GET / HT', `GET / HTTP/1.1\r\n${upgrade}`],
  };
  for (const request of Object.values(requests).flat()) {
    const client = await runner.connectRaw();
    client.write(request);
    await client.rest();
    await client.destroy();
  }
  for (let i = 0; i < 4; i++) assert.equal((await (await runner.connect({ path: '/?refuse=1' })).closed).code, 1008);
  await runner.connect();
  const vanishing = await runner.connectRaw();
  vanishing.write('GET');
  await vanishing.reset();

  const metrics = await until('one is left', runner, (now) => now.get('connections') === 1);
  const counts = Object.fromEntries(metrics.families.get('configurapi_upgrades_rejected_total').samples.map(({ labels, value }) => [labels.reason, value]));
  const expected = Object.fromEntries(Object.entries(requests).map(([reason, { length }]) => [reason, length]));
  for (const [reason, count] of Object.entries({ ...expected, on_connect: 4 })) assert.equal(counts[reason], count, reason);
  assert.deepEqual(metrics.events('on_connect'), { 200: 1, 403: 4 });
});

runnerTest('upgrades rejected for their origin, or for want of room', withArgs('--origin', 'http://good.example', '--max-connections', '2'), async (runner) => {
  const upgrade = (path, origin) => runner.connect({ path, headers: { Origin: origin } });
  for (let i = 0; i < 3; i++) await assert.rejects(upgrade('/', 'http://evil.example'), /403/);
  await until('they have gone', runner, (now) => now.get('connections') === 0);
  const clients = [await upgrade('/', 'http://good.example'), await upgrade('/', 'http://good.example')];
  for (let i = 0; i < 2; i++) await assert.rejects(upgrade('/', 'http://good.example'), /503/);
  const metrics = await until('two are left', runner, (now) => now.get('connections') === clients.length);
  assert.equal(metrics.get('upgrades_rejected_total', { reason: 'origin' }), 3);
  assert.equal(metrics.get('upgrades_rejected_total', { reason: 'too_many' }), 2);
  assert.equal(metrics.get('connections_total'), 2);
});

runnerTest('metrics of an application without JavaScript', { routes: {}, handlers: {}, files: { 'handlers/app.js': null } }, async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  client.write(text({ name: 'nowhere' }));
  assert.equal((await client.next()).statusCode, 501);
  const metrics = await metricsOf(runner);
  assert.equal(metrics.get('javascript_heap_bytes'), 0);
  assert.equal(metrics.get('streams_open'), 0);
  assert.deepEqual(metrics.events(''), { 501: 1 });
  await client.destroy();
});

runnerTest('metrics while much goes on', app, async (runner) => {
  const clients = await Promise.all(Array.from({ length: 50 }, () => runner.connect()));
  const talking = Promise.all(
    clients.map(async (client) => {
      for (let i = 0; i < 100; i++) await client.ask({ name: oddNames[i % oddNames.length], payload: i });
    }),
  );
  let last = 0;
  for (let i = 0; i < 30; i++) {
    const now = (await metricsOf(runner)).get('messages_received_total');
    assert.ok(now >= last, 'it never falls');
    last = now;
  }
  await talking;
  const metrics = await metricsOf(runner);
  assert.equal(metrics.get('messages_received_total'), 5000);
  assert.equal(metrics.get('messages_sent_total'), 5000);
  assert.equal(oddNames.reduce((sum, name) => sum + metrics.events(name)[200], 0), 5000);
});
