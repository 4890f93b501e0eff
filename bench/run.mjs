// Measures the runner beside its peers and prints a Markdown table. See README.md for how to read it.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { cpus } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const bench = dirname(fileURLToPath(import.meta.url));
const project = dirname(bench);
const app = join(bench, 'app');
const START_TIMEOUT_MS = 10_000;
const CONNECTIONS = 64;
const LIMIT = 'epoll_echo';
const REFERENCE = 'node_configurapi';

const options = readOptions();

function readArguments() {
  try {
    return parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        server: { type: 'string' },
        load: { type: 'string' },
        'in-flight': { type: 'string', default: '1,16' },
        runs: { type: 'string' },
        seconds: { type: 'string' },
      },
    }).values;
  } catch (error) {
    return stop(error.message);
  }
}

function readOptions() {
  const values = readArguments();
  const loads = ['build/bench/bench/load', 'build/bench/load'].map((path) => join(project, path));
  const folders = ['build/bench/src', 'build/bench', 'build'];
  const runners = folders.map((folder) => join(project, folder, 'configurapi-runner-ws'));
  return {
    only: values.only?.split(','),
    server: values.server ? resolve(values.server) : runners.find(existsSync),
    load: values.load ? resolve(values.load) : loads.find(existsSync),
    inFlight: values['in-flight'].split(',').map((text) => whole('in-flight', text, 1, 1024)),
    runs: whole('runs', values.runs ?? (values.quick ? 3 : 5), 1, 100),
    seconds: within('seconds', values.seconds ?? (values.quick ? 1 : 3), 0.1, 60),
    warmup: values.quick ? 0.5 : 1,
  };
}

function within(name, text, lowest, highest) {
  const value = Number(text);
  if (!(value >= lowest && value <= highest)) stop(`--${name}: expected ${lowest} to ${highest}, got '${text}'`);
  return value;
}

function whole(name, text, lowest, highest) {
  return Math.trunc(within(name, text, lowest, highest));
}

function stop(message) {
  console.error(message);
  process.exit(2);
}

// ---- the servers

function findBun() {
  const platform = join(bench, 'node_modules/@oven', `bun-${process.platform}-${process.arch}`, 'bin/bun');
  return [platform, join(bench, 'node_modules/bun/bin/bun.exe'), 'bun'].find(works);
}

function works(program) {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore', timeout: 5000 });
    return true;
  } catch {
    return false;
  }
}

function listServers() {
  const built = (name) => join(dirname(options.load), name);
  const script = (name) => join(bench, 'peers', name);
  const npm = existsSync(join(bench, 'node_modules/ws')) ? undefined : 'run npm ci in bench/';
  const bun = findBun();
  const noBun = bun ? undefined : 'no bun: run npm ci in bench/';
  const notBuilt = (path) => (path && existsSync(path) ? undefined : 'not built');
  const echo = ['"from":"some one","n":41'];
  const pipeline = ['"statusCode":200', '"message-id":"abc-123"', '"body":{"id":123,"from":"some one","n":42}'];

  return [
    {
      name: 'runner',
      title: '**configurapi-runner-ws**',
      missing: notBuilt(options.server),
      command: (port) => [
        options.server,
        ...['-f', join(app, 'config.yaml'), '-p', port, '--host', '127.0.0.1', '--log-level', 'error'],
      ],
      cwd: app,
      expected: pipeline,
    },
    {
      name: LIMIT,
      title: 'bare epoll echo',
      missing: notBuilt(built('epoll_echo')),
      command: (port) => [built('epoll_echo'), port],
      expected: echo,
    },
    {
      name: 'lws_echo',
      title: 'libwebsockets echo',
      missing: notBuilt(built('lws_echo')),
      command: (port) => [built('lws_echo'), port],
      expected: echo,
    },
    {
      name: 'bun_echo',
      title: 'Bun, echo',
      missing: noBun,
      command: (port) => [bun, script('bun_echo.ts'), port],
      expected: echo,
    },
    {
      name: 'bun_pipeline',
      title: 'Bun, the same pipeline written by hand',
      missing: noBun,
      command: (port) => [bun, script('bun_pipeline.ts'), port],
      expected: pipeline,
    },
    {
      name: 'node_ws_echo',
      title: 'Node ws, echo',
      missing: npm,
      command: (port) => [process.execPath, script('node_ws_echo.mjs'), port],
      expected: echo,
    },
    {
      name: REFERENCE,
      title: 'Node ws + configurapi 1.9.0 (the reference)',
      missing: npm,
      command: (port) => [process.execPath, script('node_configurapi.mjs'), port],
      cwd: app,
      expected: pipeline,
    },
  ].map((server) => ({ ...server, results: new Map(options.inFlight.map((n) => [n, []])) }));
}

function choose(servers) {
  const unknown = options.only?.find((name) => !servers.some((server) => server.name === name));
  if (unknown) stop(`--only: no server '${unknown}'; there are ${servers.map(({ name }) => name).join(', ')}`);
  return servers.filter(({ name }) => !options.only || options.only.includes(name));
}

// ---- processes: every one is ended here, whatever happens

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

