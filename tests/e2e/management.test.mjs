// The management server: lists connections, posts to them, closes them; and who may ask.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { test } from 'node:test';
import { makeApp } from './support/app.mjs';
import { connectPlain, opcodes, text } from './support/raw.mjs';
import { isSanitized, runnerTest, runToEnd } from './support/runner.mjs';

const app = {
  routes: {
    on_connect: 'connectHandler',
    on_disconnect: 'disconnectHandler',
    echo: 'echoHandler',
    who: 'whoHandler',
    release: 'releaseHandler',
    stream: 'streamHandler',
    postback: 'postbackHandler',
  },
  prelude: `
const { StreamResponse } = require('configurapi-handler-ws');
const { wsPostbackFunction } = require('configurapi-runner-ws');
const held = [];
const idAndUrl = ({ headers }) => JSON.stringify([headers['connection-id'], headers['postback-url'] ?? null]);
`,
  handlers: {
    async connectHandler(event) {
      console.log(`connect ${idAndUrl(event.request)} ${event.params.label ?? ''}`);
      if (event.params.hold) await new Promise((resolve) => held.push(resolve));
      if (event.params.refuse) event.response = new ErrorResponse('no', 403);
    },
    disconnectHandler(event) {
      console.log(`disconnect ${idAndUrl(event.request)} ${event.payload.code} ${event.payload.reason}`);
    },
    echoHandler(event) {
      event.response = new Response(event.payload);
    },
    whoHandler(event) {
      const { headers } = event.request;
      event.response = new Response({ id: headers['connection-id'], url: headers['postback-url'] ?? null, has: 'postback-url' in headers });
    },
    releaseHandler(event) {
      held.splice(0).forEach((resolve) => resolve());
      event.response = new Response('released');
    },
    streamHandler(event) {
      async function* chunks() {
        for (let i = 0; i < 1e6; i++) {
          yield `chunk ${i}`;
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
      event.response = new StreamResponse(chunks());
    },
    async postbackHandler(event) {
      try {
        await wsPostbackFunction(event.payload, { statusCode: 201, headers: { a: 'b' }, body: 'by postback' });
        event.response = new Response('posted');
      } catch (error) {
        event.response = new Response({ isError: error instanceof Error, statusCode: error.statusCode });
      }
    },
  },
};

const withArgs = (...args) => ({ ...app, args });
const unknownId = '0f8fad5b-d9cb-469f-a165-70867728950e';

// ---- asking ----

const portOf = (runner) => Number(new URL(runner.management).port);

/** One request by node:http: {status, headers, body, json}. A body that is an array is sent chunked, piece by piece. */
function request(runner, method, path, { headers = {}, body, agent = false } = {}) {
  return new Promise((resolve, reject) => {
    const outgoing = http.request({ host: '127.0.0.1', port: portOf(runner), method, path, headers, agent }, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(pieces);
        const answer = { status: response.statusCode, headers: response.headers, body: bytes.toString() };
        if (/^application\/json/.test(answer.headers['content-type']) && bytes.length > 0) answer.json = JSON.parse(answer.body);
        resolve(answer);
      });
    });
    outgoing.on('error', reject);
    if (!Array.isArray(body)) {
      outgoing.end(body);
      return;
    }
    for (const piece of body) outgoing.write(piece);
    outgoing.end();
  });
}

/** Whatever the status, an error says so in JSON. */
function assertError(answer, status) {
  assert.equal(answer.status, status, answer.body);
  assert.match(answer.headers['content-type'], /^application\/json\b/);
  assert.equal(typeof answer.json?.message, 'string', `a message in ${answer.body}`);
  assert.ok(answer.json.message.length > 0);
}

function assertGone(answer) {
  assertError(answer, 410);
  assert.equal(answer.headers['x-amzn-errortype'], 'GoneException');
}

async function ask(runner, method, path, options) {
  const answer = await request(runner, method, path, options);
  if (answer.status >= 400 && method !== 'HEAD') assertError(answer, answer.status);
  return answer;
}

/** The real curl: {status, headers, body}. */
async function curl(...args) {
  const child = spawn('curl', ['--silent', '--show-error', '--include', '--noproxy', '*', '--max-time', '50', ...args.filter((arg) => typeof arg === 'string')]);
  const output = { stdout: [], stderr: [] };
  for (const name of ['stdout', 'stderr']) child[name].on('data', (piece) => output[name].push(piece));
  child.stdin.on('error', () => {});
  child.stdin.end(args.find((arg) => typeof arg !== 'string')?.stdin);
  const [code] = await once(child, 'close');
  assert.equal(code, 0, Buffer.concat(output.stderr).toString());
  let rest = Buffer.concat(output.stdout).toString();
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    const [first, ...lines] = rest.slice(0, end).split('\r\n');
    rest = rest.slice(end + 4);
    const status = Number(first.split(' ')[1]);
    if (status === 100) continue;
    const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
    const json = /^application\/json/.test(headers['content-type']) && rest ? JSON.parse(rest) : undefined;
    return { status, headers, body: rest, json };
  }
}

// ---- connections ----

/** A client that knows its id. */
async function connectWithId(runner, options) {
  const client = await runner.connect(options);
  client.id = (await client.ask({ name: 'who' })).body.id;
  return client;
}

const post = (runner, client, body, options) => ask(runner, 'POST', `/@connections/${client.id}`, { ...options, body });
const list = async (runner) => (await ask(runner, 'GET', '/@connections')).json;

/** Asks again until `isSo` says so, or has not for long. */
async function until(what, isSo) {
  for (let i = 0; i < 2000; i++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.fail(`it never came to this: ${what}`);
}

/** Rejects where it takes more than five seconds. */
function soon(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`within five seconds: ${what}`)), 5000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const gone = (runner, id) => until('it is gone', async () => (await ask(runner, 'GET', `/@connections/${id}`)).status === 410);

async function assertAlive(client) {
  assert.equal((await client.ask({ name: 'echo', payload: 'alive' })).body, 'alive');
}

// ---- lists ----

runnerTest('a list of nobody', app, async (runner) => {
  for (const path of ['/@connections', '/list_@connections', '/prod/@connections', '/@connections?x=1']) {
    const answer = await ask(runner, 'GET', path);
    assert.equal(answer.status, 200);
    assert.match(answer.headers['content-type'], /^application\/json\b/);
    assert.equal(answer.body, '[]');
  }
});

runnerTest('a list of one', app, async (runner) => {
  const client = await connectWithId(runner);
  for (const path of ['/@connections', '/list_@connections']) assert.deepEqual((await ask(runner, 'GET', path)).json, [client.id]);
  await client.close();
  await gone(runner, client.id);
  assert.deepEqual(await list(runner), []);
});

runnerTest('a list of a thousand', app, async (runner) => {
  const clients = [];
  for (let i = 0; i < 10; i++) clients.push(...(await Promise.all(Array.from({ length: 100 }, () => connectWithId(runner)))));
  const ids = clients.map(({ id }) => id).sort();
  assert.equal(new Set(ids).size, 1000);
  for (const path of ['/@connections', '/list_@connections']) assert.deepEqual((await ask(runner, 'GET', path)).json.sort(), ids);
  await Promise.all(clients.map((client, i) => post(runner, client, `for ${i}`)));
  for (const [i, client] of clients.entries()) assert.equal(await client.nextText(), `for ${i}`);
  await Promise.all(clients.splice(0, 500).map((client) => client.close()));
  await until('half are left', async () => (await list(runner)).length === 500);
  assert.deepEqual((await list(runner)).sort(), clients.map(({ id }) => id).sort());
});

runnerTest('a list has those alone that can be posted to', app, async (runner) => {
  const client = await connectWithId(runner);
  const plain = await runner.connectRaw();
  const refused = await runner.connect({ path: '/?refuse=1' });
  await refused.closed;
  assert.deepEqual(await list(runner), [client.id]);
  await plain.destroy();
});

// ---- posts ----

