'use strict';

// The process's two output streams, as far as handlers use them: what console writes to, and process.stdout/stderr.

const prototype = require('./late_emitter')({});

function createOutput(fd) {
  return {
    __proto__: prototype,
    fd,
    writable: true,
    destroyed: false,
    writableLength: 0,
    // They stay open, whoever ends them.
    end(...args) {
      if (args.length > 0 && typeof args[0] !== 'function') this.write(...args);
      else if (args.length > 0) require('./timers').nextTick(args[0]);
      return this;
    },
    cork() {},
    uncork() {},
    write(chunk, encoding, callback) {
      if (typeof encoding === 'function') {
        callback = encoding;
        encoding = undefined;
      }
      if (typeof chunk === 'string') {
        const plain = encoding === undefined || encoding === null || /^utf-?8$/i.test(encoding);
        native.consoleWrite(fd, plain ? chunk : require('./buffer').Buffer.from(chunk, encoding));
      } else if (ArrayBuffer.isView(chunk)) {
        native.consoleWrite(fd, chunk);
      } else {
        throw Object.assign(new TypeError('The "chunk" argument must be of type string or an instance of Buffer, TypedArray or DataView.'),
          { code: 'ERR_INVALID_ARG_TYPE' });
      }
      if (typeof callback === 'function') require('./timers').nextTick(callback);
      return true;
    },
  };
}

exports.stdout = createOutput(1);
exports.stderr = createOutput(2);
