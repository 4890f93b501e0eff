'use strict';

// Node's module: the loader that modules.js has, and what else of it there is something behind.

const { invalidValue } = require('./arguments');
const builtins = require('./builtins');
const { Module, createRequire } = require('./modules');
const paths = require('./module_paths');
const resolve = require('./resolve');

// A file's path, or a file: URL.
function pathOf(filename) {
  const wrong = () => invalidValue('filename', filename, 'must be a file URL object, file URL string, or absolute path string');
  if (filename instanceof URL || (typeof filename === 'string' && !filename.startsWith('/'))) {
    let url;
    try {
      url = new URL(filename);
    } catch {
      throw wrong();
    }
    return require('./file_arguments').pathOf(url);
  }
  if (typeof filename !== 'string') throw wrong();
  return filename;
}

const wrapper = ['(function (exports, require, module, __filename, __dirname) { ', '\n});'];

Object.assign(Module, {
  Module,
  builtinModules: builtins.names(),
  createRequire(filename) {
    const path = pathOf(filename);
    return createRequire(path.endsWith('/') ? `${path}noop.js` : path); // a folder stands for a file in it
  },
  isBuiltin: (name) => builtins.isHere(`${name}`),
  syncBuiltinESMExports() {},
  findSourceMap: () => undefined,
  wrapper,
  wrap: (script) => wrapper[0] + script + wrapper[1],
  globalPaths: [...paths.globalFolders()],
  _pathCache: { __proto__: null }, // nothing is kept there
  _initPaths() {
    paths.readAgain();
    Module.globalPaths = [...paths.globalFolders()];
  },
  _resolveLookupPaths: paths.lookedIn,
  _findPath: (request, folders) => resolve.among(request, folders ?? []) ?? false,
});

module.exports = Module;
