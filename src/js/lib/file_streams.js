'use strict';

// fs.ReadStream and fs.WriteStream, over the port of Node's streams. They are functions and no classes, because packages
// that extend fs call them on objects of their own.

const { Readable, Writable, finished } = require('./node_stream');
const { Buffer } = require('./buffer');
const { invalidType, outOfRange, needInteger, needFunction, needInt32 } = require('./arguments');
const { optionsOf, pathOf, flagsOf, modeOf } = require('./file_arguments');
const { FileHandle } = require('./file_handle');

// What both do to a stream with its file: a path that is opened, a descriptor or a FileHandle that is given.
function attach(stream, path, options, { flags, calls }) {
  stream.fd = options.fd === undefined || options.fd === null ? null : options.fd;
  stream._fs = options.fs ?? require('./node_fs');
  stream._handle = null;
  for (const name of calls) if (options.fs) needFunction(options.fs[name], `options.fs.${name}`);
  if (stream.fd instanceof FileHandle) {
    stream._handle = stream.fd;
    stream.fd = stream._handle.fd;
    stream._handle.on('close', () => stream.destroy());
  } else if (stream.fd !== null) {
    needInt32(stream.fd, 'fd', 0);
  } else {
    stream.path = pathOf(path);
  }
  if (stream.fd !== null) stream.path = path;
  stream.flags = options.flags ?? flags;
  stream.mode = options.mode ?? 0o666;
  if (stream.fd === null) {
    flagsOf(stream.flags, 'options.flags');
    modeOf(stream.mode, 'options.mode');
  }
  stream.start = options.start;
  stream.pos = undefined;
  stream._busy = false; // a read or write is under way; closing waits for it
  stream._atEase = null;
}

function open(stream, callback) {
  if (stream.fd !== null) {
    callback();
    return;
  }
  stream._fs.open(stream.path, stream.flags, stream.mode, (error, fd) => {
    if (error) {
      callback(error);
      return;
    }
    stream.fd = fd;
    callback();
    stream.emit('open', fd);
    stream.emit('ready');
  });
}

function done(stream) {
  stream._busy = false;
  const { _atEase } = stream;
  stream._atEase = null;
  if (_atEase) _atEase();
  return _atEase !== null;
}

function close(stream, error, callback) {
  const closed = (failure) => callback(failure ?? error);
  if (stream._handle) {
    stream._handle.close().then(() => closed(), closed);
  } else if (stream.fd === null) {
    closed();
  } else {
    stream._fs.close(stream.fd, closed);
  }
  stream.fd = null;
}

function destroy(stream, error, callback) {
  if (stream._busy) stream._atEase = () => close(stream, error, callback);
  else close(stream, error, callback);
}

// Options as the streams' own constructor wants them.
function streamOptions(options) {
  options = optionsOf(options);
  if (options.autoDestroy === undefined) options.autoDestroy = options.autoClose ?? true;
  options.emitClose ??= true;
  return options;
}

function ReadStream(path, options) {
  if (!(this instanceof ReadStream)) return new ReadStream(path, options);
  options = streamOptions(options);
  options.highWaterMark ??= 64 * 1024;
  const encoding = options.encoding;
  attach(this, path, options, { flags: 'r', calls: ['open', 'read', 'close'] });
  this.end = options.end ?? Infinity;
  this.bytesRead = 0;
  if (this.start !== undefined) {
    needInteger(this.start, 'start', 0);
    this.pos = this.start;
  }
  if (this.end !== Infinity) {
    if (typeof this.end !== 'number') throw invalidType('end', 'of type number', this.end);
    needInteger(this.end, 'end', 0);
    if (this.start !== undefined && this.start > this.end)
      throw outOfRange('start', `<= "end" (here: ${this.end})`, this.start);
  }
  Readable.call(this, { ...options, encoding: undefined });
  if (encoding && encoding !== 'buffer') this.setEncoding(encoding);
  return undefined;
}
Object.setPrototypeOf(ReadStream.prototype, Readable.prototype);
Object.setPrototypeOf(ReadStream, Readable);

