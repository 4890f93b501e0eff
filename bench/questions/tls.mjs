// What does an idle connection cost over TLS? The clients are this process's: the load generator speaks no TLS.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import { show, tableOf } from '../figures.mjs';
import { freePort, growthOf, scratchFolder } from '../processes.mjs';

const AT_ONCE = 50;
const OTHERS = 200; // what the first ones cost is not what the others cost
const SETTLE_MS = 1000;

const upgrade = [
  ...['GET / HTTP/1.1', 'Host: localhost', 'Upgrade: websocket', 'Connection: Upgrade'],
  ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13', '', ''],
].join('\r\n');

// A masked text frame, of a message that fits into 125 bytes.
function frame(message) {
  const payload = Buffer.from(JSON.stringify(message));
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

const message = frame({ name: 'getData', params: { id: 1 }, payload: { from: 'idle', n: 1 }, headers: { 'message-id': 1 } });

function makeCertificate() {
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(scratchFolder(), name));
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const files = ['-keyout', key, '-out', cert, '-subj', '/CN=localhost'];
  execFileSync('openssl', ['req', '-x509', ...curve, '-nodes', '-days', '2', ...files], { stdio: 'ignore' });
  return ['--key', key, '--cert', cert];
}

async function openOne(port) {
  const socket = net.connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  const stream = tls.connect({ socket, rejectUnauthorized: false });
  await once(stream, 'secureConnect');
  stream.write(upgrade);
  await once(stream, 'data');
  return stream;
}

async function askOne(stream) {
  stream.write(message);
  await once(stream, 'data');
}

async function inTurns(items, action) {
  const results = [];
  for (let i = 0; i < items.length; i += AT_ONCE) results.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(action))));
  return results;
}

const open = (port, wanted) => inTurns(Array.from({ length: wanted }), () => openOne(port));

async function measureOne(child, port, count) {
  const others = await open(port, OTHERS);
  await inTurns(others, askOne);
  const grown = growthOf(child, count);
  const streams = await open(port, count);
  const opened = await grown(SETTLE_MS);
  for (let i = 0; i < 150; i++) await inTurns(others, askOne); // the JavaScript heap grows by messages, whosever they are
  await grown(SETTLE_MS);
  await inTurns(streams, askOne);
  const asked = opened + (await grown(SETTLE_MS));
  [...others, ...streams].forEach((stream) => stream.destroy());
  return { opened, asked };
}

export async function measure(bench) {
  const count = bench.quick ? 500 : 2000;
  const port = await freePort();
  const runner = bench.servers.runner.with('--s-port', port, ...makeCertificate());
  const outcome = await bench.serverRounds([runner], (_, __, child) => measureOne(child, port, count));
  return {
    goals: [],
    details: [
      tableOf(
        ["an idle connection over TLS, bytes of the server's memory", 'after its handshake', 'after one message'],
        [[runner.title, ...['opened', 'asked'].map((when) => show(outcome.median(runner.name, (round) => round[when])))]],
      ),
      '',
      `Growth of the resident memory over ${show(count)} connections, behind ${OTHERS} others.`,
      ...outcome.notes,
    ].join('\n'),
  };
}
