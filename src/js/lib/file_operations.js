'use strict';

// fs's operations, each once, as generators of the system's calls (see file_steps.js). Their arguments are those of the
// form that ends in Sync.

const { Buffer } = require('./buffer');
const { invalidType, outOfRange, coded, needBoolean, needInteger, needUint32, needInt32, needFunction, needObject, aborted } = require('./arguments');
const { flagsOf, modeOf, pathOf, descriptorOf, optionsOf, encodingOf, namesIn, timeOf, ownerOf, positionOf, viewOf, viewsOf, dataOf } =
  require('./file_arguments');
const { constants } = require('./file_constants');
const { Dirent, entriesOf, statsOf, statfsOf } = require('./file_stats');
const { call } = require('./file_steps');
const { codes, refusal } = require('./system_errors');

const MOST_BYTES = 2 ** 31 - 1; // of a file read whole, as in Node
const CHUNK = 64 * 1024;

// ---- calls of the system ----

const openAs = (path, flags, mode) => call('open', [path, flags, mode], { path });
const closing = (fd) => call('close', [fd]);
const reading = (fd, most, position) => call('read', [fd, most, position]);
const writing = (fd, position, bytes) => call('write', [fd, position, bytes]);
const asking = (name, path) => call(name, [path], { path });

// The mode of access() and copyFile(); 0, F_OK to the one, where there is none.
function threeBits(mode) {
  if (mode === undefined || mode === null) return 0;
  if (typeof mode !== 'number') throw coded(TypeError, 'ERR_INVALID_ARG_TYPE', 'mode must be int32 or null/undefined');
  if (!(mode >= 0 && mode <= 7)) throw coded(RangeError, 'ERR_OUT_OF_RANGE', 'mode is out of range: >= 0 && <= 7');
  return mode;
}

const isDirectory = (stats) => (Number(stats.mode) & constants.S_IFMT) === constants.S_IFDIR;

function* writeWhole(fd, bytes, position, signal) {
  for (let done = 0; done < bytes.length;) {
    if (signal?.aborted) throw aborted(signal);
    const at = position < 0 ? -1 : position + done;
    done += yield writing(fd, at, done === 0 ? bytes : bytes.subarray(done));
  }
}

function joined(chunks) {
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
}

