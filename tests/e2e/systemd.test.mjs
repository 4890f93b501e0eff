// What the program and a service manager tell each other: readiness, the watchdog, sockets handed over.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { echoApp, makeApp } from './support/app.mjs';
import { connect } from './support/client.mjs';
import { runnerPath, startRunner } from './support/runner.mjs';

/** A datagram socket to be notified at, which Node has not: Python's, that prints what it hears. */
async function withNotifySocket(body) {
  const folder = mkdtempSync(path.join(tmpdir(), 'configurapi-notify-'));
  const address = path.join(folder, 'socket');
  const script = 'import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\nprint("bound",flush=True)\nwhile True: print(s.recv(4096).decode(),flush=True)';
  const listener = spawn('python3', ['-c', script, address], { stdio: ['ignore', 'pipe', 'inherit'] });
  let heard = '';
  let wake = () => {};
  listener.stdout.setEncoding('utf8').on('data', (text) => {
    heard += text;
    wake();
  });
  const hears = async (pattern) => {
    while (!pattern.test(heard)) await new Promise((resolve) => (wake = resolve));
  };
  try {
    await hears(/bound/);
    await body(address, hears, () => heard);
  } finally {
    listener.kill();
    await once(listener, 'close');
    rmSync(folder, { recursive: true, force: true });
  }
}

const directoryOf = async (app, body) => {
  const directory = makeApp(app);
  try {
    await body(directory.path);
  } finally {
    directory.remove();
  }
};

test('it says when it is ready, that it lives, and when it stops', () =>
  withNotifySocket((address, hears, heard) =>
    directoryOf(echoApp, async (cwd) => {
      const runner = await startRunner({ cwd, env: { NOTIFY_SOCKET: address, WATCHDOG_USEC: '200000' } });
      try {
        await hears(/READY=1/);
        await hears(/WATCHDOG=1\nWATCHDOG=1/);
        assert.doesNotMatch(heard(), /STOPPING/);
        await runner.stop();
        await hears(/STOPPING=1/);
      } finally {
        await runner.kill();
      }
    })));

test('it is not ready before on_start has ended, nor where it fails', () =>
  withNotifySocket((address, hears, heard) =>
    directoryOf({ routes: { on_start: 'startHandler' }, handlers: { startHandler() { throw new Error('no'); } } }, async (cwd) => {
      await assert.rejects(startRunner({ cwd, env: { NOTIFY_SOCKET: address } }), /ended \(2\)/);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(heard(), 'bound\n');
    })));

test("another process's watchdog is not ours", () =>
  withNotifySocket((address, hears, heard) =>
    directoryOf(echoApp, async (cwd) => {
      const runner = await startRunner({ cwd, env: { NOTIFY_SOCKET: address, WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' } });
      try {
        await hears(/READY=1/);
        await new Promise((resolve) => setTimeout(resolve, 200));
        assert.equal((await runner.ask({ name: 'echo', payload: 1 })).body, 1);
        await runner.stop();
        await hears(/STOPPING=1/);
        assert.doesNotMatch(heard(), /WATCHDOG/);
      } finally {
        await runner.kill();
      }
    })));

test('handlers, and what they start, see nothing of it', () =>
  directoryOf({
    routes: { names: 'namesHandler' },
    prelude: 'const atLoad = Object.keys(process.env);',
    handlers: {
      namesHandler(event) {
        event.response = new Response([...atLoad, ...Object.keys(process.env)]);
      },
    },
  }, async (cwd) => {
    const env = { NOTIFY_SOCKET: '/nowhere', WATCHDOG_USEC: '1000000', WATCHDOG_PID: '1', LISTEN_FDS: '1', LISTEN_PID: '1', LISTEN_FDNAMES: 'ws', SEEN: 'yes' };
    const runner = await startRunner({ cwd, env });
    try {
      const names = (await runner.ask({ name: 'names' })).body.filter((name) => name in env);
      assert.deepEqual(names, ['SEEN', 'SEEN']);
      await runner.stop();
    } finally {
      await runner.kill();
    }
  }));

test('an address that is none is no error', () =>
  directoryOf(echoApp, async (cwd) => {
    for (const address of ['nonsense', '/nowhere/at/all', `/${'x'.repeat(200)}`]) {
      const runner = await startRunner({ cwd, env: { NOTIFY_SOCKET: address, WATCHDOG_USEC: 'x' } });
      await runner.stop();
    }
  }));

/** Starts the program as a service manager would, with listening sockets as descriptors 3, 4, …; prints their ports first. */
const activate = `
import os,socket,sys
names=sys.argv[1].split(':')
kept=[]
for i,name in enumerate(names):
    s=socket.socket(); s.bind(('127.0.0.1',0)); s.listen(16); kept.append(s)
print(' '.join(str(s.getsockname()[1]) for s in kept),flush=True)
for i,s in enumerate(kept):
    os.dup2(s.fileno(),100+i)
for i in range(len(kept)): os.dup2(100+i,3+i,inheritable=True)
os.environ.update(LISTEN_FDS=str(len(names)),LISTEN_PID=str(os.getpid()),LISTEN_FDNAMES=':'.join(names))
os.execv(sys.argv[2],sys.argv[2:])
`;

for (const workers of [1, 3])
  test(`sockets that are handed over are listened on, by ${workers} worker${workers > 1 ? 's' : ''}`, () =>
    directoryOf(echoApp, async (cwd) => {
      const [key, cert] = [path.join(cwd, 'k.pem'), path.join(cwd, 'c.pem')];
      execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-subj', '/CN=localhost'], { stdio: 'ignore' });
      const child = spawn('python3', ['-c', activate, 'management:wss:ws', runnerPath, '--key', key, '--cert', cert, '--workers', String(workers)], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
      const exit = once(child, 'close');
      try {
        while (!/Listening on ws:/.test(output)) await once(child.stdout, 'data');
        const [management, secure, plain] = output.split('\n')[0].split(' ');
        assert.match(output, new RegExp(`Management on http://127\\.0\\.0\\.1:${management}\n`));
        assert.match(output, new RegExp(`Listening on wss://127\\.0\\.0\\.1:${secure}\n`));
        assert.match(output, new RegExp(`Listening on ws://127\\.0\\.0\\.1:${plain}\n`));
        assert.deepEqual(await (await fetch(`http://127.0.0.1:${management}/health`)).json(), { status: 'ok' });
        const clients = await Promise.all(Array.from({ length: 12 }, () => connect(`ws://127.0.0.1:${plain}`)));
        for (const client of clients) assert.equal((await client.ask({ name: 'echo', payload: 1 })).body, 1);
        const metrics = await (await fetch(`http://127.0.0.1:${management}/metrics`)).text();
        assert.match(metrics, /^configurapi_connections 12$/m);
        await Promise.all(clients.map((client) => client.close()));
        child.kill('SIGTERM');
        assert.deepEqual(await exit, [0, null]);
      } finally {
        child.kill('SIGKILL');
      }
    }));

test('a socket for WSS without a key is an error at the start', () =>
  directoryOf(echoApp, async (cwd) => {
    const child = spawn('python3', ['-c', activate, 'wss:ws', runnerPath, '--no-management'], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
    try {
      assert.deepEqual(await once(child, 'close'), [2, null]);
      assert.equal(errors, 'a socket for WSS was handed over, and there is no key for it\n');
    } finally {
      child.kill('SIGKILL');
    }
  }));

test("another process's sockets are not ours", () =>
  directoryOf(echoApp, async (cwd) => {
    const runner = await startRunner({ cwd, env: { LISTEN_FDS: '1', LISTEN_PID: '1' } });
    await runner.stop();
  }));
