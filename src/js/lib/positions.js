'use strict';

// From the engine's positions, in the texts it was given, to those in the files that people wrote.

const { oldColumn } = require('./edits');
const { find } = require('./sources');

const CALLED = /(?:\bnew\s+(?:[$\p{ID_Continue}]+\??\.)*)?(?:[$#\p{ID_Continue}]+|\(0, [$.[\]"\p{ID_Continue}]+\))\s*$/u;

function lineOf(entry, line) {
  entry.lines ??= entry.text.split(/\r\n|[\n\r\u2028\u2029]/);
  return entry.lines[line - 1] ?? '';
}

// The engine points at a call's parenthesis and at a property's dot; V8 at what is called, at `new` and at the property.
function pointAt(line, column) {
  if (line[column] === '(') {
    const found = CALLED.exec(line.slice(0, column));
    if (!found) return { column, isCall: true };
    return { column: found.index, isCall: true, isNew: /^new\s/.test(found[0]) };
  }
  const dot = /^\??\.\s*/.exec(line.slice(column));
  return { column: dot ? column + dot[0].length : column, isCall: dot !== null || line[column] === '`' };
}

// The segment of a source map's line that a column is in: [column, source, line, column].
function segmentAt(segments, column) {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle][0] <= column) low = middle + 1;
    else high = middle;
  }
  return segments[Math.max(0, low - 1)];
}

function original(entry, line, column) {
  if (typeof entry.mappings === 'string') entry.mappings = require('./vendor_source_map').decode(entry.mappings);
  const segment = segmentAt(entry.mappings[line - 1] ?? [], column);
  return segment?.length >= 4 ? { line: segment[2] + 1, column: segment[3] } : undefined;
}

// A position of the engine's (both numbers count from 1) in the file: { line, column, isNew, isCall }, `isNew` where something
// is made by `new` there, `isCall` where anything is called or read; undefined where what is there was not in the file.
exports.locate = (url, line, column) => {
  const entry = find(url);
  if (!entry) return { line, column };
  const place = pointAt(lineOf(entry, line), column - 1);
  if (line === 1) place.column = Math.max(0, place.column - entry.head);
  const pairs = entry.columns?.[line - 1];
  if (pairs) place.column = oldColumn(pairs, place.column);
  const found = entry.mappings === undefined ? { line, column: place.column } : original(entry, line, place.column);
  return found && { line: found.line, column: found.column + 1, isNew: place.isNew === true, isCall: place.isCall };
};

// A place in the text a file was compiled to, lines from 1 and columns from 0, in the file: { line, column }, both from 1.
exports.original = (url, line, column) => {
  const entry = find(url);
  const found = entry?.mappings === undefined ? { line, column } : original(entry, line, column) ?? { line, column };
  return { line: found.line, column: found.column + 1 };
};
