'use strict';

// CommonJS for handlers: `require` as Node resolves it (https://nodejs.org/api/modules.html#all-together).

const builtins = require('./builtins');
const { HEAD } = require('./stack');

const cache = Object.create(null);
const packages = new Map(); // directory -> its package.json, or undefined

function dirname(path) {
  const slash = path.lastIndexOf('/');
  return slash > 0 ? path.slice(0, slash) : '/';
}

// Without '.', '..' and doubled slashes; `path` is absolute.
function normalize(path) {
  const parts = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function join(directory, path) {
  return normalize(path.startsWith('/') ? path : `${directory}/${path}`);
}

const isFile = (path) => native.fileKind(path) === 'file';
const isDirectory = (path) => native.fileKind(path) === 'directory';

function asFile(path) {
  if (isFile(path)) return path;
  return ['.js', '.json', '.cjs'].map((extension) => path + extension).find(isFile);
}

function readPackage(directory) {
  if (!packages.has(directory)) {
    const path = `${directory}/package.json`;
    packages.set(directory, isFile(path) ? parseJson(path) : undefined);
  }
  return packages.get(directory);
}

function parseJson(path) {
  try {
    return JSON.parse(native.readText(path).replace(/^\uFEFF/, ''));
  } catch (error) {
    error.message = `${path}: ${error.message}`;
    throw error;
  }
}

function asDirectory(path) {
  if (!isDirectory(path)) return undefined;
  const main = readPackage(path)?.main;
  if (typeof main === 'string' && main) {
    const target = join(path, main);
    const found = asFile(target) ?? asFile(`${target}/index`);
    if (found) return found;
  }
  return asFile(`${path}/index`);
}

// The file that a package's "exports" names for './subpath' ('.' for the package itself).
function exported(target, subpath) {
  if (typeof target === 'string' || target === null || Array.isArray(target)) return subpath === '.' ? condition(target) : undefined;
  const keys = Object.keys(target);
  if (!keys.some((key) => key.startsWith('.'))) return subpath === '.' ? condition(target) : undefined;
  if (subpath in target && !subpath.includes('*')) return condition(target[subpath]);
  for (const key of keys.filter((name) => name.includes('*')).sort((a, b) => b.length - a.length)) {
    const [head, tail] = key.split('*');
    if (subpath.startsWith(head) && subpath.endsWith(tail) && subpath.length >= head.length + tail.length)
      return condition(target[key])?.replaceAll('*', subpath.slice(head.length, subpath.length - tail.length));
  }
  return undefined;
}

function condition(target) {
  if (typeof target === 'string') return target;
  if (Array.isArray(target)) return target.map(condition).find(Boolean);
  if (typeof target !== 'object' || target === null) return undefined;
  for (const key of Object.keys(target)) {
    if (key !== 'node' && key !== 'require' && key !== 'default' && key !== 'module-sync') continue;
    const found = condition(target[key]);
    if (found) return found;
  }
  return undefined;
}

function fromPackage(directory, name, subpath) {
  const root = `${directory}/node_modules/${name}`;
  if (!isDirectory(root) && !subpath) return asFile(root);
  const manifest = readPackage(root);
  if (manifest?.exports !== undefined && manifest.exports !== null) {
    const file = exported(manifest.exports, subpath ? `.${subpath}` : '.');
    if (!file) throw notFound(`Package subpath '.${subpath}' is not defined by "exports" in ${root}/package.json`, 'ERR_PACKAGE_PATH_NOT_EXPORTED');
    return asFile(join(root, file));
  }
  return asFile(root + subpath) ?? asDirectory(root + subpath);
}

function lookUp(request, from) {
  const [, name, subpath] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(request) ?? [];
  if (!name) return undefined;
  for (let directory = from; ; directory = dirname(directory)) {
    if (!directory.endsWith('/node_modules')) {
      const found = fromPackage(directory === '/' ? '' : directory, name, subpath);
      if (found) return found;
    }
    if (directory === '/') return undefined;
  }
}

function notFound(message, code = 'MODULE_NOT_FOUND') {
  return Object.assign(new Error(message), { code });
}

function resolve(request, from, requiredBy) {
  if (typeof request !== 'string' || request === '')
    throw Object.assign(new TypeError('The "id" argument must be a non-empty string.'), { code: 'ERR_INVALID_ARG_VALUE' });
  let path;
  if (/^\.{0,2}\//.test(request) || request === '.' || request === '..') {
    const target = join(from, request);
    path = (request.endsWith('/') ? undefined : asFile(target)) ?? asDirectory(target);
  } else {
    path = lookUp(request, from);
  }
  if (path) return native.realPath(path);
  const reason = builtins.whyAbsent(request);
  throw notFound(`Cannot find module '${request}'${reason ? `: ${reason}` : ''}\nRequire stack:\n- ${requiredBy}`);
}

class Module {
  constructor(id, parent) {
    this.id = id;
    this.path = dirname(id);
    this.exports = {};
    this.filename = id;
    this.loaded = false;
    this.children = [];
    this.paths = [];
    Object.defineProperty(this, 'parent', { value: parent, writable: true, configurable: true });
    this.require = requireFor(this);
  }
}

function requireFor(module) {
  const builtIn = (request) => builtins.find(request, () => lookUp(request, module.path) !== undefined);
  const lookFor = (request) => (builtIn(request) ? request : resolve(request, module.path, module.filename));
  const userRequire = (request) => builtIn(request)?.() ?? loadFile(lookFor(request), module).exports;
  userRequire.resolve = lookFor;
  userRequire.cache = cache;
  userRequire.main = undefined;
  return userRequire;
}

function loadFile(path, parent) {
  const known = cache[path];
  if (known) return known;
  const module = new Module(path, parent);
  cache[path] = module;
  parent?.children.push(module);
  try {
    evaluate(module, path);
    module.loaded = true;
  } catch (error) {
    delete cache[path];
    throw error;
  }
  return module;
}

function evaluate(module, path) {
  if (path.endsWith('.json')) {
    module.exports = parseJson(path);
    return;
  }
  if (/\.(?:node|mjs|[cm]?ts)$/.test(path)) throw new Error(`${path}: files of this kind can not be loaded; CommonJS .js, .cjs and .json can`);
  const source = native.readText(path).replace(/^\uFEFF/, '').replace(/^#!/, '//');
  // On one line with the module's first, so that its line numbers are the file's.
  const wrapped = `${HEAD}${source}\n})`;
  const run = native.evaluate(wrapped, path);
  run.call(module.exports, module.exports, module.require, module, path, module.path);
}

// What `require` is in that file.
exports.createRequire = (path) => new Module(path).require;

// A module named in `import:` or found in handlers/.
exports.load = (request, directory) => {
  return new Module(`${directory}/config.yaml`).require(request);
};
