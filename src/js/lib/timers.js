'use strict';

// setTimeout and its family as Node has them. All timers share one of the loop's: `native.setTimer(delay, holds)` arms it for
// the earliest, and `run` is called when it fires; `holds` where one of them keeps a script's process alive.

const frames = require('./async_frames');

const MAX_DELAY = 2 ** 31 - 1;

let sequence = 0;
const queue = []; // a binary heap, by (at, order)
let armedFor = Infinity;
let holding = 0; // that are referenced
let held = false; // as the loop was told last
const live = new Map(); // by id, for clearTimeout(number)
let lastOfRound = 0;
let immediates = [];
let dueImmediates = [];
let ticks = [];
let attended = false; // somebody runs jobs() when what runs now is through

class Timeout {
  constructor(callback, delay, repeat, args) {
    if (typeof callback !== 'function')
      throw Object.assign(new TypeError('The "callback" argument must be of type function.'), { code: 'ERR_INVALID_ARG_TYPE' });
    delay = Number(delay);
    if (!(delay >= 1 && delay <= MAX_DELAY)) delay = 1;
    Object.defineProperties(this, {
      callback: { value: frames.bind(callback) },
      delay: { value: Math.trunc(delay) },
      repeat: { value: repeat },
      args: { value: args },
      at: { value: 0, writable: true },
      order: { value: 0, writable: true },
      id: { value: ++sequence },
      place: { value: -1, writable: true }, // in the heap
      referenced: { value: true, writable: true },
    });
  }

  ref() {
    refer(this, true);
    return this;
  }

  unref() {
    refer(this, false);
    return this;
  }

  hasRef() {
    return this.referenced;
  }

  refresh() {
    if (live.has(this.id)) {
      removeAt(this.place);
      start(this);
    }
    return this;
  }

  close() {
    clear(this);
    return this;
  }

  [Symbol.toPrimitive]() {
    return this.id;
  }

  [Symbol.dispose]() {
    clear(this);
  }
}

class Immediate {
  constructor(callback, args) {
    Object.defineProperties(this, {
      callback: { value: frames.bind(callback) },
      args: { value: args },
      cleared: { value: false, writable: true },
      referenced: { value: true, writable: true },
    });
  }

  ref() {
    this.referenced = true;
    return this;
  }

  unref() {
    this.referenced = false;
    return this;
  }

  hasRef() {
    return this.referenced;
  }

  [Symbol.dispose]() {
    this.cleared = true;
  }
}

