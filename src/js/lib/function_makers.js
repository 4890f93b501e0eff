'use strict';

// The constructors of functions, so that `import()` works in what they make of texts, too: `new Function('s', 'return import(s)')`
// is how programs that are compiled to CommonJS get at ES modules. Only a text with that word in it is looked at.

const MAKERS = [() => {}, async () => {}, function* () {}, async function* () {}].map((each) => Object.getPrototypeOf(each).constructor);
const WORD = 'import';

const hasImport = (arg) => typeof arg === 'string' && arg.includes(WORD);

function wrap(Native) {
  const { name } = Native;
  const Maker = function Function(...args) {
    if (args.some(hasImport)) args = require('./made_code').parametersAndBody(name, args);
    return new.target === undefined ? Native(...args) : Reflect.construct(Native, args, new.target === Maker ? Native : new.target);
  };
  Object.defineProperty(Maker, 'prototype', { value: Native.prototype, writable: false });
  const wrapped = Maker.bind(); // so that its text is as a native function's
  Object.defineProperties(wrapped, {
    name: { value: name, configurable: true },
    length: { value: 1, configurable: true },
    prototype: { value: Native.prototype },
  });
  const { writable } = Object.getOwnPropertyDescriptor(Native.prototype, 'constructor');
  Object.defineProperty(Native.prototype, 'constructor', { value: wrapped, writable, enumerable: false, configurable: true });
  return wrapped;
}

exports.install = (target) => {
  const [Function, ...others] = MAKERS.map(wrap);
  for (const each of others) Object.setPrototypeOf(each, Function);
  Object.defineProperty(target, 'Function', { value: Function, writable: true, enumerable: false, configurable: true });
};
