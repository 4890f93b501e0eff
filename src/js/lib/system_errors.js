'use strict';

// The system's errors as Node has them.

const stack = require('./stack');

const os = native.part('os');
const rows = os.errors(); // [name, number, message]
// Two names may have one number; the one that has words goes first.
const known = new Map();
for (const [code, number, message] of rows) if (message || !known.has(number)) known.set(number, { code, message });

exports.codes = Object.fromEntries(rows.map(([name, number]) => [name, number]));

// [code, message] of a number above 0.
exports.describe = (number) => {
  const { code, message } = known.get(number) ?? { code: `Unknown system error ${-number}`, message: '' };
  return [code, message || `Unknown system error ${-number}`];
};

// What a call to the system failed with; `number` is above 0.
exports.systemError = (number, syscall, path, dest) => {
  const [code, words] = exports.describe(number);
  let message = `${code}: ${words}, ${syscall}`;
  if (path !== undefined) message += ` '${path}'`;
  if (dest !== undefined) message += ` -> '${dest}'`;
  const error = Object.assign(new Error(message), { errno: -number, code, syscall });
  if (path !== undefined) error.path = path;
  if (dest !== undefined) error.dest = dest;
  stack.settle(error);
  return error;
};

// What Node says with an error that is not the system's own but looks like one.
exports.refusal = (code, label, { syscall, message, errno, path, dest }) => {
  let text = `${label}: ${syscall} returned ${message[0]} (${message[1]})`;
  if (path !== undefined) text += ` ${path}`;
  if (dest !== undefined) text += ` => ${dest}`;
  const error = new Error(text);
  error.name = 'SystemError';
  stack.settle(error);
  const info = { code: message[0], message: message[1], errno, syscall, path, dest };
  if (path === undefined) delete info.path;
  if (dest === undefined) delete info.dest;
  return Object.assign(error, { code, info, errno, syscall }, path === undefined ? {} : { path }, dest === undefined ? {} : { dest });
};