const texts = {
  'plain text': 'hello',
  JSON: '{"a": [1, 2], "b":null}\n',
  'a form': 'a=1&b=%20+%zz',
  nothing: '',
  blanks: ' \t\r\n ',
  'line ends': 'a\nb\r\nc\r',
  'U+0000': 'a\0b\0',
  'a byte order mark': '\ufefftext',
  'letters of two to four bytes': 'é € 😀 𐍈 \u{10ffff} \uffff \ud7ff',
  '125 bytes': 'x'.repeat(125),
  '126 bytes': 'x'.repeat(126),
  '65535 bytes': 'x'.repeat(65535),
  '65536 bytes': 'x'.repeat(65536),
  'three megabytes': '😀'.repeat(750_000),
};

const binaries = {
  'a byte that is none of UTF-8': [0xff],
  'a letter cut short': [0x61, 0xf0, 0x9f, 0x98],
  'an overlong NUL': [0xc0, 0x80],
  'a surrogate': [0xed, 0xa0, 0x80],
  'beyond U+10FFFF': [0xf4, 0x90, 0x80, 0x80],
  'all bytes': Array.from({ length: 256 }, (_, i) => i),
};

const paths = {
  '/@connections/ID': (id) => `/@connections/${id}`,
  '/post_@connection?id=ID': (id) => `/post_@connection?id=${id}`,
};

for (const [name, path] of Object.entries(paths)) {
  runnerTest(`POST ${name}: text, byte for byte`, app, async (runner) => {
    const client = await connectWithId(runner);
    for (const [what, body] of Object.entries(texts)) {
      const answer = await ask(runner, 'POST', path(client.id), { body });
      assert.equal(answer.status, 200, what);
      assert.equal(answer.body, '');
      const { data, isBinary } = await client.nextFrame();
      assert.equal(isBinary, false, what);
      assert.ok(data.equals(Buffer.from(body)), what);
    }
  });

  runnerTest(`POST ${name}: bytes that are no text`, app, async (runner) => {
    const client = await connectWithId(runner);
    for (const [what, bytes] of Object.entries(binaries)) {
      assert.equal((await ask(runner, 'POST', path(client.id), { body: Buffer.from(bytes) })).status, 200);
      const { data, isBinary } = await client.nextFrame();
      assert.equal(isBinary, true, what);
      assert.deepEqual([...data], bytes, what);
    }
  });

  runnerTest(`POST ${name}: in pieces`, app, async (runner) => {
    const client = await connectWithId(runner);
    const pieces = ['one ', 'two ', Buffer.from([0xf0, 0x9f]), Buffer.from([0x98, 0x80]), 'x'.repeat(300_000)];
    assert.equal((await ask(runner, 'POST', path(client.id), { body: pieces })).status, 200);
    assert.equal(await client.nextText(), `one two 😀${'x'.repeat(300_000)}`);
  });
}

runnerTest('a body is what it is, whatever its headers say', app, async (runner) => {
  const client = await connectWithId(runner);
  const types = ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=b', 'application/json; charset=utf-16', 'text/plain', 'nonsense'];
  for (const type of types) {
    await post(runner, client, 'id=x&a=%20', { headers: { 'Content-Type': type, 'Content-Encoding': 'gzip' } });
    assert.equal(await client.nextText(), 'id=x&a=%20');
  }
});

runnerTest('posts arrive in order, and not elsewhere', app, async (runner) => {
  const [one, two] = [await connectWithId(runner), await connectWithId(runner)];
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  await Promise.all(Array.from({ length: 100 }, (_, i) => post(runner, one, `text ${i}`, { agent })));
  agent.destroy();
  for (let i = 0; i < 100; i++) assert.equal(await one.nextText(), `text ${i}`);
  await assertAlive(two);
});

runnerTest('a post counts for nothing but what it is', app, async (runner) => {
  const client = await connectWithId(runner);
  await post(runner, client, JSON.stringify({ name: 'echo', payload: 'not for a handler' }));
  assert.deepEqual(await client.next(), { name: 'echo', payload: 'not for a handler' });
  await assertAlive(client);
});

runnerTest('a body of exactly --max-payload', withArgs('--max-payload', '64k'), async (runner) => {
  const client = await connectWithId(runner);
  const body = 'x'.repeat(65536);
  for (const exact of [body, [body.slice(0, 30_000), body.slice(30_000)]]) {
    assert.equal((await post(runner, client, exact)).status, 200);
    assert.equal(await client.nextText(), body);
  }
  for (const longer of [`${body}x`, [body, 'x'], [`${body}x`], 'x'.repeat(1 << 20)]) assertError(await post(runner, client, longer), 413);
  const asksFirst = { headers: { Expect: '100-continue', 'Content-Length': '65537' } };
  assertError(await post(runner, client, `${body}x`, asksFirst), 413);
  await assertAlive(client);
});

runnerTest('413 while a chunked body is being received', withArgs('--max-payload', '1k'), async (runner) => {
  const client = await connectWithId(runner);
  const raw = await connectPlain(portOf(runner));
  raw.write(`POST /@connections/${client.id} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n`);
  for (let i = 0; i < 64; i++) await raw.writePieces([`400\r\n${'x'.repeat(1024)}\r\n`]);
  raw.write('0\r\n\r\n');
  const { status, headers } = await raw.response();
  assert.equal(status, 413);
  assert.match(headers['content-type'], /json/);
  await raw.destroy();
  await assertAlive(client);
});

runnerTest('bodies of 20 MB are refused, and not kept', app, async (runner) => {
  const client = await connectWithId(runner);
  const body = Buffer.alloc(20_000_000, 'x');
  const before = runner.residentBytes();
  const refusals = [
    ['POST', `/@connections/${client.id}`, 413],
    ['POST', `/post_@connection?id=${client.id}`, 413],
    ['POST', '/nowhere', 404],
    ['POST', '/health', 405],
    ['PUT', `/@connections/${client.id}`, 405],
    ['POST', '/post_@connection', 400],
  ];
  for (const [method, path, status] of refusals) {
    assertError(await ask(runner, method, path, { body }), status);
    assertError(await ask(runner, method, path, { body: [body.subarray(0, 10_000_000), body.subarray(10_000_000)] }), status);
  }
  assertError(await ask(runner, 'POST', `/@connections/${client.id}`, { body, headers: { Host: 'evil.example' } }), 403);
  assert.deepEqual([...new Set((await Promise.all(Array.from({ length: 8 }, () => post(runner, client, body)))).map(({ status }) => status))], [413]);
  if (!isSanitized()) assert.ok(runner.residentBytes() - before < 64 << 20, `${runner.residentBytes() - before} bytes more`);
  await assertAlive(client);
});

/** Posts that never end: so many, each with `length` bytes of one more that it promises. */
async function stall(runner, id, count, length) {
  const body = Buffer.alloc(length, 'x');
  return Promise.all(
    Array.from({ length: count }, async () => {
      const raw = await connectPlain(portOf(runner));
      raw.write(`POST /@connections/${id} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${length + 1}\r\n\r\n`);
      await new Promise((resolve) => raw.socket.write(body, resolve));
      return raw;
    }),
  );
}

runnerTest('posts to nobody that never end are not kept', app, async (runner) => {
  const before = runner.residentBytes();
  const posts = await stall(runner, unknownId, 20, 15_000_000);
  if (!isSanitized()) assert.ok(runner.residentBytes() - before < 32 << 20, `${runner.residentBytes() - before} bytes more`);
  posts[0].write('x');
  assert.equal((await posts[0].response()).status, 410);
  for (const raw of posts) await raw.destroy();
});

runnerTest('410 before a body that is only announced', app, async (runner) => {
  const raw = await connectPlain(portOf(runner));
  raw.write(`POST /@connections/${unknownId} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n`);
  assert.equal((await raw.response()).status, 410);
  await raw.destroy();
});

runnerTest('all bodies together are bounded: 503, until there is room again', withArgs('--max-payload', '1m', '--max-buffered', '4m'), async (runner) => {
  const client = await connectWithId(runner);
  const posts = await stall(runner, client.id, 4, (1 << 20) - 1);
  let answer;
  do answer = await post(runner, client, 'y'.repeat(1000));
  while (answer.status === 200);
  assertError(answer, 503);
  assert.equal((await ask(runner, 'GET', `/@connections/${client.id}`)).status, 200, 'what has no body is answered');
  posts[0].write('x');
  assert.equal((await posts[0].response()).status, 200);
  for (const raw of posts) await raw.destroy();
  do answer = await post(runner, client, 'after');
  while (answer.status === 503);
  assert.equal(answer.status, 200);
  let last;
  do last = await client.nextText();
  while (last !== 'after');
  await assertAlive(client);
});