// From where the descriptor stands to the end.
function* readWhole(fd, signal) {
  const stats = statsOf(yield call('fstat', [fd]), false);
  const expected = stats.isFile() ? stats.size : 0;
  if (expected > MOST_BYTES)
    throw coded(RangeError, 'ERR_FS_FILE_TOO_LARGE', `File size (${expected}) is greater than 2 GiB`);
  const chunks = [];
  let length = 0;
  while (expected === 0 || length < expected) {
    if (signal?.aborted) throw aborted(signal);
    const chunk = yield reading(fd, expected ? expected - length : CHUNK, -1);
    if (chunk.length === 0) break;
    chunks.push(chunk);
    length += chunk.length;
  }
  const bytes = joined(chunks.length ? chunks : [new Uint8Array(0)]);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

// Runs `steps(descriptor)` with the file open, or with the descriptor that was given in the path's place.
function* withFile(file, flags, mode, steps) {
  if (file === (file | 0)) return yield* steps(descriptorOf(file));
  const fd = yield openAs(pathOf(file), flags, mode);
  let result;
  try {
    result = yield* steps(fd);
  } catch (error) {
    yield closing(fd);
    throw error;
  }
  yield closing(fd);
  return result;
}

// ---- descriptors ----

function* open(path, flags, mode) {
  return yield openAs(pathOf(path), flagsOf(flags), modeOf(mode, 'mode', 0o666));
}

function* close(fd) {
  yield closing(descriptorOf(fd));
}

// read(fd, buffer, offset, length, position), read(fd, buffer, options), read(fd, buffer)
function* read(fd, buffer, ...place) {
  descriptorOf(fd);
  let [offset, length, position] = place;
  if (place.length <= 1 || (offset !== null && typeof offset === 'object')) {
    if (offset !== undefined && offset !== null) needObject(offset, 'options');
    ({ offset, length, position } = offset ?? {});
  }
  const view = viewOf(buffer);
  offset ??= 0;
  needInteger(offset, 'offset', 0);
  length ??= view.length - offset;
  length |= 0;
  position = positionOf(position);
  if (length === 0) return 0;
  if (view.length === 0)
    throw coded(TypeError, 'ERR_INVALID_ARG_VALUE', `The argument 'buffer' is empty and cannot be written. Received ${require('./vendor_inspect').inspect(buffer)}`);
  if (length < 0) throw outOfRange('length', '>= 0', length);
  if (length > view.length - offset) throw outOfRange('length', `<= ${view.length - offset}`, length);
  const bytes = yield reading(fd, length, position);
  view.set(bytes, offset);
  return bytes.length;
}

function* readv(fd, buffers, position) {
  descriptorOf(fd);
  position = typeof position === 'number' ? position : -1;
  const views = viewsOf(buffers);
  const bytes = yield reading(fd, views.reduce((sum, view) => sum + view.length, 0), position);
  let done = 0;
  for (const view of views) {
    const part = bytes.subarray(done, done + view.length);
    view.set(part);
    done += part.length;
  }
  return done;
}

// write(fd, buffer, offset, length, position), write(fd, buffer, options), write(fd, string, position, encoding)
function* write(fd, buffer, offset, length, position) {
  descriptorOf(fd);
  if (typeof buffer === 'string') {
    encodingOf(length);
    return yield writing(fd, positionOf(offset), dataOf(buffer, length, 'buffer'));
  }
  const bytes = dataOf(buffer, undefined, 'buffer');
  if (offset !== null && typeof offset === 'object') ({ offset, length, position } = offset);
  offset ??= 0;
  needInteger(offset, 'offset', 0);
  length = typeof length === 'number' ? length : bytes.length - offset;
  if (offset > bytes.length) throw outOfRange('offset', `<= ${bytes.length}`, offset);
  if (length > bytes.length - offset) throw outOfRange('length', `<= ${bytes.length - offset}`, length);
  if (length < 0) throw outOfRange('length', '>= 0', length);
  needInt32(length, 'length', 0);
  return yield writing(fd, typeof position === 'number' ? position : -1, bytes.subarray(offset, offset + length));
}

function* writev(fd, buffers, position) {
  descriptorOf(fd);
  const bytes = Buffer.concat(viewsOf(buffers));
  yield* writeWhole(fd, bytes, typeof position === 'number' ? position : -1);
  return bytes.length;
}

function* ftruncate(fd, length = 0) {
  descriptorOf(fd);
  needInteger(length, 'len');
  yield call('ftruncate', [fd, Math.max(0, length)]);
}

function* fsync(fd) {
  yield call('fsync', [descriptorOf(fd)]);
}

function* fdatasync(fd) {
  yield call('fdatasync', [descriptorOf(fd)]);
}

function* fchmod(fd, mode) {
  yield call('fchmod', [descriptorOf(fd), modeOf(mode)]);
}

function* fchown(fd, uid, gid) {
  yield call('fchown', [descriptorOf(fd), ownerOf(uid, 'uid'), ownerOf(gid, 'gid')]);
}

function* futimes(fd, atime, mtime) {
  descriptorOf(fd);
  yield call('futimes', [fd, timeOf(atime, 'atime'), timeOf(mtime, 'mtime')], { syscall: 'futime' });
}

function* fstat(fd, { bigint = false } = {}) {
  return statsOf(yield call('fstat', [descriptorOf(fd)]), bigint);
}

// ---- whole files ----

function* readFile(path, options) {
  const { encoding, flag, signal } = optionsOf(options, { flag: 'r' });
  if (signal?.aborted) throw aborted(signal);
  const buffer = yield* withFile(path, flagsOf(flag), 0o666, (fd) => readWhole(fd, signal));
  return encoding && encoding !== 'buffer' ? buffer.toString(encoding) : buffer;
}

function* writeFile(path, data, options) {
  const { encoding, flag, mode, signal, flush = false } = optionsOf(options, { flag: 'w', mode: 0o666, encoding: 'utf8' });
  if (flush !== null) needBoolean(flush, 'options.flush');
  const bytes = dataOf(data, encoding);
  if (signal?.aborted) throw aborted(signal);
  yield* withFile(path, flagsOf(flag), modeOf(mode, 'mode', 0o666), function* writeAll(fd) {
    yield* writeWhole(fd, bytes, -1, signal);
    if (flush) yield call('fsync', [fd]);
  });
}

function* appendFile(path, data, options) {
  yield* writeFile(path, data, optionsOf(options, { flag: 'a', mode: 0o666, encoding: 'utf8' }));
}

function* truncate(path, length = 0) {
  if (typeof path === 'number') return yield* ftruncate(path, length);
  return yield* withFile(path, constants.O_RDWR, 0o666, (fd) => ftruncate(fd, length ?? 0));
}

function* copyFile(source, target, mode) {
  source = pathOf(source, 'src');
  target = pathOf(target, 'dest');
  yield call('copyFile', [source, target, threeBits(mode)], { syscall: 'copyfile', path: source, dest: target });
}

// ---- paths ----

function* access(path, mode) {
  path = pathOf(path);
  yield call('access', [path, threeBits(mode)], { path });
}

function* exists(path) {
  try {
    yield call('access', [pathOf(path), constants.F_OK], { path });
    return true;
  } catch {
    return false;
  }
}

function* statBy(name, path, { bigint = false, throwIfNoEntry = true } = {}) {
  try {
    return statsOf(yield asking(name, pathOf(path)), bigint);
  } catch (error) {
    if (throwIfNoEntry || (error.code !== 'ENOENT' && error.code !== 'ENOTDIR')) throw error;
    return undefined;
  }
}

const stat = (path, options) => statBy('stat', path, options ?? undefined);
const lstat = (path, options) => statBy('lstat', path, options ?? undefined);

function* statfs(path, { bigint = false } = {}) {
  return statfsOf(yield asking('statfs', pathOf(path)), bigint);
}

function* rename(from, to) {
  from = pathOf(from, 'oldPath');
  to = pathOf(to, 'newPath');
  yield call('rename', [from, to], { path: from, dest: to });
}

function* link(from, to) {
  from = pathOf(from, 'existingPath');
  to = pathOf(to, 'newPath');
  yield call('link', [from, to], { path: from, dest: to });
}

function* symlink(target, path, type) {
  if (type !== undefined && type !== null && !['dir', 'file', 'junction'].includes(type)) {
    throw coded(Error, 'ERR_FS_INVALID_SYMLINK_TYPE', `Symlink type must be one of "dir", "file", or "junction". Received "${type}"`);
  }
  target = pathOf(target, 'target');
  path = pathOf(path);
  yield call('symlink', [target, path], { path: target, dest: path });
}

function* readlink(path, options) {
  options = optionsOf(options);
  return namesIn(options)(yield asking('readlink', pathOf(path, 'oldPath')));
}

function* unlink(path) {
  yield asking('unlink', pathOf(path));
}

function* realpathNative(path, options) {
  options = optionsOf(options);
  return namesIn(options)(yield asking('realpath', pathOf(path)));
}

// Node walks the path itself, which only its errors show: they name the first part that is missing.
function* realpath(path, options) {
  options = optionsOf(options);
  path = pathOf(path);
  try {
    return namesIn(options)(yield asking('realpath', path));
  } catch (error) {
    const parts = require('./node_path').resolve(Buffer.from(path).toString()).split('/');
    for (let i = 1; i <= parts.length; i++) yield asking('lstat', parts.slice(0, i).join('/') || '/');
    throw error;
  }
}

function* chmod(path, mode) {
  path = pathOf(path);
  yield call('chmod', [path, modeOf(mode)], { path });
}

function* chown(path, uid, gid) {
  path = pathOf(path);
  yield call('chown', [path, ownerOf(uid, 'uid'), ownerOf(gid, 'gid')], { path });
}

function* lchown(path, uid, gid) {
  path = pathOf(path);
  yield call('lchown', [path, ownerOf(uid, 'uid'), ownerOf(gid, 'gid')], { path });
}

function* utimes(path, atime, mtime) {
  path = pathOf(path);
  yield call('utimes', [path, timeOf(atime), timeOf(mtime)], { syscall: 'utime', path });
}

function* lutimes(path, atime, mtime) {
  path = pathOf(path);
  yield call('lutimes', [path, timeOf(atime), timeOf(mtime)], { syscall: 'lutime', path });
}

// ---- directories ----

const textOf = (path) => (typeof path === 'string' ? path : Buffer.from(path).toString());

// Makes what is missing of the path; the first that had to be made.
function* makeAll(path, mode, whole = path) {
  const { dirname } = require('./node_path');
  try {
    yield call('mkdir', [path, mode], { path: whole });
    return path;
  } catch (error) {
    if (error.code === 'ENOENT' && dirname(path) !== path) {
      const first = yield* makeAll(dirname(path), mode, whole);
      const next = yield* makeAll(path, mode, whole);
      return first ?? next;
    }
    if (error.code !== 'EEXIST' && error.code !== 'EISDIR' && error.code !== 'EROFS') throw error;
    const stats = yield* statBy('stat', path, { throwIfNoEntry: false });
    if (stats && isDirectory(stats)) return undefined;
    if (path === whole) throw error;
    return yield call('mkdir', [`${path}/.`, mode], { path: whole }); // a file is in the way: the system says so
  }
}

function* mkdir(path, options) {
  let mode = 0o777;
  let recursive = false;
  if (typeof options === 'number' || typeof options === 'string') mode = modeOf(options);
  else if (options) {
    recursive = options.recursive ?? false;
    mode = modeOf(options.mode, 'mode', 0o777);
  }
  path = pathOf(path);
  needBoolean(recursive, 'options.recursive');
  if (recursive) return yield* makeAll(textOf(path).replace(/(?<=.)\/+$/, ''), mode, textOf(path));
  return void (yield call('mkdir', [path, mode], { path }));
}

function* mkdtemp(prefix, options) {
  options = optionsOf(options);
  const path = `${textOf(pathOf(prefix, 'prefix'))}XXXXXX`; // what mkdtemp(3) fills in
  return namesIn(options)(yield asking('mkdtemp', path));
}

const listing = (path) => call('readdir', [path], { syscall: 'scandir', path });

function* readdir(path, options) {
  options = optionsOf(options);
  path = pathOf(path);
  if (options.recursive !== undefined && options.recursive !== null) needBoolean(options.recursive, 'options.recursive');
  const decode = namesIn(options);
  const { join, relative } = require('./node_path');
  const root = textOf(path);
  const found = [];
  const queue = [options.recursive ? root : path];
  while (queue.length > 0) {
    const directory = queue.shift();
    for (const [type, name] of entriesOf(yield listing(directory))) {
      const entry = new Dirent(decode(name), type, options.recursive ? directory : path);
      const below = options.recursive ? join(directory, Buffer.from(name).toString()) : undefined;
      let deeper = options.recursive && entry.isDirectory();
      if (options.withFileTypes) found.push(entry);
      else if (!options.recursive) found.push(entry.name);
      else found.push(options.encoding === 'buffer' ? Buffer.from(relative(root, below)) : relative(root, below));
      if (options.recursive && !options.withFileTypes && entry.isSymbolicLink())
        deeper = isDirectory((yield* statBy('stat', below, { throwIfNoEntry: false })) ?? { mode: 0 });
      if (deeper) queue.push(below);
    }
  }
  return found;
}

function* rmdir(path, options) {
  path = pathOf(path);
  if (options?.recursive) return yield* removeTree(path);
  return void (yield asking('rmdir', path));
}

// The path and all below it; what is gone meanwhile is as good.
function* removeTree(path) {
  const isGone = (error) => error.code === 'ENOENT';
  try {
    yield asking('unlink', path);
    return;
  } catch (error) {
    if (isGone(error)) return;
    if (error.code !== 'EISDIR' && error.code !== 'EPERM') throw error;
  }
  try {
    const bytes = yield listing(path);
    for (const [, name] of entriesOf(bytes)) yield* removeTree(Buffer.concat([Buffer.from(path), Buffer.from('/'), name]));
    yield asking('rmdir', path);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function removalOptions(options = {}) {
  needObject(options, 'options');
  const { force = false, recursive = false, maxRetries = 0, retryDelay = 100 } = options;
  needBoolean(force, 'options.force');
  needBoolean(recursive, 'options.recursive');
  needUint32(maxRetries, 'options.maxRetries');
  needInt32(retryDelay, 'options.retryDelay', 0);
  return { force, recursive };
}

function* rm(path, options) {
  const { force, recursive } = removalOptions(options);
  path = pathOf(path);
  let stats;
  try {
    stats = statsOf(yield asking('lstat', path), false);
  } catch (error) {
    if (force && error.code === 'ENOENT') return;
    throw error;
  }
  if (!stats.isDirectory()) {
    yield asking('unlink', path);
  } else if (!recursive) {
    throw refusal('ERR_FS_EISDIR', 'Path is a directory', { syscall: 'rm', message: ['EISDIR', 'is a directory'], errno: codes.EISDIR, path: textOf(path) });
  } else {
    yield* removeTree(path);
  }
}

// ---- cp ----

function copyRefusal(code, label, errno, name, reason, path) {
  return refusal(code, label, { syscall: 'cp', message: [name, reason], errno, path });
}

function* copyEntry(source, target, options, stats) {
  const { join, dirname, resolve, isAbsolute } = require('./node_path');
  const there = yield* statBy(options.dereference ? 'stat' : 'lstat', target, { throwIfNoEntry: false });
  if (stats.isDirectory()) {
    if (there && !there.isDirectory()) {
      throw copyRefusal('ERR_FS_CP_DIR_TO_NON_DIR', 'Cannot overwrite non-directory with directory', codes.EISDIR, 'EISDIR',
        `cannot overwrite non-directory ${target} with directory ${source}`, target);
    }
    if (!options.recursive) {
      throw copyRefusal('ERR_FS_EISDIR', 'Path is a directory', codes.EISDIR, 'EISDIR', `${source} is a directory (not copied)`,
        source);
    }
    if (!there) yield* makeAll(target, 0o777);
    for (const [, name] of entriesOf(yield listing(source))) {
      const each = Buffer.from(name).toString();
      const from = join(source, each);
      if (options.filter && !options.filter(from, join(target, each))) continue;
      yield* copyEntry(from, join(target, each), options, yield* statBy(options.dereference ? 'stat' : 'lstat', from));
    }
    if (!there) yield call('chmod', [target, stats.mode & 0o7777], { path: target });
    return;
  }
  if (there?.isDirectory()) {
    throw copyRefusal('ERR_FS_CP_NON_DIR_TO_DIR', 'Cannot overwrite directory with non-directory', codes.ENOTDIR, 'ENOTDIR',
      `cannot overwrite directory ${target} with non-directory ${source}`, target);
  }
  if (there && !options.force) {
    if (!options.errorOnExist) return;
    throw copyRefusal('ERR_FS_CP_EEXIST', 'Target already exists', codes.EEXIST, 'EEXIST', `${target} already exists`, target);
  }
  if (!there) yield* makeAll(dirname(target), 0o777);
  if (stats.isSymbolicLink()) {
    let to = yield* readlink(source);
    if (!options.verbatimSymlinks && !isAbsolute(to)) to = resolve(dirname(source), to);
    if (there) yield asking('unlink', target);
    yield call('symlink', [to, target], { path: to, dest: target });
    return;
  }
  if (there) yield asking('unlink', target);
  yield* copyFile(source, target, options.mode);
  if (options.preserveTimestamps) yield* utimes(target, stats.atime, stats.mtime);
}

function* cp(source, target, options = {}) {
  needObject(options, 'options');
  const settled = { dereference: false, errorOnExist: false, force: true, preserveTimestamps: false, recursive: false,
    verbatimSymlinks: false, mode: 0, ...options };
  for (const name of ['dereference', 'errorOnExist', 'force', 'preserveTimestamps', 'recursive', 'verbatimSymlinks'])
    needBoolean(settled[name], `options.${name}`);
  if (settled.filter !== undefined) needFunction(settled.filter, 'options.filter');
  source = textOf(pathOf(source, 'src'));
  target = textOf(pathOf(target, 'dest'));
  if (settled.filter && !settled.filter(source, target)) return;
  const { resolve } = require('./node_path');
  const stats = yield* statBy(settled.dereference ? 'stat' : 'lstat', source);
  if (resolve(source) === resolve(target)) {
    throw copyRefusal('ERR_FS_CP_EINVAL', 'Invalid src or dest', codes.EINVAL, 'EINVAL', 'src and dest cannot be the same', target);
  }
  if (stats.isDirectory() && settled.recursive && `${resolve(target)}/`.startsWith(`${resolve(source)}/`)) {
    throw copyRefusal('ERR_FS_CP_EINVAL', 'Invalid src or dest', codes.EINVAL, 'EINVAL',
      `cannot copy ${source} to a subdirectory of self ${target}`, target);
  }
  yield* copyEntry(source, target, settled, stats);
}

module.exports = { open, close, read, readv, write, writev, ftruncate, fsync, fdatasync, fchmod, fchown, futimes, fstat,
  readFile, writeFile, appendFile, truncate, copyFile, access, exists, stat, lstat, statfs, rename, link, symlink, readlink,
  unlink, realpath, realpathNative, chmod, chown, lchown, utimes, lutimes, mkdir, mkdtemp, readdir, rmdir, rm, cp,
  readWhole, writeWhole };
