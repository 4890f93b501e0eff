'use strict';

// Classes whose objects are streams only for those who use them as such: hashes, ciphers, signatures, the process's output.
// Until then nothing of streams is loaded.

const { METHODS: EMITTERS } = require('./late_emitter');

const WRITABLES = [...EMITTERS, 'pipe', 'write', 'end', 'cork', 'uncork', 'destroy', 'setDefaultEncoding'];
const READABLES = ['unpipe', 'read', 'resume', 'pause', 'isPaused', 'push', 'unshift', 'setEncoding', Symbol.asyncIterator];
const CLASSES = {
  Writable: { methods: WRITABLES, states: ['_writableState'] },
  Transform: { methods: [...WRITABLES, ...READABLES], states: ['_readableState', '_writableState'] },
};

const prototypes = new Map(); // prototype -> the name of its class to be
let Stream;

function derive(prototype, name) {
  Object.setPrototypeOf(prototype, Stream[name].prototype);
}

function become(object, name, options) {
  const Class = require('./node_stream')[name];
  if (Object.hasOwn(object, '_writableState')) return Class.prototype;
  for (const state of CLASSES[name].states)
    Object.defineProperty(object, state, { value: undefined, writable: true, configurable: true });
  Class.call(object, options);
  return Class.prototype;
}

// `prototype` has what the class calls, _transform or _write and such, and may have methods of its own in place of the
// class's. `options` is what its constructor takes.
module.exports = function lateStream(prototype, name, options) {
  const { methods, states } = CLASSES[name];
  for (const each of methods) {
    if (Object.hasOwn(prototype, each)) continue;
    Object.defineProperty(prototype, each, {
      value(...args) {
        return become(this, name, options)[each].apply(this, args);
      },
      writable: true,
      configurable: true,
    });
  }
  for (const state of states) {
    Object.defineProperty(prototype, state, {
      get() {
        become(this, name, options);
        return this[state];
      },
      configurable: true,
    });
  }
  if (Stream) derive(prototype, name);
  else prototypes.set(prototype, name);
};

// Streams are loaded: whoever asks from now on sees that these are some.
module.exports.loaded = (loaded) => {
  Stream = loaded;
  prototypes.forEach((name, prototype) => derive(prototype, name));
  prototypes.clear();
};
