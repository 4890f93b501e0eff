'use strict';

// Stacks in the shape Node's programs know. The engine's are lines of `function@file:line:column` without the error's
// name and message; those of other shapes were written by a script and stay as they are.

// The function's name may hold an '@', and so may the file's path: the first '@' with a path behind it divides them.
const FRAME = /^((?:(?!: ).)*?)@(?:((?:\/|[a-z][a-z0-9+.-]*:).*?):(\d+):(\d+)|\[native code\])?$/;
const LONGEST_LINE = 4096; // a longer one is somebody's message
const INTERNAL = 'configurapi:';

// What modules.js makes a file's function with, on the file's first line: the engine counts it as columns of that.
const HEAD = '(function (exports, require, module, __filename, __dirname) {';

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

// `line:column`, or `line` alone, as it is in the file.
function position(line, column) {
  if (column === undefined) return `${line}`;
  return `${line}:${Number(line) === 1 && column > HEAD.length ? column - HEAD.length : column}`;
}

// One line of the engine's as one of Node's: '' where it is none of the script's business, undefined where it is
// no frame at all.
function frame(line) {
  const found = line.length <= LONGEST_LINE && FRAME.exec(line);
  if (!found) return undefined;
  const [, name, file, row, column] = found;
  if (!file || file.startsWith(INTERNAL)) return '';
  const place = `${file}:${position(row, column)}`;
  const called = name === 'global code' || name === 'module code' ? 'Object.<anonymous>' : name;
  return called ? `    at ${called} (${place})` : `    at ${place}`;
}

// Where a script does not parse, the engine says it beside the stack.
function syntaxFrame(error, frames) {
  if (read(error, 'name') !== 'SyntaxError') return [];
  const file = read(error, 'sourceURL');
  const line = read(error, 'line');
  if (typeof file !== 'string' || typeof line !== 'number' || !file || file.startsWith(INTERNAL)) return [];
  const place = `${file}:${line}`;
  return frames[0]?.includes(`${place}:`) ? [] : [`    at ${place}`];
}

// Without the frames of the error's own constructors: Node's stacks begin where `new` was called.
function withoutConstructors(lines, error) {
  let made = read(error, 'constructor');
  let first = 0;
  for (let name; typeof made === 'function'; made = read(made, '__proto__'), first++) {
    name = read(made, 'name');
    if (typeof name !== 'string' || !name || !lines[first]?.startsWith(`${name}@`)) break;
  }
  return lines.slice(first);
}

// The error's title and its frames, one to a line.
exports.format = (error) => {
  const heading = title(error);
  const stack = read(error, 'stack');
  const lines = typeof stack === 'string' && stack !== '' ? stack.split('\n') : [];
  if (lines.length > 0 && frame(lines[0]) === undefined) {
    // Somebody's own; but one made by putting words before the engine's lines is better with Node's.
    return lines.map((line) => (line.endsWith('@') ? line : frame(line) ?? line))
      .filter((line, i) => line !== '' || lines[i] === '').join('\n');
  }
  const frames = withoutConstructors(lines, error).map((line) => frame(line) ?? line).filter(Boolean);
  return [heading, ...syntaxFrame(error, frames), ...frames].join('\n');
};

// Gives an error, and those that caused it, such a stack for good, so that whoever prints `error.stack` shows it.
exports.settle = (error) => {
  for (let depth = 0; depth < 16 && error instanceof Error; depth++) {
    const own = Object.getOwnPropertyDescriptor(error, 'stack');
    if (own && 'value' in own && own.configurable && typeof own.value === 'string')
      Object.defineProperty(error, 'stack', { ...own, value: exports.format(error) });
    for (const key of ['line', 'sourceURL']) {
      if (Object.getOwnPropertyDescriptor(error, key)?.configurable)
        Object.defineProperty(error, key, { enumerable: false });
    }
    error = read(error, 'cause');
  }
};

Object.assign(exports, { HEAD, position });