runnerTest('429 for what would pass --max-buffered', withArgs('--high-water-mark', '64k', '--max-buffered', '1m'), async (runner) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  const [id] = await list(runner);
  client.socket.pause();
  const filler = 'x'.repeat(500_000);
  let taken = 0;
  let answer;
  for (let i = 0; i < 200; i++) {
    answer = await ask(runner, 'POST', `/@connections/${id}`, { body: `${i} ${filler}` });
    if (answer.status !== 200) break;
    taken++;
  }
  assertError(answer, 429);
  assertError(await ask(runner, 'POST', `/post_@connection?id=${id}`, { body: filler }), 429);
  assert.deepEqual(await list(runner), [id], 'it lives on');

  client.socket.resume();
  for (let i = 0; i < taken; i++) assert.equal((await client.frame()).payload.toString(), `${i} ${filler}`);
  assert.equal((await ask(runner, 'POST', `/@connections/${id}`, { body: 'after' })).status, 200);
  assert.equal((await client.frame()).payload.toString(), 'after', 'what was refused was not queued');
  client.write(text({ name: 'echo', payload: 'alive' }));
  assert.equal((await client.next()).body, 'alive');
  await client.destroy();
});

runnerTest('429 for a body that is alone too much', withArgs('--high-water-mark', '16k', '--max-buffered', '64k'), async (runner) => {
  const client = await connectWithId(runner);
  assertError(await post(runner, client, 'x'.repeat(65537)), 429);
  assertError(await post(runner, client, 'x'.repeat(65536)), 429);
  assert.equal((await post(runner, client, 'x'.repeat(60_000))).status, 200);
  assert.equal((await client.nextText()).length, 60_000);
  await assertAlive(client);
});

// ---- while a connection begins and ends ----

