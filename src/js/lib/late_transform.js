'use strict';

// Classes whose objects are streams only for those who use them as such: hashes, ciphers, signatures. Until then nothing
// of streams is loaded.

const METHODS = ['on', 'once', 'off', 'addListener', 'removeListener', 'removeAllListeners', 'prependListener',
  'prependOnceListener', 'emit', 'listeners', 'rawListeners', 'listenerCount', 'eventNames', 'setMaxListeners',
  'getMaxListeners', 'pipe', 'unpipe', 'read', 'write', 'end', 'resume', 'pause', 'isPaused', 'push', 'unshift', 'cork', 'uncork',
  'destroy', 'setEncoding', 'setDefaultEncoding', Symbol.asyncIterator];
const STATES = ['_readableState', '_writableState'];

function become(object, prototype, options) {
  const { Transform } = require('./node_stream');
  if (!(object instanceof Transform)) Object.setPrototypeOf(prototype, Transform.prototype);
  if (Object.hasOwn(object, '_readableState')) return Transform.prototype;
  for (const name of STATES) Object.defineProperty(object, name, { value: undefined, writable: true, configurable: true });
  Transform.call(object, options);
  return Transform.prototype;
}

// `prototype` has _transform and _flush. `options` is what Transform takes.
module.exports = function lateTransform(prototype, options) {
  for (const name of METHODS) {
    Object.defineProperty(prototype, name, {
      value(...args) {
        return become(this, prototype, options)[name].apply(this, args);
      },
      writable: true,
      configurable: true,
    });
  }
  for (const name of STATES) {
    Object.defineProperty(prototype, name, {
      get() {
        become(this, prototype, options);
        return this[name];
      },
      configurable: true,
    });
  }
};