// setpriv and taskset become the program they start, so the child's pid is the program's own. The kernel ends it
// where this process cannot any more.
function start(core, command, { cwd, timeoutMs } = {}) {
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

async function end(child) {
  child.kill('SIGTERM');
  await Promise.race([child.ended, sleep(2000, undefined, { ref: false })]);
  if (child.result === undefined) child.kill('SIGKILL');
  // Whoever else holds its output does not keep this waiting.
  child.stdout.destroy();
  child.stderr.destroy();
  await child.ended;
}

function freePort() {
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
    await sleep(50);
  }
  throw new Error(`did not listen within ${START_TIMEOUT_MS / 1000} s`);
}

// ---- measuring

const loadCore = cpus().length > 1 ? 1 : 0;

async function measure(server, port, inFlight) {
  const { seconds, warmup } = options;
  const child = start(
    loadCore,
    [
      options.load,
      ...['--port', port, '--connections', CONNECTIONS, '--in-flight', inFlight],
      ...['--seconds', seconds, '--warmup', warmup],
      ...server.expected.flatMap((text) => ['--expect', text]),
    ],
    { timeoutMs: (seconds + warmup) * 1000 + 20_000 },
  );
  const result = await child.ended;
  if (result !== 0) throw new Error(lastLine(child.errors) || `the load generator ended with ${result}`);
  return JSON.parse(child.output);
}

function lastLine(text) {
  return text.trim().split('\n').at(-1);
}

async function runOnce(server) {
  const port = await freePort();
  const child = start(0, server.command(port), { cwd: server.cwd ?? bench });
  try {
    await waitUntilUp(child, port);
    for (const inFlight of options.inFlight) server.results.get(inFlight).push(await measure(server, port, inFlight));
  } finally {
    await end(child);
  }
}

// One round after another, every server in each: what disturbs the machine for a while disturbs them all.
async function runAll(servers) {
  const available = servers.filter(({ missing }) => !missing).length;
  const each = 1 + options.inFlight.length * (options.seconds + options.warmup + 0.1);
  process.stderr.write(`about ${Math.ceil((options.runs * available * each) / 60)} min\n`);
  for (let run = 1; run <= options.runs; ++run) {
    for (const server of servers.filter(({ missing }) => !missing)) {
      process.stderr.write(`run ${run} of ${options.runs}: ${server.name}\n`);
      try {
        await runOnce(server);
      } catch (error) {
        server.missing = error.message;
      }
    }
  }
}

// ---- the table

function median(numbers) {
  if (numbers.length === 0) return undefined;
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// Each round's own ratio, then the median: both sides of a ratio were measured within seconds of each other.
function ratio(server, other, inFlight) {
  if (!other || other.missing) return undefined;
  const others = other.results.get(inFlight);
  return median(
    server.results.get(inFlight).map((result, run) => result.messages_per_second / others[run].messages_per_second),
  );
}

function show(number, digits) {
  if (number === undefined) return '–';
  return number.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function row(server, limit, reference) {
  const cells = options.inFlight.flatMap((inFlight) => {
    const results = server.results.get(inFlight);
    return [
      show(median(results.map((result) => result.messages_per_second)), 0),
      show(ratio(server, limit, inFlight), 3),
      show(median(results.map((result) => result.p99_us)), 0),
      show(ratio(server, reference, inFlight), 2),
    ];
  });
  return [server.title, ...cells];
}

function tableOf(servers) {
  const find = (name) => servers.find((server) => server.name === name);
  const columns = options.inFlight.flatMap((n) => [
    `${n} in flight, msg/s`,
    'ratio to the bare echo',
    'p99 µs',
    'x of the reference',
  ]);
  const lines = [
    ['server', ...columns],
    ['---', ...columns.map(() => '---:')],
    ...servers.filter(({ missing }) => !missing).map((server) => row(server, find(LIMIT), find(REFERENCE))),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

// Where the load generator used all of its core, the server might have answered more.
function saturatedIn(servers) {
  const busy = (results) => median(results.map(({ cpu }) => cpu)) > 0.95;
  return servers.flatMap(({ name, results }) =>
    options.inFlight.filter((n) => busy(results.get(n))).map((n) => `${name} with ${n} in flight`),
  );
}

function notesOn(servers) {
  const cores = loadCore === 0 ? 'one core for both sides' : 'one core for the server, another for the load';
  const runs = `${options.runs} run${options.runs > 1 ? 's' : ''} of ${options.seconds} s`;
  const saturated = saturatedIn(servers.filter(({ missing }) => !missing));
  return [
    `Median of ${runs}; ${CONNECTIONS} connections; ${cores}.`,
    ...(saturated.length > 0 ? [`The load generator had no time to spare: ${saturated.join(', ')}.`] : []),
    ...servers.filter(({ missing }) => missing).map(({ name, missing }) => `Not measured: ${name} (${missing}).`),
  ].join('\n');
}

if (!options.load || !existsSync(options.load)) {
  stop('no load generator: build the preset "bench" first, or say --load PATH');
}
const servers = choose(listServers());
await runAll(servers);
console.log(`${tableOf(servers)}\n\n${notesOn(servers)}`);
if (servers.every(({ missing }) => missing)) process.exitCode = 1;
