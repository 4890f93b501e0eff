'use strict';

// What the "exports" and "imports" of a package.json lead to (https://nodejs.org/api/esm.html#resolution-algorithm-specification).

const { failure, scopeOf } = require('./packages');
const { join } = require('./paths');

const isPattern = (key) => key.includes('*');

// The more specific of two patterns first.
function byPrecision(a, b) {
  return b.indexOf('*') - a.indexOf('*') || b.length - a.length;
}

// The entry of an "exports" or "imports" object for a key, and what its '*' stands for.
function entryFor(object, key) {
  if (Object.hasOwn(object, key) && !isPattern(key) && !key.endsWith('/')) return { value: object[key] };
  for (const pattern of Object.keys(object).filter(isPattern).sort(byPrecision)) {
    const [head, tail] = pattern.split('*');
    if (key !== head && key.startsWith(head) && key.endsWith(tail) && key.length >= pattern.length)
      return { value: object[pattern], star: key.slice(head.length, key.length - tail.length) };
  }
  return undefined;
}

class Lookup {
  constructor(directory, conditions, importedBy, external) {
    this.directory = directory;
    this.conditions = conditions;
    this.importedBy = importedBy;
    this.external = external; // for "imports": resolves another package's name
  }

  invalid(key, value) {
    const kind = this.external ? 'imports' : 'exports';
    const what = key === '.' ? `main target ${JSON.stringify(value)} defined` : `target ${JSON.stringify(value)} defined for '${key}'`;
    const hint = !this.external && typeof value === 'string' && value && !value.startsWith('./') ? '; targets must start with "./"' : '';
    return failure(Error, 'ERR_INVALID_PACKAGE_TARGET',
      `Invalid "${kind}" ${what} in the package config ${this.directory}/package.json imported from ${this.importedBy}${hint}`);
  }

  text(key, value, star) {
    const filled = star === undefined ? value : value.replaceAll('*', star);
    if (!value.startsWith('./')) {
      const isBare = this.external && !value.startsWith('../') && !value.startsWith('/');
      if (!isBare) throw this.invalid(key, value);
      return this.external(filled, this.directory);
    }
    if (/(?:^|\/)(?:\.\.?|node_modules)(?:\/|$)/i.test(filled.slice(2))) throw this.invalid(key, filled);
    return join(this.directory, filled);
  }

  // The file that a target names; null where it forbids one, undefined where none of its conditions holds.
  target(key, value, star) {
    if (typeof value === 'string') return this.text(key, value, star);
    if (Array.isArray(value)) return this.first(key, value, star);
    if (value === null) return null;
    if (typeof value !== 'object') throw this.invalid(key, value);
    for (const condition of Object.keys(value)) {
      if (condition !== 'default' && !this.conditions.has(condition)) continue;
      const found = this.target(key, value[condition], star);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  first(key, values, star) {
    let last = null;
    for (const value of values) {
      try {
        last = this.target(key, value, star);
      } catch (error) {
        if (error.code !== 'ERR_INVALID_PACKAGE_TARGET') throw error;
        last = error;
        continue;
      }
      if (last !== undefined && last !== null) return last;
    }
    if (last instanceof Error) throw last;
    return last;
  }
}

// The file that a package exports as '.' or './subpath'.
function exported(directory, exports, subpath, conditions, importedBy) {
  const isMap = typeof exports === 'object' && exports !== null && !Array.isArray(exports);
  const dotted = isMap ? Object.keys(exports).filter((key) => key.startsWith('.')).length : 0;
  if (dotted > 0 && dotted < Object.keys(exports).length) {
    throw failure(Error, 'ERR_INVALID_PACKAGE_CONFIG', `Invalid package config ${directory}/package.json. "exports" cannot contain some keys`
      + ' starting with \'.\' and some not. The exports object must either be an object of package subpath keys or an object of main entry'
      + ' condition name keys only.');
  }
  const entry = entryFor(dotted > 0 ? exports : { '.': exports }, subpath);
  const found = entry && new Lookup(directory, conditions, importedBy).target(subpath, entry.value, entry.star);
  if (found) return found;
  const by = conditions.has('import') ? ` imported from ${importedBy}` : '';
  throw failure(Error, 'ERR_PACKAGE_PATH_NOT_EXPORTED', subpath === '.'
    ? `No "exports" main defined in ${directory}/package.json${by}`
    : `Package subpath '${subpath}' is not defined by "exports" in ${directory}/package.json${by}`);
}

// The file or module that a package means by '#name'. `external(name, directory)` resolves those of other packages.
function imported(request, from, conditions, importedBy, external) {
  const scope = scopeOf(from);
  if (request === '#' || request.startsWith('#/')) {
    throw failure(TypeError, 'ERR_INVALID_MODULE_SPECIFIER',
      `Invalid module "${request}" is not a valid internal imports specifier name imported from ${importedBy}`);
  }
  const imports = scope?.manifest.imports;
  const entry = typeof imports === 'object' && imports !== null ? entryFor(imports, request) : undefined;
  const found = entry && new Lookup(scope.directory, conditions, importedBy, external).target(request, entry.value, entry.star);
  if (found) return found;
  throw failure(TypeError, 'ERR_PACKAGE_IMPORT_NOT_DEFINED', `Package import specifier "${request}" is not defined`
    + `${scope ? ` in package ${scope.directory}/package.json` : ''} imported from ${importedBy}`);
}

module.exports = { exported, imported };
