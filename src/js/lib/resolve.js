'use strict';

// Which file a `require` (https://nodejs.org/api/modules.html#all-together) or an `import`
// (https://nodejs.org/api/esm.html#resolution-algorithm) means, and TypeScript's manners besides: its files may leave the
// extension away, and say './x.js' where there will be one once it is compiled.

const builtins = require('./builtins');
const packages = require('./packages');
const { basename, dirname, fromUrl, isRelative, join } = require('./paths');

const { failure } = packages;

// Node's conditions, less those that lead to its own binaries ('node-addons').
const REQUIRE = new Set(['node', 'require', 'module-sync']);
const IMPORT = new Set(['node', 'import', 'module-sync']);

const isFile = (path) => native.fileKind(path) === 'file';
const isDirectory = (path) => native.fileKind(path) === 'directory';
const isTyped = (path) => /\.[cm]?ts$/.test(path);

const ENDINGS = ['.js', '.json', '.cjs', '.node', '.ts', '.cts', '.mts', '.mjs'];
exports.extensions = {}; // Module._extensions: packages put others there
const TYPED_ENDINGS = ['.ts', '.cts', '.mts', ...ENDINGS.filter((ending) => !isTyped(ending))];

// The TypeScript file that './x.js' is made of.
function sourceOf(path) {
  const source = path.replace(/\.([cm]?)js$/, '.$1ts');
  return source !== path && isFile(source) ? source : undefined;
}

// A file, whatever of its ending is left away. TypeScript's own come first where one of its files asks.
function asFile(path, typed) {
  const found = (typed && sourceOf(path)) || (isFile(path) ? path : undefined);
  return found ?? withEnding(path, typed ? TYPED_ENDINGS : ENDINGS) ?? sourceOf(path) ?? withEnding(path, Object.keys(exports.extensions));
}

const withEnding = (path, endings) => endings.map((ending) => path + ending).find(isFile);

function asDirectory(path, typed) {
  if (!isDirectory(path)) return undefined;
  const main = packages.manifestOf(path)?.main;
  if (typeof main === 'string' && main) {
    const target = join(path, main);
    const found = asFile(target, typed) ?? asFile(`${target}/index`, typed);
    if (found) return found;
  }
  return asFile(`${path}/index`, typed);
}

// What the paths of a tsconfig.json say of a request in a TypeScript file.
function fromPaths(request, importedBy) {
  for (const path of require('./tsconfig').pathsOf(importedBy, request)) {
    const found = asFile(path, true) ?? asDirectory(path, true);
    if (found) return found;
  }
  return undefined;
}

// An `import` means a file as it says it, but for a package's main one.
function importedFile(path, subpath, typed) {
  if (typed || subpath === '') return asFile(path, typed) ?? asDirectory(path, typed);
  return isFile(path) ? path : sourceOf(path);
}

function fromPackage(folder, name, subpath, how) {
  const root = `${folder}/${name}`;
  if (!isDirectory(root)) return subpath || how.conditions === IMPORT ? undefined : asFile(root, how.typed);
  const manifest = packages.manifestOf(root);
  if (manifest?.exports !== undefined && manifest?.exports !== null)
    return existing(require('./package_targets').exported(root, manifest.exports, `.${subpath}`, how.conditions, how.importedBy), how);
  if (how.conditions === IMPORT) {
    const found = importedFile(root + subpath, subpath, how.typed);
    if (!found && subpath) throw notFoundFile(root + subpath, how);
    return found;
  }
  return asFile(root + subpath, how.typed) ?? asDirectory(root + subpath, how.typed);
}

// What a package.json names has to be there as it is named, or to be made of a TypeScript file.
function existing(path, how) {
  if (typeof path !== 'string') return path; // a built-in module, for "imports"
  const found = isFile(path) ? path : sourceOf(path);
  if (!found) throw notFoundFile(path, how);
  return found;
}

function splitName(request) {
  const [, name, subpath] = /^((?:@[^/]+\/)?[^/]+)(.*)$/s.exec(request) ?? [];
  if (!name || /[\\%]/.test(name) || name.startsWith('.')) return undefined;
  return { name, subpath };
}

function fromOwnPackage(from, { name, subpath }, how) {
  const scope = packages.scopeOf(from);
  if (scope?.manifest.name !== name || (scope.manifest.exports ?? undefined) === undefined) return undefined;
  return existing(require('./package_targets').exported(scope.directory, scope.manifest.exports, `.${subpath}`, how.conditions, how.importedBy), how);
}

function lookUp(request, from, how) {
  const named = splitName(request);
  if (!named) return undefined;
  const own = fromOwnPackage(from, named, how);
  if (own) return own;
  for (const folder of how.requirer?.paths ?? foldersFrom(from)) {
    const found = fromPackage(folder, named.name, named.subpath, how);
    if (found) return found;
  }
  if (how.conditions === IMPORT) return undefined;
  for (const folder of require('./module_paths').globalFolders()) {
    const found = fromPackage(folder, named.name, named.subpath, how);
    if (found) return found;
  }
  return undefined;
}

