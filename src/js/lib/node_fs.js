'use strict';

// Node's fs: each operation in its three forms (promises has the third). What watches files is not here and says so.

const { Buffer } = require('./buffer');
const { coded, needFunction } = require('./arguments');
const { constants } = require('./file_constants');
const operations = require('./file_operations');
const { runSync, runAsync } = require('./file_steps');
const { Dirent, Stats } = require('./file_stats');
const { openDirectory } = require('./file_directory');
const { timeOf } = require('./file_arguments');

const PROMISIFY = Symbol.for('nodejs.util.promisify.custom');

// By their names in fs: the operation, and how many arguments it takes at most.
const FORMS = {
  access: 2, appendFile: 3, chmod: 2, chown: 3, close: 1, copyFile: 3, cp: 3, fchmod: 2, fchown: 3, fdatasync: 1, fstat: 2,
  fsync: 1, ftruncate: 2, futimes: 3, lchown: 3, link: 2, lstat: 2, lutimes: 3, mkdir: 2, mkdtemp: 2, open: 3, readFile: 2,
  readdir: 2, readlink: 2, realpath: 2, rename: 2, rm: 2, rmdir: 2, stat: 2, statfs: 2, symlink: 3, truncate: 2, unlink: 1,
  utimes: 3, writeFile: 3,
};

// Those whose callback says more than one thing: what it is told, and what a promise of util.promisify's gives.
const TOLD = {
  read: ['bytesRead', 'buffer'],
  readv: ['bytesRead', 'buffers'],
  write: ['bytesWritten', 'buffer'],
  writev: ['bytesWritten', 'buffers'],
};

const named = (name, value) => Object.defineProperty(value, 'name', { value: name });

function asSync(name, operation) {
  return named(name, (...args) => runSync(operation(...args)));
}

// The callback is the last argument, and at the latest the one behind all others.
function takeCallback(args, most) {
  const callback = args[Math.max(1, Math.min(args.length - 1, most))];
  needFunction(callback, 'cb');
  return callback;
}

function asCallback(name, operation, most) {
  return named(name, (...args) => {
    const callback = name === 'close' && args.length < 2 ? () => {} : takeCallback(args, most);
    const own = args.slice(0, Math.min(args.length - 1, most) || 1);
    runAsync(operation(...own), (error, value) => {
      if (error) callback(error);
      else if (value === undefined) callback(null);
      else callback(null, value);
    });
  });
}

const fs = {};
for (const [name, most] of Object.entries(FORMS)) {
  fs[name] = asCallback(name, operations[name], most);
  fs[`${name}Sync`] = asSync(`${name}Sync`, operations[name]);
}
fs.realpath.native = asCallback('native', operations.realpathNative, 2);
fs.realpathSync.native = asSync('native', operations.realpathNative);

for (const [name, parts] of Object.entries(TOLD)) {
  const operation = operations[name];
  // read and write may be called without a buffer's place, and read without the buffer.
  const form = named(name, (...args) => {
    const callback = args.findLast((each) => typeof each === 'function');
    needFunction(callback, 'cb');
    const own = args.slice(0, args.lastIndexOf(callback));
    if (name === 'read' && !ArrayBuffer.isView(own[1]) && (own[1] === undefined || own[1]?.constructor === Object)) {
      const { buffer = Buffer.alloc(16384), ...place } = own[1] ?? {};
      own.splice(1, 1, buffer, place);
    }
    runAsync(operation(...own), (error, count) => (error ? callback(error) : callback(null, count, own[1])));
  });
  Object.defineProperty(form, PROMISIFY, {
    value: (...args) => new Promise((resolve, reject) => {
      form(...args, (error, count, data) => (error ? reject(error) : resolve({ [parts[0]]: count, [parts[1]]: data })));
    }),
  });
  fs[name] = form;
  fs[`${name}Sync`] = asSync(`${name}Sync`, operation);
}

fs.exists = function exists(path, callback) {
  needFunction(callback, 'cb');
  runAsync(operations.exists(path), (error, value) => callback(value));
};
Object.defineProperty(fs.exists, PROMISIFY, { value: (path) => new Promise((resolve) => fs.exists(path, resolve)) });
fs.existsSync = asSync('existsSync', operations.exists);

fs.opendir = function opendir(path, options, callback) {
  callback ??= options;
  needFunction(callback, 'callback');
  runAsync(openDirectory(path, options), (error, value) => (error ? callback(error) : callback(null, value)));
};
fs.opendirSync = asSync('opendirSync', openDirectory);

fs.createReadStream = (path, options) => new fs.ReadStream(path, options);
fs.createWriteStream = (path, options) => new fs.WriteStream(path, options);

function unavailable(name) {
  return named(name, () => {
    throw coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      `fs.${name} is not available in the runner's JavaScript engine; look at fs.stat() from time to time instead`);
  });
}
for (const name of ['watch', 'watchFile', 'unwatchFile']) fs[name] = unavailable(name);

fs.openAsBlob = async function openAsBlob(path, { type = '' } = {}) {
  return new Blob([await require('./node_fs_promises').readFile(path)], { type });
};

Object.assign(fs, { constants, Dirent, Stats, _toUnixTimestamp: timeOf, lchmod: undefined, lchmodSync: undefined });
for (const name of ['F_OK', 'R_OK', 'W_OK', 'X_OK']) Object.defineProperty(fs, name, { value: constants[name], enumerable: true });

// What is loaded when it is first asked for.
const late = (get) => ({ get, enumerable: true, configurable: true });
Object.defineProperties(fs, {
  promises: late(() => require('./node_fs_promises')),
  Dir: late(() => require('./file_directory').Dir),
  ReadStream: late(() => require('./file_streams').ReadStream),
  WriteStream: late(() => require('./file_streams').WriteStream),
  FileReadStream: late(() => require('./file_streams').ReadStream),
  FileWriteStream: late(() => require('./file_streams').WriteStream),
});

module.exports = fs;
