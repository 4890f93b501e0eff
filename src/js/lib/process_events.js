'use strict';

// What the process tells those who listen to it: errors that no caller can be told, and its end. Without listeners errors
// go to the log, and the runner goes on all the same; a script's process ends (see script.js).

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
  else {
    require.ifLoaded('./script')?.uncaught(error); // which may end the process
    native.uncaught(error);
  }
}

// A rejection that nobody awaits.
function rejected(promise, reason) {
  if (isHeard('unhandledRejection')) tell('unhandledRejection', reason, promise);
  else uncaught(reason, 'unhandledRejection');
}

// The world's end; nothing that is begun now will go on. Gives the process's exit code, where that is a script's.
function end() {
  require.ifLoaded('./script')?.end();
  const code = () => Number(require.ifLoaded('./process')?.process.exitCode ?? 0) || 0;
  if (isHeard('exit') && !process._exiting) {
    Object.defineProperty(process, '_exiting', { value: true, configurable: true });
    tell('exit', code());
  }
  return code();
}

Object.assign(exports, { uncaught, rejected, end });
