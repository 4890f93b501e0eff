'use strict';

// The constructors of functions, so that `import()` works in what they make of texts, too: `new Function('s', 'return import(s)')`
// is how programs that are compiled to CommonJS get at ES modules. Only a text with that word in it is looked at.

const WORD = 'import';

const hasImport = (arg) => typeof arg === 'string' && arg.includes(WORD);

function wrap(Native) {
  const { name } = Native;
  const Maker = function Function(...args) {
    if (args.some(hasImport)) args = require('./made_code').parametersAndBody(name, args);
    return new.target === undefined ? Native(...args) : Reflect.construct(Native, args, new.target === Maker ? Native : new.target);
  };
  Object.defineProperty(Maker, 'prototype', { value: Native.prototype, writable: false });
  const own = Maker.bind(); // so that its text is as a native function's
  Object.defineProperties(own, {
    name: { value: name, configurable: true },
    length: { value: 1, configurable: true },
    prototype: { value: Native.prototype },
  });
  const writable = name === 'Function';
  Object.defineProperty(Native.prototype, 'constructor', { value: own, writable, enumerable: false, configurable: true });
  return own;
}

const makerOf = (made) => Object.getPrototypeOf(made).constructor;

let wrapped;

// All four, given the engine's Function; gives what is Function from then on.
exports.wrapAll = (Native) => {
  wrapped ??= wrapOthers(wrap(Native));
  return wrapped;
};

function wrapOthers(Function) {
  for (const made of [async () => {}, function* () {}, async function* () {}]) Object.setPrototypeOf(wrap(makerOf(made)), Function);
  return Function;
}
