// The servers and load generators that are measured: every one is ended here, whatever happens.
import { spawn } from 'node:child_process';
import { createServer, connect } from 'node:net';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TIMEOUT_MS = 10_000;

export const loadCore = cpus().length > 1 ? 1 : 0;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

// setpriv and taskset become the program they start, so the child's pid is the program's own. The kernel ends it
// where this process cannot any more.
export function start(core, command, { cwd, timeoutMs } = {}) {
  const pinned = ['--pdeathsig', 'KILL', 'taskset', '-c', core, ...command].map(String);
  const child = spawn('setpriv', pinned, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = timeoutMs && setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  child.output = '';
  child.errors = '';
  child.stdout.on('data', (data) => (child.output = (child.output + data).slice(-4096)));
  child.stderr.on('data', (data) => (child.errors = (child.errors + data).slice(-4096)));
  child.ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(signal ?? code));
  }).then((result) => {
    clearTimeout(timer);
    running.delete(child);
    child.result = result;
    return result;
  });
  running.add(child);
  return child;
}

export async function end(child) {
  child.kill('SIGTERM');
  await Promise.race([child.ended, sleep(2000, undefined, { ref: false })]);
  if (child.result === undefined) child.kill('SIGKILL');
  // Whoever else holds its output does not keep this waiting.
  child.stdout.destroy();
  child.stderr.destroy();
  await child.ended;
}

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => settle(true));
    socket.on('error', () => settle(false));
    socket.setTimeout(1000, () => settle(false));
  });
}

export async function waitUntilUp(child, port) {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; ) {
    if (child.result !== undefined) throw new Error(`ended at once: ${lastLine(child.errors) || child.result}`);
    if (await accepts(port)) return;
    await sleep(50);
  }
  throw new Error(`did not listen within ${START_TIMEOUT_MS / 1000} s`);
}

export function lastLine(text) {
  return text.trim().split('\n').at(-1);
}
