'use strict';

// What AsyncLocalStorages hold, carried along: a *frame* is the values of all storages at one place of execution, and what
// that place starts (timers, ticks, promises' reactions, what stands behind an `await`) runs in the same frame.
//
// Nothing of this is in force until `activate()`, and costs nothing before.
//
// The engine has no hook for promises, so that it takes three tricks:
//
// 1. `Promise.prototype.then` becomes an accessor that gives a function of the frame in which it was read, whose callbacks
//    run in that frame. `await` reads it at once, for a promise whose constructor is not the engine's own Promise; so the
//    global Promise becomes another function with the same prototype, and all promises are of that one.
// 2. What goes on behind an `await` is a job that the engine puts into its queue by itself. The queue is strictly first in,
//    first out; so wherever code may put such a job into it, a *mark* is put before, unless the last mark in the queue is
//    the same: a job of ours that sets the frame and leaves it set. A job of ours that runs a callback in a frame puts back
//    what it found.
// 3. Awaiting a value that is no promise cannot be seen at all. Where such a job of the engine's puts the next one behind
//    another frame's mark, it is a copy of its own mark that saves it: a mark that runs puts itself into the queue again, if
//    it is not the last one there. Two would do so for ever; after GENERATIONS they stop, and leave a mark of no frame
//    behind. So that many awaits of values that are no promises, one behind the other and amid other frames' jobs, stay in
//    their frame; what goes on so longer has no frame rather than another's.

const GENERATIONS = 64;

const EnginePromise = Promise;
const engineThen = Promise.prototype.then;
const resolved = Promise.resolve();

class Frame {
  constructor(values) {
    this.values = values; // by storage
    this.then = thenIn(this);
  }
}

const ROOT = new Frame(new Map());
let current = ROOT;
let marked = { frame: ROOT, generation: 1 }; // the queue's last mark
let active = false;

function thenIn(frame) {
  return function then(onFulfilled, onRejected) {
    return engineThen.call(this, bindTo(frame, onFulfilled), bindTo(frame, onRejected));
  };
}

// For whoever takes it off the prototype, to call it anywhere.
function thenAnywhere(onFulfilled, onRejected) {
  return current.then.call(this, onFulfilled, onRejected);
}
Object.defineProperty(thenAnywhere, 'name', { value: 'then' });

function bindTo(frame, callback) {
  if (typeof callback !== 'function') return callback;
  return function (...args) {
    const before = enter(frame);
    try {
      return callback.apply(this, args);
    } finally {
      enter(before);
    }
  };
}

function putMark(frame, generation) {
  const mark = { frame, generation };
  marked = mark;
  engineThen.call(resolved, () => {
    current = frame;
    if (marked.frame === frame) return;
    // No frame's mark goes on as long as others do, which end.
    if (frame === ROOT || mark.generation < GENERATIONS) putMark(frame, mark.generation + 1);
    else putMark(ROOT, 1);
  });
}

// Makes a frame the current one and returns the one before.
function enter(frame) {
  const before = current;
  current = frame;
  if (marked.frame !== frame) putMark(frame, 1);
  else marked.generation = 1;
  return before;
}

function activate() {
  if (active) return;
  active = true;

  function Promise(executor) {
    if (!new.target) throw new TypeError('Promise constructor cannot be invoked without \'new\'');
    return Reflect.construct(EnginePromise, [executor], new.target === Promise ? EnginePromise : new.target);
  }
  Object.setPrototypeOf(Promise, EnginePromise); // for its functions
  Object.defineProperties(Promise, {
    prototype: { value: EnginePromise.prototype, writable: false },
    // What the engine makes by itself stays its own; a subclass is its own species.
    [Symbol.species]: { get() { return this === Promise ? EnginePromise : this; }, configurable: true },
  });
  Object.defineProperties(EnginePromise.prototype, {
    constructor: { value: Promise, writable: true, configurable: true },
    then: {
      get() {
        return this === EnginePromise.prototype ? thenAnywhere : current.then;
      },
      set(value) { // of a subclass or an object of its own, or for all, as with a plain property
        Object.defineProperty(this, 'then', { value, writable: true, enumerable: this !== EnginePromise.prototype, configurable: true });
      },
      configurable: true,
    },
  });
  Object.defineProperty(globalThis, 'Promise', { value: Promise, writable: true, configurable: true });
}

exports.activate = activate;
exports.enter = enter;
exports.isActive = () => active;
exports.current = () => current;

// The callback, to be run in the frame of now.
exports.bind = (callback) => (active ? bindTo(current, callback) : callback);

// Runs a function in a frame; `undefined` is the frame without any values.
exports.runIn = (frame, run) => bindTo(frame ?? ROOT, run)();

// C calls: nothing is under way, and the queue is empty.
exports.reset = () => {
  current = ROOT;
  if (marked.frame !== ROOT) marked = { frame: ROOT, generation: 1 };
};

// Something was ended: nothing is under way, but the queue may hold jobs.
exports.leave = () => {
  if (active) enter(ROOT);
};

// The frame of now with another value for one storage, or without one.
exports.derive = (storage, value) => new Frame(new Map(current.values).set(storage, value));
exports.without = (storage) => {
  const values = new Map(current.values);
  values.delete(storage);
  return new Frame(values);
};