// The node_modules that packages are looked for in.
function foldersFrom(from) {
  const folders = [];
  for (let directory = from; ; directory = dirname(directory)) {
    if (directory === '/') return [...folders, '/node_modules'];
    if (basename(directory) !== 'node_modules') folders.push(`${directory}/node_modules`);
  }
}
exports.foldersFrom = foldersFrom;

function notFoundFile(path, how) {
  return how.conditions === IMPORT
    ? failure(Error, 'ERR_MODULE_NOT_FOUND', `Cannot find module '${path}' imported from ${how.importedBy}`)
    : requireFailure(`Cannot find module '${path}'`, how);
}

// It says who has asked, and who for that one.
function requireFailure(message, how) {
  const requireStack = [how.importedBy];
  for (let module = how.requirer?.parent; module?.filename; module = module.parent) requireStack.push(module.filename);
  return Object.assign(failure(Error, 'MODULE_NOT_FOUND', `${message}\nRequire stack:\n- ${requireStack.join('\n- ')}`), { requireStack });
}

function notFound(request, how) {
  const why = builtins.whyAbsent(request);
  const absent = why ? `: ${why}` : '';
  if (how.conditions !== IMPORT)
    return requireFailure(`Cannot find module '${request}'${absent}`, how);
  return failure(Error, 'ERR_MODULE_NOT_FOUND', absent
    ? `Cannot find module '${request}', imported from ${how.importedBy}${absent}`
    : `Cannot find package '${splitName(request)?.name ?? request}' imported from ${how.importedBy}`);
}

// '#name', or a package's: a file's path, or { builtin, make } for one of the runner's own: its name and what makes it.
function named(request, from, how) {
  const make = builtins.find(request, () => lookUp(request, from, how) !== undefined);
  if (make) return { builtin: request, make };
  if (request.startsWith('#')) {
    const external = (name, directory) => named(name, directory, how);
    return existing(require('./package_targets').imported(request, from, how.conditions, how.importedBy, external), how);
  }
  const found = (how.typed && fromPaths(request, how.importedBy)) || lookUp(request, from, how);
  if (found) return found;
  throw notFound(request, how);
}

const finished = (found) => (typeof found === 'string' ? { path: native.realPath(found) } : found);

// What `require(request)` means in a file: { path } or { builtin, make }. `requirer`: the file's module, where there is one.
exports.forRequire = (request, from, importedBy, requirer) => {
  const how = { conditions: REQUIRE, importedBy, typed: isTyped(importedBy), requirer };
  if (!isRelative(request)) return finished(named(request, from, how));
  const found = atPath(from, request, how.typed);
  if (!found) throw notFound(request, how);
  return finished(found);
};

// A file or a folder, whatever of its name is left away.
function atPath(from, request, typed) {
  const target = join(from, request);
  const isFolder = /(?:^|\/)\.{0,2}$/.test(request);
  return (isFolder ? undefined : asFile(target, typed)) ?? asDirectory(target, typed);
}

// Module._findPath: the first of the folders that has it.
exports.among = (request, folders) => {
  const typed = false;
  const how = { conditions: REQUIRE, importedBy: request, typed };
  if (request.startsWith('/')) folders = [''];
  for (const folder of folders) {
    const parts = isRelative(request) ? undefined : splitName(request);
    const found = (parts && fromPackage(folder, parts.name, parts.subpath, how)) ?? atPath(folder, request, typed);
    if (found) return native.realPath(found);
  }
  return undefined;
};

function importedPath(path, how) {
  const found = importedFile(path, '/', how.typed);
  if (found) return found;
  if (isDirectory(path)) {
    throw failure(Error, 'ERR_UNSUPPORTED_DIR_IMPORT',
      `Directory import '${path}' is not supported resolving ES modules imported from ${how.importedBy}`);
  }
  throw notFoundFile(path, how);
}

// A relative specifier or a file: URL: its path, and what follows it from '?' or '#' on.
function located(request, from) {
  if (/^file:/i.test(request)) return fromUrl(request);
  const [, path, rest] = /^([^?#]*)(.*)$/s.exec(request);
  try {
    return /%2f/i.test(path) ? undefined : { path: join(from, decodeURIComponent(path)), rest };
  } catch {
    return undefined;
  }
}

// What `import request` means in a file: { path, rest } or { builtin, make }.
exports.forImport = (request, from, importedBy) => {
  const how = { conditions: IMPORT, importedBy, typed: isTyped(importedBy) };
  if (isRelative(request) || /^file:/i.test(request)) {
    const place = located(request, from);
    if (!place) {
      throw failure(TypeError, 'ERR_INVALID_MODULE_SPECIFIER',
        `Invalid module "${request}" must not include encoded "/" or "\\" characters imported from ${importedBy}`);
    }
    return { ...finished(importedPath(place.path, how)), rest: place.rest };
  }
  if (/^[a-z][a-z0-9+.-]*:/i.test(request) && !request.startsWith('node:')) {
    throw failure(Error, 'ERR_UNSUPPORTED_ESM_URL_SCHEME', 'Only URLs with a scheme in: file and node are supported here.'
      + ` Received protocol '${request.slice(0, request.indexOf(':') + 1)}' (${request}), imported from ${importedBy}`);
  }
  return { rest: '', ...finished(named(request, from, how)) };
};
