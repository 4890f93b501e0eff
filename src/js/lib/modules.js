'use strict';

// CommonJS for handlers, and where a module named in config.yaml or found in handlers/ comes in.

const { compile, keep, release } = require('./compile');
const { readJson } = require('./packages');
const { dirname } = require('./paths');
const resolve = require('./resolve');

const cache = Object.create(null);
let main; // a script's own module
const importing = new WeakSet(); // those that stand for an ES module that is being required

class Module {
  constructor(id, parent) {
    this.id = id;
    this.path = dirname(id);
    this.exports = {};
    this.filename = id;
    this.loaded = false;
    this.children = [];
    this.paths = [];
    Object.defineProperty(this, 'parent', { value: parent, writable: true, configurable: true });
    this.require = requireFor(this);
  }
}

function requireFor(module) {
  const find = (request) => resolve.forRequire(request, module.path, module.filename);
  const userRequire = (request) => {
    const found = find(request);
    return found.builtin === undefined ? loadFile(found.path, module).exports : found.make();
  };
  userRequire.resolve = (request) => {
    const found = find(request);
    return found.builtin ?? found.path;
  };
  userRequire.cache = cache;
  userRequire.main = main;
  return userRequire;
}

function loadFile(path, parent) {
  const known = cache[path];
  if (known && importing.has(known)) require('./esm').requireModule(path, parent?.filename ?? path); // which says that it can not be
  if (known) return known;
  const module = new Module(path, parent);
  cache[path] = module;
  parent?.children.push(module);
  try {
    evaluate(module, path, parent?.filename ?? path);
    module.loaded = true;
  } catch (error) {
    delete cache[path];
    throw error;
  }
  return module;
}

function evaluate(module, path, requiredBy) {
  const compiled = compile(path, requiredBy);
  release(path);
  switch (compiled.format) {
    case 'json': module.exports = readJson(path); break;
    case 'module':
      keep(path, compiled);
      importing.add(module);
      module.exports = require('./esm').requireModule(path, requiredBy);
      importing.delete(module);
      break;
    case 'commonjs': {
      const given = [module.exports, module.require, module, path, module.path];
      if (compiled.importsLater) given.push((specifier) => require('./esm').importDynamically(specifier, path));
      compiled.run.apply(module.exports, given);
      break;
    }
  }
}

// A script's own file as what runs it: a function that may give a promise, where it waits at its top level.
exports.prepareMain = (path) => {
  const compiled = compile(path, path);
  keep(path, compiled);
  if (compiled.format === 'module') return require('./esm').prepare({ path, rest: '' }, path);
  return () => {
    main = new Module(path, null);
    main.id = '.';
    main.require.main = main;
    cache[path] = main;
    evaluate(main, path, path);
    main.loaded = true;
  };
};

// For an `import` of a CommonJS file.
exports.requireFile = (path) => loadFile(path).exports;

// A `require` as a file of that path has it.
exports.createRequire = (path) => new Module(path).require;

// What `import:` or handlers/ means: a file's path, or a built-in module. A package that is there for `import` only is found, too.
function find(request, directory, namedBy) {
  try {
    return resolve.forRequire(request, directory, namedBy);
  } catch (error) {
    if (error.code !== 'ERR_PACKAGE_PATH_NOT_EXPORTED') throw error;
    return resolve.forImport(request, directory, namedBy);
  }
}

// A module named in `import:` or found in handlers/: what it exports, or a promise of that where it waits at its top level.
exports.load = (request, directory) => {
  const namedBy = `${directory}/config.yaml`;
  const found = find(request, directory, namedBy);
  if (found.builtin !== undefined) return found.make();
  if (cache[found.path]) return cache[found.path].exports;
  const compiled = compile(found.path, namedBy);
  keep(found.path, compiled);
  if (compiled.format === 'module') return require('./esm').importFound({ path: found.path, rest: '' }, namedBy);
  return loadFile(found.path, new Module(namedBy)).exports;
};
