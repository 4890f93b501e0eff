'use strict';

// Prototypes that become those of EventEmitters when one of its methods is first called.

const METHODS = ['on', 'once', 'off', 'addListener', 'removeListener', 'removeAllListeners', 'prependListener',
  'prependOnceListener', 'emit', 'listeners', 'rawListeners', 'listenerCount', 'eventNames', 'setMaxListeners',
  'getMaxListeners'];

// `onListening(object)` is called once, before the first method is.
exports.lateEmitter = function lateEmitter(prototype, onListening = () => {}) {
  for (const name of METHODS) {
    prototype[name] = function (...args) {
      const { EventEmitter } = require('./node_events');
      if (Object.getPrototypeOf(prototype) !== EventEmitter.prototype) {
        for (const each of METHODS) delete prototype[each];
        Object.setPrototypeOf(prototype, EventEmitter.prototype);
        onListening(this);
      }
      return this[name](...args);
    };
  }
  return prototype;
};
exports.METHODS = METHODS;
