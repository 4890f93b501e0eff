'use strict';

// require('events'): the port's EventEmitter, with what Node has added since the port was made: captured rejections, error
// monitors, `on`, listeners of EventTargets.

const { coded, invalidType, outOfRange } = require('./arguments');
const { AbortError } = require('./node_errors');

const Port = require('./vendor_events');

const CAPTURES = Symbol('captures');
const REJECTION = Symbol.for('nodejs.rejection');
const MONITOR = Symbol('events.errorMonitor');

const { prototype } = Port;
const ported = { init: Port.init, ...prototype };

function requireListener(listener) {
  if (typeof listener !== 'function') throw invalidType('listener', 'of type function', listener);
}

function requireSignal(signal) {
  if (signal !== undefined && (signal === null || typeof signal !== 'object' || !('aborted' in signal)))
    throw invalidType('options.signal', 'an instance of AbortSignal', signal);
}

function requireOptions(options) {
  if (options === null || typeof options !== 'object') throw invalidType('options', 'of type object', options);
}

const isEventTarget = (value) => typeof value?.addEventListener === 'function' && typeof value.on !== 'function';

function EventEmitter(options) {
  EventEmitter.init.call(this, options);
}
EventEmitter.prototype = prototype;

EventEmitter.init = function (options) {
  ported.init.call(this);
  const captures = options?.captureRejections;
  if (captures === undefined) return;
  if (typeof captures !== 'boolean') throw invalidType('options.captureRejections', 'of type boolean', captures);
  this[CAPTURES] = captures;
};

function unhandled(error) {
  if (error instanceof Error) return error;
  const { inspect } = require('./node_util');
  return Object.assign(coded(Error, 'ERR_UNHANDLED_ERROR', `Unhandled error. (${typeof error === 'string' ? `'${error}'` : inspect(error)})`),
    { context: error });
}

// What a listener returned may reject.
function watch(emitter, result, type, args) {
  if (typeof result?.then !== 'function') return;
  result.then(undefined, (error) => require('./timers').nextTick(() => {
    if (typeof emitter[REJECTION] === 'function') {
      emitter[REJECTION](error, type, ...args);
      return;
    }
    const captures = emitter[CAPTURES];
    emitter[CAPTURES] = false; // lest an 'error' listener that rejects runs for ever
    try {
      emitter.emit('error', error);
    } finally {
      emitter[CAPTURES] = captures;
    }
  }));
}

const methods = {
  constructor: EventEmitter,
  [CAPTURES]: false,

  emit(type, ...args) {
    if (type === 'error') {
      if (this._events?.[MONITOR] !== undefined) this.emit(MONITOR, ...args);
      if (this._events?.error === undefined) throw unhandled(args[0]);
    }
    if (!this[CAPTURES]) return ported.emit.call(this, type, ...args);
    const listeners = this.rawListeners(type);
    for (const listener of listeners) watch(this, Reflect.apply(listener, this, args), type, args);
    return listeners.length > 0;
  },

  listenerCount(type, listener) {
    if (listener === undefined || listener === null) return ported.listenerCount.call(this, type);
    return this.listeners(type).filter((each) => each === listener).length;
  },

  setMaxListeners(count) {
    requireCount('setMaxListeners', count);
    return ported.setMaxListeners.call(this, count);
  },
};
for (const name of ['on', 'addListener', 'prependListener', 'once', 'prependOnceListener', 'off', 'removeListener']) {
  methods[name] = {
    [name](type, listener) {
      requireListener(listener);
      return ported[name].call(this, type, listener);
    },
  }[name];
}
for (const key of Reflect.ownKeys(methods))
  Object.defineProperty(prototype, key, { value: methods[key], writable: true, enumerable: key !== 'constructor' && key !== CAPTURES, configurable: true });

function requireCount(name, count) {
  if (typeof count !== 'number') throw invalidType(name, 'of type number', count);
  if (!(count >= 0)) throw outOfRange(name, '>= 0', count);
}

// ---- functions over emitters and targets ----

function getEventListeners(target, type) {
  if (typeof target?.listeners === 'function') return target.listeners(type);
  if (isEventTarget(target)) return require('./event_target').listenersOf(target, type);
  throw invalidType('emitter', 'an instance of EventEmitter or EventTarget', target);
}

const targetMaxima = new WeakMap();

function setMaxListeners(count = EventEmitter.defaultMaxListeners, ...targets) {
  requireCount('setMaxListeners', count);
  if (targets.length === 0) EventEmitter.defaultMaxListeners = count;
  for (const target of targets) {
    if (isEventTarget(target)) targetMaxima.set(target, count);
    else if (typeof target?.setMaxListeners === 'function') target.setMaxListeners(count);
    else throw invalidType('eventTargets', 'an instance of EventEmitter or EventTarget', target);
  }
}

function getMaxListeners(target) {
  if (typeof target?.getMaxListeners === 'function') return target.getMaxListeners();
  if (isEventTarget(target)) return targetMaxima.get(target) ?? EventEmitter.defaultMaxListeners;
  throw invalidType('emitter', 'an instance of EventEmitter or EventTarget', target);
}

function listen(target, type, listener, options) {
  if (typeof target?.on === 'function') target[options?.once ? 'once' : 'on'](type, listener);
  else if (isEventTarget(target)) target.addEventListener(type, listener, options);
  else throw invalidType('emitter', 'an instance of EventEmitter', target);
}

