// Measures what an idle connection costs the server's memory, plain and over TLS, and prints a Markdown table. See README.md.
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
import { show, stop, whole } from './figures.mjs';
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
    const streams = await open(secure ? securePort : port, secure, 200); // what the first ones cost is not theirs
    const before = residentBytes(child.pid);
    streams.push(...(await open(secure ? securePort : port, secure, count)));
    await sleep(1000);
    const each = (residentBytes(child.pid) - before) / count;
    streams.forEach((stream) => stream.destroy());
    return each;
  } finally {
    await end(child);
  }
}

console.log('| an idle connection | bytes of the server\'s memory |\n| --- | ---: |');
console.log(`| WS | ${show(await measure(false), 0)} |`);
console.log(`| WSS | ${show(await measure(true), 0)} |`);
console.log(`\nGrowth of the resident memory over ${show(count, 0)} connections, behind the first 200.`);
process.exit(0);
