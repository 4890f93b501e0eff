// TLS: who is let in, with what, and what a new certificate changes.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import tls from 'node:tls';
import { echoApp, makeApp } from './support/app.mjs';
import { connect } from './support/client.mjs';
import { RawClient, text, upgradeRequest } from './support/raw.mjs';
import { guarded, runToEnd, runnerTest, startRunner } from './support/runner.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'configurapi-tls-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Makes <name>.key and <name>.crt. */
function makeCertificate(name, kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']) {
  const [key, cert] = [path.join(folder, `${name}.key`), path.join(folder, `${name}.crt`)];
  const names = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  execFileSync('openssl', ['req', '-x509', ...kind, '-nodes', '-days', '2', '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' });
  return { key, cert };
}

const slowApp = {
  routes: { slow: 'slowHandler' },
  handlers: {
    async slowHandler(event) {
      await new Promise(setImmediate);
      event.response = new Response(event.payload.length);
    },
  },
};
const first = makeCertificate('first');
const second = makeCertificate('second');
const encrypted = path.join(folder, 'encrypted.key');
execFileSync('openssl', ['pkey', '-in', first.key, '-aes128', '-passout', 'pass:secret', '-out', encrypted], { stdio: 'ignore' });
const third = makeCertificate('third', ['-newkey', 'rsa:2048']);

/** Runs `body` with a runner whose certificate is a copy of `first`, which the body may replace. */
function secureTest(name, app, body) {
  test(name, async () => {
    const directory = makeApp(app);
    const files = { key: path.join(directory.path, 'a.key'), cert: path.join(directory.path, 'a.crt') };
    const use = (pair) => {
      copyFileSync(pair.key, files.key);
      copyFileSync(pair.cert, files.cert);
    };
    use(first);
    let runner;
    try {
      runner = await startRunner({ cwd: directory.path, args: ['--key', 'a.key', '--cert', 'a.crt', '--s-port', '0', ...(app.args ?? [])] });
      const [, port] = await runner.output('stdout', /Listening on wss:\/\/\S+:(\d+)/);
      await guarded(body({ runner, port: Number(port), files, use }));
      if (!runner.hasExited) await guarded(runner.stop());
    } finally {
      await runner?.kill();
      directory.remove();
    }
  });
}

