'use strict';

// What the process tells those who listen to it: errors that no caller can be told, and its end. Without listeners errors
// go to the log, and the runner goes on all the same.

let process; // once somebody listens

exports.attach = (emitter) => {
  process = emitter;
  // A signal is the runner's: nobody here hears of it.
  process.on('newListener', (name) => {
    if (typeof name === 'string' && /^SIG[A-Z]/.test(name))
      process.emitWarning(`process.on('${name}') has no effect: signals are the runner's own`);
  });
};

const isHeard = (name) => process !== undefined && process.listenerCount(name) > 0;

function tell(...event) {
  try {
    process.emit(...event);
  } catch (error) {
    native.uncaught(error);
  }
}

function uncaught(error, origin = 'uncaughtException') {
  if (isHeard('uncaughtExceptionMonitor')) tell('uncaughtExceptionMonitor', error, origin);
  if (isHeard('uncaughtException')) tell('uncaughtException', error, origin);
  else native.uncaught(error);
}

// A rejection that nobody awaits.
function rejected(promise, reason) {
  if (isHeard('unhandledRejection')) tell('unhandledRejection', reason, promise);
  else uncaught(reason, 'unhandledRejection');
}

// The world's end; nothing that is begun now will go on.
function end() {
  if (!isHeard('exit') || process._exiting) return;
  Object.defineProperty(process, '_exiting', { value: true, configurable: true });
  tell('exit', Number(process.exitCode ?? 0) || 0);
}

Object.assign(exports, { uncaught, rejected, end });
