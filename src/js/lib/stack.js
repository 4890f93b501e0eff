'use strict';

// Stacks in the shape Node's programs know: the error's name and message, and a line for each frame. Those that a script
// wrote stay as they are.

const { bare, isMade } = require('./errors');
const { parse, placeOf, show, CallSite } = require('./frames');
const { fromUrl } = require('./paths');

const SHOWN = /^ {4}at (?:.*? \()?([^()]+?:\d+(?::\d+)?)\)?$/; // a frame as Node shows it

function read(error, key) {
  try {
    return error[key];
  } catch {
    return undefined;
  }
}

function words(value, otherwise) {
  try {
    return value === undefined ? otherwise : String(value);
  } catch {
    return otherwise;
  }
}

// As Error.prototype.toString, and never throwing.
function title(error) {
  const name = words(read(error, 'name'), 'Error');
  const message = words(read(error, 'message'), '');
  if (!name || !message) return name || message;
  return `${name}: ${message}`;
}

// Without the frames of the error's own constructors: Node's stacks begin where `new` was called.
function withoutConstructors(frames, error) {
  let made = read(error, 'constructor');
  let first = 0;
  for (let name; typeof made === 'function'; made = read(made, '__proto__'), first++) {
    name = read(made, 'name');
    if (typeof name !== 'string' || !name || frames[first]?.called !== name) break;
  }
  return frames.slice(first);
}

const isShown = (frame) => placeOf(frame) !== undefined;

// The frames of the engine's text, and what Node's `stack` would be.
const framesOf = (error, raw) => withoutConstructors(parse(raw.split('\n').filter(Boolean)).filter((frame) => frame && isShown(frame)), error);

exports.render = (error, raw) => [title(error), ...framesOf(error, raw).map(show)].join('\n');
exports.callSites = (error, raw) => framesOf(error, raw).map((frame) => new CallSite(frame));

// The error's title and its frames, one to a line.
exports.format = (error) => {
  const stack = read(error, 'stack');
  const lines = typeof stack === 'string' && stack !== '' ? stack.split('\n') : [];
  const frames = parse(lines);
  if (lines.length > 0 && frames[0] === undefined) {
    // Somebody's own; but one made by putting words before the engine's lines is better with Node's.
    return lines.map((line, i) => (line.endsWith('@') || !frames[i] ? line : show(frames[i])))
      .filter((line, i) => line !== '' || lines[i] === '').join('\n');
  }
  const shown = lines.length > 0 ? framesOf(error, stack).map(show) : [];
  return [title(error), ...shown].join('\n');
};

// Gives an error, and those that caused it, such a stack for good, so that whoever prints `error.stack` shows it.
exports.settle = (error) => {
  for (let depth = 0; depth < 16 && error instanceof Error; depth++) {
    const own = Object.getOwnPropertyDescriptor(error, 'stack');
    if (own?.configurable && typeof read(error, 'stack') === 'string')
      Object.defineProperty(error, 'stack', { value: exports.format(error), writable: true, enumerable: own.enumerable, configurable: true });
    for (const key of isMade(error) ? [] : ['line', 'sourceURL']) {
      if (Object.getOwnPropertyDescriptor(error, key)?.configurable)
        Object.defineProperty(error, key, { enumerable: false });
    }
    error = read(error, 'cause');
  }
};

// Where an error was made, as `path:line:column`: the first place that is not ours. Undefined where it does not say.
exports.placeOf = (error) => {
  const lines = exports.format(error).split('\n');
  const place = lines.map((line) => SHOWN.exec(line)?.[1]).find(Boolean);
  return place?.startsWith('file:') ? place.replace(/^.*?(?=:\d+(?::\d+)?$)/, (url) => fromUrl(url)?.path ?? url) : place;
};

// What is wrong at a place in a file.
exports.syntaxError = (message, path, { line, column }) => Object.assign(new SyntaxError(message),
  { stack: `SyntaxError: ${message}\n    at ${path}:${line}:${column}` });

// The engine's own error of what it could not parse, with the place, which it does not say in the stack. Without a column
// where nobody knows it.
exports.misread = (error, path, { line, column }) => {
  const place = column === undefined ? `${path}:${line}` : `${path}:${line}:${column}`;
  return Object.assign(bare(error), { stack: [title(error), `    at ${place}`, ...framesOf(error, error.stack).map(show)].join('\n') });
};
