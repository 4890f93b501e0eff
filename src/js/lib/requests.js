'use strict';

// HTTP requests going out: the loop's client behind promises.

const waiting = new Map();
let last = 0;

// Resolves with {status, headers: [[name, value], …], body: Uint8Array}, whatever the status; rejects with an Error where
// there is no response. `headers` is a list like that; `body` is bytes, a string or undefined.
exports.request = ({ method, url, headers = [], body }) => new Promise((resolve, reject) => {
  const id = ++last;
  const lines = headers.flat();
  const broken = lines.find((line) => /[\r\n]/.test(line));
  if (broken !== undefined) throw new TypeError(`A header may not have a line break: ${JSON.stringify(broken)}`);
  native.request(id, method, url, lines.map((line) => `${line}\n`).join(''), body);
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
  if (error === undefined) resolve({ status, headers: pairsOf(headers), body });
  else reject(new Error(`${url}: ${error}`));
};
