'use strict';

// Event and EventTarget (https://dom.spec.whatwg.org/#events): the port's, with Node's errors, and with what events'
// getEventListeners() looks at.

const port = require('./vendor_event_target');
const { invalidType } = require('./arguments');
const { missing } = require('./node_errors');

port.setErrorHandler((error) => require('./timers').nextTick(native.uncaught, error));
port.setWarningHandler(() => {}); // of listeners added twice and such, which Node does not mention

class Event extends port.Event {
  constructor(type, options) {
    if (arguments.length === 0) throw missing('type');
    super(type, options);
  }
}
Object.defineProperty(Event.prototype, Symbol.toStringTag, { value: 'Event', configurable: true });

const listeners = new WeakMap(); // target -> [{type, callback, capture, once, signal}, …]

const captureOf = (options) => Boolean(typeof options === 'object' ? options?.capture : options);

class EventTarget extends port.EventTarget {
  addEventListener(type, callback, options) {
    if (arguments.length < 2) throw missing('type', 'listener');
    if (callback !== null && callback !== undefined && typeof callback !== 'object' && typeof callback !== 'function')
      throw invalidType('listener', 'an instance of EventListener', callback);
    const signal = options?.signal;
    if (signal !== undefined && !(signal instanceof globalThis.AbortSignal)) throw invalidType('options.signal', 'an instance of AbortSignal', signal);
    super.addEventListener(type, callback ?? null, options);
    if (callback && !signal?.aborted) note(this, { type: `${type}`, callback, capture: captureOf(options), once: Boolean(options?.once), signal });
  }

  removeEventListener(type, callback, options) {
    if (arguments.length < 2) throw missing('type', 'listener');
    super.removeEventListener(type, callback ?? null, options);
    forget(this, (entry) => entry.type === `${type}` && entry.callback === callback && entry.capture === captureOf(options));
  }

  dispatchEvent(event) {
    if (arguments.length === 0) throw missing('event');
    if (!(event instanceof Event)) throw invalidType('event', 'an instance of Event', event);
    forget(this, (entry) => entry.once && entry.type === event.type);
    return super.dispatchEvent(event);
  }
}

function note(target, entry) {
  const entries = listeners.get(target) ?? [];
  if (entries.some(({ type, callback, capture }) => type === entry.type && callback === entry.callback && capture === entry.capture)) return;
  entries.push(entry);
  listeners.set(target, entries);
}

function forget(target, isMeant) {
  const entries = listeners.get(target);
  if (entries?.some(isMeant)) listeners.set(target, entries.filter((entry) => !isMeant(entry)));
}

class CustomEvent extends Event {
  #detail;

  constructor(type, options) {
    super(type, options);
    this.#detail = options?.detail ?? null;
  }

  get detail() {
    return this.#detail;
  }
}
Object.defineProperty(CustomEvent.prototype, Symbol.toStringTag, { value: 'CustomEvent', configurable: true });
Object.defineProperty(EventTarget.prototype, Symbol.toStringTag, { value: 'EventTarget', configurable: true });

require.ifLoaded('./performance')?.derive(EventTarget);

module.exports = {
  Event,
  EventTarget,
  CustomEvent,
  // An `onabort` or the like.
  defineEventAttribute: port.defineEventAttribute,
  listenersOf: (target, type) => (listeners.get(target) ?? [])
    .filter((entry) => entry.type === type && !entry.signal?.aborted).map(({ callback }) => callback),
};
