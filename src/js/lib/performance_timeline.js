'use strict';

// Marks and measures (https://w3c.github.io/user-timing/), and who observes them.

const { coded, invalidType, needFunction, needObject } = require('./arguments');
const timers = require('./timers');

const OBSERVABLE = ['function', 'mark', 'measure'];
let make = false;
const buffer = []; // by their beginnings
const observers = new Set();

class PerformanceEntry {
  #name;
  #entryType;
  #startTime;
  #duration;

  constructor(name, entryType, startTime, duration, detail) {
    if (!make) throw coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    this.#name = name;
    this.#entryType = entryType;
    this.#startTime = startTime;
    this.#duration = duration;
    Object.defineProperty(this, 'detail', { value: detail, enumerable: true, configurable: true });
  }

  get name() {
    return this.#name;
  }

  get entryType() {
    return this.#entryType;
  }

  get startTime() {
    return this.#startTime;
  }

  get duration() {
    return this.#duration;
  }

  toJSON() {
    const { name, entryType, startTime, duration, detail } = this;
    return { name, entryType, startTime, duration, detail };
  }
}

class PerformanceMark extends PerformanceEntry {
  constructor(name, options = {}) {
    needObject(options ?? {}, 'options');
    const { startTime = native.now(), detail = null } = options ?? {};
    if (typeof startTime !== 'number') throw invalidType('startTime', 'of type number', startTime);
    if (startTime < 0) throw coded(TypeError, 'ERR_PERFORMANCE_INVALID_TIMESTAMP', `${startTime} is not a valid timestamp`);
    make = true;
    try {
      super(`${name}`, 'mark', startTime, 0, detail === null ? null : require('./structured').structuredClone(detail));
    } finally {
      make = false;
    }
  }
}

// The engine does not tell its moments: all of the start is where this world's was.
class PerformanceNodeTiming extends PerformanceEntry {
  nodeStart = 0;
  v8Start = 0;
  environment = 0;
  bootstrapComplete = 0;
  loopStart = 0;
  loopExit = -1;

  get duration() {
    return native.now();
  }

  get idleTime() {
    return require('./performance').performance.eventLoopUtilization().idle;
  }

  toJSON() {
    const { name, entryType, startTime, duration, nodeStart, v8Start, environment, bootstrapComplete, loopStart, loopExit, idleTime } = this;
    return { name, entryType, startTime, duration, nodeStart, v8Start, bootstrapComplete, environment, loopStart, loopExit, idleTime };
  }
}

class PerformanceMeasure extends PerformanceEntry {}

function made(Class, ...args) {
  make = true;
  try {
    return new Class(...args);
  } finally {
    make = false;
  }
}

let timing;
exports.nodeTiming = () => (timing ??= made(PerformanceNodeTiming, 'node', 'node', 0, 0));

function remember(entry) {
  let at = buffer.length;
  while (at > 0 && buffer[at - 1].startTime > entry.startTime) at--;
  buffer.splice(at, 0, entry);
}

function announce(entry) {
  for (const observer of observers) observer[SEE](entry);
}

exports.mark = (name, options) => {
  const entry = new PerformanceMark(name, options);
  announce(entry);
  remember(entry);
  return entry;
};

// A moment: a number, or the last mark of that name.
function momentOf(value) {
  if (typeof value === 'number') {
    if (value < 0) throw coded(TypeError, 'ERR_PERFORMANCE_INVALID_TIMESTAMP', `${value} is not a valid timestamp`);
    return value;
  }
  const found = buffer.findLast((entry) => entry.entryType === 'mark' && entry.name === `${value}`);
  if (found) return found.startTime;
  const { DOMException } = require('./structured');
  throw new DOMException(`The "${value}" performance mark has not been set`, 'SyntaxError');
}

