'use strict';

// Blob and File (https://w3c.github.io/FileAPI/): the port's, as Node prints them.

const { Blob, File } = require('./vendor_blob');

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

for (const [Class, show] of [
  [Blob, ({ size, type }) => ({ size, type })],
  [File, ({ size, type, name, lastModified }) => ({ size, type, name, lastModified })],
]) {
  const name = Class === Blob ? 'Blob' : 'File'; // the bundle's may differ
  Object.defineProperty(Class, 'name', { value: name, configurable: true });
  Object.defineProperty(Class.prototype, INSPECT, {
    value(depth, options, inspect) {
      return depth < 0 ? `[${name}]` : `${name} ${inspect(show(this), options)}`;
    },
    writable: true,
    configurable: true,
  });
}

module.exports = { Blob, File };
