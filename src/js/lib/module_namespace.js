'use strict';

// Module namespace objects (https://tc39.es/ecma262/#sec-module-namespace-exotic-objects): what `import * as` and
// `import()` give. Every property shows what the binding is now, and nothing can be written.

const handler = {
  get: (target, key, receiver) => (typeof key === 'symbol' ? Reflect.get(target, key, receiver) : read(target, key)),
  getOwnPropertyDescriptor(target, key) {
    const found = Reflect.getOwnPropertyDescriptor(target, key);
    if (found && typeof key === 'string') found.value = read(target, key);
    return found;
  },
  set: () => false,
  defineProperty(target, key, wanted) {
    const found = handler.getOwnPropertyDescriptor(target, key);
    return found !== undefined && ['writable', 'enumerable', 'configurable'].every((each) => !(each in wanted) || wanted[each] === found[each])
      && !('get' in wanted || 'set' in wanted) && (!('value' in wanted) || Object.is(wanted.value, found.value));
  },
};

const bindingsOf = new WeakMap();

function read(target, key) {
  return Object.hasOwn(target, key) ? bindingsOf.get(target)[key] : undefined;
}

// A namespace over an object whose getters are the bindings; seal() gives it their names once they are known.
exports.createNamespace = (bindings) => {
  const target = Object.create(null, { [Symbol.toStringTag]: { value: 'Module' } });
  bindingsOf.set(target, bindings);
  return {
    namespace: new Proxy(target, handler),
    seal() {
      for (const name of Object.keys(bindings).sort())
        Object.defineProperty(target, name, { value: undefined, writable: true, enumerable: true, configurable: false });
      Object.preventExtensions(target);
    },
  };
};
