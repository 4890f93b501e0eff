// fetch against a server of the test's own, beside Node's fetch.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import zlib from 'node:zlib';
import { oracleTests } from './support/oracle.mjs';
import { isSanitized, runnerTest } from './support/runner.mjs';

/** What the server does with a path; `seen` counts what the tests look at. */
const seen = { aborted: 0, uploaded: 0, held: 0 };

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const compressed = { gzip: zlib.gzipSync, deflate: zlib.deflateSync, br: zlib.brotliCompressSync };

async function answer(request, response) {
  const url = new URL(request.url, 'http://here');
  const [, first, second] = url.pathname.split('/');
  switch (first) {
    case 'echo': {
      const body = await bodyOf(request);
      const { host, connection, ...headers } = request.headers;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ method: request.method, url: request.url, headers, body: body.toString('latin1') }));
      return;
    }
    case 'status':
      response.writeHead(Number(second), 'Said So', { 'x-a': ['1', '2'], 'set-cookie': ['a=1', 'b=2'] }).end(second === '204' || second === '304' ? undefined : 'body');
      return;
    case 'encoded':
      response.writeHead(200, { 'content-encoding': second }).end(compressed[second]('squeezed '.repeat(1000)));
      return;
    case 'redirect':
      await bodyOf(request);
      response.writeHead(Number(second), { location: url.searchParams.get('to') ?? '/echo/landed' }).end('moved');
      return;
    case 'round':
      response.writeHead(302, { location: '/round' }).end();
      return;
    case 'slow': {
      response.writeHead(200, { 'content-type': 'text/plain' });
      for (let i = 0; i < 5; i++) {
        response.write(`${i},`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      response.end('end');
      return;
    }
    case 'endless': {
      request.socket.on('close', () => seen.aborted++);
      response.writeHead(200);
      const piece = Buffer.alloc(65536, 'e');
      while (!response.destroyed) if (!response.write(piece)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
      return;
    }
    case 'big': {
      response.writeHead(200, { 'content-length': url.searchParams.get('size') });
      const piece = Buffer.alloc(65536, 'b');
      for (let left = Number(url.searchParams.get('size')); left > 0; left -= piece.length)
        if (!response.write(piece.subarray(0, Math.min(left, piece.length)))) await once(response, 'drain');
      response.end();
      return;
    }
    case 'hang':
      request.socket.on('close', () => seen.aborted++);
      return;
    case 'count': {
      let size = 0;
      for await (const chunk of request) size += chunk.length;
      response.end(String(size));
      return;
    }
    case 'refuse':
      response.writeHead(413).end('too much');
      return;
    case 'cut':
      response.writeHead(200, { 'content-length': 100 });
      response.write('ten bytes.', () => request.socket.destroy());
      return;
    case 'drop':
      request.socket.destroy();
      return;
    case 'latin1':
      response.writeHead(200, { 'x-latin': Buffer.from('caf\xe9', 'latin1').toString('latin1') }).end();
      return;
    default:
      response.writeHead(404).end('nothing');
  }
}

// A client that goes is no failure of the server's.
const serve = (request, response) => answer(request, response).catch((error) => { if (error.code !== 'ECONNRESET') throw error; });
const server = http.createServer(serve);
const folder = mkdtempSync(path.join(tmpdir(), 'configurapi-fetch-'));
const [key, certificate] = ['key.pem', 'certificate.pem'].map((name) => path.join(folder, name));
execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-keyout', key, '-out', certificate,
  '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], { stdio: 'ignore' });
const cutting = net.createServer((socket) => socket.on('error', () => {}).once('data', () => socket.destroy())); // whoever says hello
const secure = https.createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, serve);
let base;
let secureBase;

before(async () => {
  for (const each of [server, secure, cutting]) await once(each.listen(0, '127.0.0.1'), 'listening');
  base = `http://127.0.0.1:${server.address().port}`;
  secureBase = `https://localhost:${secure.address().port}`;
});
after(() => {
  cutting.close();
  for (const each of [server, secure]) {
    each.close();
    each.closeAllConnections();
  }
  rmSync(folder, { recursive: true, force: true });
});

