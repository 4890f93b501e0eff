(function (native) {
  'use strict';

  // Evaluates the world's internal modules, each at its first use.
  const cache = Object.create(null);

  return function load(path) {
    const name = path.replace('./', '');
    if (cache[name]) return cache[name];
    const module = { exports: {} };
    cache[name] = module.exports;
    native.internalModule(name).call(module.exports, module.exports, load, module, native);
    cache[name] = module.exports;
    return module.exports;
  };
});