async function held(runner, label) {
  const client = await runner.connectRaw();
  client.write(`GET /?hold=1&label=${label} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
  const [, json] = await runner.output('stdout', new RegExp(`connect (\\[.*\\]) ${label}\n`));
  [client.id] = JSON.parse(json);
  return client;
}

runnerTest('a post while on_connect waits arrives right after the 101', app, async (runner) => {
  const other = await runner.connect();
  const client = await held(runner, 'early');
  for (const body of ['one', '', 'two 😀']) assert.equal((await post(runner, client, body)).status, 200);
  assert.equal((await post(runner, client, Buffer.from([0xff]))).status, 200);
  await other.ask({ name: 'release' });
  await client.upgraded();
  client.write(text({ name: 'echo', payload: 'mine' }));
  for (const body of ['one', '', 'two 😀']) {
    const { opcode, payload } = await client.frame();
    assert.equal(opcode, opcodes.text);
    assert.equal(payload.toString(), body);
  }
  assert.equal((await client.frame()).opcode, opcodes.binary);
  assert.equal((await client.next()).body, 'mine');
  await client.destroy();
});

runnerTest('posts while on_connect waits are bounded, and those taken arrive', withArgs('--high-water-mark', '16k', '--max-buffered', '64k'), async (runner) => {
  const other = await runner.connect();
  for (const [i, length] of [65_000, 65_500, 65_525, 65_526].entries()) {
    const client = await held(runner, `full${i}`);
    const first = await post(runner, client, 'x'.repeat(length));
    assertError(await post(runner, client, 'x'.repeat(1000)), 429);
    await other.ask({ name: 'release' });
    await client.upgraded();
    if (first.status === 200) assert.equal((await client.frame()).payload.length, length);
    client.write(text({ name: 'echo', payload: 'alive' }));
    const { opcode, payload } = await client.frame();
    assert.equal(opcode, opcodes.text, `${length} bytes: ${payload.subarray(2)}`);
    assert.equal(JSON.parse(payload).body, 'alive');
    await client.destroy();
  }
});

runnerTest('a connection whose on_connect waits is no riddle', app, async (runner) => {
  const client = await held(runner, 'waiting');
  const { status, json } = await ask(runner, 'GET', `/@connections/${client.id}`);
  if (status !== 410) {
    assert.equal(status, 200);
    for (const date of [json.connectedAt, json.lastActiveAt]) {
      assert.ok(Math.abs(Date.parse(date) - Date.now()) < 60_000, `${date} is now`);
    }
  }
  assert.equal((await ask(runner, 'DELETE', `/@connections/${client.id}`)).status, 204);
  await client.rest();
  assertGone(await post(runner, client, 'too late'));
  await (await runner.connect()).ask({ name: 'release' });
});

runnerTest('a post to a connection that is closing', app, async (runner) => {
  const client = await runner.connectRaw(); // does not answer the Close
  await client.upgrade();
  const [id] = await list(runner);
  assert.equal((await ask(runner, 'DELETE', `/@connections/${id}`)).status, 204);
  assert.deepEqual(await client.closeFrame(), { code: 1000, reason: 'Connection Closed Normally' });
  assertGone(await ask(runner, 'POST', `/@connections/${id}`, { body: 'too late' }));
  assertGone(await ask(runner, 'POST', `/post_@connection?id=${id}`, { body: 'too late' }));
  assertGone(await ask(runner, 'GET', `/@connections/${id}`));
  assertGone(await ask(runner, 'DELETE', `/@connections/${id}`));
  assert.deepEqual(await list(runner), []);
  await client.destroy();
});

runnerTest('410 once it is gone, however it went', app, async (runner) => {
  for (const leave of [(client) => client.close(1000), (client) => client.terminate()]) {
    const client = await connectWithId(runner);
    await leave(client);
    await gone(runner, client.id);
    for (const method of ['GET', 'POST', 'DELETE']) assertGone(await ask(runner, method, `/@connections/${client.id}`));
    assertGone(await ask(runner, 'POST', `/post_@connection?id=${client.id}`));
    assertGone(await ask(runner, 'POST', `/prod/@connections/${client.id}`));
    const head = await ask(runner, 'HEAD', `/@connections/${client.id}`);
    assert.deepEqual([head.status, head.body], [410, '']);
  }
});

// ---- looking and closing ----

runnerTest('GET of a connection', app, async (runner) => {
  const before = Date.now();
  const userAgent = 'Tester/1.0 ("quoted"; back\\slash) é';
  const client = await connectWithId(runner, { headers: { 'User-Agent': Buffer.from(userAgent).toString('latin1').replace('Ã©', '\xe9') } });
  const path = `/@connections/${client.id}`;
  const first = await ask(runner, 'GET', path);
  assert.equal(first.status, 200);
  assert.match(first.headers['content-type'], /^application\/json\b/);
  assert.deepEqual(Object.keys(first.json).sort(), ['connectedAt', 'identity', 'lastActiveAt']);
  assert.deepEqual(first.json.identity, { sourceIp: '127.0.0.1', userAgent });
  for (const date of [first.json.connectedAt, first.json.lastActiveAt]) {
    assert.match(date, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.ok(Date.parse(date) >= before - 1000 && Date.parse(date) <= Date.now() + 1000, date);
  }

  await new Promise((resolve) => setTimeout(resolve, 60));
  const idle = (await ask(runner, 'GET', path)).json;
  assert.deepEqual(idle, first.json, 'to be looked at is not to be active');
  await client.ask({ name: 'echo' });
  const active = (await ask(runner, 'GET', path)).json;
  assert.ok(Date.parse(active.lastActiveAt) >= Date.parse(idle.lastActiveAt) + 30, `${active.lastActiveAt} is later than ${idle.lastActiveAt}`);
  await new Promise((resolve) => setTimeout(resolve, 60));
  await post(runner, client, 'pushed');
  const pushed = (await ask(runner, 'GET', path)).json;
  assert.ok(Date.parse(pushed.lastActiveAt) >= Date.parse(active.lastActiveAt) + 30, 'a post is activity');
  for (let i = 0; i < 200; i++) assert.deepEqual((await ask(runner, 'GET', path)).json, { ...pushed, connectedAt: first.json.connectedAt }, 'it was connected once');
});

runnerTest('GET of a connection that says nothing of itself', app, async (runner) => {
  const client = await connectWithId(runner);
  assert.deepEqual((await ask(runner, 'GET', `/@connections/${client.id}`)).json.identity, { sourceIp: '127.0.0.1', userAgent: '' });
});

const encoded = encodeURIComponent;
const goodCloses = [
  ['', 1000, 'Connection Closed Normally'],
  ['?code=1001', 1001, 'Connection Closed Normally'],
  ['?reason=why', 1000, 'why'],
  ['?code=3000&reason=because', 3000, 'because'],
  ['?reason=because&code=4999', 4999, 'because'],
  ['?code=1011&reason=', 1011, ''],
  [`?code=1012&reason=${encoded('é € 😀 & = ? # %')}`, 1012, 'é € 😀 & = ? # %'],
  ['?reason=a+b%2Bc', 1000, 'a b+c'],
  [`?code=4000&reason=${'x'.repeat(123)}`, 4000, 'x'.repeat(123)],
  [`?code=4000&reason=${encoded('é'.repeat(61))}`, 4000, 'é'.repeat(61)],
  ['?else=1', 1000, 'Connection Closed Normally'],
];

runnerTest('DELETE closes with a code and a reason', app, async (runner) => {
  for (const [query, code, reason] of goodCloses) {
    const client = await connectWithId(runner);
    const answer = await ask(runner, 'DELETE', `/@connections/${client.id}${query}`);
    assert.equal(answer.status, 204, query);
    assert.equal(answer.body, '');
    assert.deepEqual(await client.closed, { code, reason }, query);
    await runner.output('stdout', new RegExp(`disconnect \\["${client.id}",[^\\n]*\\] ${code} `));
    assertGone(await ask(runner, 'DELETE', `/@connections/${client.id}${query}`));
  }
});

runnerTest('DELETE with a code or a reason that cannot be sent', app, async (runner) => {
  const client = await connectWithId(runner);
  const codes = ['', '0', '1', '999', '1004', '1005', '1006', '1015', '1016', '2000', '2999', '5000', '9999', '10000', '01000', '65536', '66536', '-1000', '%2B1000', '1e3', '0x3e8', 'abcd', '1000x', '%201000', '1000%20', '1000.0', '%D9%A1000', '99999999999999999999', '1000%00'];
  const reasons = ['x'.repeat(124), encoded('é'.repeat(62)), 'x'.repeat(5000), '%FF', '%C3', '%ED%A0%80', 'ok%F0%9F%98'];
  for (const query of [...codes.map((code) => `code=${code}`), ...reasons.map((reason) => `reason=${reason}`), 'code=1000&reason=%FF', 'code=999&reason=ok']) {
    const answer = await ask(runner, 'DELETE', `/@connections/${client.id}?${query}`);
    assert.equal(answer.status, 400, `${query}: ${answer.status}`);
  }
  await assertAlive(client);
});

runnerTest('DELETE of what was posted to just now', app, async (runner) => {
  const client = await connectWithId(runner);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const bodies = Array.from({ length: 20 }, (_, i) => `last ${i} ${'x'.repeat(50_000)}`);
  await Promise.all([...bodies.map((body) => post(runner, client, body, { agent })), ask(runner, 'DELETE', `/@connections/${client.id}`, { agent })]);
  agent.destroy();
  for (const body of bodies) assert.equal(await client.nextText(), body);
  assert.equal((await client.closed).code, 1000);
});

// ---- what there is not ----

runnerTest('unknown ids are 410', app, async (runner) => {
  const client = await connectWithId(runner);
  const { id } = client;
  const others = [unknownId, 'x', id.slice(1), id.slice(0, -1), `${id}x`, id.toUpperCase() === id ? `${id}X` : id.toUpperCase(), `%20${id}`, `${id}%20`, `${id}%00`, `%00${id}`, '%00', '%FF', '%C3%A9', '+', '%', '%zz', encoded('{"id":1}'), encoded("' or 1=1"), 'x'.repeat(5000), '..%20', '@connections'];
  for (const other of others) {
    for (const method of ['GET', 'POST', 'DELETE']) assertGone(await ask(runner, method, `/@connections/${other}`));
    assertGone(await ask(runner, 'POST', `/post_@connection?id=${other}`, { body: 'x' }));
  }
  await assertAlive(client);
});

runnerTest('no id is 400', app, async (runner) => {
  for (const [method, path] of [
    ['POST', '/post_@connection'],
    ['POST', '/post_@connection?'],
    ['POST', '/post_@connection?id'],
    ['POST', '/post_@connection?id='],
    ['POST', '/post_@connection?x=1&y=2'],
    ['GET', '/@connections/'],
    ['POST', '/@connections/'],
    ['DELETE', '/@connections/'],
    ['POST', '/prod/@connections/'],
  ]) {
    assertError(await ask(runner, method, path, { body: method === 'POST' ? 'x' : undefined }), 400);
  }
});

runnerTest('unknown paths are 404', app, async (runner) => {
  const client = await connectWithId(runner);
  for (const path of ['/', '/favicon.ico', '/connections', '/@connection', `/@connection/${client.id}`, `/@connections/${client.id}/`, `/@connections/${client.id}/x`, `/a/b/@connections/${client.id}`, '/list_@connections/', '/list_@connections/x', '/post_@connections?id=x', '/healthz', '/Health', '/metrics/x', '/@CONNECTIONS', '/../etc/passwd', '/%2e%2e/health', '/%00', '/health%00', '/@connections%00', '/?id=x', `/${'x'.repeat(5000)}`]) {
    for (const method of ['GET', 'POST', 'DELETE', 'PUT']) assertError(await ask(runner, method, path), 404);
  }
  await assertAlive(client);
});

runnerTest('wrong methods are 405, and Allow says which are right', app, async (runner) => {
  const client = await connectWithId(runner);
  const methodsOf = {
    '/@connections': ['GET', 'HEAD'],
    '/list_@connections': ['GET', 'HEAD'],
    '/prod/@connections': ['GET', 'HEAD'],
    '/post_@connection?id=x': ['POST'],
    [`/@connections/${client.id}`]: ['DELETE', 'GET', 'HEAD', 'POST'],
    '/health': ['GET', 'HEAD'],
    '/metrics': ['GET', 'HEAD'],
  };
  for (const [path, methods] of Object.entries(methodsOf)) {
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      if (methods.includes(method)) continue;
      const answer = await ask(runner, method, path);
      assert.equal(answer.status, 405, `${method} ${path}`);
      assert.deepEqual(answer.headers.allow.split(',').map((name) => name.trim()).sort(), methods);
    }
  }
  await assertAlive(client);
});

runnerTest('HEAD', app, async (runner) => {
  const client = await connectWithId(runner);
  for (const path of ['/@connections', '/list_@connections', `/@connections/${client.id}`, '/health']) {
    const [get, head] = [await ask(runner, 'GET', path), await ask(runner, 'HEAD', path)];
    assert.equal(head.status, 200);
    assert.equal(head.body, '');
    assert.equal(head.headers['content-type'], get.headers['content-type']);
    assert.equal(head.headers['content-length'], String(Buffer.byteLength(get.body)));
  }
  for (const [path, status] of [['/nowhere', 404], ['/post_@connection?id=x', 405], [`/@connections/${unknownId}`, 410], ['/@connections/', 400]]) {
    const head = await ask(runner, 'HEAD', path);
    assert.deepEqual([head.status, head.body], [status, '']);
  }
});

// ---- spellings ----

const everyByte = (string) => [...Buffer.from(string)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

runnerTest('percent-encoding and stages', app, async (runner) => {
  const client = await connectWithId(runner);
  const { id } = client;
  const spellings = [
    `/%40connections/${id}`,
    `/@connections/${everyByte(id)}`,
    `/${everyByte(`@connections`)}/${everyByte(id).toUpperCase()}`,
    `/@connections/${id}?x=1`,
    `/prod/@connections/${id}`,
    `/prod/%40connections/${id}`,
    `/$default/@connections/${id}`,
    `/${encoded('stage é')}/@connections/${id}`,
    `/post_@connection?id=${id}`,
    `/post_%40connection?id=${everyByte(id)}`,
    `/post_@connection?a=b&id=${id}&c`,
    `/post_@connection?%69d=${id}`,
  ];
  for (const path of spellings) {
    assert.equal((await ask(runner, 'POST', path, { body: path })).status, 200, path);
    assert.equal(await client.nextText(), path);
  }
  for (const path of spellings.slice(0, 8)) assert.equal((await ask(runner, 'GET', path)).status, 200, path);
  for (const path of ['/%40connections', '/list_%40connections', '/prod/%40connections', '/list_@connections?x=%zz']) assert.deepEqual((await ask(runner, 'GET', path)).json, [id]);
  assert.equal((await ask(runner, 'DELETE', `/stage/%40connections/${everyByte(id)}?%63ode=40%3000&reason=x`)).status, 400);
  assert.equal((await ask(runner, 'DELETE', `/stage/%40connections/${everyByte(id)}?%63ode=40%30%30&reason=%78`)).status, 204);
  assert.deepEqual(await client.closed, { code: 4000, reason: 'x' });
});

// ---- curl and fetch ----

runnerTest('every row with curl', app, async (runner) => {
  const client = await connectWithId(runner);
  const { management } = runner;
  const one = `${management}/@connections/${client.id}`;

  assert.deepEqual((await curl(`${management}/list_@connections`)).json, [client.id]);
  assert.deepEqual((await curl(`${management}/@connections`)).json, [client.id]);
  assert.deepEqual((await curl('--http1.0', `${management}/@connections`)).json, [client.id]);
  for (const url of [one, `${management}/post_@connection?id=${client.id}`]) {
    assert.equal((await curl('--data', 'by --data', url)).status, 200);
    assert.equal(await client.nextText(), 'by --data');
    assert.equal((await curl('--data-binary', '@-', url, { stdin: 'from\nstdin\0😀' })).status, 200);
    assert.equal(await client.nextText(), 'from\nstdin\0😀');
    assert.equal((await curl('--header', 'Transfer-Encoding: chunked', '--data-binary', '@-', url, { stdin: 'x'.repeat(100_000) })).status, 200);
    assert.equal(await client.nextText(), 'x'.repeat(100_000));
    assert.equal((await curl('--data-binary', '@-', url, { stdin: 'y'.repeat(3_000_000) })).status, 200, 'asks with Expect first');
    assert.equal(await client.nextText(), 'y'.repeat(3_000_000));
    assert.equal((await curl('--request', 'POST', url)).status, 200);
    assert.equal(await client.nextText(), '');
    assert.equal((await curl('--data-binary', '@-', url, { stdin: Buffer.from([0, 0xff]) })).status, 200);
    assert.equal((await client.nextFrame()).isBinary, true);
  }
  assert.deepEqual(Object.keys((await curl(one)).json).sort(), ['connectedAt', 'identity', 'lastActiveAt']);
  assert.deepEqual([(await curl('--head', one)).status, (await curl('--head', one)).body], [200, '']);
  assert.deepEqual((await curl(`${management}/health`)).json, { status: 'ok' });
  assert.equal((await curl(`${management}/metrics`)).status, 200);
  assertError(await curl(`${management}/nowhere`), 404);
  assertError(await curl('--request', 'DELETE', `${management}/health`), 405);
  assertError(await curl('--data', 'x', `${management}/post_@connection`), 400);
  assertError(await curl('--data-binary', '@-', one, { stdin: 'x'.repeat(20_000_000) }), 413);
  assertError(await curl('--header', 'Transfer-Encoding: chunked', '--data-binary', '@-', one, { stdin: 'x'.repeat(20_000_000) }), 413);
  assertError(await curl('--header', 'Expect:', '--data-binary', '@-', one, { stdin: 'x'.repeat(20_000_000) }), 413);
  assertError(await curl('--header', 'Host: evil.example', one), 403);
  assertError(await curl('--header', 'Origin: http://evil.example', one), 403);
  assertError(await curl('--http1.0', '--header', 'Host:', one), 403);
  const port = new URL(management).port;
  assert.equal((await curl('--resolve', `localhost:${port}:127.0.0.1`, `http://localhost:${port}/health`)).status, 200);
  assertError(await curl('--resolve', `rebound.example:${port}:127.0.0.1`, `http://rebound.example:${port}/health`), 403);
  assert.equal((await curl('--request', 'DELETE', `${one}?code=4001&reason=by%20curl`)).status, 204);
  assert.deepEqual(await client.closed, { code: 4001, reason: 'by curl' });
  assertGone(await curl('--data', 'x', one));
});

