'use strict';

// What C does on other threads, and who waits for it here.

const frames = require('./async_frames');
const timers = require('./timers');

const waiting = new Map();
let last = 0;

// `begin(id)` starts the work, or throws; `callback(error, result)` is called from the loop, never from within.
exports.start = (begin, callback) => {
  last = (last % 0xffffffff) + 1;
  begin(last);
  waiting.set(last, frames.bind(callback)); // AsyncLocalStorages keep what they hold
};

// The same as a promise.
exports.promised = (begin) => new Promise((resolve, reject) => {
  exports.start(begin, (error, result) => (error === undefined ? resolve(result) : reject(error)));
});

exports.workDone = (id, result, error) => {
  const callback = waiting.get(id);
  waiting.delete(id);
  try {
    callback(error, result);
  } catch (thrown) {
    require('./process_events').uncaught(thrown);
  }
  timers.runTicks();
};
