'use strict';

// Node's module, as far as there is something behind it.

const { invalidValue } = require('./arguments');
const builtins = require('./builtins');
const modules = require('./modules');

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

function Module(id = '') {
  return Object.assign(this, { id, path: require('./node_path').dirname(id), exports: {}, filename: null, loaded: false, children: [] });
}

Object.assign(Module, {
  Module,
  builtinModules: builtins.names(),
  createRequire(filename) {
    const path = pathOf(filename);
    return modules.createRequire(path.endsWith('/') ? `${path}noop.js` : path); // a folder stands for a file in it
  },
  isBuiltin: (name) => builtins.isNodes(`${name}`),
  syncBuiltinESMExports() {},
  findSourceMap: () => undefined,
});

module.exports = Module;
