'use strict';

// The engine's stacks, lines of `function@file:line:column`, taken apart: as frames with their places in the files that
// people wrote, and as Node shows those.

const { locate } = require('./positions');

// The function's name may hold an '@', and so may the file's path: the first '@' with a path behind it divides them.
const FRAME = /^((?:(?!: ).)*?)@(?:((?:\/|[a-z][a-z0-9+.-]*:).*?):(\d+):(\d+)|\[native code\])?$/;
const LONGEST_LINE = 4096; // a longer one is somebody's message
const INTERNAL = 'configurapi:';
const TOP = 'Object.<anonymous>';

// Which of the engine's own functions call back into scripts, and whose they are: Node shows those, too.
const OWNERS = new Map(Object.entries({
  Array: ['every', 'filter', 'find', 'findIndex', 'findLast', 'findLastIndex', 'flatMap', 'forEach', 'from', 'map', 'reduce',
    'reduceRight', 'some', 'sort', 'toSorted'],
  JSON: ['parse', 'stringify'],
  String: ['replace', 'replaceAll'],
}).flatMap(([owner, names]) => names.map((name) => [name, `${owner}.${name}`])));

const NOTHING = Object.freeze({}); // a frame that is none of the script's business

function ofNative(name, line) {
  return OWNERS.has(name) && line.endsWith('@[native code]') ? { called: OWNERS.get(name), isNative: true } : NOTHING;
}

// One line: { called, file, line, column, isNew, isCall } or { called, isNative }; undefined where it is no frame.
function parseLine(text) {
  const found = text.length <= LONGEST_LINE && FRAME.exec(text);
  if (!found) return undefined;
  const [, name, file, row, column] = found;
  if (!file) return ofNative(name, text);
  if (file.startsWith(INTERNAL)) return NOTHING;
  const at = locate(file, Number(row), Number(column));
  if (!at) return NOTHING;
  return { called: name === 'global code' || name === 'module code' ? TOP : name, file, ...at };
}

// An async function is two frames until its first await, and the outer one is nowhere in particular.
function isOutside(frame, inner) {
  return inner?.file !== undefined && inner.file === frame.file && inner.called === frame.called && !frame.isCall;
}

// A stack's lines as frames; `undefined` for those that are none.
function parse(lines) {
  const frames = lines.map(parseLine);
  return frames.map((frame, i) => {
    if (!frame || (i > 0 && isOutside(frame, frames[i - 1]))) return frame && NOTHING;
    return frame.called && frames[i + 1]?.isNew ? { ...frame, isConstructor: true } : frame;
  });
}

const placeOf = ({ file, line, column, isNative }) => (isNative ? '<anonymous>' : file && `${file}:${line}:${column}`);

function show(frame) {
  const place = placeOf(frame);
  if (!place) return '';
  return frame.called ? `    at ${frame.isConstructor ? 'new ' : ''}${frame.called} (${place})` : `    at ${place}`;
}

// A frame as Error.prepareStackTrace gets it (https://v8.dev/docs/stack-trace-api), as far as the engine tells.
class CallSite {
  #frame;

  constructor(frame) {
    this.#frame = frame;
  }

  getThis() {}
  getFunction() {}
  getTypeName() { return null; }
  getMethodName() { return null; }
  getEvalOrigin() {}
  getPromiseIndex() { return null; }
  getFunctionName() { return this.#frame.called && this.#frame.called !== TOP ? this.#frame.called : null; }
  getFileName() { return this.#frame.file ?? null; }
  getScriptNameOrSourceURL() { return this.getFileName(); }
  getLineNumber() { return this.#frame.line ?? null; }
  getColumnNumber() { return this.#frame.column ?? null; }
  isNative() { return this.#frame.isNative === true; }
  isConstructor() { return this.#frame.isConstructor === true; }
  isToplevel() { return this.#frame.called === TOP; }
  isEval() { return false; }
  isAsync() { return false; }
  isPromiseAll() { return false; }
  toString() { return show(this.#frame).replace('    at ', ''); }
}

module.exports = { parse, show, placeOf, CallSite };
