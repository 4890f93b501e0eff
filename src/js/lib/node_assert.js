'use strict';

// require('assert'), and its strict form: the port's, but for errors that are not those expected. There it is as old as Node
// 12, which threw them on; Node says since then what was expected.

const { inspect } = require('./node_util');

const assert = require('./vendor_assert');

const { AssertionError } = assert;

// Where the expectation can speak for itself: a function that throws what Node does.
function expectationOf(expected, operator) {
  const check = checkOf(expected, operator);
  if (typeof expected === 'function' && check !== expected) Object.defineProperty(check, 'name', { value: expected.name });
  return check;
}

function checkOf(expected, operator) {
  const fail = (message, actual) => {
    throw Object.assign(new AssertionError({ actual, expected, message, operator }), { generatedMessage: true });
  };
  if (expected instanceof RegExp) {
    return (actual) => expected.test(String(actual)) ||
      fail(`The input did not match the regular expression ${inspect(expected)}. Input:\n\n${inspect(String(actual))}\n`, actual);
  }
  if (typeof expected !== 'function') return expected;
  if (expected.prototype !== undefined && (expected === Error || Object.prototype.isPrototypeOf.call(Error, expected))) {
    return (actual) => {
      if (actual instanceof expected) return true;
      const received = actual?.constructor?.name ? `Received "${actual.constructor.name}"` : `Received "${inspect(actual, { depth: -1 })}"`;
      const more = actual instanceof Error ? `\n\nError message:\n\n${actual.message}` : '';
      return fail(`The error is expected to be an instance of "${expected.name}". ${received}${more}`, actual);
    };
  }
  if (expected.prototype !== undefined && /^class\b/.test(Function.prototype.toString.call(expected))) return expected;
  return (actual) => {
    if (expected.prototype !== undefined && actual instanceof expected) return true;
    const verdict = Reflect.apply(expected, {}, [actual]);
    if (verdict === true) return true;
    const name = expected.name ? `"${expected.name}" ` : '';
    return fail(`The ${name}validation function is expected to return "true". Received ${inspect(verdict)}` +
      (actual instanceof Error ? `\n\nCaught error:\n\n${inspect(actual)}` : ''), actual);
  };
}

for (const target of [assert, assert.strict]) {
  const { throws, rejects } = target;
  target.throws = function (run, expected, ...more) {
    return throws(run, ...(arguments.length > 1 ? [expectationOf(expected, 'throws'), ...more] : []));
  };
  target.rejects = function (promise, expected, ...more) {
    return rejects(promise, ...(arguments.length > 1 ? [expectationOf(expected, 'rejects'), ...more] : []));
  };
  for (const name of ['throws', 'rejects']) Object.defineProperty(target[name], 'name', { value: name });
}

module.exports = assert;
