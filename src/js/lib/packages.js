'use strict';

// The package.json files, each read once.

const { basename, dirname } = require('./paths');

const manifests = new Map(); // directory -> its package.json, or undefined

const INSIDE = 8; // frames between a script's `require` and here, which its stack does not show

function failure(Class, code, message) {
  const { stackTraceLimit } = Error;
  if (typeof stackTraceLimit === 'number') Error.stackTraceLimit = stackTraceLimit + INSIDE;
  try {
    return Object.assign(new Class(message), { code });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function placeInJson(text) {
  const position = require('./json_mistake')(text);
  if (position === undefined) return '';
  const before = text.slice(0, position).split('\n');
  return ` at position ${position} (line ${before.length} column ${before.at(-1).length + 1})`;
}

// JSON from a file; an error names it, and the place.
function readJson(path) {
  let text;
  try {
    text = native.readText(path).replace(/^\uFEFF/, '');
    return JSON.parse(text);
  } catch (error) {
    error.message = `${path}: ${error.message}${error instanceof SyntaxError ? placeInJson(text) : ''}`;
    throw error;
  }
}

function manifestOf(directory) {
  if (!manifests.has(directory)) {
    const path = `${directory === '/' ? '' : directory}/package.json`;
    manifests.set(directory, native.fileKind(path) === 'file' ? readJson(path) : undefined);
  }
  return manifests.get(directory);
}

// The directory of the package that a directory is in, with its manifest; undefined where it is in none.
function scopeOf(directory) {
  for (; basename(directory) !== 'node_modules'; directory = dirname(directory)) {
    const manifest = manifestOf(directory);
    if (manifest !== undefined && manifest !== null) return { directory, manifest };
    if (directory === '/') break;
  }
  return undefined;
}

module.exports = { failure, readJson, manifestOf, scopeOf };
