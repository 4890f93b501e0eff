'use strict';

// require('stream/web'): the globals.

const { NAMES } = require('./web_streams');

for (const name of NAMES)
  Object.defineProperty(exports, name, { get: () => globalThis[name], enumerable: true, configurable: true });
