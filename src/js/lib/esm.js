'use strict';

// ES modules: loading, linking and evaluating them (https://tc39.es/ecma262/#sec-cyclic-module-records). What can be
// imported is of two kinds: files of their own syntax, and what looks like one (CommonJS, JSON, the runner's own).

const { compile, keep, release } = require('./compile');
const { createNamespace } = require('./module_namespace');
const { failure, readJson, scopeOf } = require('./packages');
const { dirname, toUrl } = require('./paths');
const resolve = require('./resolve');
const { exportNames } = require('./transform');

const records = new Map(); // URL -> record
const AMBIGUOUS = Symbol('ambiguous');
const COMMONJS_ONLY = /^Can't find variable: (exports|module|require|__filename|__dirname)$/;

const NEW = 0;
const EVALUATING = 1;
const EVALUATED = 2;

// What all have: bindings (an object of getters, one for each name), a namespace, and evaluate().
class Record {
  state = NEW;
  bindings = Object.create(null);
  dependencies = [];
  failed = false;
  error = undefined;
  promise = undefined; // of its evaluation, where that waits for something

  constructor(url) {
    this.url = url;
    const { namespace, seal } = createNamespace(this.bindings);
    this.namespace = namespace;
    this.seal = seal;
    this.getNamespace = () => this.namespace;
  }

  get isAsync() {
    return false;
  }
}

// A module whose names are known beforehand and whose values come from one object.
class Synthetic extends Record {
  #values = Object.create(null);
  #getters = new Map();
  #load;

  constructor(url, names, load) {
    super(url);
    this.#load = load;
    for (const name of new Set(['default', ...names])) this.#getters.set(name, () => this.#values[name]);
  }

  instantiate() {}

  names() {
    return [...this.#getters.keys()];
  }

  resolve(name) {
    return this.#getters.get(name);
  }

  run() {
    const exported = this.#load();
    const isObject = (typeof exported === 'object' && exported !== null) || typeof exported === 'function';
    for (const name of this.#getters.keys()) {
      if (name === 'default') this.#values.default = exported;
      else if (isObject && Object.hasOwn(exported, name)) this.#values[name] = exported[name];
    }
  }

  missing(name, request) {
    if (!this.isCommonJs) return undefined;
    return `Named export '${name}' not found. The requested module '${request}' is a CommonJS module, which may not support all module.exports`
      + ` as named exports.\nCommonJS modules can always be imported via the default export, for example using:\n\nimport pkg from '${request}';`
      + `\nconst { ${name} } = pkg;\n`;
  }
}

class Source extends Record {
  begun = undefined; // where it is asynchronous: once this is fulfilled, run() runs at once
  #getters = new Map();
  #generator;

  constructor(url, path, text) {
    super(url);
    this.path = path;
    this.text = text;
  }

  get isAsync() {
    return this.text.async;
  }

  // Runs its code up to where functions are in place and what it exports is known.
  instantiate() {
    const { text, path, url } = this;
    const tools = {
      exports: (getters) => {
        for (const name of Object.keys(getters)) this.#getters.set(name, getters[name]);
      },
      nameDefault: (made) => Object.defineProperty(made, 'name', { value: 'default', configurable: true }),
      get import() {
        const value = require('./made_code').importerFor(path, `${text.prefix}.import`);
        Object.defineProperty(tools, 'import', { value });
        return value;
      },
      get meta() {
        const meta = createMeta(path, url);
        Object.defineProperty(tools, 'meta', { value: meta });
        return meta;
      },
    };
    const make = native.evaluate(text.code, url);
    make.displayName = ''; // in stacks, as Node's
    this.#generator = make(tools, ...this.dependencies.map(({ bindings }) => bindings),
      ...text.namespaces.map((i) => this.dependencies[i].namespace));
    const begun = this.#generator.next();
    if (this.isAsync) this.begun = begun;
  }

  names(seen = new Set()) {
    if (seen.has(this)) return [];
    seen.add(this);
    const { exported, forwarded, stars } = this.text;
    const starred = stars.flatMap((i) => this.dependencies[i].names(seen)).filter((name) => name !== 'default');
    return [...new Set([...exported, ...forwarded.map(([name]) => name), ...starred])];
  }

