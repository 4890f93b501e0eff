// What the tests of connections run over: TCP, or TLS where CONFIGURAPI_TEST_KEY and CONFIGURAPI_TEST_CERT name a key and its certificate.

import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';

const { CONFIGURAPI_TEST_KEY: key, CONFIGURAPI_TEST_CERT: cert } = process.env;

export const isSecure = key !== undefined;

/** What the program is started with, so that it listens for this transport. */
export const transportArgs = isSecure ? ['--key', key, '--cert', cert, '--s-port', '0'] : [];

export const scheme = isSecure ? 'wss' : 'ws';

/** For the npm ws client and tls.connect: the test's own certificate is nobody's to vouch for. */
export const clientOptions = isSecure ? { rejectUnauthorized: false } : {};

export async function openSocket(port) {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: false });
  await once(socket, 'connect');
  return socket;
}

/** A connected stream to the program, and the TCP socket under it. */
export async function openStream(port) {
  const socket = await openSocket(port);
  if (!isSecure) return { stream: socket, socket };
  const stream = tls.connect({ socket, ...clientOptions });
  await once(stream, 'secureConnect');
  return { stream, socket };
}