oracleTests('fetch', {
  async plain(require, { base }) {
    const response = await fetch(`${base}/echo/a%20b?c=d#fragment`);
    const { status, statusText, ok, url, redirected, type, headers } = response;
    const { headers: sent, ...rest } = await response.json();
    return [status, statusText, ok, url === `${base}/echo/a%20b?c=d`, redirected, type, headers.get('content-type'), rest, sent, response.bodyUsed];
  },
  async methodsAndBodies(require, { base }) {
    const ask = async (init) => {
      const { headers, ...rest } = await (await fetch(`${base}/echo`, init)).json();
      return { ...rest, type: headers['content-type'], length: headers['content-length'], chunked: headers['transfer-encoding'], own: headers['x-own'] };
    };
    const form = new FormData();
    form.set('a', 'b');
    const formed = await ask({ method: 'POST', body: form });
    return [await ask({ method: 'POST', body: 'text é', headers: { 'X-Own': 'yes' } }), await ask({ method: 'PUT', body: new Uint8Array([1, 2, 255]) }), await ask({ method: 'PATCH', body: new URLSearchParams({ a: 'b c' }) }), await ask({ method: 'DELETE' }), await ask({ method: 'POST' }), await ask({ method: 'POST', body: '' }),
      await ask({ method: 'post', body: new Blob(['blob'], { type: 'x/y' }) }), await ask({ method: 'POST', body: ReadableStream.from([new Uint8Array([65]), new Uint8Array([66, 67])]), duplex: 'half' }), await ask({ method: 'OPTIONS' }), await ask(new Request(`${base}/echo`, { method: 'POST', body: 'from a request' })),
      formed.type.startsWith('multipart/form-data; boundary='), formed.body.includes('name="a"\r\n\r\nb\r\n'), (await fetch(`${base}/status/200`, { method: 'HEAD' })).status];
  },
  async statuses(require, { base }) {
    const out = [];
    for (const status of [200, 201, 204, 304, 400, 404, 500]) {
      const response = await fetch(`${base}/status/${status}`);
      out.push([response.status, response.statusText, response.ok, await response.text(), response.headers.get('x-a'), response.headers.getSetCookie(), response.body === null]);
    }
    return out;
  },
  async encodings(require, { base }) {
    const out = [];
    for (const coding of ['gzip', 'deflate', 'br']) {
      const response = await fetch(`${base}/encoded/${coding}`, { headers: { 'accept-encoding': coding } });
      const text = await response.text();
      out.push([response.headers.get('content-encoding'), text.length, text.slice(0, 18)]);
    }
    return out;
  },
  async redirects(require, { base }) {
    const out = [];
    for (const status of [301, 302, 303, 307, 308]) {
      const response = await fetch(`${base}/redirect/${status}`, { method: 'POST', body: 'again', headers: { 'x-own': 'kept' } });
      const { method, url, body, headers } = await response.json();
      out.push([status, response.redirected, response.url.replace(base, ''), method, url, body, headers['x-own'], headers['content-type'] ?? null]);
    }
    const manual = await fetch(`${base}/redirect/302`, { redirect: 'manual' });
    out.push([manual.status, manual.type, manual.headers.get('location')]);
    const attempt = (promise) => promise.then((value) => value.status, (error) => [error.name, error.message, error.cause?.message]);
    out.push(await attempt(fetch(`${base}/redirect/302`, { redirect: 'error' })), await attempt(fetch(`${base}/round`)), await attempt(fetch(`${base}/redirect/302?to=ftp://x`)), await attempt(fetch(`${base}/redirect/307`, { method: 'POST', body: ReadableStream.from([new Uint8Array(1)]), duplex: 'half' })));
    return out;
  },
  async authorizationIsNotCarriedElsewhere(require, { base, secureBase }) {
    const elsewhere = base.replace('127.0.0.1', 'localhost');
    const { headers } = await (await fetch(`${base}/redirect/302?to=${encodeURIComponent(`${elsewhere}/echo`)}`, { headers: { authorization: 'secret', 'x-own': '1' } })).json();
    return [headers.authorization ?? null, headers['x-own']];
  },
  async headersAreBytes(require, { base }) {
    const { headers } = await (await fetch(`${base}/echo`, { headers: { 'x-latin': 'caf\xe9' } })).json();
    return [headers['x-latin'], (await fetch(`${base}/latin1`)).headers.get('x-latin')];
  },
  async streamed(require, { base }) {
    const response = await fetch(`${base}/slow`);
    const chunks = [];
    for await (const chunk of response.body) chunks.push(chunk);
    return [chunks.length > 2, new TextDecoder().decode(Buffer.concat(chunks)), chunks[0] instanceof Uint8Array];
  },
  async clones(require, { base }) {
    const response = await fetch(`${base}/slow`);
    const copy = response.clone();
    return Promise.all([response.text(), copy.text()]);
  },
  async cancelledBody(require, { base }) {
    const response = await fetch(`${base}/endless`);
    const reader = response.body.getReader();
    const { value } = await reader.read();
    await reader.cancel('enough');
    return [value.length > 0, (await reader.read()).done];
  },
  async aborts(require, { base }) {
    const attempt = (promise) => promise.then((value) => value.status ?? value, (error) => [error?.name ?? error, error?.code, error?.message]);
    const early = await attempt(fetch(`${base}/echo`, { signal: AbortSignal.abort() }));
    const reasoned = await attempt(fetch(`${base}/echo`, { signal: AbortSignal.abort('mine') }));
    const controller = new AbortController();
    const waiting = attempt(fetch(`${base}/hang`, { signal: controller.signal }));
    setTimeout(() => controller.abort(), 20);
    const timed = await attempt(fetch(`${base}/hang`, { signal: AbortSignal.timeout(20) }));
    const midway = new AbortController();
    const response = await fetch(`${base}/endless`, { signal: midway.signal });
    const reader = response.body.getReader();
    await reader.read();
    midway.abort();
    return [early, reasoned, await waiting, timed, await attempt((async () => { for (;;) await reader.read(); })())];
  },
  async errors(require, { base, closed }) {
    const attempt = (promise) => promise.then((value) => value.status ?? value, (error) => [error.name, error.message, error.cause?.code ?? null]);
    return [await attempt(fetch(closed)), await attempt(fetch(`${base}/drop`)), await attempt(fetch('no url')), await attempt(fetch('ftp://x/y')), await attempt(fetch(`${base}/echo`, { method: 'GET', body: 'x' })), await attempt(fetch(`${base}/echo`, { headers: { 'bad name': 'x' } })), await attempt(fetch('http://u:p@127.0.0.1/')), await attempt(fetch()),
      await attempt(fetch(`${base}/cut`).then((response) => response.text()))];
  },
  async dataUrls() {
    const response = await fetch('data:text/plain;charset=utf-8,hello%20there');
    return [response.status, response.headers.get('content-type'), await response.text()];
  },
  async uploads(require, { base }) {
    const sizes = [];
    async function* parts(count, size) { for (let i = 0; i < count; i++) yield new Uint8Array(size); }
    for (const [count, size] of [[1, 1], [100, 1000], [50, 100000]])
      sizes.push(await (await fetch(`${base}/count`, { method: 'POST', body: ReadableStream.from(parts(count, size)), duplex: 'half' })).text());
    sizes.push(await (await fetch(`${base}/count`, { method: 'POST', body: new Uint8Array(5000000) })).text());
    async function* failing() { yield new Uint8Array(10); throw new Error('source broke'); }
    const failed = await fetch(`${base}/count`, { method: 'POST', body: ReadableStream.from(failing()), duplex: 'half' }).catch((error) => [error.name, error.message]);
    return [sizes, failed];
  },
  async refusedUpload(require, { base }) {
    const response = await fetch(`${base}/refuse`, { method: 'POST', body: 'small' });
    return [response.status, await response.text()];
  },
  async manyAtOnce(require, { base }) {
    const all = await Promise.all(Array.from({ length: 200 }, async (_, i) => (await (await fetch(`${base}/echo/${i}`)).json()).url));
    return all.every((url, i) => url === `/echo/${i}`);
  },
  async insideAsyncLocalStorage(require, { base }) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    return Promise.all(['a', 'b', 'c'].map((name) => als.run(name, async () => {
      const response = await fetch(`${base}/slow`);
      const seen = [als.getStore()];
      for await (const chunk of response.body) if (chunk) seen.push(als.getStore());
      return seen.every((store) => store === name);
    })));
  },
  async secureButUnknown(require, { secureBase }) {
    const error = await fetch(`${secureBase}/echo`).catch((error) => error);
    return [error.name, error.message, error.cause.code];
  },
  async plainButNotSecure(require, { base, cut }) {
    const codeOf = (url) => fetch(url).then(() => 'none', (error) => error.cause.code);
    return [await codeOf(base.replace('http:', 'https:')), await codeOf(cut.replace('http:', 'https:'))];
  },
}, { given: async () => ({ base, secureBase, cut: `http://127.0.0.1:${cutting.address().port}`, closed: 'http://127.0.0.1:1/' }) });

