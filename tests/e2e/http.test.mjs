// The opening handshake, and every request that is none.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { echoApp } from './support/app.mjs';
import { upgradeRequest } from './support/raw.mjs';
import { runnerTest } from './support/runner.mjs';

/** Sends `request` and wants `status`; afterwards the server must close. */
async function answer(runner, request) {
  const client = await runner.connectRaw();
  client.write(request);
  const response = await client.response();
  response.body = (await client.rest()).toString();
  await client.destroy();
  return response;
}

const refused = (name, request, status, check = () => {}) =>
  runnerTest(name, echoApp, async (runner) => {
    const response = await answer(runner, request);
    const wanted = [status].flat();
    assert.ok(wanted.includes(response.status), `${response.line}, where ${wanted.join(' or ')} was expected`);
    check(response);
    assert.equal((await runner.ask({ name: 'echo', payload: 'still there' })).body, 'still there');
  });

const upgrade = (headers, more = {}) => upgradeRequest({ headers, ...more });
const wantsUpgrade = ({ headers }) => assert.match(headers.upgrade, /^websocket$/i);
const wantsVersion = ({ headers }) => assert.equal(headers['sec-websocket-version'], '13');

refused('a plain GET', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 426, wantsUpgrade);
refused('a plain GET of a path', 'GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n', 426, wantsUpgrade);
refused('a GET with HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', [400, 426, 505]);
refused('a POST', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}', 405, ({ headers }) => assert.match(headers.allow, /\bGET\b/));
refused('a POST that asks for an upgrade', upgradeRequest().replace('GET', 'POST'), 405);
refused('an OPTIONS', 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n', [400, 405]);
for (const head of ['HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'HEAD nowhere HTTP/1.1\r\n\r\n', 'HEAD / HTTP/2.0\r\n\r\n']) {
  runnerTest(`a HEAD is refused without a body: ${JSON.stringify(head)}`, echoApp, async (runner) => {
    const client = await runner.connectRaw();
    client.write(head);
    assert.ok([405, 505].includes((await client.response()).status));
    assert.equal((await client.rest()).length, 0);
  });
}
refused('no request at all', 'hello\r\n\r\n', 400);
refused('a request line of one word', 'GET\r\n\r\n', 400);
refused('a version that is none', 'GET / HTTP/x.y\r\nHost: localhost\r\n\r\n', 400);
refused('HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 405, 505]);
refused('TLS', Buffer.from('16030100a5010000a10303', 'hex'), 400);
refused('NUL in the request', 'GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n', 400);
refused('a header without a colon', 'GET / HTTP/1.1\r\nHost: localhost\r\nnonsense\r\n\r\n', 400);
refused('a header with a blank before the colon', upgrade({ 'X-Blank ': '1' }), 400);
refused('a folded header', upgrade({ 'X-Folded': 'one\r\n two' }), 400);
refused('a header without a name', upgrade({ '': 'x' }), 400);
refused('a control character in a header', upgrade({ 'X-Control': 'a\x01b' }), 400);
refused('no Host', upgrade({ Host: null }), 400);
refused('two Hosts', upgrade({ 'X-One': '1\r\nHost: other' }), 400);

refused('a key that is too short', upgrade({ 'Sec-WebSocket-Key': 'c2hvcnQ=' }), 400);
refused('a key that is no base64', upgrade({ 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' }), 400);
refused('no key', upgrade({ 'Sec-WebSocket-Key': null }), 400);
refused('two keys', upgrade({ 'X-One': '1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' }), 400);
refused('version 8', upgrade({ 'Sec-WebSocket-Version': '8' }), [400, 426], wantsVersion);
refused('no version', upgrade({ 'Sec-WebSocket-Version': null }), [400, 426], wantsVersion);
refused('an upgrade to something else', upgrade({ Upgrade: 'h2c' }), [400, 426]);
refused('an upgrade without Connection', upgrade({ Connection: null }), [400, 426]);
refused('an upgrade with another Connection', upgrade({ Connection: 'keep-alive' }), [400, 426]);
refused('an upgrade with a body', upgrade({ 'Content-Length': '5' }) + 'hello', 400);
refused('protocols that are no tokens', upgrade({ 'Sec-WebSocket-Protocol': 'a b, c' }), 400);

refused('a target that is too long', upgradeRequest({ path: `/${'x'.repeat(9000)}` }), 414);
refused('a target without an end', `GET /${'x'.repeat(20_000)}`, 414);
refused('a header that is too long', upgrade({ 'X-Long': 'x'.repeat(20_000) }), 431);
refused('too many headers', upgrade(Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`X-${i}`, '1']))), 431);
refused('headers without an end', `GET / HTTP/1.1\r\nHost: localhost\r\n${'X-More: 1\r\n'.repeat(5000)}`, 431);

runnerTest('Sec-WebSocket-Accept', echoApp, async (runner) => {
  const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  for (const key of ['dGhlIHNhbXBsZSBub25jZQ==', 'AAAAAAAAAAAAAAAAAAAAAA==', '/////////////////////w==']) {
    const client = await runner.connectRaw();
    const { headers, line } = await client.upgrade({ headers: { 'Sec-WebSocket-Key': key } });
    assert.match(line, /^HTTP\/1\.1 101 \S/);
    assert.match(headers.upgrade, /^websocket$/i);
    assert.match(headers.connection, /^upgrade$/i);
    assert.equal(headers['sec-websocket-accept'], createHash('sha1').update(key + guid).digest('base64'));
    assert.equal(headers['sec-websocket-protocol'], undefined, 'none was offered');
    await client.destroy();
  }
});

runnerTest('unknown extensions are passed over', echoApp, async (runner) => {
  const client = await runner.connectRaw();
  const { headers } = await client.upgrade({ headers: { 'Sec-WebSocket-Extensions': 'permessage-foo; a=1, permessage-bar' } });
  assert.equal(headers['sec-websocket-extensions'], undefined);
  await client.destroy();
});

runnerTest('upgrades in other spellings', echoApp, async (runner) => {
  const spellings = [
    { Upgrade: 'WebSocket', Connection: 'keep-alive, Upgrade' },
    { Upgrade: 'WEBSOCKET', Connection: 'upgrade' },
    { Upgrade: null, upgrade: 'websocket', Connection: null, CONNECTION: 'UPGRADE,  keep-alive' },
    { Upgrade: 'h2c, websocket' },
    { 'X-Blanks': ' \t  value \t ' },
    { 'X-Latin': Buffer.from('é').toString('latin1') },
  ];
  for (const headers of spellings) {
    const client = await runner.connectRaw();
    await client.upgrade({ headers });
    await client.destroy();
  }
});

runnerTest('an upgrade that comes byte by byte', echoApp, async (runner) => {
  const client = await runner.connectRaw();
  await client.writePieces([...upgradeRequest()].map((character) => character));
  await client.upgraded();
  await client.destroy();
});

runnerTest('an upgrade cut at every byte', echoApp, async (runner) => {
  const request = upgradeRequest();
  const cuts = Array.from({ length: request.length - 1 }, (_, i) => i + 1);
  await Promise.all(
    cuts.map(async (cut) => {
      const client = await runner.connectRaw();
      await client.writePieces([request.slice(0, cut), request.slice(cut)]);
      await client.upgraded();
      await client.destroy();
    }),
  );
});

runnerTest('two requests at once: the first is answered, and that is all', echoApp, async (runner) => {
  const client = await runner.connectRaw();
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(2));
  assert.equal((await client.response()).status, 426);
  assert.doesNotMatch((await client.rest()).toString(), /HTTP\/1\.1/);
});

runnerTest('a client that asks for nothing is let go', { ...echoApp, args: ['--handshake-timeout', '100ms'] }, async (runner) => {
  const silent = await runner.connectRaw();
  const slow = await runner.connectRaw();
  slow.write('GET / HTTP/1.1\r\nHost');
  const open = await runner.connect();
  await Promise.all([silent.rest(), slow.rest()]);
  assert.equal((await open.ask({ name: 'echo', payload: 'not meant' })).body, 'not meant');
});

runnerTest('a subprotocol is never a way into the response', echoApp, async (runner) => {
  const client = await runner.connectRaw();
  client.write(upgrade({ 'Sec-WebSocket-Protocol': 'good\x0bSet-Cookie: a=b' }));
  const response = await client.response();
  assert.equal(response.headers['set-cookie'], undefined);
  assert.equal(response.status, 400);
});
