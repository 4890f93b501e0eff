'use strict';

// The process's two output streams: what console writes to, and process.stdout/stderr. To be a Writable is left to those who
// look for one; whoever writes, it is written at once.

const lateStream = require('./late_stream');

function textOf(chunk, encoding) {
  const isPlain = encoding === undefined || encoding === null || /^utf-?8$/i.test(encoding);
  return isPlain ? chunk : require('./buffer').Buffer.from(chunk, encoding);
}

class Output {
  constructor(fd) {
    this.fd = fd;
    this.writable = true;
    this.destroyed = false;
    this.writableLength = 0;
  }

  // They stay open, whoever ends them.
  end(...args) {
    const callback = args.find((each) => typeof each === 'function');
    if (args.length > 0 && args[0] !== callback) this.write(args[0], args[1] === callback ? undefined : args[1]);
    require('./timers').nextTick(() => {
      callback?.();
      if (Object.hasOwn(this, '_writableState')) this.emit('finish');
    });
    return this;
  }

  cork() {}
  uncork() {}

  write(chunk, encoding, callback) {
    if (typeof encoding === 'function') [encoding, callback] = [undefined, encoding];
    if (typeof chunk === 'string') {
      native.consoleWrite(this.fd, textOf(chunk, encoding));
    } else if (ArrayBuffer.isView(chunk)) {
      native.consoleWrite(this.fd, chunk);
    } else {
      throw Object.assign(new TypeError('The "chunk" argument must be of type string or an instance of Buffer, TypedArray or DataView.'),
        { code: 'ERR_INVALID_ARG_TYPE' });
    }
    if (typeof callback === 'function') require('./timers').nextTick(callback);
    return true;
  }

  _write(chunk, encoding, callback) {
    this.write(chunk, encoding === 'buffer' ? undefined : encoding);
    callback();
  }

  _destroy(error, callback) {
    callback(error);
    this._undestroy();
  }
}
lateStream(Output.prototype, 'Writable', { decodeStrings: false, emitClose: false, autoDestroy: false });

exports.stdout = new Output(1);
exports.stderr = new Output(2);
