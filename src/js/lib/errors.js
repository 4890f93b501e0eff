'use strict';

// The constructors of errors, so that what scripts make has a `stack` as in Node: the error's name and message before its
// frames, in the lines of the files. The engine's own text is taken when the error is made, and put into words when
// somebody first looks, as in Node. Errors that the engine throws itself never come by here; they are put into words where
// they are shown.

const CLASSES = ['Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'];
const FRAMES = 10; // that a stack has, as in V8
const OURS = 3; // that making an error here adds

const made = new WeakMap(); // error -> the engine's text
const { Error: Native } = globalThis;
let limit = FRAMES;

function render(error, raw) {
  const { prepareStackTrace } = globalThis.Error;
  const stack = require('./stack');
  return typeof prepareStackTrace === 'function' ? prepareStackTrace(error, stack.callSites(error, raw)) : stack.render(error, raw);
}

function define(error, value) {
  Object.defineProperty(error, 'stack', { value, writable: true, enumerable: false, configurable: true });
  return value;
}

const accessor = {
  get() {
    const raw = made.get(this);
    return raw === undefined ? undefined : define(this, render(this, raw));
  },
  set(value) {
    define(this, value);
  },
  enumerable: false,
  configurable: true,
};

function attach(error) {
  const raw = error.stack;
  if (typeof raw !== 'string') return error;
  made.set(error, raw);
  Object.defineProperty(error, 'stack', accessor);
  return error;
}

function captureStackTrace(target, above) {
  Native.captureStackTrace(target, above);
  attach(target);
}

// Without what the engine puts beside the stack, and Node does not.
function bare(error) {
  delete error.line;
  delete error.column;
  delete error.sourceURL;
  return error;
}

const handler = {
  construct: (target, args, newTarget) => bare(attach(Reflect.construct(target, args, newTarget))),
  apply: (target, self, args) => bare(attach(Reflect.apply(target, self, args))),
};

const handlerOfError = {
  ...handler,
  get(target, key, receiver) {
    if (key === 'stackTraceLimit') return limit;
    return key === 'captureStackTrace' && target.captureStackTrace ? captureStackTrace : Reflect.get(target, key, receiver);
  },
  set(target, key, value, receiver) {
    if (key !== 'stackTraceLimit') return Reflect.set(target, key, value, receiver);
    limit = value;
    target.stackTraceLimit = typeof value === 'number' ? value + OURS : value;
    return true;
  },
};

exports.Native = Native;
exports.bare = bare;
exports.isMade = (error) => made.has(error); // by a script, not by the engine

exports.install = (target) => {
  for (const name of CLASSES) {
    const original = target[name];
    const wrapped = new Proxy(original, original === Native ? handlerOfError : handler);
    if (original !== Native) Object.setPrototypeOf(original, target.Error);
    Object.defineProperty(original.prototype, 'constructor', { value: wrapped, writable: true, configurable: true });
    Object.defineProperty(target, name, { value: wrapped, writable: true, configurable: true });
  }
  target.Error.stackTraceLimit = FRAMES;
};