/** A TLS stream to the port, once its handshake has ended; rejects where it fails. */
async function secureStream(port, options = {}) {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

const nameOf = async (port) => {
  const socket = await secureStream(port);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN;
};

async function echo(client, payload) {
  assert.deepEqual((await client.ask({ name: 'echo', payload })).body, payload);
}

secureTest('both ports serve, each its own protocol', echoApp, async ({ runner, port }) => {
  const plain = await connect(`ws://127.0.0.1:${(await runner.output('stdout', /Listening on ws:\/\/\S+:(\d+)/))[1]}`);
  const secure = new RawClient(await secureStream(port));
  await secure.upgrade({}, '');
  await echo(plain, 'plain');
  secure.destroy();
  await plain.close();
});

for (const version of ['TLSv1.2', 'TLSv1.3']) {
  secureTest(`${version} is spoken, with ALPN http/1.1, and resumed`, echoApp, async ({ port }) => {
    const options = { minVersion: version, maxVersion: version, ALPNProtocols: ['h2', 'http/1.1'] };
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    let session = once(socket, 'session');
    await once(socket, 'secureConnect');
    assert.equal(socket.getProtocol(), version);
    assert.equal(socket.alpnProtocol, 'http/1.1');
    assert.equal(socket.isSessionReused(), false);
    await new RawClient(socket).upgrade();
    [session] = await session;
    socket.destroy();
    const again = await secureStream(port, { ...options, session });
    assert.equal(again.isSessionReused(), true);
    const client = new RawClient(again);
    await client.upgrade();
    client.destroy();
  });
}

secureTest('older versions and other protocols are refused', echoApp, async ({ port }) => {
  const refused = (options) => assert.rejects(secureStream(port, options), /alert|protocol|version/i, JSON.stringify(options));
  await refused({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' });
  await refused({ ALPNProtocols: ['h2'] });
  const without = await secureStream(port);
  assert.equal(without.alpnProtocol, false);
  without.destroy();
});

// What a cut record has left and 64 KB more are more than one piece of plain text, and the first may have to wait.
secureTest('more at once than is handled at once', { ...slowApp, args: ['--max-in-flight', '2'] }, async ({ port }) => {
  const socket = await secureStream(port);
  socket.setMaxSendFragment(13_000); // records of which nearly six are read at once
  const client = new RawClient(socket);
  await client.upgrade();
  const payload = 'x'.repeat(900);
  const ids = Array.from({ length: 2000 }, (_, i) => i);
  client.write(Buffer.concat(ids.map((id) => text({ name: 'slow', headers: { 'message-id': id }, payload }))));
  const replies = [];
  while (replies.length < ids.length) replies.push(await client.next());
  assert.deepEqual(replies.map(({ headers }) => headers['message-id']).sort((a, b) => a - b), ids);
  for (const { body } of replies) assert.equal(body, payload.length);
  client.destroy();
});

secureTest('renegotiation is refused', echoApp, async ({ port }) => {
  const socket = await secureStream(port, { maxVersion: 'TLSv1.2' });
  const error = await new Promise((resolve) => {
    socket.on('error', resolve);
    socket.renegotiate({}, resolve);
  });
  assert.ok(error, 'it went through');
  socket.destroy();
});

/** Resolves when the socket is closed, be it with a reset: so does a kernel end what has bytes that nobody has read. */
const whenClosed = (socket) => new Promise((resolve) => socket.on('error', () => {}).on('close', resolve));

secureTest('what is no TLS is closed, and others are served', echoApp, async ({ port }) => {
  for (const bytes of ['GET / HTTP/1.1\r\nHost: h\r\n\r\n', Buffer.alloc(20_000, 0x16), Buffer.from('1603010200010001fc0303', 'hex'), Buffer.from([0x16, 3, 1, 0xff, 0xff, ...Buffer.alloc(70_000)])]) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.resume();
    socket.end(bytes);
    await whenClosed(socket);
  }
  const client = new RawClient(await secureStream(port));
  await client.upgrade();
  client.destroy();
});

const goneApp = {
  ...echoApp,
  routes: { ...echoApp.routes, on_disconnect: 'goneHandler' },
  handlers: { ...echoApp.handlers, goneHandler(event) { console.log('gone', event.payload.code); } },
};

secureTest('garbage behind the handshake ends the connection as gone', goneApp, async ({ runner, port }) => {
  const socket = net.connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  const secure = tls.connect({ socket, rejectUnauthorized: false });
  await once(secure, 'secureConnect');
  secure.on('error', () => {});
  await new RawClient(secure, socket).upgrade();
  socket.write(Buffer.from('1703030010'.padEnd(42, '0'), 'hex'));
  await runner.output('stdout', /gone 1006/);
  socket.destroy();
});

secureTest('who asks for new keys without end is gone', goneApp, async ({ runner, port }) => {
  // OpenSSL's own client: a line with a K is such a request.
  const client = spawn('openssl', ['s_client', '-tls1_3', '-connect', `127.0.0.1:${port}`], { stdio: ['pipe', 'pipe', 'pipe'] });
  client.stdin.on('error', () => {});
  const ended = once(client, 'close');
  try {
    let output = '';
    const outputs = async (pattern) => {
      while (!pattern.test(output)) await Promise.race([once(client.stdout, 'data'), ended]);
    };
    client.stdout.setEncoding('utf8').on('data', (piece) => (output += piece));
    await outputs(/Verify return code[^]*---/);
    client.stdin.write(upgradeRequest());
    await outputs(/101 Switching Protocols/);
    let sent = 0;
    let asking = true;
    client.stderr.on('data', () => client.stdin.write('K\n'));
    ended.then(() => (asking = false));
    for (client.stdin.write('K\n'); asking && sent < 1000; sent++) await Promise.race([once(client.stderr, 'data'), ended]);
    assert.ok(sent >= 32 && sent < 1000, `${sent} requests`); // those on their way when it was let go among them
    await runner.output('stdout', /gone 1006/);
  } finally {
    client.kill('SIGKILL');
  }
  const other = new RawClient(await secureStream(port));
  await other.upgrade();
  other.destroy();
});

secureTest('a handshake that does not end is dropped', { ...echoApp, args: ['--handshake-timeout', '200ms'] }, async ({ port }) => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('16030100a5', 'hex')]) {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.write(bytes);
    socket.resume();
    await whenClosed(socket);
  }
});

secureTest('a handshake byte by byte', echoApp, async ({ port }) => {
  const { Duplex } = await import('node:stream');
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const slow = new Duplex({
    read() {},
    write(chunk, encoding, done) {
      const next = (at) => (at === chunk.length ? done() : socket.write(chunk.subarray(at, at + 1), () => setImmediate(next, at + 1)));
      next(0);
    },
  });
  socket.on('data', (bytes) => slow.push(bytes));
  const secure = tls.connect({ socket: slow, rejectUnauthorized: false });
  await once(secure, 'secureConnect');
  const client = new RawClient(secure, socket);
  await client.upgrade();
  secure.destroy();
  socket.destroy();
});

secureTest('large messages go through whole, both ways', echoApp, async ({ port }) => {
  const { default: WebSocket } = await import('ws');
  const socket = new WebSocket(`wss://127.0.0.1:${port}`, { rejectUnauthorized: false, perMessageDeflate: false });
  await once(socket, 'open');
  for (const length of [0, 1, 16_383, 16_384, 16_385, 65_535, 65_536, 70_000, 3_000_000]) {
    const payload = 'ä'.repeat(length);
    socket.send(JSON.stringify({ name: 'echo', payload }));
    const [data] = await once(socket, 'message');
    assert.equal(JSON.parse(data).body, payload);
  }
  socket.close();
  await once(socket, 'close');
});

