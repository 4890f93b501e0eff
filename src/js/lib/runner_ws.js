'use strict';

// `require('configurapi-runner-ws')`: the class of runners, for scripts, and on it what handlers use of the runner itself.

const { addressOf } = require('./postback');
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
async function wsPostbackFunction(url, response, { token } = {}) {
  const address = addressOf(url);
  const sent = token ?? address.token;
  const headers = [['Content-Type', 'application/json']];
  if (sent !== undefined) headers.push(['Authorization', `Bearer ${sent}`]);
  const { status, body } = await request({ method: 'POST', url: address.href, headers, body: write(response, false) });
  if (status >= 200 && status <= 299) return;
  throw Object.assign(new Error(`${url} answered ${status} ${messageOf(body)}`.trimEnd()), { statusCode: status });
}

// A runner for a script to run. It is an EventEmitter from when a script or somebody's `new` wants it: handlers, who are
// after the function below, do without.
class HttpRunner {
  // Its ports while it serves; undefined where it has none.
  port = undefined;
  sPort = undefined;
  managementPort = undefined;

  constructor(...args) {
    emitter().apply(this, args);
  }

  // Resolves with the runner when it listens. The options are the command line's, each by its name there in camelCase.
  run(options) {
    return require('./runners').run(this, options);
  }

  // Resolves when it has stopped, as a signal would stop it.
  stop() {
    return require('./runners').stop(this);
  }
}

// Who is listened to is known on the other side, too.
const LISTENING = ['on', 'once', 'off', 'addListener', 'removeListener', 'removeAllListeners', 'prependListener', 'prependOnceListener'];

let EventEmitter;

function emitter() {
  if (EventEmitter) return EventEmitter;
  EventEmitter = require('./node_events');
  Object.setPrototypeOf(HttpRunner, EventEmitter);
  Object.setPrototypeOf(HttpRunner.prototype, EventEmitter.prototype);
  for (const name of LISTENING) {
    const value = { [name](...args) {
      const result = EventEmitter.prototype[name].apply(this, args);
      require('./runners').listen(this);
      return result;
    } }[name];
    Object.defineProperty(HttpRunner.prototype, name, { value, writable: true, configurable: true });
  }
  return EventEmitter;
}

if (require.ifLoaded('./script')) emitter();

module.exports = Object.assign(HttpRunner, { wsPostbackFunction });