function unlisten(target, type, listener) {
  if (typeof target.removeListener === 'function') target.removeListener(type, listener);
  else target.removeEventListener(type, listener);
}

function addAbortListener(signal, listener) {
  if (signal === undefined) throw invalidType('signal', 'an instance of AbortSignal', signal);
  requireSignal(signal);
  requireListener(listener);
  if (signal.aborted) {
    queueMicrotask(() => listener());
    return { [Symbol.dispose]() {} };
  }
  signal.addEventListener('abort', listener, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', listener) };
}

async function once(target, type, options = {}) {
  requireOptions(options);
  const { signal } = options;
  requireSignal(signal);
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
  return new Promise((resolve, reject) => {
    const end = () => {
      unlisten(target, type, onEvent);
      if (typeof target.on === 'function') target.removeListener('error', onError);
      signal?.removeEventListener('abort', onAbort);
    };
    const onEvent = (...args) => {
      end();
      resolve(args);
    };
    const onError = (error) => {
      end();
      reject(error);
    };
    const onAbort = () => {
      end();
      reject(new AbortError(undefined, { cause: signal.reason }));
    };
    listen(target, type, onEvent, { once: true });
    if (type !== 'error' && typeof target.once === 'function') target.once('error', onError);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

// Events as an async iterator; those that nobody asks for yet are kept.
function on(target, type, options = {}) {
  requireOptions(options);
  const { signal, close: closers = [], highWaterMark = Infinity, lowWaterMark = 1 } = options;
  requireSignal(signal);
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
  const kept = [];
  const waiting = [];
  let failure;
  let isOver = false;
  let isPaused = false;

  const onEvent = (...args) => {
    if (waiting.length > 0) {
      waiting.shift().resolve({ value: args, done: false });
    } else if (kept.push(args) > highWaterMark && !isPaused) {
      isPaused = true;
      target.pause?.();
    }
  };
  const onError = (error) => {
    if (waiting.length > 0) waiting.shift().reject(error);
    else failure = { error };
    iterator.return();
  };
  const onAbort = () => onError(new AbortError(undefined, { cause: signal.reason }));
  const onClose = () => iterator.return();

  const iterator = Object.setPrototypeOf({
    next() {
      if (kept.length > 0) {
        const value = kept.shift();
        if (isPaused && kept.length < lowWaterMark) {
          isPaused = false;
          target.resume?.();
        }
        return Promise.resolve({ value, done: false });
      }
      if (failure) {
        const { error } = failure;
        failure = undefined;
        return Promise.reject(error);
      }
      if (isOver) return Promise.resolve({ value: undefined, done: true });
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    return() {
      isOver = true;
      unlisten(target, type, onEvent);
      if (typeof target.on === 'function') {
        if (type !== 'error') target.removeListener('error', onError);
        for (const closer of closers) target.removeListener(closer, onClose);
      }
      signal?.removeEventListener('abort', onAbort);
      for (const { resolve } of waiting.splice(0)) resolve({ value: undefined, done: true });
      return Promise.resolve({ value: undefined, done: true });
    },
    throw(error) {
      if (!(error instanceof Error)) throw invalidType('EventEmitter.AsyncIterator', 'an instance of Error', error);
      onError(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  }, Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype));

  listen(target, type, onEvent);
  if (typeof target.on === 'function') {
    if (type !== 'error') target.on('error', onError);
    for (const closer of closers) target.on(closer, onClose);
  }
  signal?.addEventListener('abort', onAbort, { once: true });
  return iterator;
}

function makeAsyncResourceEmitter() {
  const { AsyncResource } = require('./node_async_hooks');
  return class EventEmitterAsyncResource extends EventEmitter {
    #resource;

    constructor(options) {
      const name = typeof options === 'string' ? options : options?.name ?? new.target.name;
      super(typeof options === 'string' ? undefined : options);
      this.#resource = new AsyncResource(name, typeof options === 'string' ? undefined : options);
      this.#resource.eventEmitter = this;
    }

    emit(type, ...args) {
      return this.#resource.runInAsyncScope(super.emit, this, type, ...args);
    }

    emitDestroy() {
      this.#resource.emitDestroy();
    }

    get asyncId() {
      return this.#resource.asyncId();
    }

    get triggerAsyncId() {
      return this.#resource.triggerAsyncId();
    }

    get asyncResource() {
      return this.#resource;
    }
  };
}

let asyncResourceEmitter;

Object.assign(EventEmitter, {
  EventEmitter,
  addAbortListener,
  captureRejectionSymbol: REJECTION,
  errorMonitor: MONITOR,
  getEventListeners,
  getMaxListeners,
  listenerCount: (emitter, type) => emitter.listenerCount(type),
  on,
  once,
  setMaxListeners,
  usingDomains: false,
});
Object.defineProperties(EventEmitter, {
  defaultMaxListeners: {
    get: () => Port.defaultMaxListeners,
    set(count) {
      requireCount('defaultMaxListeners', count);
      Port.defaultMaxListeners = count;
    },
    enumerable: true,
  },
  captureRejections: {
    get: () => prototype[CAPTURES],
    set(value) {
      if (typeof value !== 'boolean') throw invalidType('EventEmitter.captureRejections', 'of type boolean', value);
      prototype[CAPTURES] = value;
    },
    enumerable: true,
  },
  EventEmitterAsyncResource: { get: () => (asyncResourceEmitter ??= makeAsyncResourceEmitter()), enumerable: true, configurable: true },
});

module.exports = EventEmitter;