runnerTest('every row with fetch', app, async (runner) => {
  const client = await connectWithId(runner);
  const one = `${runner.management}/@connections/${client.id}`;
  assert.deepEqual(await (await fetch(`${runner.management}/@connections`)).json(), [client.id]);
  assert.deepEqual(await (await fetch(`${runner.management}/list_@connections`)).json(), [client.id]);
  assert.equal((await fetch(one, { method: 'POST', body: 'by fetch' })).status, 200);
  assert.equal(await client.nextText(), 'by fetch');
  assert.equal((await fetch(`${runner.management}/post_@connection?id=${client.id}`, { method: 'POST', body: 'by fetch' })).status, 200);
  assert.equal(await client.nextText(), 'by fetch');
  const pieces = new ReadableStream({
    start(controller) {
      for (const piece of ['in ', 'pieces']) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  assert.equal((await fetch(one, { method: 'POST', body: pieces, duplex: 'half' })).status, 200);
  assert.equal(await client.nextText(), 'in pieces');
  assert.equal((await (await fetch(one)).json()).identity.sourceIp, '127.0.0.1');
  const nowhere = await fetch(`${runner.management}/nowhere`);
  assert.deepEqual([nowhere.status, typeof (await nowhere.json()).message], [404, 'string']);
  assert.equal((await fetch(one, { method: 'DELETE' })).status, 204);
  assert.deepEqual(await client.closed, { code: 1000, reason: 'Connection Closed Normally' });
  const late = await fetch(one, { method: 'DELETE' });
  assert.deepEqual([late.status, late.headers.get('x-amzn-errortype')], [410, 'GoneException']);
});

// ---- who may ask ----

const goodHosts = (port) => [`127.0.0.1:${port}`, '127.0.0.1', '127.0.0.1:1', '10.9.8.7', `[::1]:${port}`, '[::1]', '[2001:db8::1]:80', 'localhost', `localhost:${port}`, 'LocalHost'];
const badHosts = (port) => ['evil.example', `evil.example:${port}`, 'localhost.evil', `localhost.evil:${port}`, '127.0.0.1.evil.example', `127.0.0.1.nip.io:${port}`, '127-0-0-1.example', '1.2.3.4.5', '127.1', '2130706433', '::1', '[::1', '[::1].evil.example', `[::1]:${port}.evil.example`, '[localhost]', 'evil.example@127.0.0.1', `127.0.0.1:${port}@evil.example`, '127.0.0.1 evil.example', 'a', `${'x'.repeat(3000)}`];

runnerTest('hosts that name the server', app, async (runner) => {
  const client = await connectWithId(runner);
  for (const Host of goodHosts(portOf(runner))) {
    assert.equal((await ask(runner, 'GET', '/health', { headers: { Host } })).status, 200, Host);
    assert.equal((await post(runner, client, Host, { headers: { Host } })).status, 200, Host);
    assert.equal(await client.nextText(), Host);
  }
});

runnerTest('hosts that do not', app, async (runner) => {
  const client = await connectWithId(runner);
  const bodies = new Set();
  for (const Host of badHosts(portOf(runner))) {
    for (const [method, path] of [['GET', '/health'], ['GET', '/metrics'], ['GET', '/@connections'], ['POST', `/@connections/${client.id}`], ['DELETE', `/@connections/${client.id}`], ['GET', '/nowhere'], ['PUT', '/health'], ['OPTIONS', '/@connections'], ['POST', '/post_@connection']]) {
      const answer = await ask(runner, method, path, { headers: { Host } });
      assert.equal(answer.status, 403, `${method} ${path} of ${Host}`);
      bodies.add(answer.body);
    }
  }
  assert.equal(bodies.size, 1, 'whatever was asked, the answer is the same');
  await assertAlive(client);
});

runnerTest('no host at all', app, async (runner) => {
  for (const [request, statuses] of [
    ['GET /health HTTP/1.0\r\n\r\n', [403]],
    ['GET /health HTTP/1.0\r\nHost:\r\n\r\n', [403]],
    ['GET /health HTTP/1.0\r\nHost: \r\n\r\n', [403]],
    ['GET /health HTTP/1.1\r\n\r\n', [400, 403]],
    ['GET /health HTTP/1.1\r\nHost:\r\n\r\n', [400, 403]],
    ['GET http://evil.example/health HTTP/1.1\r\nHost: evil.example\r\n\r\n', [403]],
  ]) {
    const raw = await connectPlain(portOf(runner));
    raw.write(request);
    const { status } = await raw.response();
    assert.ok(statuses.includes(status), `${JSON.stringify(request)} is ${status}`);
    await raw.destroy();
  }
  const raw = await connectPlain(portOf(runner));
  raw.write('GET /health HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n');
  assert.equal((await raw.response()).status, 200);
  assert.match((await raw.rest()).toString(), /"ok"/, 'and HTTP/1.0 ends with the answer');
});

runnerTest('a target that is a URL, and headers that are there twice', app, async (runner) => {
  const port = portOf(runner);
  const here = `127.0.0.1:${port}`;
  const client = await connectWithId(runner);
  const post = `POST /@connections/${client.id} HTTP/1.1\r\nHost: ${here}\r\n`;
  for (const [request, status] of [
    [`GET http://${here}/health HTTP/1.1\r\nHost: ${here}\r\n\r\n`, 200],
    [`GET HTTP://localhost/prod/@connections HTTP/1.1\r\nHost: ${here}\r\n\r\n`, 200],
    [`GET http://${here}/health HTTP/1.1\r\nHost: localhost\r\nOrigin: http://${here}\r\n\r\n`, 200],
    [`GET http://${here}/health HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n\r\n`, 403],
    [`GET http://evil.example/health HTTP/1.1\r\nHost: ${here}\r\n\r\n`, 403],
    [`GET http://${here}/health HTTP/1.1\r\nHost: evil.example\r\n\r\n`, 403],
    [`GET http://${here}@evil.example/health HTTP/1.1\r\nHost: ${here}\r\n\r\n`, 403],
    [`GET http://${here} HTTP/1.1\r\nHost: ${here}\r\n\r\n`, 404],
    [`GET /health HTTP/1.1\r\nHost: ${here}\r\nHost: ${here}\r\n\r\n`, 400],
    [`GET /health HTTP/1.1\r\nHost: ${here}\r\nhost: evil.example\r\n\r\n`, 400],
    [`GET /health HTTP/1.1\r\nHost: ${here}\r\nOrigin: http://${here}\r\nOrigin: http://evil.example\r\n\r\n`, 403],
    [`GET /health HTTP/1.1\r\nHost: ${here}\r\nSec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n\r\n`, 403],
    [`${post}Transfer-Encoding: gzip\r\n\r\nabc`, 501],
    [`${post}Transfer-Encoding: chunked, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`, 501],
    [`${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n3\r\nabc\r\n0\r\n\r\n`, 501],
    [`${post}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n`, 400],
    [`${post}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc`, 400],
    [`${post}Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`, 200],
  ]) {
    const raw = await connectPlain(port);
    const started = performance.now();
    raw.write(request);
    assert.equal((await raw.response()).status, status, request);
    assert.ok(performance.now() - started < 5000, 'at once');
    if (status === 400 || status === 501) await raw.rest(); // the connection ends: what follows is no request
    await raw.destroy();
  }
  assert.equal(await client.nextText(), 'abc');
  await assertAlive(client);
});

runnerTest('the name of --management-host', withArgs('--management-host', '127.1', '--management-port', '0'), async (runner) => {
  assert.equal(new URL(runner.management).hostname, '127.0.0.1');
  for (const Host of ['127.1', `127.1:${portOf(runner)}`, ...goodHosts(portOf(runner))]) {
    assert.equal((await ask(runner, 'GET', '/health', { headers: { Host } })).status, 200, Host);
  }
  const headers = { Host: '127.1:1', Origin: 'http://127.1:1' };
  assert.equal((await ask(runner, 'GET', '/health', { headers })).status, 200);
  for (const Host of ['127.1.evil.example', '127.2', '127.1.', 'x127.1']) {
    assertError(await ask(runner, 'GET', '/health', { headers: { Host } }), 403);
  }
});

runnerTest('origins', app, async (runner) => {
  const client = await connectWithId(runner);
  const port = portOf(runner);
  for (const [Host, Origin] of [
    [`127.0.0.1:${port}`, `http://127.0.0.1:${port}`],
    [`localhost:${port}`, `http://localhost:${port}`],
    [`[::1]:${port}`, `http://[::1]:${port}`],
  ]) {
    const answer = await ask(runner, 'GET', '/health', { headers: { Host, Origin } });
    assert.equal(answer.status, 200, Origin);
  }
  const bodies = new Set();
  for (const Origin of ['null', '', 'http://evil.example', `http://evil.example:${port}`, `http://127.0.0.1:${port + 1}`, 'http://127.0.0.1', `https://127.0.0.1:${port}`, `http://localhost:${port}`, `http://127.0.0.1:${port}.evil.example`, `http://127.0.0.1:${port}/`, `http://127.0.0.1:${port} http://evil.example`, 'file://', 'chrome-extension://abc']) {
    for (const [method, path] of [['GET', '/health'], ['GET', '/@connections'], ['POST', `/@connections/${client.id}`], ['DELETE', `/@connections/${client.id}`], ['OPTIONS', `/@connections/${client.id}`], ['GET', '/nowhere']]) {
      const answer = await ask(runner, method, path, { headers: { Host: `127.0.0.1:${port}`, Origin } });
      assert.equal(answer.status, 403, `${method} ${path} of ${Origin}`);
      for (const name of Object.keys(answer.headers)) assert.doesNotMatch(name, /^access-control-/);
      bodies.add(answer.body);
    }
  }
  assert.equal(bodies.size, 1);
  await assertAlive(client);
});

// What Origin does not tell of: a page's request that needs no permission of ours, a link, an image.
runnerTest('what a browser says of where a request comes from', app, async (runner) => {
  const client = await connectWithId(runner);
  for (const site of ['same-origin', 'none']) assert.equal((await ask(runner, 'GET', '/health', { headers: { 'Sec-Fetch-Site': site } })).status, 200, site);
  for (const site of ['cross-site', 'same-site', 'Cross-Site', 'anything']) {
    for (const [method, path] of [['GET', '/health'], ['GET', '/@connections'], ['POST', `/@connections/${client.id}`]])
      assertError(await ask(runner, method, path, { headers: { 'Sec-Fetch-Site': site } }), 403);
  }
  await assertAlive(client);
});

const tokenSources = {
  'the option': { args: ['--management-port', '0', '--management-token', 'se=cr/et+1'] },
  'the environment': { env: { CONFIGURAPI_MANAGEMENT_TOKEN: 'se=cr/et+1' } },
  '.env': { files: { '.env': 'CONFIGURAPI_MANAGEMENT_TOKEN=se=cr/et+1\n' } },
  'the option, before the environment': { args: ['--management-port', '0', '--management-token', 'se=cr/et+1'], env: { CONFIGURAPI_MANAGEMENT_TOKEN: 'other' } },
  'the environment, before .env': { env: { CONFIGURAPI_MANAGEMENT_TOKEN: 'se=cr/et+1' }, files: { '.env': 'CONFIGURAPI_MANAGEMENT_TOKEN=other\n' } },
};

for (const [name, source] of Object.entries(tokenSources)) {
  runnerTest(`a token from ${name}`, { ...app, ...source }, async (runner) => {
    const client = await connectWithId(runner);
    const asked = [['GET', '/@connections'], ['GET', '/list_@connections'], ['POST', `/@connections/${client.id}`], ['POST', `/post_@connection?id=${client.id}`], ['GET', `/@connections/${client.id}`], ['DELETE', `/@connections/${client.id}`], ['GET', '/health'], ['GET', '/metrics'], ['GET', '/nowhere'], ['PUT', '/health'], ['OPTIONS', '/@connections']];
    const wrong = [undefined, '', 'Bearer', 'Bearer other', 'Bearer se=cr/et+', 'Bearer se=cr/et+12', 'Bearer Se=cr/et+1', 'Basic se=cr/et+1', 'se=cr/et+1', 'Bearer "se=cr/et+1"'];
    for (const [method, path] of asked) {
      for (const Authorization of wrong) {
        const answer = await ask(runner, method, path, { headers: Authorization === undefined ? {} : { Authorization } });
        assertError(answer, 401);
        assert.match(answer.headers['www-authenticate'], /^Bearer\b/);
      }
    }
    const head = await ask(runner, 'HEAD', '/health');
    assert.deepEqual([head.status, head.body], [401, '']);
    const headers = { Authorization: 'Bearer se=cr/et+1' };
    assert.deepEqual((await ask(runner, 'GET', '/@connections', { headers })).json, [client.id]);
    assert.equal((await ask(runner, 'GET', '/health', { headers })).status, 200);
    assert.equal((await post(runner, client, 'let in', { headers })).status, 200);
    assert.equal(await client.nextText(), 'let in');
    assertError(await ask(runner, 'GET', '/nowhere', { headers }), 404);
    assertError(await ask(runner, 'GET', '/health', { headers: { ...headers, Host: 'evil.example' } }), 403);
    assertError(await ask(runner, 'GET', '/health', { headers: { ...headers, Origin: 'http://evil.example' } }), 403);
    assert.doesNotMatch(runner.stdout + runner.stderr, /se=cr/, 'a token is not logged');
  });
}

runnerTest('an empty token in the environment is none', { ...app, env: { CONFIGURAPI_MANAGEMENT_TOKEN: '' } }, async (runner) => {
  assert.equal((await ask(runner, 'GET', '/health')).status, 200);
});

runnerTest('a 20 MB body without the token', { ...app, args: ['--management-port', '0', '--management-token', 'secret'] }, async (runner) => {
  assertError(await ask(runner, 'POST', `/@connections/${unknownId}`, { body: Buffer.alloc(20_000_000) }), 401);
});

// ---- many, slow and bad ones ----

for (const keepAlive of [true, false]) {
  runnerTest(`200 requests at once, ${keepAlive ? 'kept alive' : 'each for itself'}`, app, async (runner) => {
    const client = await connectWithId(runner);
    const agent = new http.Agent({ keepAlive, maxSockets: keepAlive ? 50 : Infinity });
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, i) => (i % 2 ? ask(runner, 'GET', `/@connections/${client.id}`, { agent }) : post(runner, client, `text ${i}`, { agent }))),
      );
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
      const received = [];
      for (let i = 0; i < 100; i++) received.push(await client.nextText());
      assert.deepEqual(received.sort(), Array.from({ length: 100 }, (_, i) => `text ${2 * i}`).sort());
    }
    agent.destroy();
  });
}

