// RFC 6455, section 4.2: the opening handshake, with RFC 9110 and 9112 where they say what a request is.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closePayload, frame, opcodes, text, upgradeRequest } from '../e2e/support/raw.mjs';
import { suite } from './support/suite.mjs';

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const sampleKey = 'dGhlIHNhbXBsZSBub25jZQ==';
const acceptOf = (key) => createHash('sha1').update(key + guid).digest('base64');

/** A request from lines, for what upgradeRequest() would not write; `replace` maps names to lines, null for none. */
const good = { host: 'Host: localhost', upgrade: 'Upgrade: websocket', connection: 'Connection: Upgrade', key: `Sec-WebSocket-Key: ${sampleKey}`, version: 'Sec-WebSocket-Version: 13' };
function request(replace = {}, { first = 'GET / HTTP/1.1', end = '\r\n' } = {}) {
  const lines = Object.values({ ...good, ...replace }).flat().filter((line) => line !== null);
  return [first, ...lines, '', ''].join(end);
}

/** The whole 101, with nothing in it but what has to be, and that what it opens is a WebSocket. */
async function accepted(peer, head, more = {}) {
  const { line, headers } = await peer.client.upgraded();
  assert.equal(line, 'HTTP/1.1 101 Switching Protocols');
  const key = /^sec-websocket-key:[ \t]*([^ \t\r]*)/im.exec(head)[1];
  const { upgrade, connection, ...others } = headers;
  assert.equal(upgrade.toLowerCase(), 'websocket');
  assert.equal(connection.toLowerCase(), 'upgrade');
  assert.deepEqual(others, { 'sec-websocket-accept': acceptOf(key), ...more });
  peer.send(text('open'));
  await peer.text('open');
}

