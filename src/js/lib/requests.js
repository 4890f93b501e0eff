'use strict';

// HTTP requests going out: the loop's client behind promises.

const waiting = new Map();
const streams = new Map();
let last = 0;

// What C tells of a stream (struct world_news).
const HEAD = 1;
const CHUNK = 2;
const TAKEN = 3;
const END = 4;

const OUT_OF_MEMORY = 'out of memory'; // for what is undefined where C had something to say
const UNVERIFIED = /certificate/i;
const VARIABLE = 'NODE_TLS_REJECT_UNAUTHORIZED';

// Where a script has set the variable itself, C does not know of it.
function advised(error) {
  if (!UNVERIFIED.test(error) || error.includes(VARIABLE) || require.ifLoaded('./process')?.process.env[VARIABLE] !== '0') return error;
  return `${error}; ${VARIABLE}=0 has no effect here: name a file with the server's certificate, or its authority's, in NODE_EXTRA_CA_CERTS`
    + ' before the start';
}

// Pairs as C takes them: a line each for a name, its value, the next name…
function linesOf(headers) {
  const lines = headers.flat();
  const broken = lines.find((line) => /[\r\n]/.test(line));
  if (broken !== undefined) throw new TypeError(`A header may not have a line break: ${JSON.stringify(broken)}`);
  return lines.map((line) => `${line}\n`).join('');
}

// Resolves with {status, headers: [[name, value], …], body: Uint8Array}, whatever the status; rejects with an Error where
// there is no response. `headers` is a list like that; `body` is bytes, a string or undefined.
exports.request = ({ method, url, headers = [], body }) => new Promise((resolve, reject) => {
  const id = ++last;
  native.request(id, method, url, linesOf(headers), body);
  waiting.set(id, { resolve, reject, url });
});

function pairsOf(text) {
  const lines = text.split('\n');
  const pairs = [];
  for (let i = 0; i + 1 < lines.length; i += 2) pairs.push([lines[i], lines[i + 1]]);
  return pairs;
}

exports.requestDone = (id, status, headers, body, error) => {
  const { resolve, reject, url } = waiting.get(id);
  waiting.delete(id);
  if (status > 0 && headers !== undefined && body !== undefined) resolve({ status, headers: pairsOf(headers), body });
  else reject(new Error(`${url}: ${advised(error ?? OUT_OF_MEMORY)}`));
};

// A request whose response comes bit by bit, and whose body may go so.
class RequestStream {
  #id;
  #told;
  #written; // resolves with whether more is welcome

  constructor(id, told) {
    this.#id = id;
    this.#told = told;
  }

  // Asks for one chunk more.
  read() {
    native.readRequest(this.#id);
  }

  // Of a body that follows. Resolves with true when the next bytes are welcome, with false where nobody wants them any more.
  write(bytes) {
    if (!streams.has(this.#id)) return Promise.resolve(false);
    native.writeRequest(this.#id, bytes);
    return new Promise((resolve) => { this.#written = resolve; });
  }

  finish() {
    native.finishRequest(this.#id);
  }

  cancel() {
    if (!streams.delete(this.#id)) return;
    native.cancelRequest(this.#id);
    this.#written?.(false);
  }

  // What can not be taken in is the end of it.
  hear(news, ...details) {
    try {
      if (news !== END && details.includes(undefined)) throw new RangeError(OUT_OF_MEMORY);
      this.#take(news, details);
    } catch (error) {
      if (news === END) throw error;
      this.cancel();
      this.#told.end(error.message);
    }
  }

  #take(news, details) {
    switch (news) {
      case HEAD: {
        const [status, reason, headers] = details;
        const lines = native.latin1Decode(headers).split('\n');
        lines.pop();
        this.#told.head(status, native.latin1Decode(reason), lines);
        break;
      }
      case CHUNK: this.#told.chunk(details[0]); break;
      case TAKEN: this.#written?.(true); break;
      case END:
        streams.delete(this.#id);
        this.#written?.(false);
        this.#told.end(details.length > 0 ? advised(details[0] ?? OUT_OF_MEMORY) : undefined);
        break;
    }
  }
}

// Throws where it can not be sent. A header's characters are bytes, as they are to fetch. `body` is bytes or undefined; where
// there is a `length`, the body follows in write()s instead, and -1 is a length that nobody knows. `told` has the functions
// head(status, reason, lines), where a name and its value are a line each; chunk(bytes), once for every read(); and
// end(error), the last: a text, or undefined where all came.
exports.open = ({ method, url, headers = [], body, length, told }) => {
  const id = ++last;
  const stream = new RequestStream(id, told);
  native.openRequest(id, method, url, native.latin1Encode(linesOf(headers)), body, length);
  streams.set(id, stream);
  return stream;
};

exports.requestTold = (id, ...news) => streams.get(id)?.hear(...news);
