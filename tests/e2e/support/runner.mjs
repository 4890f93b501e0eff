// Starts the program under test in a directory and looks after its end.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeApp } from './app.mjs';
import { connect } from './client.mjs';
import { connectRaw } from './raw.mjs';
import { scheme, transportArgs } from './transport.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const testsDirectory = path.resolve(here, '../..');

/** The program under test: CONFIGURAPI_RUNNER, or what `make build` leaves. A .mjs is run by Node (the differential suite's reference). */
export const runnerPath = path.resolve(process.env.CONFIGURAPI_RUNNER ?? path.join(here, '../../../build/configurapi-runner-ws'));
export const referencePath = path.join(testsDirectory, 'differential/reference/runner.mjs');

/** Guards against a test that waits for ever; nothing is measured by it. */
const watchdogMs = 60_000;

const sanitizerReport = /ERROR: (Address|Leak|Thread|Memory)Sanitizer|WARNING: ThreadSanitizer|runtime error: /;

/** Whether the program was built with a sanitizer, which multiplies what it uses of memory. */
export function isSanitized() {
  return readFileSync(runnerPath).includes('__asan_init') || readFileSync(runnerPath).includes('__tsan_init');
}

function environment(extra, directory, isReference) {
  const { NODE_TEST_CONTEXT, NODE_OPTIONS, NODE_ENV, ...inherited } = process.env;
  // 1.9.0 requires what `import` names from its own directory: NODE_PATH leads it to the application's modules.
  const nodePath = [path.join(directory, 'node_modules'), path.join(testsDirectory, 'node_modules')].join(path.delimiter);
  // Not the user's own, and kept from one test to the next.
  const cache = path.join(path.dirname(runnerPath), 'test-cache');
  return { ...inherited, XDG_CACHE_HOME: cache, ...(isReference ? { NODE_PATH: nodePath } : {}), ...extra };
}

