// Measures the runner beside its peers and prints a Markdown table. See README.md for how to read it.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { end, freePort, lastLine, loadCore, start, waitUntilUp } from './processes.mjs';
import { median, show, stop, whole, within } from './figures.mjs';

const bench = dirname(fileURLToPath(import.meta.url));
const project = dirname(bench);
const app = join(bench, 'app');
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

  const runner = (config) => (port) => [
    options.server,
    ...['-f', config, '-p', port, '--host', '127.0.0.1', '--no-management', '--log-level', 'error'],
  ];

  return [
    {
      name: 'runner',
      title: '**configurapi-runner-ws**, handler in JavaScript',
      missing: notBuilt(options.server),
      command: runner(join(app, 'config.yaml')),
      cwd: app,
      expected: pipeline,
    },
    {
      name: 'runner_c',
      title: '**configurapi-runner-ws**, handler in C',
      missing: notBuilt(options.server) ?? notBuilt(built('native/libanswer.so')),
      command: runner(built('native/config.yaml')),
      expected: pipeline,
    },
    {
      name: 'runner_c_echo',
      title: '**configurapi-runner-ws**, a C handler that pushes the message back',
      missing: notBuilt(options.server) ?? notBuilt(built('native/libanswer.so')),
      command: runner(built('native/echo.yaml')),
      expected: echo,
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

// ---- measuring

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

// Each round's own ratio, then the median: both sides of a ratio were measured within seconds of each other.
function ratio(server, other, inFlight) {
  if (!other || other.missing) return undefined;
  const others = other.results.get(inFlight);
  return median(
    server.results.get(inFlight).map((result, run) => result.messages_per_second / others[run].messages_per_second),
  );
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
