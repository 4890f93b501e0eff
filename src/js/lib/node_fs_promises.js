'use strict';

// Node's fs/promises: the operations as promises, and FileHandle.

const { coded } = require('./arguments');
const { constants } = require('./file_constants');
const operations = require('./file_operations');
const { runPromised } = require('./file_steps');
const { openDirectory } = require('./file_directory');
const { FileHandle, descriptorIn, writeFile } = require('./file_handle');

const NAMES = ['access', 'chmod', 'chown', 'copyFile', 'cp', 'lchown', 'link', 'lstat', 'lutimes', 'mkdir', 'mkdtemp',
  'readdir', 'readlink', 'rename', 'rm', 'rmdir', 'stat', 'statfs', 'symlink', 'truncate', 'unlink', 'utimes'];

const promises = {};
for (const name of NAMES) {
  const forms = { async [name](...args) { return runPromised(operations[name](...args)); } };
  promises[name] = forms[name];
}

Object.assign(promises, {
  async realpath(path, options) {
    return runPromised(operations.realpathNative(path, options));
  },

  async readFile(path, options) {
    return runPromised(operations.readFile(descriptorIn(path), options));
  },

  async writeFile(path, data, options) {
    return writeFile(path, data, options, 'w');
  },

  async appendFile(path, data, options) {
    return writeFile(path, data, options, 'a');
  },

  async open(path, flags, mode) {
    return new FileHandle(await runPromised(operations.open(path, flags, mode)));
  },

  async opendir(path, options) {
    return runPromised(openDirectory(path, options));
  },

  // Linux has no such call: Node rejects with these words there.
  async lchmod() {
    throw coded(Error, 'ERR_METHOD_NOT_IMPLEMENTED', 'The lchmod() method is not implemented');
  },

  watch() {
    throw coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      "fs.promises.watch is not available in the runner's JavaScript engine; look at stat() from time to time instead");
  },

  constants,
});

module.exports = promises;