function launch(program, args, { cwd, env }) {
  const isReference = program.endsWith('.mjs');
  const [command, first] = isReference ? [process.execPath, [program]] : [program, []];
  // Many run at once: none takes the default port.
  const saysManagement = args.some((arg) => /^--(no-management|management-port)/.test(arg));
  if (!isReference && !saysManagement) first.push('--management-port', '0');
  return spawn(command, [...first, ...args], { cwd, env: environment(env, cwd, isReference), stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs the program to its end: for everything that does not come to serve. */
export async function runToEnd(args, { cwd, env } = {}) {
  const child = launch(runnerPath, args, { cwd, env });
  const watchdog = setTimeout(() => child.kill('SIGKILL'), watchdogMs);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text));
  const [code, signal] = await once(child, 'close');
  clearTimeout(watchdog);
  assert.doesNotMatch(output.stderr, sanitizerReport);
  return { code, signal, ...output };
}

const running = new Set();
process.on('exit', () => running.forEach((runner) => runner.signal('SIGKILL')));

/** Hundredths of a second that a process has used of the processor. */
export function processorTicks(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

export class Runner {
  #child;
  #waiting = new Set();

  stdout = '';
  stderr = '';
  port = 0;

  constructor(child) {
    this.#child = child;
    this.pid = child.pid;
    running.add(this);
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => {
        this[name] += text;
        this.#lookAgain();
      });
    }
    this.exited = new Promise((resolve) => {
      child.on('error', (error) => {
        this.stderr += String(error);
        resolve({ code: null, signal: null });
      });
      child.on('close', (code, signal) => resolve({ code, signal }));
    });
    this.exited.then(({ code, signal }) => {
      this.hasExited = true;
      running.delete(this);
      this.#lookAgain();
      for (const { name, pattern, reject } of this.#waiting) {
        const end = `the program ended (${signal ?? code}) and its ${name} had nothing like ${pattern}`;
        reject(new Error(`${end}\n--- stdout\n${this.stdout.slice(-4000)}\n--- stderr\n${this.stderr.slice(-4000)}`));
      }
    });
  }

  get url() {
    return `${scheme}://127.0.0.1:${this.port}`;
  }

  /** Resolves with the match as soon as `name` ('stdout' or 'stderr') has something like `pattern`. */
  output(name, pattern) {
    return new Promise((resolve, reject) => {
      this.#waiting.add({ name, pattern, resolve, reject });
      this.#lookAgain();
    });
  }

  #lookAgain() {
    for (const waiting of this.#waiting) {
      const match = this[waiting.name].match(waiting.pattern);
      if (!match) continue;
      this.#waiting.delete(waiting);
      waiting.resolve(match);
    }
  }

  /** The non-empty lines of `name` so far. */
  lines(name) {
    return this[name].split('\n').filter(Boolean);
  }

  signal(name) {
    this.#child.kill(name);
  }

  /** Asks for a clean stop and expects one. */
  async stop(signal = 'SIGTERM') {
    this.signal(signal);
    this.assertCleanEnd(await this.exited);
  }

  assertCleanEnd({ code, signal }, expected = 0) {
    assert.doesNotMatch(this.stderr, sanitizerReport);
    assert.deepEqual({ code, signal }, { code: expected, signal: null }, `exit code\n--- stderr\n${this.stderr.slice(-4000)}`);
  }

  async kill() {
    if (!this.hasExited) this.signal('SIGKILL');
    await this.exited;
  }

  // Clients

  connect(options) {
    return connect(this.url, options);
  }

  connectRaw() {
    return connectRaw(this.port);
  }

  /** A client that asked one thing: its reply. */
  async ask(message) {
    const client = await this.connect();
    const reply = await client.ask(message);
    await client.close();
    return reply;
  }

  /** What /proc says the process holds in memory, in bytes. */
  residentBytes() {
    const kilobytes = readFileSync(`/proc/${this.pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB/m)[1];
    return Number(kilobytes) * 1024;
  }

  /** The part of them that malloc() took, but for what is so large that it was mapped by itself; not to be had of a
   *  program with a sanitizer, which brings its own malloc(). */
  mallocBytes() {
    const [, kilobytes] = readFileSync(`/proc/${this.pid}/smaps`, 'utf8').match(/ \[heap\]\n(?:.*\n)*?Rss:\s+(\d+) kB/);
    return Number(kilobytes) * 1024;
  }
}

/** Starts `program` in `cwd` on a free port; resolves once it listens. */
export async function startRunner({ cwd, args = [], env = {}, program = runnerPath, port }) {
  const transport = program.endsWith('.mjs') ? [] : transportArgs;
  const ports = transport.length > 0 ? [...transport, '-p', '0', '--s-port', String(port ?? 0)] : ['-p', String(port ?? 0)];
  const runner = new Runner(launch(program, [...ports, '--host', '127.0.0.1', ...args], { cwd, env }));
  if (port !== undefined) {
    runner.port = port; // for those that do not say when they listen
    return runner;
  }
  try {
    const transport = program.endsWith('.mjs') ? 'ws' : scheme;
    await guarded(runner.output('stdout', /Listening on ws:\/\/\S+:(\d+)/)); // the last to listen
    const [, found] = await guarded(runner.output('stdout', new RegExp(`Listening on ${transport}://\\S+:(\\d+)`)));
    runner.port = Number(found);
    runner.management = runner.stdout.match(/Management on (http:\/\/\S+)/)?.[1];
    return runner;
  } catch (error) {
    await runner.kill();
    throw error;
  }
}

/** Rejects instead of waiting for ever. */
export async function guarded(promise) {
  let watchdog;
  const late = new Promise((_, reject) => {
    watchdog = setTimeout(() => reject(new Error(`nothing happened for ${watchdogMs / 1000} s`)), watchdogMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(watchdog);
  }
}

/**
 * A test of a running program: `app` is what makeApp takes, with `args` and `env` for the start. `body` gets the Runner and the
 * application's directory. Afterwards the program must stop cleanly, unless it has ended already (then the body has looked at that).
 */
export function runnerTest(name, app, body, { skip = false } = {}) {
  test(name, { skip }, async () => {
    const directory = makeApp(app);
    let runner;
    try {
      runner = await startRunner({ cwd: directory.path, args: app.args, env: app.env, port: app.port });
      await guarded(body(runner, directory.path));
      if (!runner.hasExited) await guarded(runner.stop());
    } catch (error) {
      if (runner && error instanceof Error) error.message += `\n--- the program's stderr\n${runner.stderr.slice(-4000)}`;
      throw error;
    } finally {
      await runner?.kill();
      directory.remove();
    }
  });
}
