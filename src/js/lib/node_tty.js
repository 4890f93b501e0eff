'use strict';

// Node's tty: whether something is a terminal. There is none to read from or to draw on.

const { coded } = require('./arguments');

const os = native.part('os');

function unavailable(name) {
  const absent = {
    [name]: function () {
      throw coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `tty.${name} is not available in the runner's JavaScript engine`);
    },
  };
  return absent[name];
}

module.exports = {
  isatty: (fd) => Number.isInteger(fd) && fd >= 0 && fd <= 2147483647 && os.isTerminal(fd),
  ReadStream: unavailable('ReadStream'),
  WriteStream: unavailable('WriteStream'),
};