  // The getter of a name, undefined where there is none; of two that `export *` brings, neither counts.
  resolve(name, seen = []) {
    if (seen.some(([record, known]) => record === this && known === name)) return undefined;
    seen.push([this, name]);
    const own = this.#getters.get(name);
    if (own) return own;
    const forwarded = this.text.forwarded.find(([each]) => each === name);
    if (forwarded) {
      const [, request, target] = forwarded;
      const dependency = this.dependencies[request];
      return target === '*' ? dependency.getNamespace : dependency.resolve(target, seen);
    }
    if (name === 'default') return undefined;
    let found;
    for (const i of this.text.stars) {
      const other = this.dependencies[i].resolve(name, seen);
      if (other === AMBIGUOUS || (found && other && found !== other)) return AMBIGUOUS;
      found ??= other;
    }
    return found;
  }

  check() {
    const { requests, wanted } = this.text;
    for (const [i, name, line, column] of wanted) {
      const found = this.dependencies[i].resolve(name);
      if (found && found !== AMBIGUOUS) continue;
      const message = found === AMBIGUOUS
        ? `The requested module '${requests[i]}' contains conflicting star exports for name '${name}'`
        : this.dependencies[i].missing(name, requests[i]) ?? `The requested module '${requests[i]}' does not provide an export named '${name}'`;
      throw require('./stack').syntaxError(message, this.path, require('./positions').original(this.url, line, column));
    }
  }

  missing() {
    return undefined;
  }

  run() {
    const result = this.#generator.next();
    this.#generator = undefined;
    return this.isAsync ? result : undefined;
  }

  // What CommonJS has around it and a module has not.
  explain(error) {
    const [, name] = (error instanceof ReferenceError && COMMONJS_ONLY.exec(error.message)) || [];
    if (!name) return;
    error.message = `${name} is not defined in ES module scope${name === 'require' ? ', you can use import instead' : ''}`;
    const [, kind] = /\.([jt]s)$/.exec(this.path) ?? [];
    if (!kind) return;
    const { manifest, directory } = scopeOf(dirname(this.path)) ?? {};
    const why = manifest?.type === 'module'
      ? `it has a '.${kind}' file extension and '${directory}/package.json' contains "type": "module"`
      : 'it has import, export, import.meta or await at its top level';
    error.message += `\nThis file is being treated as an ES module because ${why}.`
      + ` To treat it as a CommonJS script, rename it to use the '.c${kind}' file extension.`;
  }
}

function createMeta(path, url) {
  const meta = Object.create(null);
  meta.dirname = dirname(path);
  meta.filename = path;
  meta.resolve = (specifier) => {
    const request = `${specifier}`;
    if (request.startsWith('node:')) return request;
    const { builtin, path: found, rest } = resolve.forImport(request, dirname(path), path);
    return builtin === undefined ? toUrl(found) + rest : `node:${builtin}`;
  };
  meta.url = url;
  return meta;
}

// ---- loading ----

// The names of a CommonJS module, those of the modules it hands on included.
function commonJsNames(path, code, seen = new Set()) {
  seen.add(path);
  const { exports: names, reexports } = exportNames(code);
  for (const request of reexports) {
    try {
      const found = resolve.forRequire(request, dirname(path), path);
      if (found.builtin) {
        names.push(...Object.keys(found.make()));
      } else if (!seen.has(found.path)) {
        const compiled = compile(found.path, path);
        if (compiled.format !== 'commonjs') continue;
        keep(found.path, compiled);
        names.push(...commonJsNames(found.path, compiled.code, seen));
      }
    } catch {
      // It fails by itself where it runs, and says more.
    }
  }
  return names.filter((name) => name !== 'default');
}

function syntheticOf({ path }, url, compiled) {
  if (compiled.format === 'json') return new Synthetic(url, [], () => readJson(path));
  keep(path, compiled);
  const record = new Synthetic(url, commonJsNames(path, compiled.code), () => require('./modules').requireFile(path));
  record.isCommonJs = true;
  return record;
}

function builtinRecord(name, make) {
  const url = name.startsWith('node:') ? name : `node:${name}`;
  const known = records.get(url);
  if (known) return known;
  const record = new Synthetic(url, Object.keys(make()), make);
  link([record]);
  records.set(url, record);
  return record;
}

// The record of what was found, with all it depends on; those that are new are added to `fresh`.
function gather(found, importedBy, fresh) {
  if (found.builtin !== undefined) return builtinRecord(found.builtin, found.make);
  const url = toUrl(found.path) + found.rest;
  const known = records.get(url);
  if (known) return known;
  const compiled = compile(found.path, importedBy, found.rest);
  release(found.path);
  const record = compiled.format === 'module' ? new Source(url, found.path, compiled.text) : syntheticOf(found, url, compiled);
  records.set(url, record);
  fresh.push(record);
  for (const request of compiled.text?.requests ?? [])
    record.dependencies.push(gather(resolve.forImport(request, dirname(found.path), found.path), found.path, fresh));
  return record;
}

