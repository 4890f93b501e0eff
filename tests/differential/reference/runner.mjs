#!/usr/bin/env node
// The reference the program is compared with: npm `configurapi` 1.9.0 for everything between an event and its response, npm `ws` for the
// protocol, and around them, written as plainly as can be, what sections 3 to 5 and 7 of the contract ask of a runner.
//
// What it takes of the program's options: -f PATH, -p PORT, --host ADDRESS. Like 1.9.0 it looks for handlers/ in the working directory,
// and for modules named in `import` where NODE_PATH says.
//
// "Beyond 1.9.0" marks what the contract asks for and the package does not do by itself. What the package does otherwise than the
// contract *inside* the pipeline is left as it is: those are the differences that ../differences.mjs names.

import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import configurapi from 'configurapi';
import { WebSocketServer } from 'ws';
import { parseMessage } from './message.mjs';
import { errorReply, serialize } from './reply.mjs';

const { Config, ErrorResponse, Event, Request, Service } = configurapi;

/** The package's, which also says which events have failed: an on_error may have put anything in the response's place. */
class WatchedService extends Service {
  failed = new WeakSet();

  _handleError(event, error) {
    this.failed.add(event);
    return super._handleError(event, error);
  }
}

const options = parseOptions(process.argv.slice(2));
const config = loadConfig(options.file);
const service = new WatchedService(config);
const connections = new Set();
const webSockets = new WebSocketServer({
  noServer: true,
  maxPayload: 16 * 1024 * 1024,
  perMessageDeflate: false,
  handleProtocols: (offered, request) => request.chosenProtocol,
});

function parseOptions(args) {
  const found = { file: 'config.yaml', port: 8000, host: undefined };
  for (let i = 0; i < args.length; i += 2) {
    if (args[i] === '-f') found.file = args[i + 1];
    if (args[i] === '-p') found.port = Number(args[i + 1]);
    if (args[i] === '--host') found.host = args[i + 1];
  }
  return found;
}

function loadConfig(file) {
  try {
    return Config.load(file);
  } catch (error) {
    process.stderr.write(`${file}: ${error.message}\n`);
    process.exit(2);
  }
}

function log(level, message) {
  const stream = level === 'Error' ? process.stderr : process.stdout;
  stream.write(`${new Date().toISOString()} ${level}: ${message}\n`);
}

// Events

/** An event as the pipeline gets it. `message` has name, params, query, headers, and payload and raw where there are any. */
function createEvent(connection, message) {
  const request = new Request();
  request.method = ''; // 1.9.0's Request would make "get" of it
  request.name = message.name;
  request.params = message.params;
  request.query = message.query;
  // A spread copies "__proto__" as the name it is, where an assignment would set the prototype.
  request.headers = { ...message.headers, 'connection-id': connection.id, 'push-function': (response) => push(connection, response) };
  delete request.payload;
  if ('payload' in message) request.payload = message.payload;
  if ('raw' in message) request.raw = message.raw;

  // 1.9.0's Event turns a path into a name and into params, as of an HTTP request; with an empty one it stops before it lays the query
  // over the params. So both are laid here, and the path follows.
  request.path = '';
  const event = new Event(request);
  event.params = { ...message.params, ...message.query };
  request.path = message.path ?? '';

  // Beyond 1.9.0: what on_connect found out about the client belongs to the connection.
  event.identity = connection.identity;
  return event;
}

/** Takes an event through the pipeline. Its response afterwards, whatever happened. */
async function processEvent(event) {
  try {
    await service.process(event);
    return event.response;
  } catch (error) {
    // process() rejects only where 1.9.0 does not handle the error to the end: on_first_request failed (then the response is in place),
    // or null or undefined was thrown, which it trips over itself.
    return event.response instanceof ErrorResponse ? event.response : errorReply(error);
  }
}

// Connections

class Connection {
  constructor() {
    this.id = randomUUID();
    this.identity = undefined;
    this.webSocket = undefined;
    this.early = []; // pushed before the handshake was answered
    this.gone = false;
  }