exports.measure = (name, startOrOptions = {}, end = undefined) => {
  const options = startOrOptions !== null && typeof startOrOptions === 'object' ? startOrOptions : { start: startOrOptions, end };
  const invalid = (words) => coded(TypeError, 'ERR_PERFORMANCE_MEASURE_INVALID_OPTIONS', words);
  if (options === startOrOptions && end !== undefined && Object.keys(options).length > 0) throw invalid('endMark must not be specified');
  if (options.start !== undefined && options.end !== undefined && options.duration !== undefined)
    throw invalid('Must not have options.start, options.end, and options.duration specified');
  let finish;
  if (end !== undefined) finish = momentOf(end);
  else if (options.end !== undefined) finish = momentOf(options.end);
  else if (options.start !== undefined && options.duration !== undefined) finish = momentOf(options.start) + momentOf(options.duration);
  else finish = native.now();
  let start = 0;
  if (options.start !== undefined) start = momentOf(options.start);
  else if (options.duration !== undefined) start = finish - momentOf(options.duration);
  const detail = options.detail === undefined || options.detail === null ? null : require('./structured').structuredClone(options.detail);
  const entry = made(PerformanceMeasure, `${name}`, 'measure', start, finish - start, detail);
  announce(entry);
  remember(entry);
  return entry;
};

exports.clear = (type, name) => {
  for (let i = buffer.length - 1; i >= 0; i--)
    if (buffer[i].entryType === type && (name === undefined || buffer[i].name === `${name}`)) buffer.splice(i, 1);
};

exports.entries = (name, type) => buffer.filter((entry) =>
  (name === undefined || entry.name === name) && (type === undefined || entry.entryType === type));

// The function, telling observers of 'function' how long each call took.
exports.timerify = (action) => {
  needFunction(action, 'fn');
  function timerified(...args) {
    const start = native.now();
    const finish = () => announce(made(PerformanceEntry, action.name, 'function', start, native.now() - start, args));
    const result = new.target ? Reflect.construct(action, args, new.target) : Reflect.apply(action, this, args);
    if (typeof result?.finally === 'function') return result.finally(finish);
    finish();
    return result;
  }
  Object.defineProperty(timerified, 'name', { value: `timerified ${action.name}`, configurable: true });
  Object.defineProperty(timerified, 'length', { value: action.length, configurable: true });
  return timerified;
};

const SEE = Symbol('see an entry');

class PerformanceObserverEntryList {
  #entries;

  constructor(entries) {
    if (!make) throw coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    this.#entries = entries;
  }

  getEntries() {
    return [...this.#entries];
  }

  getEntriesByType(type) {
    return this.#entries.filter((entry) => entry.entryType === `${type}`);
  }

  getEntriesByName(name, type) {
    return this.#entries.filter((entry) => entry.name === `${name}` && (type === undefined || entry.entryType === type));
  }
}

class PerformanceObserver {
  #callback;
  #types = new Set();
  #seen = [];
  #waiting = false;

  constructor(callback) {
    needFunction(callback, 'callback');
    this.#callback = callback;
  }

  static get supportedEntryTypes() {
    return OBSERVABLE;
  }

  observe(options = {}) {
    needObject(options, 'options');
    const { entryTypes, type, buffered } = options;
    if (entryTypes === undefined && type === undefined)
      throw coded(TypeError, 'ERR_MISSING_ARGS', 'The "options.entryTypes" and "options.type" arguments must be specified');
    if (entryTypes !== undefined && !Array.isArray(entryTypes)) throw invalidType('options.entryTypes', 'string[]', entryTypes);
    if (entryTypes) this.#types.clear();
    for (const each of entryTypes ?? [type]) if (OBSERVABLE.includes(each)) this.#types.add(each);
    if (type !== undefined && buffered) for (const entry of exports.entries(undefined, type)) this[SEE](entry);
    if (this.#types.size > 0) observers.add(this);
    else this.disconnect();
  }

  disconnect() {
    observers.delete(this);
    this.#types.clear();
    this.#seen = [];
  }

  takeRecords() {
    const seen = this.#seen;
    this.#seen = [];
    return seen;
  }

  [SEE](entry) {
    if (!this.#types.has(entry.entryType)) return;
    this.#seen.push(entry);
    if (this.#waiting) return;
    this.#waiting = true;
    timers.setImmediate(() => {
      this.#waiting = false;
      const entries = this.takeRecords().sort((a, b) => a.startTime - b.startTime);
      if (entries.length > 0) this.#callback(made(PerformanceObserverEntryList, entries), this);
    });
  }
}

Object.assign(exports, { PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList });
