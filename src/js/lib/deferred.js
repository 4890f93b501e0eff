'use strict';

// What the engine comes back to in a piece of work of its own, not in one of C's calls: callbacks of registries, WebAssembly's
// promises. A script that was ended there would leave an engine that runs no promises' jobs any more, so scripts are told in an
// immediate.

const { setImmediate } = require('./timers');

const later = (promise) => new Promise((resolve, reject) => {
  promise.then((value) => setImmediate(resolve, value), (error) => setImmediate(reject, error));
});

// In place of a function, looking like it.
const inPlaceOf = (native, apply) => new Proxy(native, { apply: (target, self, args) => apply(...args) });

exports.registryOf = (FinalizationRegistry) => {
  const told = (cleanup) => (typeof cleanup === 'function' ? (held) => setImmediate(cleanup, held) : cleanup);
  const registry = new Proxy(FinalizationRegistry, {
    construct: (target, args, newTarget) => Reflect.construct(target, args.length > 0 ? [told(args[0])] : args, newTarget),
  });
  FinalizationRegistry.prototype.constructor = registry;
  return registry;
};

exports.assemblyOf = (WebAssembly) => {
  const { compile, Instance, Module } = WebAssembly;
  const compiled = (...args) => later(Reflect.apply(compile, WebAssembly, args));
  // The instance is made here: its start function is the script's, too.
  const instantiated = async (...args) => {
    const [source, imports] = args;
    if (source instanceof Module) return new Instance(source, imports);
    const module = await compiled(...args.slice(0, 1));
    return { module, instance: new Instance(module, imports) };
  };
  WebAssembly.compile = inPlaceOf(compile, compiled);
  WebAssembly.instantiate = inPlaceOf(WebAssembly.instantiate, instantiated);
  return WebAssembly;
};
