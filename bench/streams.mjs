// Measures streams beside Node's and prints two Markdown tables: how fast they are, and what slow readers cost.
// See README.md.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, show, stop, whole } from './figures.mjs';
import { end, freePort, lastLine, loadCore, start, waitUntilUp } from './processes.mjs';

const bench = dirname(fileURLToPath(import.meta.url));
const project = dirname(bench);
const app = join(bench, 'app');
const SIZES = [1024, 65536];
const STREAMS = 8;
const SLOW_READERS = 1000;
const SLOW_SECONDS = 55; // until every stream has come to its high-water mark: the kernel takes some GB before
const MARK = 1 << 20;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    server: { type: 'string', default: join(project, 'build/bench/src/configurapi-runner-ws') },
    load: { type: 'string', default: join(project, 'build/bench/bench/load') },
    runs: { type: 'string' },
    seconds: { type: 'string' },
  },
});
const runs = whole('runs', values.runs ?? (values.quick ? 1 : 5), 1, 100);
const seconds = whole('seconds', values.seconds ?? (values.quick ? 1 : 3), 1, 60);
for (const path of [values.server, values.load]) if (!existsSync(path)) stop(`${path} is not built: see README.md`);

const runner = {
  title: '**configurapi-runner-ws**',
  command: (port) => [
    resolve(values.server),
    ...['-f', join(app, 'config.yaml'), '-p', port, '--host', '127.0.0.1', '--no-management', '--log-level', 'error', '--high-water-mark', MARK],
  ],
};
const reference = {
  title: 'Node ws + configurapi 1.9.0, waiting by `bufferedAmount`',
  command: (port) => [process.execPath, join(bench, 'peers/node_configurapi.mjs'), port],
};

const scratch = mkdtempSync(join(tmpdir(), 'configurapi-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

function messageFile(size) {
  const path = join(scratch, `${size}.json`);
  writeFileSync(path, JSON.stringify({ name: 'stream', params: { size } }));
  return path;
}

async function withServer(server, body) {
  const port = await freePort();
  const child = start(0, server.command(port), { cwd: app });
  try {
    await waitUntilUp(child, port);
    return await body(port, child);
  } finally {
    await end(child);
  }
}

async function load(port, ...args) {
  const child = start(loadCore, [resolve(values.load), '--port', port, ...args], { timeoutMs: 90_000 });
  if ((await child.ended) !== 0) throw new Error(lastLine(child.errors));
  return JSON.parse(child.output);
}

const throughput = (server, size) =>
  withServer(server, async (port) => {
    const { mb_per_second: rate } = await load(port, '--stream', '--connections', STREAMS, '--message', messageFile(size), '--seconds', seconds);
    return rate;
  });

function residentBytes(pid) {
  return 1024 * Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB/m)[1]);
}

// The most that a server ever held while so many clients read 40 KB a second each of streams without end.
const slowReaders = (server) =>
  withServer(server, async (port, child) => {
    const before = residentBytes(child.pid);
    let most = 0;
    const reading = load(port, '--slow', SLOW_READERS, '--message', messageFile(SIZES[0]), '--seconds', SLOW_SECONDS);
    let ended = false;
    reading.finally(() => (ended = true)).catch(() => {});
    while (!ended) {
      most = Math.max(most, residentBytes(child.pid));
      await sleep(50);
    }
    const { open } = await reading;
    if (open !== SLOW_READERS) throw new Error(`${SLOW_READERS - open} slow readers were thrown out`);
    if (most < (SLOW_READERS * MARK) / 2) throw new Error(`the streams did not come to their high-water mark in ${SLOW_SECONDS} s`);
    return { before, most };
  });

const rates = new Map([runner, reference].map((server) => [server, SIZES.map(() => [])]));
for (let run = 1; run <= runs; run++) {
  for (const server of [runner, reference]) {
    process.stderr.write(`streams, run ${run} of ${runs}: ${server.title}\n`);
    for (const [index, size] of SIZES.entries()) rates.get(server)[index].push(await throughput(server, size));
  }
}
const ratio = (index) => median(rates.get(runner)[index].map((rate, run) => rate / rates.get(reference)[index][run]));
const rowOf = (server) => [
  server.title,
  ...SIZES.flatMap((_, index) => [show(median(rates.get(server)[index]), 0), server === runner ? show(ratio(index), 2) : '1.00']),
];
const line = (cells) => `| ${cells.join(' | ')} |`;
console.log(line(['streams', ...SIZES.flatMap((size) => [`${size / 1024} KB chunks, MB/s`, 'x of Node'])]));
console.log(line(['---', '---:', '---:', '---:', '---:']));
for (const server of [runner, reference]) console.log(line(rowOf(server)));
console.log(`\nMedian of ${runs} runs of ${seconds} s; ${STREAMS} streams from async generators at once, as fast as they go.\n`);

const mb = (bytes) => show(bytes / 1e6, 0);
const bound = SLOW_READERS * (MARK + 64 * 1024);
const { before, most } = await slowReaders(runner);
console.log(line([`${show(SLOW_READERS, 0)} slow readers`, 'before, MB', 'most, MB', 'bound, MB', 'kept']));
console.log(line(['---', '---:', '---:', '---:', '---']));
console.log(line([runner.title, mb(before), mb(most), mb(bound), most < bound ? 'yes' : '**no**']));
console.log(`\nThe process's resident memory; each client reads 40 KB a second of a stream without end. Bound: ${show(SLOW_READERS, 0)} x (high-water mark + 64 KB).`);
