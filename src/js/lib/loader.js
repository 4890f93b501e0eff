(function (native) {
  'use strict';

  // Evaluates the world's internal modules, each at its first use.
  const cache = Object.create(null);

  // Those that every world needs come in one script.
  const startup = { exports: {} };
  native.internalModule('startup').call(startup, startup.exports, undefined, startup, native);

  function load(path) {
    const name = path.replace('./', '');
    if (cache[name]) return cache[name];
    const module = { exports: {} };
    cache[name] = module.exports;
    try {
      (startup.exports[name] ?? native.internalModule(name)).call(module.exports, module.exports, load, module, native);
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