function before(a, b) {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function setAt(place, timer) {
  queue[place] = timer;
  timer.place = place;
}

function siftUp(place) {
  const timer = queue[place];
  while (place > 0) {
    const parent = (place - 1) >> 1;
    if (!before(timer, queue[parent])) break;
    setAt(place, queue[parent]);
    place = parent;
  }
  setAt(place, timer);
}

function siftDown(place) {
  const timer = queue[place];
  for (;;) {
    let child = 2 * place + 1;
    if (child >= queue.length) break;
    if (child + 1 < queue.length && before(queue[child + 1], queue[child])) child++;
    if (!before(queue[child], timer)) break;
    setAt(place, queue[child]);
    place = child;
  }
  setAt(place, timer);
}

function removeAt(place) {
  if (place < 0) return;
  queue[place].place = -1;
  const last = queue.pop();
  if (place === queue.length) return;
  setAt(place, last);
  siftDown(place);
  siftUp(last.place);
}

function refer(timer, referenced) {
  if (timer.referenced === referenced) return;
  timer.referenced = referenced;
  if (!live.has(timer.id)) return;
  holding += referenced ? 1 : -1;
  arm();
}

function forget(timer) {
  if (live.delete(timer.id) && timer.referenced) holding--;
}

function start(timer) {
  timer.at = native.now() + timer.delay;
  timer.order = ++sequence;
  if (timer.referenced && !live.has(timer.id)) holding++;
  live.set(timer.id, timer);
  queue.push(timer);
  siftUp(queue.length - 1);
  arm();
}

function arm() {
  const at = queue.length ? queue[0].at : Infinity;
  if (at === armedFor && held === holding > 0) return;
  armedFor = at;
  held = holding > 0;
  native.setTimer(at === Infinity ? -1 : Math.max(0, Math.ceil(at - native.now())), held);
}

function clear(timer) {
  if (timer === undefined || timer === null) return;
  const found = timer instanceof Timeout ? timer : live.get(Number(timer));
  if (!found) return;
  forget(found);
  removeAt(found.place);
  arm();
}

function guarded(callback, args) {
  try {
    callback(...args);
  } catch (error) {
    require('./process_events').uncaught(error);
  }
}

// The loop's timer has fired: runs one of the timers that are due and says whether more are. Between them C lets promise
// jobs run, as Node does. `first` begins a round; timers set during it wait for the next.
exports.run = (first) => {
  frames.reset();
  if (first) lastOfRound = sequence;
  armedFor = Infinity;
  const now = native.now();
  const isDue = () => queue.length > 0 && queue[0].at <= now && queue[0].order <= lastOfRound;
  if (isDue()) {
    const timer = queue[0];
    removeAt(0);
    if (timer.repeat) start(timer);
    else forget(timer);
    guarded(timer.callback, timer.args);
    exports.runTicks();
  }
  const more = isDue();
  if (!more) arm();
  return more;
};

// A callback did not return: the others' turn comes all the same.
exports.goOn = () => {
  armedFor = Infinity;
  arm();
  if (dueImmediates.length === 0) return;
  immediates = [...dueImmediates, ...immediates];
  dueImmediates = [];
  native.wantImmediate();
};

// The same for immediates.
exports.runImmediates = (first) => {
  frames.reset();
  if (first) {
    dueImmediates = immediates;
    immediates = [];
  }
  const immediate = dueImmediates.shift();
  if (immediate && !immediate.cleared) guarded(immediate.callback, immediate.args);
  exports.runTicks();
  return dueImmediates.length > 0;
};

exports.setTimeout = function setTimeout(callback, delay, ...args) {
  const timer = new Timeout(callback, delay, false, args);
  start(timer);
  return timer;
};

exports.setInterval = function setInterval(callback, delay, ...args) {
  const timer = new Timeout(callback, delay, true, args);
  start(timer);
  return timer;
};

exports.setImmediate = function setImmediate(callback, ...args) {
  if (typeof callback !== 'function')
    throw Object.assign(new TypeError('The "callback" argument must be of type function.'), { code: 'ERR_INVALID_ARG_TYPE' });
  const immediate = new Immediate(callback, args);
  if (immediates.push(immediate) === 1) native.wantImmediate();
  return immediate;
};

exports.clearTimeout = clear;
exports.clearInterval = clear;
exports.clearImmediate = function clearImmediate(immediate) {
  if (immediate instanceof Immediate) immediate.cleared = true;
};

exports.queueMicrotask = function queueMicrotask(callback) {
  if (typeof callback !== 'function')
    throw Object.assign(new TypeError('The "callback" argument must be of type function.'), { code: 'ERR_INVALID_ARG_TYPE' });
  Promise.resolve().then(() => guarded(callback, []));
};

// As in Node: before the promises' jobs where a script is called from the loop; those that a promise's job asks for run when
// there are no more jobs. Where the engine runs the jobs by itself, nobody can tell when that is: then they are one of them.
exports.nextTick = function nextTick(callback, ...args) {
  if (typeof callback !== 'function')
    throw Object.assign(new TypeError('The "callback" argument must be of type function.'), { code: 'ERR_INVALID_ARG_TYPE' });
  if (ticks.push({ callback: frames.bind(callback), args }) === 1 && !attended) tickLater();
};

function tickLater() {
  Promise.resolve().then(exports.runTicks);
}

exports.runTicks = () => {
  while (ticks.length > 0) {
    const due = ticks;
    ticks = [];
    for (const { callback, args } of due) guarded(callback, args);
  }
};

// jobs() will be called; returns what is to be given to it.
exports.attend = () => {
  const before = attended;
  attended = true;
  return before;
};

// Runs the promises' jobs and the ticks that they ask for, until there are no more. False where they are left to the engine.
exports.jobs = (before) => {
  let ran = native.runJobs();
  while (ran && ticks.length > 0) {
    exports.runTicks();
    ran = native.runJobs();
  }
  attended = before;
  if (ticks.length > 0) tickLater();
  return ran;
};

// What util.promisify() makes of them.
const PROMISIFY = Symbol.for('nodejs.util.promisify.custom');
for (const name of ['setTimeout', 'setImmediate'])
  Object.defineProperty(exports[name], PROMISIFY, { get: () => require('./node_timers_promises')[name], enumerable: true });

// Once so many promises' jobs that follow from one another have run.
exports.afterTicks = (ticks, act) => {
  Promise.resolve().then(() => (ticks > 1 ? exports.afterTicks(ticks - 1, act) : act()));
};

exports.install = (target) => {
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'queueMicrotask'])
    Object.defineProperty(target, name, { value: exports[name], writable: true, enumerable: true, configurable: true });
};
