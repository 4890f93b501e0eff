// wsPostbackFunction: to this process's own management server, to another's, and to what is none.

import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { once } from 'node:events';
import { makeApp } from './support/app.mjs';
import { runnerTest, startRunner } from './support/runner.mjs';

const app = {
  routes: { post: 'postHandler', url: 'urlHandler', wait: 'waitHandler', on_connect: 'welcomeHandler' },
  prelude: `
const { wsPostbackFunction } = require('configurapi-runner-ws');
const { StreamResponse } = require('configurapi-handler-ws');
const responses = {
  object: { statusCode: 201, headers: { 'message-id': '123' }, body: { message: 'Hello ☃ 𝄞' } },
  response: new Response('text', 202, { a: 'b' }),
  error: new ErrorResponse('no', 404, 'why'),
  bytes: { statusCode: 200, headers: {}, body: Buffer.from([0, 255]) },
  big: { statusCode: 200, headers: {}, body: 'x'.repeat(2_000_000) },
  part: { body: 'only this' },
  none: undefined,
  text: 'text',
};
`,
  handlers: {
    async postHandler(event) {
      const { url, what = 'object', options } = event.params;
      try {
        const result = await wsPostbackFunction(url ?? event.request.headers['postback-url'], responses[what], options);
        event.response = new Response({ result: typeof result });
      } catch (error) {
        event.response = new Response({ isError: error instanceof Error, statusCode: error.statusCode ?? null, message: error.message });
      }
    },
    urlHandler(event) {
      event.response = new Response(event.request.headers['postback-url'] ?? 'none');
    },
    async waitHandler(event) {
      await wsPostbackFunction(event.params.url, { body: 1 });
    },
    async welcomeHandler(event) {
      if (!event.request.query.welcome) return;
      await wsPostbackFunction(event.request.headers['postback-url'], { body: 'welcome' });
    },
  },
};

/** Asks for a post to the asking connection itself: what was posted, and the reply. */
async function postToOneself(client, params) {
  client.send({ name: 'post', params, headers: { 'message-id': 'the reply' } });
  const messages = [await client.next(), await client.next()];
  const reply = messages.find(({ headers }) => headers['message-id'] === 'the reply');
  return { reply, posted: messages.find((message) => message !== reply) };
}

runnerTest('responses of every kind arrive', app, async (runner) => {
  const client = await runner.connect();
  const posted = {};
  for (const what of ['object', 'response', 'error', 'bytes', 'big', 'part']) {
    const { reply, ...rest } = await postToOneself(client, { what });
    assert.deepEqual(reply.body, { result: 'undefined' }, what);
    posted[what] = rest.posted;
  }
  assert.deepEqual(posted.object, { statusCode: 201, headers: { 'message-id': '123' }, body: { message: 'Hello ☃ 𝄞' } });
  assert.deepEqual(posted.response, { statusCode: 202, headers: { a: 'b' }, body: 'text' });
  assert.equal(posted.error.statusCode, 404);
  assert.deepEqual(posted.error.body, { statusCode: 404, message: 'no', details: 'why' });
  assert.deepEqual(posted.bytes, { statusCode: 200, headers: { 'content-transfer-encoding': 'base64' }, body: 'AP8=' });
  assert.equal(posted.big.body.length, 2_000_000);
  assert.deepEqual(posted.part, { statusCode: 200, headers: {}, body: 'only this' });
  await client.close();
});

runnerTest('what is no response is refused', app, async (runner) => {
  for (const what of ['none', 'text']) {
    const { body } = await runner.ask({ name: 'post', params: { what } });
    assert.equal(body.isError, true);
    assert.match(body.message, /A response must be an object, not a (undefined|string)/);
  }
});

runnerTest('the other forms of the address', app, async (runner) => {
  const client = await runner.connect();
  const { body: url } = await client.ask({ name: 'url' });
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/@connections\/[0-9a-f-]{36}$/);
  const id = url.split('/').at(-1);
  for (const other of [url.replace('127.0.0.1', 'localhost'), url.replace('/@', '/prod/%40'), `${runner.management}/post_@connection?id=${id}`]) {
    const { reply, posted } = await postToOneself(client, { url: other });
    assert.equal(reply.body.result, 'undefined', `${other}: ${reply.body.message}`);
    assert.equal(posted.statusCode, 201);
  }
  await client.close();
});

runnerTest('an answer outside 2xx rejects with its status', app, async (runner) => {
  const post = async (url) => (await runner.ask({ name: 'post', params: { url } })).body;
  const gone = await post(`${runner.management}/@connections/nobody`);
  assert.deepEqual({ ...gone, message: '' }, { isError: true, statusCode: 410, message: '' });
  assert.match(gone.message, /answered 410 There is no such connection\.$/);
  assert.equal((await post(`${runner.management}/nowhere`)).statusCode, 404);
  assert.equal((await post(`${runner.management}/@connections/`)).statusCode, 400);
});

