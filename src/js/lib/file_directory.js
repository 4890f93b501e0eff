'use strict';

// fs.Dir: a directory's entries one after the other. They are read when it is opened.

const { coded, invalidType } = require('./arguments');
const { optionsOf, namesIn, pathOf } = require('./file_arguments');
const { Dirent, entriesOf } = require('./file_stats');
const { call } = require('./file_steps');
const operations = require('./file_operations');
const timers = require('./timers');

class Dir {
  #entries;
  #closed = false;

  constructor(path, entries) {
    if (!entries) throw invalidType('handle', 'an instance of DirHandle', entries);
    Object.defineProperty(this, 'path', { value: path, enumerable: true });
    this.#entries = entries;
  }

  #needOpen() {
    if (this.#closed) throw coded(Error, 'ERR_DIR_CLOSED', 'Directory handle was closed');
  }

  readSync() {
    this.#needOpen();
    return this.#entries.shift() ?? null;
  }

  read(callback) {
    if (callback === undefined) return (async () => this.readSync())();
    const entry = this.readSync();
    return timers.nextTick(callback, null, entry);
  }

  closeSync() {
    this.#needOpen();
    this.#closed = true;
    this.#entries = [];
  }

  close(callback) {
    if (callback === undefined) return (async () => this.closeSync())();
    this.closeSync();
    return timers.nextTick(callback, null);
  }

  async *entries() {
    try {
      for (let entry; (entry = await this.read()) !== null;) yield entry;
    } finally {
      if (!this.#closed) await this.close();
    }
  }

  [Symbol.asyncIterator]() {
    return this.entries();
  }
}

// As file_operations.js's.
function* openDirectory(path, options) {
  options = optionsOf(options, { encoding: 'utf8' });
  path = pathOf(path);
  const text = typeof path === 'string' ? path : namesIn({})(path);
  if (options.recursive) return new Dir(text, yield* operations.readdir(path, { ...options, withFileTypes: true }));
  const decode = namesIn(options);
  const bytes = yield call('readdir', [path], { syscall: 'opendir', path });
  return new Dir(text, [...entriesOf(bytes)].map(([type, name]) => new Dirent(decode(name), type, text)));
}

module.exports = { Dir, openDirectory };
