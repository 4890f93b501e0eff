'use strict';

// `require('configurapi-runner-ws')`: what handlers use of the runner itself.

const { tokenFor } = require('./postback');
const { write } = require('./replies');
const { request } = require('./requests');
const utf8 = require('./utf8');

// What the management server says of an error: its body's message.
function messageOf(body) {
  try {
    return JSON.parse(utf8.decode(body, false)).message ?? '';
  } catch {
    return '';
  }
}

// POSTs a response as JSON to a connection's postback-url, this process's or another's. Rejects with an Error that has the
// statusCode of an answer outside 2xx, and none where there was no answer. `token` is the other server's management
// token, where it has one; this process's own goes with a request to itself by itself.
async function wsPostbackFunction(url, response, { token = tokenFor(url) } = {}) {
  const headers = [['Content-Type', 'application/json']];
  if (token !== undefined) headers.push(['Authorization', `Bearer ${token}`]);
  const { status, body } = await request({ method: 'POST', url: String(url), headers, body: write(response, false) });
  if (status >= 200 && status <= 299) return;
  throw Object.assign(new Error(`${url} answered ${status} ${messageOf(body)}`.trimEnd()), { statusCode: status });
}

module.exports = { wsPostbackFunction };
