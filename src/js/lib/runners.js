'use strict';

// The runners that a script has started: HttpRunner's run() and stop(), and what C tells of them (struct js_runner_news of
// script.h, whose numbers these are).

const script = native.part('script');

const STARTED = 1;
const FAILED = 2;
const STOPPED = 3;
const LINE = 4;

const LEVELS = { error: 1, trace: 3, debug: 4 }; // those that are told, with the log's numbers

const byId = new Map(); // those that C has not said the end of
const current = new WeakMap(); // an HttpRunner's
const refusals = new WeakSet(); // the errors that run() has rejected with
let last = 0;

class Start {
  id = ++last;
  serves = false;
  stopped = undefined; // { promise, resolve } once stop() was called
  place = new Error(); // where run() was called

  constructor(runner) {
    this.runner = runner;
    this.started = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }

  refuse(message) {
    this.reject(refusal(Object.assign(this.place, { message })));
  }
}

function refusal(error) {
  refusals.add(error);
  return error;
}

// ---- options ----

function textOf(name, value) {
  if (['string', 'number', 'boolean'].includes(typeof value) && !`${value}`.includes('\0')) return `${value}`;
  throw new TypeError(`${name} wants a string, a number or a boolean, not ${require('./node_util').inspect(value)}`);
}

function pemOf(name, value) {
  if (typeof value === 'string') return value;
  if (ArrayBuffer.isView(value)) return require('./utf8').decode(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), false);
  throw new TypeError(`${name} wants PEM, in a string or a Buffer, not ${require('./node_util').inspect(value)}`);
}

// As C takes them: names and values in turn, and the two that are long.
function settingsOf(options) {
  const pem = {};
  let texts = '';
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    if (name === 'key' || name === 'cert') pem[name] = pemOf(name, value);
    else for (const each of name === 'origins' && Array.isArray(value) ? value : [value]) texts += `${name}\0${textOf(name, each)}\0`;
  }
  return [texts, pem.key, pem.cert];
}

// ---- what HttpRunner does ----

const heardBy = (runner) => Object.keys(LEVELS).reduce((bits, name) => bits | (runner.listenerCount(name) > 0 ? 1 << LEVELS[name] : 0), 0);

exports.run = async (runner, options = {}) => {
  if (require.ifLoaded('./script') === undefined)
    throw new Error('Only a script can run a runner (configurapi-runner-ws server.js): these handlers are in one that runs');
  if (current.has(runner)) throw refusal(new Error('This runner runs already: it can be run again when stop() has resolved'));
  let settings;
  try {
    if (typeof options !== 'object' || options === null) throw new TypeError(`run() wants an object of options, not ${String(options)}`);
    settings = settingsOf(options);
  } catch (error) {
    throw refusal(error);
  }
  const start = new Start(runner);
  current.set(runner, start);
  byId.set(start.id, start);
  script.start(start.id, ...settings, heardBy(runner));
  return start.started;
};

exports.stop = async (runner) => {
  const start = current.get(runner);
  if (start === undefined) return;
  if (start.stopped === undefined) {
    start.stopped = {};
    start.stopped.promise = new Promise((resolve) => { start.stopped.resolve = resolve; });
    script.stop(start.id);
  }
  await start.stopped.promise;
};

exports.listen = (runner) => {
  const start = current.get(runner);
  if (start !== undefined) script.listen(start.id, heardBy(runner));
};

// ---- what is told ----

function started(start, port, sPort, managementPort) {
  const orNone = (number) => number || undefined;
  Object.assign(start.runner, { port, sPort: orNone(sPort), managementPort: orNone(managementPort) });
  start.serves = true;
  start.resolve(start.runner);
}

function ended(start, message) {
  const { runner } = start;
  byId.delete(start.id);
  current.delete(runner);
  Object.assign(runner, { port: undefined, sPort: undefined, managementPort: undefined });
  if (!start.serves) start.refuse(message);
  start.stopped?.resolve();
}

function heard({ runner }, message, level) {
  const name = Object.keys(LEVELS).find((each) => LEVELS[each] === level);
  try {
    if (runner.listenerCount(name) > 0) runner.emit(name, message); // the last may have left meanwhile
  } catch (error) {
    require('./process_events').uncaught(error);
  }
}

exports.tell = (id, kind, ...news) => {
  const start = byId.get(id);
  if (start === undefined) return;
  require('./async_frames').reset();
  switch (kind) {
    case STARTED: started(start, ...news); break;
    case FAILED: ended(start, ...news); break;
    case STOPPED: ended(start, 'It was stopped before it listened'); break;
    case LINE: heard(start, ...news); break;
  }
  require('./timers').runTicks();
};

// Whether one is there for clients; whether an error is why one could not be run.
exports.serve = () => [...byId.values()].some(({ serves }) => serves);
exports.isRefusal = (error) => typeof error === 'object' && error !== null && refusals.has(error);
