// Measures what an idle connection costs the server's memory, plain and over TLS, before and after its first message, and prints a Markdown table. See README.md.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, show, stop, whole } from './figures.mjs';
import { end, freePort, start, waitUntilUp } from './processes.mjs';

const bench = dirname(fileURLToPath(import.meta.url));
const app = join(bench, 'app');
const AT_ONCE = 50;
const { values } = parseArgs({
  options: {
    server: { type: 'string', default: join(dirname(bench), 'build/bench/src/configurapi-runner-ws') },
    connections: { type: 'string', default: '3000' },
    quick: { type: 'boolean', default: false },
  },
});
const RUNS = values.quick ? 1 : 5;
const count = values.quick ? 1000 : whole('connections', values.connections, 100, 20_000);
if (!existsSync(values.server)) stop(`${values.server} is not built: see README.md`);

const folder = mkdtempSync(join(tmpdir(), 'configurapi-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
execFileSync('openssl', ['req', '-x509', ...curve, '-nodes', '-days', '2', '-keyout', key, '-out', cert, '-subj', '/CN=localhost'], { stdio: 'ignore' });

const upgrade = [
  ...['GET / HTTP/1.1', 'Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade'],
  ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13', '', ''],
].join('\r\n');

async function openOne(port, secure) {
  const socket = net.connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  const stream = secure ? tls.connect({ socket, rejectUnauthorized: false }) : socket;
  if (secure) await once(stream, 'secureConnect');
  stream.write(upgrade);
  await once(stream, 'data');
  return stream;
}

/** A masked text frame, of a message that fits into 125 bytes. */
function frame(message) {
  const payload = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

const message = frame({ name: 'getData', params: { id: 1 }, payload: { from: 'idle', n: 1 }, headers: { 'message-id': 1 } });

async function askOne(stream) {
  stream.write(message);
  await once(stream, 'data');
}

async function askAll(streams) {
  for (let i = 0; i < streams.length; i += AT_ONCE) await Promise.all(streams.slice(i, i + AT_ONCE).map(askOne));
}

async function open(port, secure, wanted) {
  const streams = [];
  while (streams.length < wanted) streams.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, wanted - streams.length) }, () => openOne(port, secure)))));
  return streams;
}

function residentBytes(pid) {
  return 1024 * Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB/m)[1]);
}

async function measure(secure) {
  const [port, securePort] = [await freePort(), await freePort()];
  const listen = ['-p', port, '--s-port', securePort, '--host', '127.0.0.1', '--key', key, '--cert', cert];
  const child = start(0, [resolve(values.server), '-f', join(app, 'config.yaml'), ...listen, '--no-management', '--log-level', 'error'], { cwd: app });
  try {
    await waitUntilUp(child, port);
    const first = await open(secure ? securePort : port, secure, 200); // what these cost is not what the others cost
    await askAll(first);
    let before = residentBytes(child.pid);
    const grown = async () => {
      await sleep(1000);
      const after = residentBytes(child.pid);
      const each = (after - before) / count;
      before = after;
      return each;
    };
    const measured = await open(secure ? securePort : port, secure, count);
    const opened = await grown();
    for (let i = 0; i < 150; i++) await askAll(first); // the JavaScript heap grows by messages, whosever they are
    await grown();
    await askAll(measured);
    const asked = opened + (await grown());
    [...first, ...measured].forEach((stream) => stream.destroy());
    return { opened, asked };
  } finally {
    await end(child);
  }
}

console.log('| an idle connection, bytes of the server\'s memory | after its handshake | after one message |\n| --- | ---: | ---: |');
for (const secure of [false, true]) {
  const runs = [];
  while (runs.length < RUNS) runs.push(await measure(secure));
  const middle = (name) => show(median(runs.map((run) => run[name])), 0);
  console.log(`| ${secure ? 'WSS' : 'WS'} | ${middle('opened')} | ${middle('asked')} |`);
}
console.log(`\nMedian of ${RUNS} runs. Growth of the resident memory over ${show(count, 0)} connections, behind 200 others. Before each of them sends its message, the others\nhave sent 30,000: the JavaScript heap has its size by then, which is no connection's.`);
process.exit(0);