const app = {
  routes: { fetch: 'fetchHandler', stream: 'streamHandler', big: 'bigHandler', upload: 'uploadHandler', abandon: 'abandonHandler' },
  prelude: "const { StreamResponse } = require('configurapi-handler-ws');",
  handlers: {
    async fetchHandler(event) {
      const response = await fetch(event.payload.url);
      event.response = new Response({ status: response.status, body: await response.text() });
    },
    async streamHandler(event) {
      event.response = new StreamResponse((await fetch(event.payload.url)).body);
    },
    async bigHandler(event) {
      let size = 0;
      for await (const chunk of (await fetch(event.payload.url)).body) size += chunk.length;
      event.response = new Response({ size });
    },
    async uploadHandler(event) {
      async function* parts() {
        for (let i = 0; i < event.payload.count; i++) yield new Uint8Array(65536);
      }
      const response = await fetch(event.payload.url, { method: 'POST', body: ReadableStream.from(parts()), duplex: 'half' });
      event.response = new Response({ size: Number(await response.text()) });
    },
    async abandonHandler(event) {
      const response = await fetch(event.payload.url);
      event.response = new Response({ status: response.status }); // and its body is nobody's
    },
  },
};

runnerTest('fetch over TLS, with a certificate that is trusted', {
  ...app,
  env: { NODE_EXTRA_CA_CERTS: certificate },
}, async (runner) => {
  const { body } = await runner.ask({ name: 'fetch', payload: { url: `${secureBase}/status/200` } });
  assert.deepEqual(body, { status: 200, body: 'body' });
});

