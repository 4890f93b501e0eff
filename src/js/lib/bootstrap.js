'use strict';

// The first module of a world: gives it its globals and hands C its entry points.

// Node 20 has them, the engine not yet; classes below name methods so.
for (const name of ['dispose', 'asyncDispose'])
  if (Symbol[name] === undefined) Object.defineProperty(Symbol, name, { value: Symbol(`Symbol.${name}`) });

const frames = require('./async_frames');
const dispatch = require('./dispatch');
const handlers = require('./handlers');
const timers = require('./timers');

require('./errors').install(globalThis);
require('./globals').install(globalThis);
timers.install(globalThis);

// An entry, and the promises' jobs behind it: what it starts by them is its own doing, and ended with it where it has no end.
const withJobs = (entry) => (...all) => {
  const before = timers.attend();
  try {
    return entry(...all);
  } finally {
    timers.jobs(before);
  }
};

module.exports = {
  ...dispatch,
  requestDone: withJobs(dispatch.requestDone),
  requestTold: withJobs(dispatch.requestTold),
  workDone: withJobs(dispatch.workDone),
  load: withJobs(handlers.load),
  loaded: withJobs(handlers.loaded),
  runJobs: () => {
    frames.leave();
    timers.jobs(timers.attend());
  },
  runTimers: withJobs(timers.run),
  runImmediates: withJobs(timers.runImmediates),
  rejected: (...all) => require('./process_events').rejected(...all),
  files: () => require('./compile').files(),
  runScript: withJobs((...all) => require('./script').run(...all)),
  tellRunner: withJobs((...all) => require('./runners').tell(...all)),
  beforeExit: withJobs(() => require('./script').beforeExit()),
  end: () => require('./process_events').end(),
  // A failure in words, for an error message or the log.
  describe: (value) => {
    try {
      return value instanceof Error ? require('./stack').format(value) : String(value);
    } catch {
      return Object.prototype.toString.call(value);
    }
  },
};
