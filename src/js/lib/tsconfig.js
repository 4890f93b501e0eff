'use strict';

// What the nearest tsconfig.json says that changes what a program does: how decorators and class fields are compiled, and
// where `paths` lead (https://www.typescriptlang.org/tsconfig).

const { basename, dirname, join } = require('./paths');

const COMPILED = ['experimentalDecorators', 'emitDecoratorMetadata', 'useDefineForClassFields', 'verbatimModuleSyntax',
  'preserveConstEnums', 'esModuleInterop', 'target'];
const DEFINES_FIELDS = /^es(?:2022|2023|2024|2025|next)$/i; // of `target`: class fields are the language's own there
const MOST_BASES = 16;

const nearest = new Map(); // directory -> options
const EMPTY = Object.freeze({});

// JSON with comments and commas behind the last member.
function parse(text, path) {
  const plain = text.replace(/^\uFEFF/, '')
    .replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\//g, (found) => (found[0] === '"' ? found : ''))
    .replace(/"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])/g, (found) => (found[0] === '"' ? found : ''));
  try {
    return JSON.parse(plain);
  } catch (error) {
    error.message = `${path}: ${error.message}`;
    throw error;
  }
}

function basePath(directory, name) {
  const path = name.startsWith('.') || name.startsWith('/') ? join(directory, name) : undefined;
  const candidates = (base) => [base, `${base}.json`, `${base}/tsconfig.json`];
  if (path) return candidates(path).find((each) => native.fileKind(each) === 'file');
  for (let at = directory; ; at = dirname(at)) {
    const found = candidates(`${at === '/' ? '' : at}/node_modules/${name}`).find((each) => native.fileKind(each) === 'file');
    if (found || at === '/') return found;
  }
}

// A file's options over those of what it extends.
function read(path, depth = 0) {
  const directory = dirname(path);
  const config = parse(native.readText(path), path);
  let options = {};
  for (const name of depth < MOST_BASES ? [config.extends ?? []].flat() : []) {
    const base = basePath(directory, String(name));
    if (!base) throw new Error(`${path}: it extends '${name}', which is not there`);
    options = { ...options, ...read(base, depth + 1) };
  }
  const own = { ...config.compilerOptions };
  if (own.baseUrl !== undefined) own.baseUrl = join(directory, String(own.baseUrl));
  if (own.paths) own.pathsFrom = own.baseUrl ?? options.baseUrl ?? directory;
  return { ...options, ...own };
}

function optionsNear(directory) {
  if (!nearest.has(directory)) {
    const path = `${directory === '/' ? '' : directory}/tsconfig.json`;
    const isLast = directory === '/' || basename(directory) === 'node_modules';
    nearest.set(directory, native.fileKind(path) === 'file' ? read(path) : isLast ? EMPTY : optionsNear(dirname(directory)));
  }
  return nearest.get(directory);
}

// The options that matter to the compiled text of a file.
exports.compilerOptions = (path) => {
  const options = optionsNear(dirname(path));
  const found = {};
  for (const name of COMPILED) if (options[name] !== undefined) found[name] = options[name];
  // Older targets set class fields as assignments do, and so does this where one is named.
  if (found.target !== undefined) found.useDefineForClassFields ??= DEFINES_FIELDS.test(found.target);
  delete found.target;
  return found;
};

// The paths that a request in a file may stand for, by `paths` and `baseUrl`.
exports.pathsOf = (importedBy, request) => {
  const { paths, pathsFrom, baseUrl } = optionsNear(dirname(importedBy));
  const found = [];
  for (const pattern of Object.keys(paths ?? EMPTY).sort((a, b) => b.split('*')[0].length - a.split('*')[0].length)) {
    const [head, tail] = pattern.split('*');
    const star = tail === undefined ? undefined : request.slice(head.length, request.length - tail.length);
    const matches = tail === undefined ? request === pattern
      : request.startsWith(head) && request.endsWith(tail) && request.length >= head.length + tail.length;
    if (!matches) continue;
    found.push(...paths[pattern].map((target) => join(pathsFrom, target.replace('*', () => star ?? '*'))));
    break;
  }
  if (baseUrl !== undefined) found.push(join(baseUrl, request));
  return found;
};
