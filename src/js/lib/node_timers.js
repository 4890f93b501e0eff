'use strict';

// Node's timers.

const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } = require('./timers');

module.exports = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate };
Object.defineProperty(module.exports, 'promises', { get: () => require('./node_timers_promises'), enumerable: true, configurable: true });
