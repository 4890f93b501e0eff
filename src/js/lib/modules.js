'use strict';

// CommonJS for handlers, and where a module named in config.yaml or found in handlers/ comes in.

const builtins = require('./builtins');
const { compile, compileText, keep, readSource, release } = require('./compile');
const { readJson } = require('./packages');
const { basename, dirname } = require('./paths');
const resolve = require('./resolve');

let main; // a script's own module
const importing = new WeakSet(); // those that stand for an ES module that is being required

// What packages know of Node's loader, and put functions of their own in place of, is looked up there at every use: the
// statics here and on the prototype. The rest of it is in node_module.js.
function Module(id = '', parent) {
  this.id = id;
  this.path = dirname(id);
  this.exports = {};
  this.filename = null;
  this.loaded = false;
  this.children = [];
  Object.defineProperty(this, 'parent', { value: parent, writable: true, configurable: true });
  if (parent) addChild(parent, this);
}

function addChild(parent, module) {
  const { children } = parent;
  if (children && !children.includes(module)) children.push(module);
}

Module._cache = Object.create(null);
Module._nodeModulePaths = resolve.foldersFrom;

// A file's path, or a built-in module's name.
Module._resolveFilename = (request, parent, isMain, options) => {
  if (options?.paths !== undefined) return require('./module_paths').resolveAmong(request, parent, options.paths);
  const from = parent?.filename ? dirname(parent.filename) : parent?.path ?? native.cwd();
  const found = resolve.forRequire(request, from, parent?.filename ?? parent?.id ?? from, parent);
  return found.builtin ?? found.path;
};

Module._load = (request, parent, isMain) => {
  const filename = request.startsWith('node:') ? request : Module._resolveFilename(request, parent, isMain);
  const known = Module._cache[filename];
  if (known) {
    if (importing.has(known)) require('./esm').requireModule(filename, parent?.filename ?? filename); // which says that it can not be
    if (parent) addChild(parent, known);
    return known.exports;
  }
  if (!filename.startsWith('/')) {
    const make = builtins.find(filename, () => false);
    return make ? make() : loadFile(resolve.forRequire(filename, '/', parent?.filename ?? filename, parent).path, parent, isMain).exports;
  }
  return loadFile(filename, parent, isMain).exports;
};

Module.prototype.require = function (request) {
  if (typeof request !== 'string') throw require('./arguments').invalidType('id', 'of type string', request);
  if (request === '') throw require('./arguments').invalidValue('id', request, 'must be a non-empty string');
  return Module._load(request, this, false);
};

Module.prototype.load = function (filename) {
  this.filename = filename;
  this.paths = Module._nodeModulePaths(dirname(filename));
  loaderOf(filename)(this, filename);
  this.loaded = true;
};

// Runs a text as the module's.
Module.prototype._compile = function (content, filename) {
  release(filename);
  return run(this, compileText(filename, `${content}`), filename);
};
const ownCompile = Module.prototype._compile;

// What loads a file, by its ending; those that are not named here load as '.js' does, which looks closer.
Module._extensions = {
  __proto__: null,
  '.js': (module, filename) => {
    if (module._compile === ownCompile) evaluate(module, filename);
    else module._compile(readSource(filename), filename);
  },
  '.json': (module, filename) => evaluate(module, filename),
  '.node': (module, filename) => evaluate(module, filename),
};
resolve.extensions = Module._extensions;
const plainLoader = Module._extensions['.js'];

// The loader of the longest ending that there is one for.
function loaderOf(path) {
  const name = basename(path);
  for (let dot = name.indexOf('.', 1); dot > 0; dot = name.indexOf('.', dot + 1)) {
    const found = Module._extensions[name.slice(dot)];
    if (found) return found;
  }
  return Module._extensions['.js'];
}

function requireFor(module) {
  const userRequire = (request) => module.require(request);
  userRequire.resolve = (request, options) => {
    if (typeof request !== 'string') throw require('./arguments').invalidType('request', 'of type string', request);
    return Module._resolveFilename(request, module, false, options);
  };
  userRequire.resolve.paths = (request) => require('./module_paths').lookedIn(request, module);
  userRequire.main = main;
  userRequire.extensions = Module._extensions;
  userRequire.cache = Module._cache;
  return userRequire;
}

function loadFile(path, parent, isMain = false) {
  const module = new Module(path, parent);
  if (isMain) becomeMain(module);
  Module._cache[path] = module;
  try {
    module.load(path);
  } catch (error) {
    delete Module._cache[path];
    if (parent?.children) parent.children = parent.children.filter((each) => each !== module);
    throw error;
  }
  return module;
}

function becomeMain(module) {
  main = module;
  module.id = '.';
}

// Its requests are from Module.prototype.require; the error says who has made it.
function evaluate(module, path) {
  const requiredBy = module.parent?.filename ?? module.parent?.id ?? path;
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
    case 'commonjs': run(module, compiled, path); break;
  }
}

function run(module, compiled, path) {
  const given = [module.exports, requireFor(module), module, path, dirname(path)];
  if (compiled.importsLater) given.push(require('./made_code').importerFor(path, compiled.importsLater));
  return compiled.run.apply(module.exports, given);
}

exports.Module = Module;

// A script's own file as what runs it: a function that may give a promise, where it waits at its top level.
exports.prepareMain = (path) => {
  const compiled = compile(path, path);
  keep(path, compiled);
  if (compiled.format === 'module') return require('./esm').prepare({ path, rest: '' }, path);
  return () => {
    becomeMain(new Module(path, null));
    require('./process').process.mainModule = main;
    Module._cache[path] = main;
    main.load(path);
  };
};

// For an `import` of a CommonJS file.
exports.requireFile = (path) => (Module._cache[path] ?? loadFile(path)).exports;

// A `require` as a file of that path has it.
exports.createRequire = (path) => {
  const module = new Module(path);
  module.filename = path;
  module.paths = Module._nodeModulePaths(module.path);
  return requireFor(module);
};

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
  if (Module._cache[found.path]) return Module._cache[found.path].exports;
  if (loaderOf(found.path) === plainLoader) { // what a package loads in its own way is CommonJS
    const compiled = compile(found.path, namedBy);
    keep(found.path, compiled);
    if (compiled.format === 'module') return require('./esm').importFound({ path: found.path, rest: '' }, namedBy);
  }
  return loadFile(found.path, new Module(namedBy)).exports;
};
