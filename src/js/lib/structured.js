'use strict';

// structuredClone, and the exception it throws.

const port = require('./vendor_structured_clone');

exports.DOMException = port.DOMException;
Object.defineProperty(exports.DOMException, 'name', { value: 'DOMException' }); // the bundle's may differ

exports.structuredClone = function structuredClone(value, options) {
  if (arguments.length === 0)
    throw Object.assign(new TypeError('The "value" argument must be specified'), { code: 'ERR_MISSING_ARGS' });
  return port.structuredClone(value, options);
};
