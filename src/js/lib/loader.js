(function (native) {
  'use strict';

  // Evaluates the world's internal modules, each at its first use.
  const cache = Object.create(null);

  function load(path) {
    const name = path.replace('./', '');
    if (cache[name]) return cache[name];
    const module = { exports: {} };
    cache[name] = module.exports;
    try {
      native.internalModule(name).call(module.exports, module.exports, load, module, native);
    } catch (error) {
      delete cache[name]; // memory was out: the next time, perhaps
      throw error;
    }
    cache[name] = module.exports;
    return module.exports;
  }

  // What nobody else holds on to is then free to go.
  load.forget = (path) => {
    delete cache[path.replace('./', '')];
  };

  load.ifLoaded = (path) => cache[path.replace('./', '')];

  return load;
});