runnerTest('a redirect is not followed', app, async (runner) => {
  const server = http.createServer((request, response) => response.writeHead(307, { location: '/elsewhere' }).end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { body } = await runner.ask({ name: 'post', params: { url: `http://127.0.0.1:${server.address().port}/` } });
  assert.equal(body.statusCode, 307);
  server.closeAllConnections();
  server.close();
});

runnerTest('nobody there, and what is no address', app, async (runner) => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  for (const [url, words] of [[`http://127.0.0.1:${port}/`, /refused/], ['file:///etc/passwd', /http/], ['nonsense', /./], ['', /./]]) {
    const { body } = await runner.ask({ name: 'post', params: { url } });
    assert.deepEqual({ isError: body.isError, statusCode: body.statusCode }, { isError: true, statusCode: null }, url);
    assert.match(body.message, words);
  }
});

runnerTest('a hundred at once', app, async (runner) => {
  const clients = await Promise.all(Array.from({ length: 100 }, () => runner.connect()));
  const results = await Promise.all(clients.map((client) => postToOneself(client, { what: 'response' })));
  for (const { reply, posted } of results) assert.deepEqual([reply.body.result, posted.body], ['undefined', 'text']);
  await Promise.all(clients.map((client) => client.close()));
});

runnerTest('on_connect posts before the 101', app, async (runner) => {
  const client = await runner.connect({ path: '/?welcome=1' });
  assert.equal((await client.next()).body, 'welcome');
  await client.close();
});

runnerTest('to the management server of another process', app, async (runner) => {
  const directory = makeApp(app);
  const other = await startRunner({ cwd: directory.path, args: ['--management-port', '0', '--management-token', 'sesame'] });
  try {
    const listener = await other.connect();
    const { body: url } = await listener.ask({ name: 'url' });
    const post = async (options) => (await runner.ask({ name: 'post', params: { url, options } })).body;
    assert.equal((await post()).statusCode, 401);
    assert.equal((await post({ token: 'wrong' })).statusCode, 401);
    assert.deepEqual(await post({ token: 'sesame' }), { result: 'undefined' });
    assert.deepEqual((await listener.next()).body, { message: 'Hello ☃ 𝄞' });
    await listener.close();
    await other.stop();
  } finally {
    await other.kill();
    directory.remove();
  }
});

runnerTest('its own token goes with a post to itself, and with no other', { ...app, args: ['--management-port', '0', '--management-token', 'sesame'] }, async (runner) => {
  const client = await runner.connect();
  assert.equal((await postToOneself(client, {})).reply.body.result, 'undefined');
  const seen = [];
  const server = http.createServer((request, response) => {
    seen.push(request.headers.authorization ?? 'none', request.headers['content-type'], request.method);
    response.end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  assert.equal((await client.ask({ name: 'post', params: { url: `http://127.0.0.1:${server.address().port}/@connections/x` } })).body.result, 'undefined');
  assert.deepEqual(seen, ['none', 'application/json', 'POST']);
  const told = [];
  // Addresses that one reader takes for the management server's, and another for that of the server here.
  const [own, other] = [new URL(runner.management).host, `127.0.0.1:${server.address().port}`];
  for (const url of [
    `http://${own}\\@${other}/x`, `http://${own}#@${other}/x`, `http://${own}?@${other}/x`, `http://${own}\t@${other}/x`, `http://${own}\\\\@${other}/x`,
    `http:\\\\${own}\\@${other}/x`, `http:/${own}\\@${other}/x`, `http://${other}\\@${own}/x`, `http://x@${other}\\@${own}/x`, `http://${own}@${other}/x`,
  ]) {
    await client.ask({ name: 'post', params: { url } });
    if (seen.some((value) => /Bearer/.test(value))) told.push(url);
    seen.length = 0;
  }
  server.closeAllConnections();
  server.close();
  assert.deepEqual(told, []);
  await client.close();
});

runnerTest('without a management server there is no address', { ...app, args: ['--no-management'] }, async (runner) => {
  assert.equal((await runner.ask({ name: 'url' })).body, 'none');
});

runnerTest('a request under way does not keep the program', { ...app, args: ['--management-port', '0', '--drain-timeout', '200ms'] }, async (runner) => {
  const server = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connected = once(server, 'connection');
  const client = await runner.connect();
  client.send({ name: 'wait', params: { url: `http://127.0.0.1:${server.address().port}/` } });
  const [socket] = await connected;
  await runner.stop();
  socket.destroy();
  server.close();
});
