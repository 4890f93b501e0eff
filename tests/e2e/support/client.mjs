// npm `ws` with promises.

import WebSocket from 'ws';
import { clientOptions } from './transport.mjs';
import { Inbox } from './inbox.mjs';

export class Client {
  #inbox = new Inbox();

  constructor(webSocket) {
    this.webSocket = webSocket;
    this.closed = new Promise((resolve) => {
      webSocket.on('close', (code, reason) => {
        const end = { code, reason: reason.toString() };
        this.end = end;
        this.#inbox.end(`closed ${end.code} ${end.reason}`);
        resolve(end);
      });
    });
    webSocket.on('message', (data, isBinary) => this.#inbox.put({ data, isBinary }));
    webSocket.on('error', (error) => this.#inbox.end(String(error)));
  }

  get protocol() {
    return this.webSocket.protocol;
  }

  /** Sends a string or Buffer as it is, anything else as JSON. */
  send(message) {
    const asIs = typeof message === 'string' || message instanceof Uint8Array;
    this.webSocket.send(asIs ? message : JSON.stringify(message));
  }

  /** The next message as it came: {data, isBinary}. Rejects if the connection closes first. */
  nextFrame() {
    return this.#inbox.take();
  }

  async nextText() {
    const { data, isBinary } = await this.nextFrame();
    if (isBinary) throw new Error('a binary message, where text was expected');
    return data.toString();
  }

  async next() {
    return JSON.parse(await this.nextText());
  }

  async take(count) {
    const messages = [];
    while (messages.length < count) messages.push(await this.next());
    return messages;
  }

  /** Sends and takes the next message, which is the reply where nothing else is under way. */
  ask(message) {
    this.send(message);
    return this.next();
  }

  close(code, reason) {
    this.webSocket.close(code, reason);
    return this.closed;
  }

  /** Vanishes without a word. */
  terminate() {
    this.webSocket.terminate();
    return this.closed;
  }
}

/** Connects to `url`; resolves when the connection is open. Messages are kept from the very first on. */
export function connect(url, { path = '/', headers = {}, protocols = [] } = {}) {
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(url + path, protocols, { headers, perMessageDeflate: false, ...clientOptions });
    const client = new Client(webSocket);
    webSocket.once('open', () => resolve(client));
    webSocket.once('error', reject);
  });
}