runnerTest('600 requests at once, more than are served at a time, again and again', app, async (runner) => {
  for (let round = 0; round < 20; round++) {
    const answers = await soon(`round ${round}`, Promise.all(Array.from({ length: 600 }, () => ask(runner, 'GET', '/health'))));
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  }
});

runnerTest('two requests in one packet', app, async (runner) => {
  const client = await connectWithId(runner);
  const raw = await connectPlain(portOf(runner));
  const request = (body) => `POST /@connections/${client.id} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  raw.write(request('one') + request('') + request('three'));
  for (const body of ['one', '', 'three']) {
    assert.equal((await raw.response()).status, 200);
    assert.equal(await client.nextText(), body);
  }
  await raw.destroy();
});

const garbage = {
  'random bytes': randomBytes(5000),
  'a TLS hello': Buffer.from('16030100a5010000a10303', 'hex'),
  'a line': 'hello\r\n\r\n',
  'no version': 'GET\r\n\r\n',
  'NULs': Buffer.alloc(1000),
  'an unknown version': 'GET /health HTTP/7.8\r\nHost: 127.0.0.1\r\n\r\n',
  'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a length below zero': `POST /@connections/${unknownId} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n`,
  'a length beyond all': `POST /@connections/${unknownId} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999999999999999999\r\n\r\n`,
  'a length that is none': `POST /@connections/${unknownId} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ten\r\n\r\n`,
  'a chunk beyond all': `POST /@connections/${unknownId} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\nx`,
  'a chunk that is none': `POST /@connections/${unknownId} HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n`,
  'a header without an end': `GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(200_000)}`,
  'headers without an end': `GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n${'X: 1\r\n'.repeat(50_000)}`,
  'a target without an end': `GET /${'x'.repeat(200_000)}`,
  'a target of many parts': `GET /post_@connection?${'a=b&'.repeat(20_000)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`,
  'an upgrade': 'GET /@connections HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
};

runnerTest('garbage', app, async (runner) => {
  const client = await connectWithId(runner);
  for (const [name, bytes] of Object.entries(garbage)) {
    for (const end of ['destroy', 'reset']) {
      const raw = await connectPlain(portOf(runner));
      raw.write(bytes);
      await Promise.race([raw.ended, new Promise((resolve) => setTimeout(resolve, 20))]);
      assert.equal((await ask(runner, 'GET', '/health')).status, 200, name);
      await raw[end]();
    }
  }
  await assertAlive(client);
});

runnerTest('slow request heads hold nobody up', app, async (runner) => {
  const client = await connectWithId(runner);
  const slow = await Promise.all(Array.from({ length: 100 }, () => connectPlain(portOf(runner))));
  const request = `GET /@connections/${client.id} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;
  for (let i = 0; i < request.length; i++) {
    for (const raw of slow) raw.write(request[i]);
    if (i % 20 === 0) {
      assert.equal((await ask(runner, 'GET', '/health')).status, 200);
      await assertAlive(client);
    }
  }
  for (const raw of slow) {
    assert.equal((await raw.response()).status, 200);
    await raw.destroy();
  }
});

