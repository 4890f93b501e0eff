// The servers and load generators that are measured: every one is ended here, whatever happens.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TIMEOUT_MS = 10_000;
const LOOK_MS = 10;

export const SERVER_CORE = 0;
export const LOAD_CORE = cpus().length > 1 ? 1 : 0;

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

// setpriv and taskset become the program they start, so the child's pid is the program's own. The kernel ends it
// where this process cannot any more.
export function start(cores, command, { cwd, timeoutMs, input = 'ignore' } = {}) {
  const pinned = ['--pdeathsig', 'KILL', 'taskset', '-c', cores, ...command].map(String);
  const child = spawn('setpriv', pinned, { cwd, stdio: [input, 'pipe', 'pipe'] });
  const timer = timeoutMs && setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  child.output = '';
  child.errors = '';
  child.stdout.on('data', (data) => (child.output = (child.output + data).slice(-4096)));
  child.stderr.on('data', (data) => (child.errors = (child.errors + data).slice(-4096)));
  child.stdin?.on('error', () => {});
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

async function waitUntilUp(child, port) {
  for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; ) {
    if (child.result !== undefined) throw new Error(`ended at once: ${lastLine(child.errors) || child.result}`);
    if (await accepts(port)) return;
    await sleep(LOOK_MS);
  }
  throw new Error(`did not listen within ${START_TIMEOUT_MS / 1000} s`);
}

// Runs the server (servers.mjs) for as long as `body(port, child)` takes.
export async function serve(server, body, { cores = SERVER_CORE } = {}) {
  const port = await freePort();
  const child = start(cores, server.command(port), { cwd: server.cwd });
  try {
    await waitUntilUp(child, port);
    return await body(port, child);
  } finally {
    await end(child);
  }
}

// Waits for a program that measures, and returns what it says.
export async function resultOf(child) {
  const result = await child.ended;
  if (result !== 0) throw new Error(lastLine(child.errors) || `ended with ${result}`);
  return JSON.parse(child.output);
}

// The so many lines that a program says first.
export async function linesOf(child, count) {
  for (;;) {
    const lines = child.output.split('\n');
    if (lines.length > count) return lines.slice(0, count);
    if (child.result !== undefined) throw new Error(lastLine(child.errors) || `ended with ${child.result}`);
    await sleep(LOOK_MS);
  }
}

function lastLine(text) {
  return text.trim().split('\n').at(-1);
}

export function residentBytes({ pid }) {
  return 1024 * Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB/m)[1]);
}

// How much that has grown at each call since the one before, or since this one, once it has settled for so long: bytes for
// each of `count`.
export function growthOf(child, count) {
  let before = residentBytes(child);
  return async (settleMs) => {
    await sleep(settleMs);
    const bytes = residentBytes(child) - before;
    before += bytes;
    return bytes / count;
  };
}

// What a process and its threads have used of the processor, to a hundredth of a second.
export function cpuSeconds({ pid }) {
  const [, ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.join(') ').split(' ').slice(11, 13).map(Number);
  return (user + system) / 100;
}

let scratch;

// A folder for this run's files.
export function scratchFolder() {
  if (!scratch) {
    scratch = mkdtempSync(join(tmpdir(), 'configurapi-bench-'));
    process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
  }
  return scratch;
}
