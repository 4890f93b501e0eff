'use strict';

// What is said of events, by their handlers and by the runner, on the way to C's log.

const { textOf } = require('./failures');

const [DEBUG, TRACE, INFO, ERROR] = [4, 3, 2, 1];
const LEVELS = { debug: DEBUG, trace: TRACE, info: INFO, error: ERROR };

let runnerLevel = 0; // where runners share the world, that of who says the most

// There is a runner that says as much.
function listen(level) {
  runnerLevel = Math.max(runnerLevel, level);
}

function emit(run, policy, level, message) {
  const number = LEVELS[level];
  // As 1.9.0: handlers' info lines have no listener.
  if (number === undefined || number === INFO || policy.level < number) return false;
  if (run.settle) return run.settle.tell(level, message);
  log(number, run, String(message));
  return true;
}

// The handlers of on_start get no event.
function log(level, { event, slot }, message) {
  if (level > runnerLevel) return;
  if (event) native.logEvent(level, textOf(event.id), textOf(event.correlationId), message, slot);
  else native.log(level, message, slot);
}

function traceExecuted(run, policy) {
  const message = `Executed ${policy.name} policy [${Date.now() - run.startedAt}ms]`;
  if (run.settle) run.settle.tell('trace', message);
  else log(TRACE, run, message);
}

module.exports = { ERROR, TRACE, emit, listen, log, traceExecuted };