runnerTest('clients that go away in the middle of a body', app, async (runner) => {
  const client = await connectWithId(runner);
  const head = `POST /@connections/${client.id} HTTP/1.1\r\nHost: 127.0.0.1\r\n`;
  for (let i = 0; i < 50; i++) {
    const raw = await connectPlain(portOf(runner));
    const [length, body] = i % 2 ? ['Content-Length: 100000', 'x'.repeat(1 + 1000 * i)] : ['Transfer-Encoding: chunked', '5\r\nhello\r\n5\r\nhel'];
    await raw.writePieces([`${head}${length}\r\n\r\n${body}`]);
    await (i % 4 < 2 ? raw.reset() : raw.destroy());
  }
  await assertAlive(client); // the first message that it gets
});

/** Clients whose last bytes and whose end come at once: the program does not look before both are there. */
async function leaveWith(runner, count, bytes) {
  runner.signal('SIGSTOP');
  const clients = await Promise.all(Array.from({ length: count }, () => connectPlain(portOf(runner))));
  for (const { socket } of clients) socket.end(bytes);
  await Promise.all(clients.map(({ socket }) => once(socket, 'finish')));
  await new Promise((resolve) => setTimeout(resolve, 50)); // loopback has brought it by then
  runner.signal('SIGCONT');
  return clients;
}