function link(fresh) {
  for (const record of fresh) record.instantiate();
  for (const record of fresh) record.check?.();
  for (const record of fresh) {
    for (const name of record.names()) {
      const get = record.resolve(name);
      if (typeof get === 'function') Object.defineProperty(record.bindings, name, { get, enumerable: true });
    }
    record.seal();
  }
}

function load(found, importedBy) {
  const fresh = [];
  try {
    const record = gather(found, importedBy, fresh);
    link(fresh);
    return record;
  } catch (error) {
    for (const { url } of fresh) records.delete(url);
    throw error;
  }
}

// ---- evaluating ----

function finish(record, error) {
  record.state = EVALUATED;
  if (error === undefined) return;
  record.explain?.(error.value);
  record.failed = true;
  record.error = error.value;
}

async function evaluateLater(record, waits) {
  try {
    if (waits.length > 0) await Promise.all(waits);
    await record.run();
    finish(record);
  } catch (error) {
    finish(record, { value: error });
    throw error;
  }
}

// Evaluates what a module depends on, in its order, then the module. A promise where something in it waits.
function evaluate(record) {
  if (record.failed) throw record.error;
  if (record.state !== NEW) return record.state === EVALUATED ? undefined : record.promise;
  record.state = EVALUATING;
  try {
    const waits = [];
    for (const dependency of record.dependencies) {
      const wait = evaluate(dependency);
      if (wait) waits.push(wait);
    }
    if (waits.length > 0 || record.isAsync) {
      record.promise = evaluateLater(record, waits);
      record.promise.catch(() => {}); // whoever waits for it hears of it
      return record.promise;
    }
    record.run();
    finish(record);
  } catch (error) {
    finish(record, { value: error });
    throw error;
  }
  return undefined;
}

// The modules of a graph that wait at their top level and are not through.
function waiters(record, seen = new Set()) {
  if (seen.has(record) || record.state === EVALUATED) return [];
  seen.add(record);
  const deeper = record.dependencies.flatMap((dependency) => waiters(dependency, seen));
  return record.isAsync ? [...deeper, record] : deeper;
}

// ---- for the rest of the world ----

async function importDynamically(specifier, importedBy) {
  const request = `${specifier}`;
  await undefined; // what is imported starts after what runs now
  return importFound(resolve.forImport(request, dirname(importedBy), importedBy), importedBy);
}

function importFound(found, importedBy) {
  return begin(load(found, importedBy));
}

// Loads and links it at once; what is returned evaluates it.
function prepare(found, importedBy) {
  const record = load(found, importedBy);
  return () => begin(record);
}

function begin(record) {
  const waiting = waiters(record);
  if (waiting.length > 0) return Promise.all(waiting.map(({ begun }) => begun)).then(() => evaluated(record));
  return evaluated(record);
}

function evaluated(record) {
  const wait = evaluate(record);
  return wait ? wait.then(() => record.namespace) : record.namespace;
}

// As for tools that look for `__esModule` (https://nodejs.org/api/modules.html#loading-ecmascript-modules-using-require).
function marked(record) {
  if (!record.marked) {
    const bindings = Object.create(null, { ...Object.getOwnPropertyDescriptors(record.bindings),
      __esModule: { get: () => true, enumerable: true } });
    const { namespace, seal } = createNamespace(bindings);
    seal();
    record.marked = namespace;
  }
  return record.marked;
}

// What `require` gives of an ES module.
function requireModule(path, importedBy) {
  const record = load({ path, rest: '' }, importedBy);
  const [waits] = waiters(record);
  if (waits) {
    throw failure(Error, 'ERR_REQUIRE_ASYNC_MODULE',
      `require() cannot be used on an ES module with top-level await: ${waits.path} has some, required by ${importedBy}. Use import() instead`);
  }
  if (record.state === EVALUATING)
    throw failure(Error, 'ERR_REQUIRE_CYCLE_MODULE', `Cannot require() ES Module ${path} in a cycle. It is being imported: ${importedBy} requires it`);
  evaluate(record);
  if ('module.exports' in record.bindings) return record.bindings['module.exports'];
  return 'default' in record.bindings && !('__esModule' in record.bindings) ? marked(record) : record.namespace;
}

module.exports = { importDynamically, importFound, prepare, requireModule };
