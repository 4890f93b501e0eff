'use strict';

// Node's path: the port's, where posix and win32 name each other and themselves.

const { posix, win32 } = require('./vendor_path');

for (const own of [posix, win32]) Object.assign(own, { posix, win32, _makeLong: own.toNamespacedPath });

module.exports = posix;