runnerTest('300 requests that end their side with their last byte', app, async (runner) => {
  const clients = await leaveWith(runner, 300, 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
  await soon('all are answered', Promise.all(clients.map(async (client) => assert.equal((await client.response()).status, 200))));
  await soon('and others are', ask(runner, 'GET', '/health'));
});

const unfinished = {
  body: `POST /@connections/${unknownId} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\nhello`,
  head: 'GET /health HTTP/1.1\r\nHos',
  nothing: '',
};

for (const [name, bytes] of Object.entries(unfinished)) {
  runnerTest(`clients that leave with half a request are let go at once: ${name}`, app, async (runner) => {
    const clients = await leaveWith(runner, 5, bytes);
    await soon('their connections are closed', Promise.all(clients.map(({ ended }) => ended)));
  });

  runnerTest(`clients that leave with half a request lock nobody out: ${name}`, app, async (runner) => {
    const clients = await leaveWith(runner, 300, bytes);
    await soon('somebody else is answered', ask(runner, 'GET', '/health'));
    await Promise.all(clients.map((client) => client.destroy()));
  });
}

runnerTest('clients that do not wait for the answer', app, async (runner) => {
  const clients = await Promise.all(Array.from({ length: 300 }, () => runner.connect()));
  for (let i = 0; i < 50; i++) {
    const raw = await connectPlain(portOf(runner));
    raw.write('GET /@connections HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(20));
    await raw.reset();
  }
  assert.equal((await list(runner)).length, clients.length);
});

runnerTest('it answers while a stream runs', app, async (runner) => {
  const client = await connectWithId(runner);
  client.send({ name: 'stream' });
  assert.equal((await client.next()).body, 'chunk 0');
  for (let i = 0; i < 20; i++) {
    assert.equal((await ask(runner, 'GET', '/health')).status, 200);
    assert.equal((await post(runner, client, `between ${i}`)).status, 200);
    for (let chunks = 0; ; chunks++) {
      assert.ok(chunks < 10_000, 'a post gets its turn');
      const received = await client.nextText();
      if (received === `between ${i}`) break;
      assert.match(JSON.parse(received).body, /^chunk /);
    }
  }
  assert.equal((await ask(runner, 'DELETE', `/@connections/${client.id}`)).status, 204);
  assert.equal((await client.closed).code, 1000);
});

for (const [name, head] of Object.entries({
  'a client that keeps its connection': 'GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
  'a client in the middle of a head': 'GET /health HTTP/1.1\r\nHos',
  'a client in the middle of a body': `POST /@connections/${unknownId} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhe`,
  'a client that says nothing': '',
})) {
  runnerTest(`${name} does not hold up the stop`, withArgs('--drain-timeout', '30s'), async (runner) => {
    const raw = await connectPlain(portOf(runner));
    raw.write(head);
    assert.equal((await ask(runner, 'GET', '/health')).status, 200);
    const start = Date.now();
    await runner.stop();
    assert.ok(Date.now() - start < 10_000, 'it did not wait for the drain to end');
    await raw.ended;
  });
}

// ---- postback-url ----

const idAndUrls = (runner, what) => [...runner.stdout.matchAll(new RegExp(`\\b${what} (\\[.*?\\])`, 'g'))].map(([, json]) => JSON.parse(json));

runnerTest('postback-url is on every event', app, async (runner) => {
  const client = await connectWithId(runner, { headers: { 'Postback-Url': 'http://evil.example/', 'Connection-Id': 'evil' } });
  const url = `${runner.management}/@connections/${client.id}`;
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/@connections\/[0-9a-f-]{36}$/);
  for (const headers of [undefined, null, {}, { 'postback-url': 'http://evil.example/' }, { 'postback-url': null }, { 'connection-id': 'evil', 'postback-url': {} }]) {
    const { body } = await client.ask({ name: 'who', headers });
    assert.deepEqual(body, { id: client.id, url, has: true });
  }
  assert.equal((await fetch(url, { method: 'POST', body: 'to its url' })).status, 200);
  assert.equal(await client.nextText(), 'to its url');
  await client.close();
  await runner.output('stdout', /\bdisconnect \[/);
  assert.deepEqual(idAndUrls(runner, 'connect'), [[client.id, url]]);
  assert.deepEqual(idAndUrls(runner, 'disconnect'), [[client.id, url]]);
});

for (const args of [[], ['--management-port', '0', '--management-token', 'secret']]) {
  runnerTest(`wsPostbackFunction ${args.length ? 'with' : 'without'} a token`, { ...app, args }, async (runner) => {
    const [one, two] = [await connectWithId(runner), await connectWithId(runner)];
    const { url } = (await two.ask({ name: 'who' })).body;
    assert.equal((await one.ask({ name: 'postback', payload: url })).body, 'posted');
    assert.deepEqual(await two.next(), { statusCode: 201, headers: { a: 'b' }, body: 'by postback' });
    await two.close();
    await until('it is gone', async () => (await one.ask({ name: 'postback', payload: url })).body?.statusCode === 410);
  });
}

// ---- where it listens ----

/** The addresses of the program's sockets in /proc's spelling: {local, state}; 0A is LISTEN. */
function openSockets(runner) {
  const inodes = new Set();
  for (const name of readdirSync(`/proc/${runner.pid}/fd`)) {
    try {
      const [, inode] = readlinkSync(`/proc/${runner.pid}/fd/${name}`).match(/^socket:\[(\d+)\]$/) ?? [];
      if (inode) inodes.add(inode);
    } catch {
      continue; // closed meanwhile
    }
  }
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${runner.pid}/net/${table}`, 'utf8').split('\n').slice(1).map((line) => line.trim().split(/\s+/)).filter((fields) => inodes.has(fields[9])).map((fields) => ({ local: fields[1], state: fields[3] })),
  );
}

const listening = (runner) => openSockets(runner).filter(({ state }) => state === '0A').map(({ local }) => local).sort();
/** Where clients connect: over TLS, the plain port is there besides. */
const clientPorts = (runner) => [...new Set([...runner.stdout.matchAll(/Listening on wss?:\/\/\S+:(\d+)/g)].map(([, port]) => Number(port)))];
const loopback = (port) => `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;

runnerTest('by default it listens on 127.0.0.1', app, async (runner) => {
  assert.equal(new URL(runner.management).hostname, '127.0.0.1');
  assert.deepEqual(listening(runner), [...clientPorts(runner), portOf(runner)].map(loopback).sort());
});

runnerTest('--no-management', withArgs('--no-management'), async (runner) => {
  assert.equal(runner.management, undefined);
  assert.deepEqual(listening(runner), clientPorts(runner).map(loopback).sort());
  const client = await runner.connect();
  const { id, url, has } = (await client.ask({ name: 'who' })).body;
  assert.deepEqual({ url, has }, { url: null, has: false });
  await client.close();
  await runner.output('stdout', /\bdisconnect \[/);
  assert.deepEqual(idAndUrls(runner, 'connect'), [[id, null]]);
  assert.deepEqual(idAndUrls(runner, 'disconnect'), [[id, null]]);
});

runnerTest('--no-management: no postback-url of a message either', withArgs('--no-management'), async (runner) => {
  const client = await runner.connect();
  const { body } = await client.ask({ name: 'who', headers: { 'postback-url': 'http://evil.example/' } });
  assert.deepEqual([body.url, body.has], [null, false], 'a client cannot make one up');
});

runnerTest('--no-management: no postback-url of an upgrade either', withArgs('--no-management'), async (runner) => {
  const client = await runner.connect({ headers: { 'Postback-Url': 'http://evil.example/' } });
  const { id } = (await client.ask({ name: 'who' })).body;
  assert.deepEqual(idAndUrls(runner, 'connect'), [[id, null]], 'a client cannot make one up');
});

test('a port that is in use', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address();
  const directory = makeApp(app);
  const { code, stderr } = await runToEnd(['-p', '0', '--host', '127.0.0.1', '--management-port', String(port)], { cwd: directory.path });
  directory.remove();
  taken.close();
  assert.equal(code, 2);
  assert.match(stderr, /^[^\n]+\n$/, 'one line');
  assert.match(stderr, new RegExp(`\\b${port}\\b`));
  assert.match(stderr, /management/);
});

test('an address that is another machine\'s', async () => {
  const directory = makeApp(app);
  const { code, stderr } = await runToEnd(['-p', '0', '--host', '127.0.0.1', '--management-port', '0', '--management-host', '192.0.2.1'], { cwd: directory.path });
  directory.remove();
  assert.equal(code, 2);
  assert.match(stderr, /^[^\n]+\n$/, 'one line');
  assert.match(stderr, /192\.0\.2\.1/);
});
