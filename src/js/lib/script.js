'use strict';

// A script that starts runners by itself (CONTRACT, section 1), run as Node runs a program's main module. In a runner's own
// world this module is never loaded.

const { dirname } = require('./paths');
const { process } = require('./process');
const resolve = require('./resolve');
const timers = require('./timers');

let waiting = false; // at its top level, for what it awaits

// In one line, with the place in front, where there is one.
function refusalOf(error, path) {
  if (!(error instanceof Error)) return `${path}: ${String(error)} was thrown`;
  const [message] = `${error.message}`.split('\n');
  if (/^(?:ERR_)?MODULE_NOT_FOUND$/.test(error.code)) return message;
  return `${require('./stack').placeOf(error) ?? path}: ${error.name}: ${message}`;
}

function find(path) {
  try {
    return resolve.forRequire(path, dirname(path), path).path;
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') throw Object.assign(error, { message: `${path}: there is no such script` });
    throw error;
  }
}

const failed = (error) => require('./process_events').uncaught(error);

function settle(promise) {
  waiting = true;
  promise.catch(failed).finally(() => { waiting = false; });
}

// Undefined, or why it can not be run at all, as a text.
exports.run = (path, ...args) => {
  let run;
  try {
    path = find(path);
    run = require('./modules').prepareMain(path);
  } catch (error) {
    return refusalOf(error, path);
  }
  process.argv = [process.execPath, path, ...args];
  try {
    const result = run();
    if (result instanceof Promise) settle(result);
  } catch (error) {
    failed(error);
  }
  timers.runTicks();
  return undefined;
};

function die(code, message) {
  native.consoleWrite(2, `${message}\n`);
  process.exit(code);
}

// An error that nobody can be told ends the process, as in Node; unless a runner serves: then it is logged, as where there
// is no script, and this returns.
exports.uncaught = (error) => {
  const runners = require('./runners');
  if (runners.isRefusal(error)) die(2, error.message);
  if (runners.serve()) return;
  die(1, error instanceof Error ? require('./stack').format(error) : `Uncaught ${require('./node_util').inspect(error)}`);
};

exports.beforeExit = () => {
  if (process.listenerCount('beforeExit') > 0) process.emit('beforeExit', Number(process.exitCode ?? 0) || 0);
  timers.runTicks();
};

// Where nothing is left, what it awaits at its top level will never come; the code is Node's.
exports.end = () => {
  if (!waiting) return;
  waiting = false;
  native.consoleWrite(2, `${process.argv[1]}: its top-level await waits for what will never come\n`);
  process.exitCode ??= 13;
};
