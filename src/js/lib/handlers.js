'use strict';

// Modules of handlers, and the handlers that they make known by their names.

const { textOf } = require('./failures');

const handlers = new Map();

// Where the configuration names a module that is not there, its own place is said in front.
function loadError(error, name, directory) {
  if (!(error instanceof Error)) return `${name}: ${textOf(error)} was thrown`;
  if (/^(?:ERR_)?MODULE_NOT_FOUND$/.test(error.code)) return error.message.replace(`\nRequire stack:\n- ${directory}/config.yaml`, '');
  return `${require('./stack').placeOf(error) ?? name}: ${error.name}: ${error.message}`;
}

// A module's handlers, by 1.9.0's rule: a function exported by itself counts by its own name, of an object's members those
// whose name ends in "handler". What an ES module exports as its default counts beside what it exports by name.
function handlersOf(exported, found = new Map()) {
  if (typeof exported === 'function') return found.set(exported.name, exported);
  if (typeof exported !== 'object' || exported === null) return found;
  if (exported[Symbol.toStringTag] === 'Module' || exported.__esModule) handlersOf(exported.default, found);
  for (const key in exported) if (/handler$/i.test(key) && typeof exported[key] === 'function') found.set(key, exported[key]);
  return found;
}

// Names as JSON.
function register(exported, name) {
  if (!exported) throw `'${name}' exports nothing.`;
  const found = handlersOf(exported);
  for (const [key, handler] of found) handlers.set(key, handler);
  return JSON.stringify([...found.keys()]);
}

let loading; // { name, result } of a module that waits at its top level; `result` once it is through

// Loads a module and makes its handlers known. Returns their names; undefined where the module waits: then loaded() tells.
exports.load = (name, directory) => {
  let found;
  try {
    found = require('./modules').load(name, directory);
  } catch (error) {
    throw loadError(error, name, directory); // a text, of one line as far as ours goes
  }
  if (!(found instanceof Promise)) return register(found, name);
  const waiting = { name, result: undefined };
  loading = waiting;
  found.then((exported) => (waiting.result = () => register(exported, name)), (error) => {
    waiting.result = () => {
      throw loadError(error, name, directory);
    };
  });
  return undefined;
};

exports.loaded = () => loading.result?.();

// The name of the module that waited last.
exports.waitingName = () => loading?.name;

exports.find = (name) => handlers.get(name);
