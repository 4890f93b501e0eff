'use strict';

// AbortController and AbortSignal (https://dom.spec.whatwg.org/#aborting-ongoing-activities).

const { Event, EventTarget, defineEventAttribute, listenersOf } = require('./event_target');
const { coded, invalidType, outOfRange } = require('./arguments');

const INSPECT = Symbol.for('nodejs.util.inspect.custom');
let make = false; // signals are not made with `new`
let abort; // (signal, reason)

function create() {
  make = true;
  try {
    return new AbortSignal();
  } finally {
    make = false;
  }
}

class AbortSignal extends EventTarget {
  #aborted = false;
  #reason = undefined;
  #sources = []; // of one made by any(), those that abort it: the others have no hold on it
  #dependants = []; // WeakRefs

  constructor() {
    if (!make) throw coded(TypeError, 'ERR_ILLEGAL_CONSTRUCTOR', 'Illegal constructor');
    super();
  }

  static {
    abort = (signal, reason) => signal.#abort(reason);
  }

  get aborted() {
    return this.#aborted;
  }

  get reason() {
    return this.#reason;
  }

  throwIfAborted() {
    if (this.#aborted) throw this.#reason;
  }

  static abort(reason = new DOMException('This operation was aborted', 'AbortError')) {
    const signal = create();
    signal.#aborted = true;
    signal.#reason = reason;
    return signal;
  }

  static timeout(delay) {
    if (typeof delay !== 'number') throw invalidType('delay', 'of type number', delay);
    if (!Number.isInteger(delay)) throw outOfRange('delay', 'an integer', delay);
    if (delay < 0 || delay > 2 ** 32 - 1) throw outOfRange('delay', '>= 0 && <= 4294967295', delay);
    const signal = create();
    setTimeout(() => signal.#abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')), delay).unref();
    return signal;
  }

  static any(signals) {
    if (signals === null || typeof signals !== 'object' || typeof signals[Symbol.iterator] !== 'function')
      throw invalidType('signals', 'an instance of Iterable', signals);
    const sources = [...signals];
    for (const [i, source] of sources.entries())
      if (!(source instanceof AbortSignal)) throw invalidType(`signals[${i}]`, 'an instance of AbortSignal', source);
    const aborted = sources.find((source) => source.#aborted);
    if (aborted) return AbortSignal.abort(aborted.#reason);
    const signal = create();
    signal.#sources = [...new Set(sources.flatMap((source) => (source.#sources.length > 0 ? source.#sources : [source])))];
    for (const source of signal.#sources) {
      source.#dependants = source.#dependants.filter((each) => each.deref());
      source.#dependants.push(new WeakRef(signal));
    }
    return signal;
  }

  // All that depend on it have its state before anybody hears of it.
  #abort(reason = new DOMException('This operation was aborted', 'AbortError')) {
    if (this.#aborted) return;
    const due = [this, ...this.#dependants.map((each) => each.deref())].filter((each) => each && !each.#aborted);
    this.#dependants = [];
    for (const signal of due) {
      signal.#aborted = true;
      signal.#reason = reason;
      signal.#holdWhereHeard();
    }
    for (const signal of due) signal.dispatchEvent(new Event('abort'));
  }

  // One made by any() is held by its sources while somebody listens to it.
  #held = new Set();

  #holdWhereHeard() {
    const isHeard = listenersOf(this, 'abort').length > 0 || this.onabort !== null;
    for (const source of this.#sources) {
      if (isHeard && !this.#aborted) source.#held.add(this);
      else source.#held.delete(this);
    }
  }

  addEventListener(type, callback, options) {
    super.addEventListener(type, callback, options);
    if (type === 'abort') this.#holdWhereHeard();
  }

  removeEventListener(type, callback, options) {
    super.removeEventListener(type, callback, options);
    if (type === 'abort') this.#holdWhereHeard();
  }

  static {
    defineEventAttribute(AbortSignal.prototype, 'abort');
    const { get, set } = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'onabort');
    Object.defineProperty(AbortSignal.prototype, 'onabort', {
      get,
      set(listener) {
        set.call(this, listener);
        this.#holdWhereHeard();
      },
      enumerable: true,
      configurable: true,
    });
  }

  [INSPECT](depth, options, inspect) {
    return depth < 0 ? '[AbortSignal]' : `AbortSignal ${inspect({ aborted: this.#aborted }, options)}`;
  }
}

class AbortController {
  #signal = create();

  get signal() {
    return this.#signal;
  }

  abort(reason) {
    abort(this.#signal, reason);
  }

  [INSPECT](depth, options, inspect) {
    return depth < 0 ? '[AbortController]' : `AbortController ${inspect({ signal: this.#signal }, options)}`;
  }
}

for (const Class of [AbortSignal, AbortController]) {
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: Class.name, configurable: true });
  Object.defineProperty(Class.prototype, INSPECT, { enumerable: false });
}
for (const name of ['aborted', 'reason', 'throwIfAborted']) Object.defineProperty(AbortSignal.prototype, name, { enumerable: true });
for (const name of ['signal', 'abort']) Object.defineProperty(AbortController.prototype, name, { enumerable: true });

module.exports = { AbortController, AbortSignal };