suite(11, 'Handshake', (group) => {
  const raw = (words) => group(words, { upgrade: false });

  const takes = (words) => {
    const check = raw(words);
    return (name, head, more) =>
      check(name, async (peer) => {
        peer.client.write(Buffer.from(head, 'latin1'));
        await accepted(peer, head, more);
      });
  };
  /** A refusal is a whole response of its own, whose body is as long as it says, and then the end. */
  const refuses = (words) => {
    const check = raw(words);
    return (name, head, status, more = {}) =>
      check(name, async (peer) => {
        peer.client.write(Buffer.from(head, 'latin1'));
        const response = await peer.refused();
        assert.equal(response.status, status, `${response.line}: ${response.body}`);
        assert.match(response.line, /^HTTP\/1\.1 \d\d\d [A-Z][A-Za-z ]+$/);
        const isHead = head.startsWith('HEAD '); // its refusal has no body, and need not say how long that would be
        assert.equal(response.headers['content-length'], isHead ? undefined : String(Buffer.byteLength(response.body)));
        if (isHead) assert.equal(response.body, '');
        assert.match(response.headers.connection, /\bclose\b/);
        assert.equal(response.headers['sec-websocket-accept'], undefined);
        for (const [header, value] of Object.entries(more)) assert.equal(response.headers[header], value);
      });
  };
  const asksForUpgrade = { upgrade: 'websocket', connection: 'close, Upgrade', 'sec-websocket-version': '13' };

  const plain = takes('what is taken');
  plain('the least there can be', request());
  plain('the example of RFC 6455, section 1.3', request({
    host: 'Host: server.example.com',
    origin: 'Origin: http://example.com',
    protocol: 'Sec-WebSocket-Protocol: chat, superchat',
  }, { first: 'GET /chat HTTP/1.1' }), { 'sec-websocket-protocol': 'chat' });
  plain('a path and a query', request({}, { first: 'GET /a/b%20c?d=e&f=%E2%98%83 HTTP/1.1' }));
  plain('the absolute form of the target', request({}, { first: 'GET http://localhost/a?b HTTP/1.1' }));
  plain('a later HTTP/1', request({}, { first: 'GET / HTTP/1.2' }));
  plain('other headers: Cookie, Authorization, User-Agent, Pragma', request({
    others: ['Cookie: a=b; c=d', 'Authorization: Basic YTpi', 'User-Agent: Mozilla/5.0 (X11)', 'Pragma: no-cache', 'Cache-Control: no-cache', 'Accept-Encoding: gzip'],
  }));
  plain('Content-Length: 0', request({ length: 'Content-Length: 0' }));
  plain('a server\'s header, Sec-WebSocket-Accept', request({ accept: 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }));
  plain('an empty line before the request', `\r\n${request()}`);

  const spellings = takes('spellings');
  spellings('names in lower case', request(Object.fromEntries(Object.entries(good).map(([name, line]) => [name, line.replace(/^[^:]+/, (header) => header.toLowerCase())]))));
  spellings('names in upper case', request(Object.fromEntries(Object.entries(good).map(([name, line]) => [name, line.replace(/^[^:]+/, (header) => header.toUpperCase())]))));
  spellings('the headers the other way round', request({}).split('\r\n').slice(1, 6).reverse().reduce((head, line) => `${head}${line}\r\n`, 'GET / HTTP/1.1\r\n') + '\r\n');
  for (const value of ['websocket', 'WebSocket', 'WEBSOCKET', 'wEbSoCkEt', 'h2c, websocket', 'websocket, h2c', 'h2c,websocket,x', ', websocket ,']) {
    spellings(`Upgrade: ${value}`, request({ upgrade: `Upgrade: ${value}` }));
  }
  for (const value of ['Upgrade', 'upgrade', 'UPGRADE', 'keep-alive, Upgrade', 'Upgrade, keep-alive', 'keep-alive,upgrade', 'keep-alive ,\tUpgrade , x', ',Upgrade,', 'keep-alive, , Upgrade']) {
    spellings(`Connection: ${value.replace('\t', '(tab)')}`, request({ connection: `Connection: ${value}` }));
  }
  spellings('Connection in two lines', request({ connection: ['Connection: keep-alive', 'Connection: Upgrade'] }));
  spellings('Connection in two lines, Upgrade in the first', request({ connection: ['Connection: Upgrade', 'Connection: keep-alive'] }));
  spellings('Upgrade in two lines', request({ upgrade: ['Upgrade: h2c', 'Upgrade: websocket'] }));
  spellings('no blank behind the colons', request().replaceAll(': ', ':'));
  spellings('many blanks around values', request().replace(/^([^:\r\n]+): (.*)\r$/gm, '$1: \t  $2 \t \r'));

  const keys = takes('keys');
  for (const key of [sampleKey, 'AAAAAAAAAAAAAAAAAAAAAA==', '/////////////////////w==', '++++++++++++++++++++++==', 'AQIDBAUGBwgJCgsMDQ4PEC==']) {
    keys(key, request({ key: `Sec-WebSocket-Key: ${key}` }));
  }

  const missing = refuses('a header is missing');
  missing('Host', request({ host: null }), 400);
  missing('Upgrade', request({ upgrade: null }), 426, asksForUpgrade);
  missing('Connection', request({ connection: null }), 426, asksForUpgrade);
  missing('Sec-WebSocket-Key', request({ key: null }), 400);
  missing('Sec-WebSocket-Version', request({ version: null }), 426, asksForUpgrade);
  missing('all but Host', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 426, asksForUpgrade);

  const twice = refuses('a header that may come only once comes twice');
  twice('Host', request({ host: ['Host: localhost', 'Host: localhost'] }), 400);
  twice('Sec-WebSocket-Key', request({ key: [good.key, good.key] }), 400);
  twice('Sec-WebSocket-Version', request({ version: [good.version, good.version] }), 400);
  twice('Sec-WebSocket-Version, one of them another', request({ version: ['Sec-WebSocket-Version: 8', good.version] }), 400);

  const wrong = refuses('a header is wrong');
  for (const value of ['', 'h2c', 'websockets', 'web socket', 'x-websocket', 'websocket/8', '"websocket"']) {
    wrong(`Upgrade: ${value}`, request({ upgrade: `Upgrade: ${value}` }), 426, asksForUpgrade);
  }
  for (const value of ['', 'keep-alive', 'close', 'Upgrades', 'x-upgrade', 'Upgrade keep-alive', '"Upgrade"', 'keep-alive; Upgrade']) {
    wrong(`Connection: ${value}`, request({ connection: `Connection: ${value}` }), 426, asksForUpgrade);
  }
  for (const [words, value] of [
    ['none', ''],
    ['of no bytes', '===='],
    ['of 1 byte', 'AA=='],
    ['of 15 bytes', 'AAAAAAAAAAAAAAAAAAAA'],
    ['of 17 bytes', 'AAAAAAAAAAAAAAAAAAAAAAA='],
    ['of 18 bytes', 'AAAAAAAAAAAAAAAAAAAAAAAA'],
    ['of 20 bytes', 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='],
    ['without its padding', 'AAAAAAAAAAAAAAAAAAAAAA'],
    ['with too much padding', 'AAAAAAAAAAAAAAAAAAAAAA==='],
    ['with the padding elsewhere', 'AAAAAAAAAAAA==AAAAAAAAAA'],
    ['of another alphabet', 'AAAAAAAAAAA-_AAAAAAAAA=='],
    ['with a blank inside', 'AAAAAAAAAA AAAAAAAAAAA=='],
    ['that is no base64', '!!!!!!!!!!!!!!!!!!!!!!=='],
    ['of two', `${sampleKey}, ${sampleKey}`],
  ]) {
    wrong(`a key ${words}`, request({ key: `Sec-WebSocket-Key: ${value}` }), 400);
  }
  for (const value of ['', '0', '1', '7', '8', '12', '14', '25', '255', '256', '013', '+13', '13.0', '1 3', '-13', '0x0d', 'thirteen', '13, 8', '8, 13', '13;']) {
    wrong(`Sec-WebSocket-Version: ${value}`, request({ version: `Sec-WebSocket-Version: ${value}` }), 426, asksForUpgrade);
  }
  for (const value of ['', 'a b', 'a/b', 'user@host', 'localhost, localhost/']) wrong(`Host: ${value}`, request({ host: `Host: ${value}` }), 400);

  const requests = refuses('a request that cannot be an upgrade');
  for (const method of ['POST', 'PUT', 'HEAD', 'DELETE', 'CONNECT', 'get', 'Get', 'GETS']) {
    requests(method, request({}, { first: `${method} / HTTP/1.1` }), 405, { allow: 'GET' });
  }
  requests('HTTP/1.0', request({}, { first: 'GET / HTTP/1.0' }), 400);
  requests('HTTP/0.9', request({}, { first: 'GET / HTTP/0.9' }), 505);
  requests('HTTP/2.0', request({}, { first: 'GET / HTTP/2.0' }), 505);
  requests('http/1.1', request({}, { first: 'GET / http/1.1' }), 400);
  requests('no version', request({}, { first: 'GET /' }), 400);
  requests('no target', request({}, { first: 'GET HTTP/1.1' }), 400);
  requests('a target with a blank', request({}, { first: 'GET /a b HTTP/1.1' }), 400);
  requests('a target with a fragment', request({}, { first: 'GET /a#b HTTP/1.1' }), 400);
  requests('a target that is no path', request({}, { first: 'GET a HTTP/1.1' }), 400);
  requests('the target *', request({}, { first: 'GET * HTTP/1.1' }), 400);
  requests('a folded header', request({ folded: 'X-Folded: one\r\n two' }), 400);
  requests('a blank before a colon', request({ upgrade: 'Upgrade : websocket' }), 400);
  requests('a line without a colon', request({ line: 'nonsense' }), 400);
  requests('NUL in a header', request({ line: 'X-Nul: a\0b' }), 400);
  requests('a carriage return in a header', request({ line: 'X-Return: a\rb' }), 400);
  requests('a body', `${request({ length: 'Content-Length: 5' })}hello`, 400);
  requests('a chunked body', `${request({ coding: 'Transfer-Encoding: chunked' })}0\r\n\r\n`, 400);

  const protocols = takes('subprotocols');
  const protocol = (...values) => request({ protocol: values.map((value) => `Sec-WebSocket-Protocol: ${value}`) });
  protocols('one', protocol('chat'), { 'sec-websocket-protocol': 'chat' });
  protocols('several: the first', protocol('chat, superchat, x'), { 'sec-websocket-protocol': 'chat' });
  protocols('without blanks', protocol('b,a'), { 'sec-websocket-protocol': 'b' });
  protocols('in several lines', protocol('one', 'two, three'), { 'sec-websocket-protocol': 'one' });
  protocols('as it is written', protocol('ChAt.V1!#$%&\'*+-^_`|~'), { 'sec-websocket-protocol': 'ChAt.V1!#$%&\'*+-^_`|~' });
  protocols('empty elements do not count', protocol(', ,chat,'), { 'sec-websocket-protocol': 'chat' });
  protocols('nobody has ever heard of it', protocol('x-4711-unknown'), { 'sec-websocket-protocol': 'x-4711-unknown' });
  protocols('none offered, none chosen', request());
  const bad = refuses('subprotocols that are no tokens');
  for (const value of ['a b', 'a;b', 'a/b', '"a"', 'a, b c', 'é', 'a@b', '(a)']) bad(value, protocol(value), 400);

  const extensions = takes('unknown extensions');
  const extension = (...values) => request({ extension: values.map((value) => `Sec-WebSocket-Extensions: ${value}`) });
  for (const value of ['x-unknown', 'x-unknown; a', 'x-unknown; a=1; b="two"', 'x-one, x-two; a=1, x-three', 'permessage-bzip2; client_max_level=9', 'x-webkit-deflate-frame', 'mux; max-channels=4; flow-control']) {
    extensions(value, extension(value));
  }
  extensions('in several lines', extension('x-one', 'x-two; a=1'));

  const malformed = refuses('extensions that are not well-formed (RFC 6455, section 9.1)');
  for (const value of ['x y', 'x;', 'x; ;a', 'x; =1', 'x; a=', 'x; a="', 'x; a="b c"', 'x; a=b c', '; a', 'x/y', 'permessage-deflate; server_max_window_bits=', 'permessage-deflate x', '(x)']) {
    malformed(value, extension(value), 400);
  }

  const arrival = raw('how it arrives');
  arrival('octet by octet', async (peer) => {
    await peer.chop([Buffer.from(request())], 1);
    await accepted(peer, request());
  });
  arrival('cut at every octet', async (peer, connect) => {
    for (let at = 1; at < request().length; at++) {
      const other = await connect();
      await other.sendEach([Buffer.from(request().slice(0, at)), Buffer.from(request().slice(at))]);
      await accepted(other, request());
      await other.finish();
    }
    peer.client.write(request());
    await accepted(peer, request());
  });
  arrival('a refusal octet by octet', async (peer) => {
    await peer.chop([Buffer.from(request({ version: 'Sec-WebSocket-Version: 8' }))], 1);
    assert.equal((await peer.refused()).status, 426);
  });
  arrival('with a message right behind it', async (peer) => {
    peer.send(Buffer.from(request()), text('early'));
    await peer.client.upgraded();
    await peer.text('early');
  });
  arrival('with fragments and a ping right behind it', async (peer) => {
    peer.send(Buffer.from(request()), text('ear', { final: false }), frame(opcodes.ping, 'p'), frame(opcodes.continuation, 'ly'));
    await peer.client.upgraded();
    await peer.pong('p');
    await peer.text('early');
  });
  arrival('with half a message right behind it', async (peer) => {
    const message = text('early');
    peer.send(Buffer.from(request()), message.subarray(0, 5));
    await peer.client.upgraded();
    peer.send(message.subarray(5));
    await peer.text('early');
  });
  arrival('with a wrong frame right behind it', async (peer) => {
    peer.send(Buffer.from(request()), text('early', { masked: false }));
    await peer.client.upgraded();
    await peer.failed(1002);
  });
  arrival('with a close right behind it', async (peer) => {
    peer.send(Buffer.from(request()), frame(opcodes.close, closePayload(1000)));
    await peer.client.upgraded();
    await peer.closed(closePayload(1000));
  });
  arrival('as upgradeRequest() of other tests writes it', async (peer) => {
    const head = upgradeRequest();
    peer.client.write(head);
    await accepted(peer, head);
  });

  const versions = raw('version negotiation (section 4.4)');
  versions('8, then what the answer says', async (peer, connect) => {
    peer.client.write(request({ version: 'Sec-WebSocket-Version: 8' }));
    const { headers, status } = await peer.refused();
    assert.equal(status, 426);
    const head = request({ version: `Sec-WebSocket-Version: ${headers['sec-websocket-version']}` });
    const other = await connect();
    other.client.write(head);
    await accepted(other, head);
  });
});
