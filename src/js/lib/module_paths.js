'use strict';

// Where packages are looked for besides the node_modules upwards, and what asks for that.

const builtins = require('./builtins');
const { dirname, isRelative, join } = require('./paths');
const resolve = require('./resolve');

let folders;

// Of NODE_PATH, of the home directory, and beside the program (https://nodejs.org/api/modules.html#loading-from-the-global-folders).
function readFolders(environment) {
  const { NODE_PATH, HOME } = environment;
  folders = (NODE_PATH ?? '').split(':').filter(Boolean);
  if (HOME) folders.push(join(HOME, '.node_modules'), join(HOME, '.node_libraries'));
  folders.push(join(dirname(native.execPath()), '../lib/node'));
}

exports.globalFolders = () => {
  if (folders === undefined) readFolders(native.environment());
  return folders;
};

// Module._initPaths: NODE_PATH has changed.
exports.readAgain = () => readFolders(require('./process').process.env);

const directoryOf = (module) => (module?.filename ? dirname(module.filename) : native.cwd());

// require.resolve.paths(): null for a built-in module.
exports.lookedIn = (request, module) => {
  if (builtins.find(request, () => true)) return null;
  if (/^\.{1,2}(?:\/|$)/.test(request)) return [directoryOf(module)];
  const all = [...(module?.paths ?? []), ...exports.globalFolders()];
  return all.length > 0 ? all : null;
};

// require.resolve(request, { paths }).
exports.resolveAmong = (request, parent, paths) => {
  if (!Array.isArray(paths)) throw require('./arguments').invalidValue('options.paths', paths);
  const find = (from, folders) => {
    const requirer = { filename: parent?.filename, parent: parent?.parent, paths: folders };
    const found = resolve.forRequire(request, from, parent?.filename ?? from, requirer);
    return found.builtin ?? found.path;
  };
  for (const each of paths) {
    const from = join(native.cwd(), each);
    try {
      return find(from, resolve.foldersFrom(from));
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return find('/', []); // it says so
};