secureTest('SIGHUP: tickets from before it are no longer taken', echoApp, async ({ runner, port, use }) => {
  const visit = async (session) => {
    const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, session });
    const ticket = once(socket, 'session');
    await once(socket, 'secureConnect');
    await new RawClient(socket).upgrade();
    const found = { reused: socket.isSessionReused(), ticket: (await ticket)[0] };
    socket.destroy();
    return found;
  };
  const { ticket } = await visit();
  assert.equal((await visit(ticket)).reused, true);
  use(second);
  runner.signal('SIGHUP');
  await runner.output('stdout', /Reloaded/);
  const { reused, ticket: newer } = await visit(ticket);
  assert.equal(reused, false);
  assert.equal((await visit(newer)).reused, true);
});

secureTest('SIGHUP: new connections get the new certificate, old ones stay', echoApp, async ({ runner, port, files, use }) => {
  const { default: WebSocket } = await import('ws');
  const old = new WebSocket(`wss://127.0.0.1:${port}`, { rejectUnauthorized: false });
  await once(old, 'open');
  const ask = async () => {
    old.send(JSON.stringify({ name: 'echo', payload: 1 }));
    return JSON.parse((await once(old, 'message'))[0]).body;
  };
  assert.equal(await nameOf(port), 'first');
  use(second);
  assert.equal(await nameOf(port), 'first');
  runner.signal('SIGHUP');
  await runner.output('stdout', /Info: configurapi - {2}- Reloaded config\.yaml and its handlers, key and certificate\n/);
  assert.equal(await nameOf(port), 'second');
  assert.equal(await ask(), 1);

  writeFileSync(files.cert, 'nothing of the kind');
  runner.signal('SIGHUP');
  await runner.output('stderr', /Not reloaded, all stays as it was: a\.crt: /);
  assert.equal(await nameOf(port), 'second');

  use({ key: third.key, cert: second.cert });
  runner.signal('SIGHUP');
  await runner.output('stderr', /Not reloaded[^\n]*\n[^\n]*Not reloaded[^\n]*a\.key: /);
  use(third);
  runner.signal('SIGHUP');
  await runner.output('stdout', /Reloaded[^]*Reloaded/);
  assert.equal(await nameOf(port), 'third');
  assert.equal(await ask(), 1);
  old.close();
  await once(old, 'close');
});

runnerTest('SIGHUP without a certificate reads nothing, and says so', echoApp, async (runner) => {
  runner.signal('SIGHUP');
  await runner.output('stdout', /Info: configurapi - {2}- Reloaded config\.yaml and its handlers\n/);
});

for (const [name, args, line] of [
  ['a key without a certificate', ['--key', first.key], /^--key and --cert go together/],
  ['a certificate without a key', ['--cert', first.cert], /^--key and --cert go together/],
  ['a port without a key', ['--s-port', '0'], /^--s-port needs --key and --cert$/m],
  ['no such key', ['--key', 'nowhere.key', '--cert', first.cert], /^nowhere\.key: .*No such file/],
  ['no such certificate', ['--key', first.key, '--cert', 'nowhere.crt'], /^nowhere\.crt: .*No such file/],
  ['a key that is none', ['--key', 'config.yaml', '--cert', first.cert], /^config\.yaml: no key/],
  ['a certificate that is none', ['--key', first.key, '--cert', 'config.yaml'], /^config\.yaml: no certificate/],
  ['an encrypted key', ['--key', encrypted, '--cert', first.cert], /encrypted\.key: the key is encrypted: it must be there without a passphrase$/m],
  ["another certificate's key", ['--key', third.key, '--cert', first.cert], /third\.key: .*key/],
]) {
  test(`${name} is an error at the start`, async () => {
    const directory = makeApp(echoApp);
    try {
      for (const more of [[], ['--check']]) {
        const { code, stderr } = await runToEnd(['-p', '0', '--host', '127.0.0.1', ...args, ...more], { cwd: directory.path });
        assert.match(stderr, line);
        assert.equal(stderr.split('\n').length, 2, stderr);
        assert.equal(code, 2);
      }
    } finally {
      directory.remove();
    }
  });
}

test('the port for TLS is in use', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const directory = makeApp(echoApp);
  try {
    const args = ['-p', '0', '--host', '127.0.0.1', '--key', first.key, '--cert', first.cert, '--s-port', String(port), '--log-level', 'none'];
    const { code, stderr } = await runToEnd(args, { cwd: directory.path });
    assert.match(stderr, new RegExp(`port ${port}: the port is in use`));
    assert.equal(code, 2);
    assert.ok(readFileSync(first.key, 'utf8').includes('PRIVATE KEY'));
  } finally {
    directory.remove();
    server.close();
  }
});