for (const [name, env, set] of [['the environment', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }], ['the script', {}, true]]) {
  runnerTest(`fetch verifies although ${name} says not to, and says what to do`, {
    routes: { fetch: 'fetchHandler' },
    handlers: {
      async fetchHandler(event) {
        if (event.payload.set) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
        const { cause } = await fetch(event.payload.url).catch((error) => error);
        event.response = new Response([cause.code, cause.message]);
      },
    },
    env,
  }, async (runner) => {
    const { body: [code, message] } = await runner.ask({ name: 'fetch', payload: { url: `${secureBase}/status/200`, set } });
    assert.equal(code, 'DEPTH_ZERO_SELF_SIGNED_CERT');
    assert.match(message, /NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect here: .* in NODE_EXTRA_CA_CERTS/);
    assert.equal(message.match(/NODE_TLS_REJECT_UNAUTHORIZED/g).length, 1);
  });
}

runnerTest("a response's body as a stream's source", app, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'stream', payload: { url: `${base}/slow` } });
  let text = '';
  for (let frame = await client.next(); frame.headers['x-stream'] === 'chunk'; frame = await client.next()) text += frame.body;
  assert.equal(text, '0,1,2,3,4,end');
  await client.close();
});

runnerTest('much that comes is not held', app, async (runner) => {
  const size = 300_000_000;
  await runner.ask({ name: 'big', payload: { url: `${base}/big?size=1000000` } });
  const before = runner.residentBytes();
  const { body } = await runner.ask({ name: 'big', payload: { url: `${base}/big?size=${size}` } });
  assert.deepEqual(body, { size });
  if (!isSanitized()) assert.ok(runner.residentBytes() - before < 100_000_000, `${before} -> ${runner.residentBytes()}`);
});

runnerTest('much that goes is not held', app, async (runner) => {
  await runner.ask({ name: 'upload', payload: { url: `${base}/count`, count: 10 } });
  const before = runner.residentBytes();
  const { body } = await runner.ask({ name: 'upload', payload: { url: `${base}/count`, count: 4000 } });
  assert.deepEqual(body, { size: 4000 * 65536 });
  if (!isSanitized()) assert.ok(runner.residentBytes() - before < 100_000_000, `${before} -> ${runner.residentBytes()}`);
});

runnerTest('a client that goes ends the fetch that fed its stream', app, async (runner) => {
  const before = seen.aborted;
  const client = await runner.connect();
  client.send({ name: 'stream', payload: { url: `${base}/endless` } });
  await client.next();
  client.webSocket.terminate();
  while (seen.aborted === before) await new Promise((resolve) => setTimeout(resolve, 5));
});

runnerTest('it stops with fetches under way', app, async (runner) => {
  const client = await runner.connect();
  client.send({ name: 'abandon', payload: { url: `${base}/endless` } });
  assert.deepEqual((await client.next()).body, { status: 200 });
  await client.close();
});

test('a plain handler loads none of it', () => {
  // What is loaded when it is first touched must not be at the start: the program's own files say what they touch.
  const source = readFileSync(new URL('../../src/js/lib/bootstrap.js', import.meta.url), 'utf8');
  assert.doesNotMatch(source, /fetch|node_|vendor_/);
});
