'use strict';

// What came of events, for C to take (host_outbox.c): an Int32Array, [0] is the number of entries, then ENTRY integers each; the
// last integer is 1 where more is waiting than fits. The texts of all entries stand one behind another in one string.

const ENTRY = 8;
const TEXTS_LIMIT = 1 << 20; // characters, so that much that comes at once is not held twice

let entries;
let texts = '';
let overflow = [];

exports.attach = (array) => {
  entries = array;
};

exports.put = function put(slot, verdict, flags, reply, message, name, method, status) {
  const count = entries[0];
  if (count === 0) texts = '';
  const isFull = 1 + (count + 1) * ENTRY >= entries.length || texts.length > TEXTS_LIMIT;
  if (isFull || overflow.length > 0) {
    entries[entries.length - 1] = 1;
    overflow.push([slot, verdict, flags, reply, message, name, method, status]);
    return;
  }
  const at = 1 + count * ENTRY;
  entries[at] = slot;
  entries[at + 1] = verdict;
  entries[at + 2] = flags;
  entries[at + 3] = reply.length;
  entries[at + 4] = message.length;
  entries[at + 5] = name.length;
  entries[at + 6] = method.length;
  entries[at + 7] = status;
  entries[0] = count + 1;
  if (reply) texts += reply;
  if (message) texts += message;
  if (name) texts += name;
  if (method) texts += method;
};

// C takes the results with it and makes their number 0. Until then they keep their texts: C may not get them, where something was
// interrupted.
exports.texts = () => texts;

// After C has read it: refills it with what did not fit.
exports.refill = () => {
  const waiting = overflow;
  overflow = [];
  entries[entries.length - 1] = 0;
  for (const entry of waiting) exports.put(...entry);
};

// The texts of what was taken hold memory.
exports.sweep = () => {
  if (entries[0] === 0) texts = '';
};
