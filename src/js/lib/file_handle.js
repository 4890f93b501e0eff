'use strict';

// fs/promises' FileHandle.

const { EventEmitter } = require('./node_events');
const { Buffer } = require('./buffer');
const { invalidType, aborted } = require('./arguments');
const { optionsOf, dataOf } = require('./file_arguments');
const operations = require('./file_operations');
const { runPromised } = require('./file_steps');

const CHUNK = 512 * 1024;

let descriptorIn; // for what takes a path or a handle

class FileHandle extends EventEmitter {
  #fd;
  #closing; // a promise, once it is being closed
  #users = 0; // operations under way; closing waits for them
  #idle = () => {};

  constructor(fd) {
    super();
    this.#fd = fd;
  }

  get fd() {
    return this.#fd;
  }

  async #use(syscall, steps) {
    if (this.#fd === -1 || this.#closing) {
      const error = new Error('file closed');
      throw Object.assign(error, { code: 'EBADF', syscall });
    }
    this.#users++;
    try {
      return await steps(this.#fd);
    } finally {
      if (--this.#users === 0) this.#idle();
    }
  }

  #run(syscall, operation, ...args) {
    return this.#use(syscall, (fd) => runPromised(operation(fd, ...args)));
  }

  appendFile(data, options) {
    return this.#use('writeFile', () => writeFile(this.#fd, data, options, 'a'));
  }

  writeFile(data, options) {
    return this.#use('writeFile', () => writeFile(this.#fd, data, options, 'w'));
  }

  readFile(options) {
    return this.#run('readFile', operations.readFile, options);
  }

  async read(buffer, offset, length, position) {
    if (!ArrayBuffer.isView(buffer)) ({ buffer = Buffer.alloc(16384), ...offset } = buffer ?? {});
    return { __proto__: null, bytesRead: await this.#run('read', operations.read, buffer, offset, length, position), buffer };
  }

  async readv(buffers, position) {
    return { __proto__: null, bytesRead: await this.#run('readv', operations.readv, buffers, position), buffers };
  }

  async write(buffer, offset, length, position) {
    return { __proto__: null, bytesWritten: await this.#run('write', operations.write, buffer, offset, length, position), buffer };
  }

  async writev(buffers, position) {
    return { __proto__: null, bytesWritten: await this.#run('writev', operations.writev, buffers, position), buffers };
  }

  stat(options) {
    return this.#run('fstat', operations.fstat, options);
  }

  truncate(length = 0) {
    return this.#run('ftruncate', operations.ftruncate, length);
  }

  chmod(mode) {
    return this.#run('fchmod', operations.fchmod, mode);
  }

  chown(uid, gid) {
    return this.#run('fchown', operations.fchown, uid, gid);
  }

  utimes(atime, mtime) {
    return this.#run('futimes', operations.futimes, atime, mtime);
  }

  datasync() {
    return this.#run('fdatasync', operations.fdatasync);
  }

  sync() {
    return this.#run('fsync', operations.fsync);
  }

  readLines(options) {
    const { LineReader } = require('./line_reader');
    return new LineReader(this.createReadStream(options));
  }

  // It stays open when the stream ends.
  readableWebStream() {
    const handle = this;
    return new ReadableStream({
      async pull(controller) {
        const { bytesRead, buffer } = await handle.read(new Uint8Array(CHUNK));
        if (bytesRead === 0) controller.close();
        else controller.enqueue(buffer.buffer.slice(0, bytesRead));
      },
    });
  }

  createReadStream(options) {
    const { ReadStream } = require('./file_streams');
    return new ReadStream(undefined, { ...options, fd: this });
  }

  createWriteStream(options) {
    const { WriteStream } = require('./file_streams');
    return new WriteStream(undefined, { ...options, fd: this });
  }

  close() {
    if (this.#fd === -1) return Promise.resolve();
    this.#closing ??= (async () => {
      if (this.#users > 0) await new Promise((resolve) => { this.#idle = resolve; });
      const fd = this.#fd;
      this.#fd = -1;
      await runPromised(operations.close(fd));
      this.emit('close');
    })();
    return this.#closing;
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    await this.close();
  }

  static {
    descriptorIn = (file) => (typeof file === 'object' && file !== null && #fd in file ? file.#fd : file);
  }
}

const isStream = (data) => data !== null && typeof data === 'object' && !ArrayBuffer.isView(data) &&
  (typeof data[Symbol.asyncIterator] === 'function' || typeof data[Symbol.iterator] === 'function');

// Whatever comes, one piece after the other.
async function writePieces(fd, pieces, { encoding, signal }) {
  for await (const piece of pieces) {
    if (signal?.aborted) throw aborted(signal);
    const bytes = dataOf(piece, encoding);
    for (let at = 0; at < bytes.length; at += CHUNK)
      await runPromised(operations.writeWhole(fd, bytes.subarray(at, at + CHUNK), -1, signal));
  }
}

async function writeFile(file, data, options, flag) {
  options = optionsOf(options, { encoding: 'utf8', mode: 0o666, flag });
  file = descriptorIn(file);
  if (typeof data === 'string' || ArrayBuffer.isView(data)) return runPromised(operations.writeFile(file, data, options));
  if (!isStream(data)) {
    throw invalidType('data', 'of type string or an instance of Buffer, TypedArray, DataView, Stream, Iterable, or AsyncIterable', data);
  }
  if (options.signal?.aborted) throw aborted(options.signal);
  if (typeof file === 'number') return writePieces(file, data, options);
  const fd = await runPromised(operations.open(file, options.flag, options.mode));
  try {
    await writePieces(fd, data, options);
  } finally {
    await runPromised(operations.close(fd));
  }
  return undefined;
}

module.exports = { FileHandle, descriptorIn, writeFile };
