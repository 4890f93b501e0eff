'use strict';

// Node's timers/promises.

const timers = require('./timers');
const { needBoolean, needObject, needSignal, aborted, invalidType } = require('./arguments');

function checked(options) {
  needObject(options, 'options');
  needSignal(options.signal, 'options.signal');
  if (options.ref !== undefined) needBoolean(options.ref, 'options.ref');
  return options;
}

// A promise that `begin(resolve)` fulfils, and the signal rejects; `cancel(what begin gave)` then undoes it.
function waiting(options, begin, cancel) {
  const { signal, ref = true } = checked(options);
  if (signal?.aborted) throw aborted(signal);
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      cancel(begun);
      reject(aborted(signal));
    };
    const begun = begin((value) => {
      signal?.removeEventListener('abort', onAbort);
      resolve(value);
    });
    if (!ref) begun.unref();
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

async function setTimeout(delay, value, options = {}) {
  if (delay !== undefined && typeof delay !== 'number') throw invalidType('delay', 'of type number', delay);
  return waiting(options, (resolve) => timers.setTimeout(resolve, delay, value), timers.clearTimeout);
}

async function setImmediate(value, options = {}) {
  return waiting(options, (resolve) => timers.setImmediate(resolve, value), timers.clearImmediate);
}

async function* setInterval(delay, value, options = {}) {
  if (delay !== undefined && typeof delay !== 'number') throw invalidType('delay', 'of type number', delay);
  const { signal, ref = true } = checked(options);
  if (signal?.aborted) throw aborted(signal);
  let passed = 0; // and not yet told
  let wake = () => {};
  const onAbort = () => wake();
  const interval = timers.setInterval(() => {
    passed++;
    wake();
  }, delay);
  if (!ref) interval.unref();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      if (passed === 0 && !signal?.aborted) await new Promise((resolve) => { wake = resolve; });
      if (signal?.aborted) throw aborted(signal);
      for (; passed > 0; passed--) yield value;
    }
  } finally {
    timers.clearInterval(interval);
    signal?.removeEventListener('abort', onAbort);
  }
}

const scheduler = {
  wait: (delay, options) => setTimeout(delay, undefined, options),
  yield: () => setImmediate(),
};

module.exports = { setTimeout, setImmediate, setInterval, scheduler };