ReadStream.prototype._construct = function _construct(callback) {
  open(this, callback);
};

ReadStream.prototype._read = function _read(size) {
  size = this.pos === undefined
    ? Math.min(this.end - this.bytesRead + 1, size)
    : Math.min(this.end - this.pos + 1, size);
  if (size <= 0) {
    this.push(null);
    return;
  }
  const buffer = Buffer.allocUnsafeSlow(size);
  this._busy = true;
  this._fs.read(this.fd, buffer, 0, size, this.pos, (error, count) => {
    if (done(this)) return;
    if (error) {
      this.destroy(error);
      return;
    }
    if (count > 0) {
      if (this.pos !== undefined) this.pos += count;
      this.bytesRead += count;
      this.push(count === buffer.length ? buffer : buffer.subarray(0, count));
    } else {
      this.push(null);
    }
  });
};

ReadStream.prototype._destroy = function _destroy(error, callback) {
  destroy(this, error, callback);
};

ReadStream.prototype.close = function close(callback) {
  if (typeof callback === 'function') finished(this, callback);
  this.destroy();
};

function WriteStream(path, options) {
  if (!(this instanceof WriteStream)) return new WriteStream(path, options);
  options = streamOptions(options);
  options.decodeStrings = true;
  const encoding = options.encoding;
  attach(this, path, options, { flags: 'w', calls: ['open', 'write', 'close'] });
  this.bytesWritten = 0;
  this._flush = options.flush ?? false;
  if (this.start !== undefined) {
    needInteger(this.start, 'start', 0);
    this.pos = this.start;
  }
  Writable.call(this, { ...options, encoding: undefined });
  if (encoding) this.setDefaultEncoding(encoding);
  return undefined;
}
Object.setPrototypeOf(WriteStream.prototype, Writable.prototype);
Object.setPrototypeOf(WriteStream, Writable);

WriteStream.prototype._construct = ReadStream.prototype._construct;
WriteStream.prototype._destroy = ReadStream.prototype._destroy;

// Until all of it is written.
function writeAll(stream, bytes, callback) {
  stream._busy = true;
  stream._fs.write(stream.fd, bytes, 0, bytes.length, stream.pos, (error, count) => {
    if (done(stream)) {
      callback(error ?? null);
      return;
    }
    if (error) {
      callback(error);
      return;
    }
    stream.bytesWritten += count;
    if (stream.pos !== undefined) stream.pos += count;
    if (count < bytes.length) writeAll(stream, bytes.subarray(count), callback);
    else callback();
  });
}

WriteStream.prototype._write = function _write(bytes, encoding, callback) {
  writeAll(this, bytes, callback);
};

WriteStream.prototype._writev = function _writev(chunks, callback) {
  writeAll(this, Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
};

WriteStream.prototype._final = function _final(callback) {
  if (this._flush) this._fs.fsync(this.fd, callback);
  else callback();
};

WriteStream.prototype.destroySoon = WriteStream.prototype.end;

WriteStream.prototype.close = function close(callback) {
  if (callback) {
    if (this.closed) {
      require('./timers').nextTick(callback);
      return;
    }
    this.on('close', callback);
  }
  if (!this.autoClose) this.on('finish', this.destroy);
  this.end();
};

for (const [Stream, state] of [[ReadStream, '_readableState'], [WriteStream, '_writableState']]) {
  Object.defineProperty(Stream.prototype, 'autoClose', {
    get() {
      return this[state].autoDestroy;
    },
    set(value) {
      this[state].autoDestroy = value;
    },
    configurable: true,
  });
  Object.defineProperty(Stream.prototype, 'pending', {
    get() {
      return this.fd === null;
    },
    configurable: true,
  });
}

module.exports = { ReadStream, WriteStream };
