'use strict';

// require('async_hooks'): AsyncLocalStorage and AsyncResource. What looks at single asynchronous operations (createHook)
// would need hooks that the engine does not have.

const frames = require('./async_frames');
const { invalidType } = require('./arguments');

let lastId = 1;
const running = []; // AsyncResources in runInAsyncScope

function requireFunction(name, value) {
  if (typeof value !== 'function') throw invalidType(name, 'of type function', value);
}

class AsyncLocalStorage {
  constructor() {
    frames.activate();
  }

  static bind(fn) {
    return AsyncResource.bind(fn);
  }

  static snapshot() {
    return AsyncLocalStorage.bind((callback, ...args) => callback(...args));
  }

  run(store, callback, ...args) {
    return inFrame(frames.derive(this, store), callback, args);
  }

  exit(callback, ...args) {
    return inFrame(frames.without(this), callback, args);
  }

  enterWith(store) {
    frames.enter(frames.derive(this, store));
  }

  getStore() {
    return frames.current().values.get(this);
  }

  disable() {
    frames.enter(frames.without(this));
  }
}

function inFrame(frame, callback, args) {
  const before = frames.enter(frame);
  try {
    return Reflect.apply(callback, null, args);
  } finally {
    frames.enter(before);
  }
}

class AsyncResource {
  #frame = frames.current();
  #id = ++lastId;
  #trigger;

  constructor(type, options = {}) {
    if (typeof type !== 'string') throw invalidType('type', 'of type string', type);
    const trigger = typeof options === 'number' ? options : options?.triggerAsyncId;
    this.#trigger = trigger ?? exports.executionAsyncId();
    if (!Number.isSafeInteger(this.#trigger) || this.#trigger < -1) {
      throw Object.assign(new RangeError(`Invalid triggerAsyncId value: ${this.#trigger}`), { code: 'ERR_INVALID_ASYNC_ID' });
    }
  }

  runInAsyncScope(fn, thisArg, ...args) {
    running.push(this);
    try {
      return inFrame(this.#frame, Function.prototype.bind.call(fn, thisArg), args);
    } finally {
      running.pop();
    }
  }

  bind(fn, thisArg) {
    requireFunction('fn', fn);
    const resource = this;
    const bound = thisArg === undefined
      ? function (...args) { return resource.runInAsyncScope(fn, this, ...args); }
      : (...args) => resource.runInAsyncScope(fn, thisArg, ...args);
    return Object.defineProperty(bound, 'length', { value: fn.length, configurable: true });
  }

  static bind(fn, type, thisArg) {
    requireFunction('fn', fn);
    return new AsyncResource(type || fn.name || 'bound-anonymous-fn').bind(fn, thisArg);
  }

  emitDestroy() {
    return this;
  }

  asyncId() {
    return this.#id;
  }

  triggerAsyncId() {
    return this.#trigger;
  }
}

const none = {};

exports.AsyncLocalStorage = AsyncLocalStorage;
exports.AsyncResource = AsyncResource;
// 1 is the program's own.
exports.executionAsyncId = () => running.at(-1)?.asyncId() ?? 1;
exports.triggerAsyncId = () => running.at(-1)?.triggerAsyncId() ?? 0;
exports.executionAsyncResource = () => running.at(-1) ?? none;
exports.createHook = () => {
  throw Object.assign(new Error("async_hooks.createHook() is not available here: the engine does not tell of asynchronous operations. AsyncLocalStorage and AsyncResource are."),
    { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' });
};