  send(data) {
    if (this.gone) return;
    if (this.webSocket) this.webSocket.send(data);
    else this.early.push(data);
  }
}

// Beyond 1.9.0: the push function of section 7.
async function push(connection, response) {
  if (connection.gone) throw Object.assign(new Error('The connection is gone.'), { statusCode: 410 });
  if (typeof response === 'string' || response instanceof Uint8Array) connection.send(response);
  else connection.send(serialize(response));
}

async function onMessage(connection, data, isBinary) {
  const message = parseMessage(data, isBinary);
  const response = message.error ? new ErrorResponse(message.error, 400) : await processEvent(createEvent(connection, message));

  // Beyond 1.9.0: no response, no reply.
  if (response === null || response === undefined) return;

  let text;
  try {
    text = serialize(response, message.messageId);
  } catch (error) {
    text = serialize(errorReply(error), message.messageId);
  }
  connection.send(text);
}

async function onConnect(connection, request) {
  if (!config.events.has('on_connect')) return { refused: false };
  const url = new URL(request.url, 'ws://localhost');
  const event = createEvent(connection, {
    name: 'on_connect',
    params: {},
    query: Object.fromEntries(url.searchParams),
    headers: request.headers,
    path: url.pathname,
  });
  const response = await processEvent(event);
  connection.identity = event.identity;
  return { response, refused: response?.statusCode >= 400 || service.failed.has(event) };
}

async function onDisconnect(connection, code, reason) {
  connection.gone = true;
  connections.delete(connection);
  if (!config.events.has('on_disconnect')) return;
  const payload = { code, reason };
  await processEvent(createEvent(connection, { name: 'on_disconnect', params: {}, query: {}, headers: {}, payload }));
}

// The first protocol the client offers, unless on_connect's response names another of them.
function chooseProtocol(request, response) {
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((token) => token.trim()).filter(Boolean);
  const named = response?.headers?.['sec-websocket-protocol'];
  return offered.includes(named) ? named : offered[0] ?? false;
}

async function onUpgrade(request, socket, head) {
  const ignoreReset = () => {};
  socket.on('error', ignoreReset);

  const connection = new Connection();
  const { response, refused } = await onConnect(connection, request);
  request.chosenProtocol = chooseProtocol(request, response);
  socket.off('error', ignoreReset);

  webSockets.handleUpgrade(request, socket, head, (webSocket) => {
    connection.webSocket = webSocket;
    webSocket.on('error', () => {}); // a close follows
    for (const data of connection.early) webSocket.send(data);

    if (refused) {
      connection.gone = true;
      webSocket.close(1008, 'Policy Violation');
      return;
    }
    connections.add(connection);
    webSocket.on('message', (data, isBinary) => onMessage(connection, data, isBinary));
    webSocket.on('close', (code, reason) => onDisconnect(connection, code, reason.toString()));
  });
}

// The process

function listen() {
  const server = createServer((request, response) => {
    response.writeHead(426, { Upgrade: 'websocket', Connection: 'close' });
    response.end();
  });
  server.on('upgrade', onUpgrade);
  server.listen(options.port, options.host, () => {
    const { address, port } = server.address();
    log('Info', `configurapi -  - Listening on ws://${address}:${port}`);
  });

  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      for (const connection of connections) connection.webSocket.close(1001);
      server.close(() => process.exit(0));
    });
  }
}

for (const level of ['Debug', 'Trace', 'Info', 'Error']) service.on(level.toLowerCase(), (line) => log(level, line));

// Beyond 1.9.0: what nobody catches is logged and takes nothing down.
process.on('unhandledRejection', (error) => log('Error', `configurapi -  - ${error?.stack ?? String(error)}`));
process.on('uncaughtException', (error) => log('Error', `configurapi -  - ${error?.stack ?? String(error)}`));

// on_start before listening. Where it fails, 1.9.0 fails every event.
await service.init().catch((error) => log('Error', `configurapi -  - on_start failed: ${error}`));
listen();
