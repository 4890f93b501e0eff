'use strict';

// The port of Node's inspect, with errors' stacks in Node's shape.

const port = require('./vendor_inspect');
const stack = require('./stack');

// An error gets its stack in Node's shape before inspect looks at it; `this` means: go on as ever.
Object.defineProperty(Error.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(depth, options) {
    stack.settle(this);
    return Object.isFrozen(this) && options?.showHidden !== true ? stack.format(this) : this;
  },
  writable: true,
  configurable: true,
});

module.exports = port;
