'use strict';

// What the system knows of a file: Stats, StatFs and Dirent.

const { constants, FILE_TYPES } = require('./file_constants');

const { S_IFMT, S_IFDIR, S_IFREG, S_IFBLK, S_IFCHR, S_IFLNK, S_IFIFO, S_IFSOCK } = constants;
const KINDS = { isDirectory: S_IFDIR, isFile: S_IFREG, isBlockDevice: S_IFBLK, isCharacterDevice: S_IFCHR,
  isSymbolicLink: S_IFLNK, isFIFO: S_IFIFO, isSocket: S_IFSOCK };
const PLAIN = ['dev', 'mode', 'nlink', 'uid', 'gid', 'rdev', 'blksize', 'ino', 'size', 'blocks'];
const TIMES = ['atime', 'mtime', 'ctime', 'birthtime']; // seconds and nanoseconds of each, behind the others
const STATFS = ['type', 'bsize', 'blocks', 'bfree', 'bavail', 'files', 'ffree'];

const fieldsOf = (bytes) => new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);

// Gives a class the methods isFile() and so on; `is(object, kind)` knows.
function addKinds(Class, is) {
  for (const [name, kind] of Object.entries(KINDS)) {
    const methods = { [name]() { return is(this, kind); } };
    Object.defineProperty(Class.prototype, name, { value: methods[name], writable: true, enumerable: true, configurable: true });
  }
}

class StatsBase {
}
addKinds(StatsBase, ({ mode }, kind) => (Number(mode) & S_IFMT) === kind);

class Stats extends StatsBase {
  constructor(fields) {
    super();
    PLAIN.forEach((name, i) => { this[name] = Number(fields[i]); });
    TIMES.forEach((name, i) => {
      this[`${name}Ms`] = Number(fields[10 + 2 * i]) * 1e3 + Number(fields[11 + 2 * i]) / 1e6;
    });
    for (const name of TIMES) this[name] = new Date(Math.round(this[`${name}Ms`]));
  }
}

class BigIntStats extends StatsBase {
  constructor(fields) {
    super();
    PLAIN.forEach((name, i) => { this[name] = fields[i]; });
    const nanoseconds = TIMES.map((name, i) => fields[10 + 2 * i] * 1000000000n + fields[11 + 2 * i]);
    TIMES.forEach((name, i) => { this[`${name}Ms`] = nanoseconds[i] / 1000000n; });
    TIMES.forEach((name, i) => { this[`${name}Ns`] = nanoseconds[i]; });
    for (const name of TIMES) this[name] = new Date(Number(this[`${name}Ms`]));
  }
}

class StatFs {
  constructor(fields, isBig) {
    STATFS.forEach((name, i) => { this[name] = isBig ? fields[i] : Number(fields[i]); });
  }
}

exports.statsOf = (bytes, isBig) => (isBig ? new BigIntStats(fieldsOf(bytes)) : new Stats(fieldsOf(bytes)));
exports.statfsOf = (bytes, isBig) => new StatFs(fieldsOf(bytes), isBig);
exports.Stats = Stats;

class Dirent {
  #type;

  constructor(name, type, path) {
    this.name = name;
    this.parentPath = path;
    this.path = path;
    this.#type = FILE_TYPES[type] ?? 0;
  }

  static {
    addKinds(this, (entry, kind) => entry.#type === kind);
  }
}
exports.Dirent = Dirent;

// A directory's entries as readdir gave them: [type, name's bytes] each.
exports.entriesOf = function* entriesOf(bytes) {
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(0, at + 1);
    yield [bytes[at], bytes.subarray(at + 1, end)];
    at = end + 1;
  }
};
