'use strict';

// MessageChannel (https://html.spec.whatwg.org/#message-channels) within one world: a message is cloned when it is posted and
// delivered in a turn of its own. A port has an emitter's methods too, as Node's.

const { Event, EventTarget, defineEventAttribute } = require('./event_target');
const { coded } = require('./arguments');

class MessageEvent extends Event {
  #given;

  constructor(type, options = {}) {
    super(type, options);
    this.#given = options;
  }

  get data() {
    return this.#given.data === undefined ? null : this.#given.data;
  }

  get origin() {
    return this.#given.origin ?? '';
  }

  get lastEventId() {
    return this.#given.lastEventId ?? '';
  }

  get source() {
    return this.#given.source ?? null;
  }

  get ports() {
    return this.#given.ports ?? [];
  }
}

let make = false;

class MessagePort extends EventTarget {
  #peer;
  #waiting = [];
  #isStarted = false;
  #isScheduled = false;
  #isClosed = false;
  #wrappers = new Map(); // an emitter's listener -> the event's

  constructor() {
    if (!make) throw coded(TypeError, 'ERR_CONSTRUCT_CALL_INVALID', 'Constructor cannot be called');
    super();
  }

  static join(one, other) {
    one.#peer = other;
    other.#peer = one;
  }

  postMessage(message, options) {
    if (arguments.length === 0)
      throw coded(TypeError, 'ERR_MISSING_ARGS', 'The "message" argument must be specified');
    const transfer = Array.isArray(options) ? options : options?.transfer ?? [];
    const data = structuredClone(message, { transfer });
    const peer = this.#peer;
    if (this.#isClosed || peer.#isClosed) return;
    peer.#waiting.push(data);
    peer.#schedule();
  }

  start() {
    this.#isStarted = true;
    this.#schedule();
  }

  close() {
    if (this.#isClosed) return;
    setImmediate(() => {
      for (const port of [this, this.#peer]) {
        port.#isClosed = true;
        port.dispatchEvent(new Event('close'));
      }
    });
    this.#isClosed = true;
  }

  ref() {}

  unref() {}

  #schedule() {
    if (!this.#isStarted || this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#waiting.length === 0 || (this.#isClosed && this.#peer.#isClosed)) return;
      const data = this.#waiting.shift();
      this.#schedule();
      this.dispatchEvent(new MessageEvent('message', { data }));
    });
  }

  // ---- as an emitter ----

  on(type, listener) {
    return this.#listen(type, listener, false);
  }

  once(type, listener) {
    return this.#listen(type, listener, true);
  }

  #listen(type, listener, once) {
    const wrapper = (event) => {
      if (once) this.#wrappers.delete(listener);
      listener.call(this, type === 'message' ? event.data : event);
    };
    this.#wrappers.set(listener, wrapper);
    this.addEventListener(type, wrapper, { once });
    if (type === 'message') this.start();
    return this;
  }

  off(type, listener) {
    this.removeEventListener(type, this.#wrappers.get(listener) ?? listener);
    this.#wrappers.delete(listener);
    return this;
  }
}
MessagePort.prototype.addListener = MessagePort.prototype.on;
MessagePort.prototype.removeListener = MessagePort.prototype.off;
const { join } = MessagePort;
delete MessagePort.join;

// Whoever sets `onmessage` wants the messages.
defineEventAttribute(MessagePort.prototype, 'message');
defineEventAttribute(MessagePort.prototype, 'messageerror');
const onmessage = Object.getOwnPropertyDescriptor(MessagePort.prototype, 'onmessage');
Object.defineProperty(MessagePort.prototype, 'onmessage', {
  ...onmessage,
  set(listener) {
    onmessage.set.call(this, listener);
    if (listener) this.start();
  },
});

class MessageChannel {
  constructor() {
    make = true;
    try {
      this.port1 = new MessagePort();
      this.port2 = new MessagePort();
    } finally {
      make = false;
    }
    join(this.port1, this.port2);
  }
}

for (const Class of [MessageEvent, MessagePort, MessageChannel])
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: Class.name, configurable: true });

module.exports = { MessageChannel, MessageEvent, MessagePort };
