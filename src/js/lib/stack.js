'use strict';

// Stacks in the shape Node's programs know. The engine's are lines of `function@file:line:column` without the error's
// name and message; those of other shapes were written by a script and stay as they are.

const { fromUrl } = require('./paths');
const { locate } = require('./sources');

// The function's name may hold an '@', and so may the file's path: the first '@' with a path behind it divides them.
const FRAME = /^((?:(?!: ).)*?)@(?:((?:\/|[a-z][a-z0-9+.-]*:).*?):(\d+):(\d+)|\[native code\])?$/;
const LONGEST_LINE = 4096; // a longer one is somebody's message
const INTERNAL = 'configurapi:';

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

// Which of the engine's own functions call back into scripts, and whose they are: Node shows those, too.
const OWNERS = new Map(Object.entries({
  Array: ['every', 'filter', 'find', 'findIndex', 'findLast', 'findLastIndex', 'flatMap', 'forEach', 'from', 'map', 'reduce',
    'reduceRight', 'some', 'sort', 'toSorted'],
  JSON: ['parse', 'stringify'],
  String: ['replace', 'replaceAll'],
}).flatMap(([owner, names]) => names.map((name) => [name, `${owner}.${name}`])));

// A line of the engine's: { called, place, isNew } with the place in the file; undefined where it is no frame, {} where it
// is none of the script's business.
function parseFrame(line) {
  const found = line.length <= LONGEST_LINE && FRAME.exec(line);
  if (!found) return undefined;
  const [, name, file, row, column] = found;
  if (!file) return OWNERS.has(name) && line.endsWith('@[native code]') ? { called: OWNERS.get(name), place: '<anonymous>' } : {};
  if (file.startsWith(INTERNAL)) return {};
  const at = locate(file, Number(row), Number(column));
  if (!at) return {};
  const called = name === 'global code' || name === 'module code' ? 'Object.<anonymous>' : name;
  return { called, file, place: `${file}:${at.line}:${at.column}`, isNew: at.isNew, isCall: at.isCall };
}

// An async function is two frames until its first await, and the outer one is nowhere in particular.
function isOutside(frame, inner) {
  return inner?.file !== undefined && inner.file === frame.file && inner.called === frame.called && frame.isCall === false;
}

// The engine's lines as Node's; what are no frames stay as they are.
function rewrite(lines) {
  const frames = lines.map(parseFrame);
  return frames.map((frame, i) => {
    if (!frame) return lines[i];
    const { called, place } = frame;
    if (!place || (i > 0 && isOutside(frame, frames[i - 1]))) return '';
    if (!called) return `    at ${place}`;
    return `    at ${frames[i + 1]?.isNew ? 'new ' : ''}${called} (${place})`;
  });
}

// Where a script does not parse, the engine says it beside the stack.
function syntaxPlace(error) {
  if (read(error, 'name') !== 'SyntaxError') return undefined;
  const [file, line, column] = ['sourceURL', 'line', 'column'].map((key) => read(error, key));
  if (typeof file !== 'string' || typeof line !== 'number' || !file || file.startsWith(INTERNAL)) return undefined;
  const at = locate(file, line, typeof column === 'number' ? column : 0);
  if (!at) return undefined;
  return typeof column === 'number' ? `${file}:${at.line}:${at.column}` : `${file}:${at.line}`;
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
  if (lines.length > 0 && parseFrame(lines[0]) === undefined) {
    // Somebody's own; but one made by putting words before the engine's lines is better with Node's.
    return rewrite(lines).map((line, i) => (lines[i].endsWith('@') ? lines[i] : line))
      .filter((line, i) => line !== '' || lines[i] === '').join('\n');
  }
  const frames = rewrite(withoutConstructors(lines, error)).filter(Boolean);
  const place = syntaxPlace(error);
  const first = place && !frames[0]?.includes(place) ? [`    at ${place}`] : [];
  return [heading, ...first, ...frames].join('\n');
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

// Where an error was made, as `path:line:column`: the first place that is not ours. Undefined where it does not say.
exports.placeOf = (error) => {
  const lines = String(read(error, 'stack')).split('\n');
  const place = syntaxPlace(error) ?? lines.map((line) => parseFrame(line)?.place).find((found) => found && found !== '<anonymous>');
  return place?.startsWith('file:') ? place.replace(/^.*?(?=:\d+(?::\d+)?$)/, (url) => fromUrl(url)?.path ?? url) : place;
};
