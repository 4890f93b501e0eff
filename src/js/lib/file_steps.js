'use strict';

// An operation on files is a generator of the system's calls it takes; here it is run, either at once or with each call on
// another thread. So every operation is written once.

const { names, run } = native.part('fs');
const { systemError } = require('./system_errors');
const timers = require('./timers');
const work = require('./work');

const NUMBERS = Object.fromEntries(names().map((name, number) => [name, number]));

const shown = (path) => (path instanceof Uint8Array ? Buffer.from(path).toString() : path);

// One of the system's calls, to be yielded: what it gives is the yield's value, an error is thrown there. `syscall` is what
// Node calls it, `path` and `dest` what the error is to name.
function call(name, args, { syscall = name, path, dest } = {}) {
  return { number: NUMBERS[name], args, syscall, path, dest };
}

const failed = (result) => typeof result === 'number' && result < 0;
const errorOf = (result, { syscall, path, dest }) => systemError(-result, syscall, shown(path), shown(dest));

// What the operation returns; throws what it throws.
function runSync(steps) {
  let next = steps.next();
  while (!next.done) {
    const result = run(0, next.value.number, ...next.value.args);
    next = failed(result) ? steps.throw(errorOf(result, next.value)) : steps.next(result);
  }
  return next.value;
}

// Throws what the operation throws before its first call to the system; all else comes to callback(error, value), later.
function runAsync(steps, callback) {
  const begin = ({ number, args, ...told }) => {
    work.start((id) => run(id, number, ...args), (error, result) => goOn(() => {
      if (error !== undefined) return steps.throw(error);
      return failed(result) ? steps.throw(errorOf(result, told)) : steps.next(result);
    }));
  };
  const goOn = (advance) => {
    let next;
    try {
      next = advance();
      if (!next.done) begin(next.value);
    } catch (error) {
      return callback(error);
    }
    return next.done ? callback(null, next.value) : undefined;
  };

  const first = steps.next();
  if (first.done) return timers.nextTick(callback, null, first.value);
  try {
    return begin(first.value);
  } catch (error) { // the runner is stopping
    return timers.nextTick(callback, error);
  }
}

// The same as a promise, which rejects with all that it throws.
function runPromised(steps) {
  return new Promise((resolve, reject) => {
    runAsync(steps, (error, value) => (error ? reject(error) : resolve(value)));
  });
}

module.exports = { call, runSync, runAsync, runPromised };
