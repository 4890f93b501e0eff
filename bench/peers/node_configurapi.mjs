// The reference: the npm packages ws and configurapi, put together as the runner's users know them.
// Run in the application's folder: configurapi looks for handlers/ in the working directory.
import { randomUUID } from 'node:crypto';
import configurapi from 'configurapi';
import Module from 'node:module';
import { WebSocketServer } from 'ws';

const { Config, ErrorResponse, Event, Request, Response, Service } = configurapi;
const HIGH_WATER_MARK = 1 << 20;

class StreamResponse extends Response {
  constructor(source, statusCode = 200, headers = {}) {
    super(source, statusCode, headers);
  }
}

// The package that handlers stream with.
const load = Module._load;
Module._load = (name, ...more) => (name === 'configurapi-handler-ws' ? { StreamResponse } : load(name, ...more));

const service = new Service(Config.load('config.yaml'));
// An emitter without a listener for errors throws them.
service.on('error', () => undefined);
await service.init();

class BadRequest extends Error {
  statusCode = 400;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectIn(message, key) {
  const value = message[key] ?? {};
  if (!isObject(value)) throw new BadRequest(`'${key}' is not an object.`);
  return value;
}

function makeRequest(raw, message, connection) {
  const request = new Request();
  request.method = '';
  request.raw = raw;
  request.name = message.name ?? '';
  if (typeof request.name !== 'string') throw new BadRequest("'name' is not a string.");
  request.params = objectIn(message, 'params');
  request.query = objectIn(message, 'query');
  request.headers = {
    ...objectIn(message, 'headers'),
    'connection-id': connection.id,
    'push-function': connection.push,
  };
  if ('payload' in message) request.payload = message.payload;
  return request;
}

function makeEvent(request) {
  const event = new Event(request);
  event.params = { ...request.params, ...request.query };
  return event;
}

// The client's message-id, however it wrote the header's name.
function messageIdOf({ headers }) {
  if (!isObject(headers)) return undefined;
  if ('message-id' in headers) return headers['message-id'];
  return headers[Object.keys(headers).find((name) => name.toLowerCase() === 'message-id')];
}

function write(response, messageId) {
  const headers = { ...response.headers };
  let body = response.body ?? '';
  if (messageId !== undefined) headers['message-id'] = messageId;
  if (body instanceof Uint8Array) {
    headers['content-transfer-encoding'] = 'base64';
    body = Buffer.from(body).toString('base64');
  } else if (response.jsonReplacer) {
    body = JSON.parse(JSON.stringify(body, response.jsonReplacer));
  }
  return JSON.stringify({ statusCode: response.statusCode, headers, body });
}

async function respond(connection, raw, message) {
  try {
    const event = makeEvent(makeRequest(raw, message, connection));
    await service.process(event);
    return event.response;
  } catch (error) {
    return new ErrorResponse(error, error.statusCode ?? 500);
  }
}

async function handle(connection, data, isBinary) {
  const text = data.toString();
  const parsed = parse(text);
  const message = isObject(parsed) ? parsed : { payload: parsed };
  const response = await respond(connection, isBinary ? data : text, message);
  if (response instanceof StreamResponse) {
    await stream(connection.socket, response, messageIdOf(message));
    return undefined;
  }
  return response && write(response, messageIdOf(message));
}

// Every chunk a message; none is taken while the socket has more to send than the high-water mark.
async function stream(socket, response, messageId) {
  const id = randomUUID();
  const frame = (kind, body) =>
    write({ statusCode: response.statusCode, headers: { ...response.headers, 'x-stream': kind, 'x-stream-id': id }, body }, messageId);
  for await (const chunk of response.body) {
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount < HIGH_WATER_MARK) socket.send(frame('chunk', chunk));
    else await new Promise((resolve) => socket.send(frame('chunk', chunk), resolve));
  }
  socket.send(frame('done', ''));
}

function makeConnection(socket) {
  return {
    id: randomUUID(),
    socket,
    push: async (response) => {
      if (socket.readyState !== socket.OPEN) throw Object.assign(new Error('Gone'), { statusCode: 410 });
      socket.send(typeof response === 'string' || response instanceof Uint8Array ? response : write(response));
    },
  };
}

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.argv[2]) });

server.on('connection', (socket) => {
  const connection = makeConnection(socket);
  socket.on('error', () => socket.terminate());
  socket.on('message', async (data, isBinary) => {
    const reply = await handle(connection, data, isBinary);
    if (reply) socket.send(reply);
  });
});
