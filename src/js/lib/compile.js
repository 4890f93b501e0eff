'use strict';

// A file's kind, and its code ready to run: a CommonJS module's function, or what esm.js makes a module of. A plain
// CommonJS file is handed to the engine as it is; all else costs only those who use it.

const ownEvents = require('./own_events');
const { failure, scopeOf } = require('./packages');
const { basename, dirname, extension, toUrl } = require('./paths');
const sources = require('./sources');

const FORMATS = {
  '.json': 'json',
  '.node': 'addon',
  '.mjs': 'module',
  '.mts': 'module',
  '.cjs': 'commonjs',
  '.cts': 'commonjs',
};
const LEFT_OUT = new Set(['.jsx', '.tsx', '.wasm']);
const IMPORTS_LATER = /\bimport\s*\(|\beval\)?\s*\(.*\bimport\b/;
const MAY_BE_MODULE = /\b(?:import|export|await)\b/;

// 'json', 'addon', 'commonjs', 'module', or 'unsaid': CommonJS, unless it has syntax that only modules have.
function formatOf(path) {
  const ending = extension(path);
  if (LEFT_OUT.has(ending))
    throw failure(TypeError, 'ERR_UNKNOWN_FILE_EXTENSION', `Unknown file extension "${ending}" for ${path}: .js, .mjs, .cjs, .ts, .mts, .cts and .json can be loaded`);
  if (Object.hasOwn(FORMATS, ending)) return FORMATS[ending];
  const { type } = scopeOf(dirname(path))?.manifest ?? {};
  return type === 'module' || type === 'commonjs' ? type : 'unsaid';
}

let starting = true;

// The compilers hold much memory: they stay while the handlers are loaded, and go behind what is loaded later.
function transform() {
  if (!starting) queueMicrotask(releaseCompilers);
  return require('./transform');
}

function releaseCompilers() {
  require.ifLoaded('./transform')?.release();
}

exports.started = () => {
  starting = false;
  releaseCompilers();
};

// The application's own files are watched.
function note(path) {
  if (!path.includes('/node_modules/')) files.add(path);
}

const isTypeScript = (path) => /\.[cm]?ts$/.test(path);
const readSource = (path) => native.readText(path).replace(/^\uFEFF/, '');

function addonError(path, importedBy) {
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [undefined, basename(path)];
  return failure(Error, 'ERR_DLOPEN_FAILED', `'${name}' is a native addon, which only Node itself can load: ${path}, required by ${importedBy}.`
    + ' Use a package that does the same in JavaScript, or leave that work to a program of its own that runs in Node');
}

// Where acorn stopped, as the engine says it.
function placed(error, path, url) {
  if (!error.loc) return error;
  const place = require('./positions').original(url, error.loc.line, error.loc.column);
  return require('./stack').syntaxError(error.message.replace(/ \(\d+:\d+\)$/, ''), path, place);
}

// The engine knows the line where a script does not parse, and acorn the column, if it stopped in the same line. The engine
// may go on behind the script's end, in what stands there of ours.
function misread(error, path, code) {
  if (!(error instanceof SyntaxError)) return error;
  const last = code.split(/\r\n|[\n\r\u2028\u2029]/).length;
  const isBehind = error.line > last;
  const found = transform().mistake(code);
  const { line, column } = found && (isBehind || found.line === error.line) ? found : { line: Math.min(error.line, last) };
  if (isBehind && /^Unexpected token/.test(error.message)) error.message = 'Unexpected end of input';
  const place = require('./positions').original(path, line, column ?? 0);
  return require('./stack').misread(error, path, column === undefined ? { line: place.line } : place);
}

function compileModule(path, url, source, mappings) {
  sources.add(url, source, 0, undefined, mappings);
  let text;
  try {
    text = transform().module(source);
  } catch (error) {
    throw placed(error, path, url);
  }
  sources.add(url, text.code, text.head, text.columns, mappings);
  return { format: 'module', text };
}

function compileScript(path, source, mappings) {
  let [code, name, columns] = [source, '', undefined];
  if (source.includes('import') && IMPORTS_LATER.test(source)) ({ code, name, columns } = transform().dynamicImports(source));
  const head = `(function (exports, require, module, __filename, __dirname${name && `, ${name}`}) {`;
  // On one line with the file's first, so that its line numbers are the file's.
  const text = `${head}${code.replace(/^#!/, '//')}\n})`;
  sources.add(path, text, head.length, columns, mappings);
  const run = native.evaluate(text, path);
  run.displayName = 'Object.<anonymous>'; // in stacks
  return { format: 'commonjs', run, code, importsLater: name };
}

function compileSaid(path, code, mappings) {
  try {
    return compileScript(path, code, mappings);
  } catch (error) {
    throw misread(error, path, code);
  }
}

function compileUnsaid(path, url, read) {
  const { code, mappings } = read(false);
  try {
    return compileScript(path, code, mappings);
  } catch (error) {
    if (!(error instanceof SyntaxError) || !MAY_BE_MODULE.test(code)) throw misread(error, path, code);
    let found;
    try {
      const again = read(true);
      found = compileModule(path, url, again.code, again.mappings);
    } catch {
      throw misread(error, path, code);
    }
    if (found.text.isModule) {
      sources.remove(path);
      return found;
    }
    throw misread(error, path, code);
  }
}

const files = new Set(); // the application's own, for --watch

// Their paths, each with a NUL behind it.
exports.files = () => Array.from(files, (path) => `${path}\0`).join('');

const waiting = new Map(); // path -> what was compiled to see what it is, until it is run

// What a file is: { format: 'json' | 'addon' }, { format: 'module', text } or { format: 'commonjs', run, code }.
exports.compile = (path, importedBy, rest = '') => {
  const known = waiting.get(path);
  if (known) return known;
  note(path);
  const format = formatOf(path);
  if (format === 'addon') throw addonError(path, importedBy);
  if (format === 'json') return { format };
  const source = readSource(path);
  ownEvents.read(source);
  // It may reach AsyncFunction and its like by a function's `constructor`, and give them a text that imports. The property is
  // a getter (see globals.js): reading it puts function_makers.js's in their place.
  if (source.includes('.constructor') && source.includes('import')) (() => {}).constructor;
  const url = toUrl(path) + rest;
  const read = isTypeScript(path)
    ? (toModule) => transform().typescript(source, path, toModule)
    : () => ({ code: source, mappings: undefined });
  if (format === 'unsaid') return compileUnsaid(path, url, read);
  const { code, mappings } = read(format === 'module');
  return format === 'module' ? compileModule(path, url, code, mappings) : compileSaid(path, code, mappings);
};

// A text that is not the file's own: what a package makes of it, as CommonJS.
exports.compileText = (path, text) => {
  note(path);
  ownEvents.read(text);
  return compileScript(path, text);
};
exports.readSource = readSource;

exports.renameIn = (source, nameOf) => transform().renameIn(source, nameOf);

// For CommonJS modules that are linked before they run.
exports.keep = (path, compiled) => waiting.set(path, compiled);
exports.release = (path) => waiting.delete(path);
