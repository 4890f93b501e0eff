'use strict';

// require('util'). What is longer than a few lines comes from ports, each loaded when it is first used.

const { coded, invalidType, invalidValue, outOfRange } = require('./arguments');
const { missing, AbortError } = require('./node_errors');

const PROMISIFIED = Symbol.for('nodejs.util.promisify.custom');

function requireFunction(name, value) {
  if (typeof value !== 'function') throw invalidType(name, 'of type function', value);
}

// Each of these replaces itself when it is first touched.
function defineLate(target, makers) {
  for (const [name, make] of Object.entries(makers)) {
    Object.defineProperty(target, name, {
      get() {
        const value = make();
        Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
        return value;
      },
      set: (value) => Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true }),
      enumerable: true,
      configurable: true,
    });
  }
}

function promisify(original) {
  requireFunction('original', original);
  const own = original[PROMISIFIED];
  if (own) {
    requireFunction('util.promisify.custom', own);
    return Object.defineProperty(own, PROMISIFIED, { value: own, configurable: true });
  }
  function promisified(...args) {
    return new Promise((resolve, reject) => {
      Reflect.apply(original, this, [...args, (error, value) => (error ? reject(error) : resolve(value))]);
    });
  }
  Object.setPrototypeOf(promisified, Object.getPrototypeOf(original));
  Object.defineProperty(promisified, PROMISIFIED, { value: promisified, configurable: true });
  return Object.defineProperties(promisified, Object.getOwnPropertyDescriptors(original));
}
promisify.custom = PROMISIFIED;

// A rejection without a reason must not look like success to whoever looks at the callback's first argument.
function reasonOf(rejection) {
  if (rejection) return rejection;
  return Object.assign(coded(Error, 'ERR_FALSY_VALUE_REJECTION', 'Promise was rejected with falsy value'), { reason: rejection });
}

function callbackify(original) {
  requireFunction('original', original);
  function callbackified(...args) {
    const callback = args.pop();
    requireFunction('last argument', callback);
    const { nextTick } = require('./timers');
    const answer = callback.bind(this);
    Reflect.apply(original, this, args)
      .then((value) => nextTick(answer, null, value), (rejection) => nextTick(answer, reasonOf(rejection)));
  }
  const descriptors = Object.getOwnPropertyDescriptors(original);
  if (typeof descriptors.length.value === 'number') descriptors.length.value++;
  if (typeof descriptors.name.value === 'string') descriptors.name.value += 'Callbackified';
  return Object.defineProperties(callbackified, descriptors);
}

function inherits(constructor, parent) {
  if (typeof constructor !== 'function') throw invalidType('ctor', 'of type function', constructor);
  if (typeof parent !== 'function') throw invalidType('superCtor', 'of type function', parent);
  if (parent.prototype === undefined)
    throw invalidType('superCtor.prototype', 'of type object', parent.prototype);
  Object.defineProperty(constructor, 'super_', { value: parent, writable: true, configurable: true });
  Object.setPrototypeOf(constructor.prototype, parent.prototype);
}

const warned = new Set(); // codes

function deprecate(original, message, code) {
  const { process } = require('./process');
  if (process.noDeprecation === true) return original;
  let isWarned = false;
  function deprecated(...args) {
    if (!isWarned && !warned.has(code)) {
      isWarned = true;
      if (code !== undefined) warned.add(code);
      process.emitWarning(message, 'DeprecationWarning', code);
    }
    return new.target ? Reflect.construct(original, args, new.target) : Reflect.apply(original, this, args);
  }
  Object.setPrototypeOf(deprecated, original);
  if (original.prototype) deprecated.prototype = original.prototype;
  return deprecated;
}

// Whether NODE_DEBUG ("http,my-*") names the section.
function isDebugged(section) {
  const names = (require('./process').process.env.NODE_DEBUG ?? '').split(',').map((name) => name.trim()).filter(Boolean);
  return names.some((name) => {
    const pattern = name.replace(/[|\\{}()[\]^$+?.]/g, '\\$&').replaceAll('*', '.*');
    return new RegExp(`^${pattern}$`, 'i').test(section);
  });
}

function debuglog(section, onFirst) {
  let enabled;
  const isEnabled = () => (enabled ??= isDebugged(section));
  const log = (...args) => {
    if (!isEnabled()) return;
    const { process } = require('./process');
    onFirst?.(log);
    onFirst = undefined;
    process.stderr.write(`${section.toUpperCase()} ${process.pid}: ${util.format(...args)}\n`);
  };
  return Object.defineProperty(log, 'enabled', { get: isEnabled, configurable: true, enumerable: true });
}

// As Node 20, which asks only for a single format whether the stream shows colours.
function styleText(format, text, { validateStream = true, stream = require('./process').process.stdout } = {}) {
  if (typeof text !== 'string') throw invalidType('text', 'of type string', text);
  let [before, behind] = ['', ''];
  for (const name of Array.isArray(format) ? format : [format]) {
    const codes = util.inspect.colors[name];
    if (codes === undefined) {
      const names = Object.keys(util.inspect.colors).map((each) => `'${each}'`).join(', ');
      throw invalidValue('format', name, `must be one of: ${names}`);
    }
    before += `\u001b[${codes[0]}m`;
    behind = `\u001b[${codes[1]}m${behind}`;
  }
  return validateStream && !Array.isArray(format) && !stream?.isTTY ? text : `${before}${text}${behind}`;
}

async function aborted(signal, resource) {
  if (signal === undefined) throw invalidType('signal', 'an instance of AbortSignal', signal);
  if (typeof signal !== 'object' || signal === null || !('aborted' in signal)) throw invalidType('signal', 'an instance of AbortSignal', signal);
  if (resource === null || typeof resource !== 'object') throw invalidType('resource', 'an instance of Object', resource);
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

const sourceOf = Object.getOwnPropertyDescriptor(RegExp.prototype, 'source').get;

// Whether a method that looks inside takes the value for one of its kind.
function hasInside(method, value) {
  if (value === RegExp.prototype) return false; // which is none, but does not complain
  try {
    method.call(value);
    return true;
  } catch {
    return false;
  }
}

// The port's errors have Node's codes, but are not of Node's class.
function parseArgs(config) {
  try {
    return require('./vendor_parse_args').parseArgs(config);
  } catch (error) {
    throw /^ERR_PARSE_ARGS_/.test(error.code) ? coded(TypeError, error.code, error.message) : error;
  }
}

// The port's, and what it cannot or does not tell.
function makeTypes() {
  const port = require('./vendor_util_types');
  const types = {};
  for (const name of Object.keys(port)) types[name] = port[name];
  return Object.assign(types, {
    isDate: (value) => hasInside(Date.prototype.getTime, value),
    isRegExp: (value) => hasInside(sourceOf, value),
    isProxy: () => false, // nothing tells
    isExternal: () => false,
    isModuleNamespaceObject: (value) => Object.prototype.toString.call(value) === '[object Module]',
    isKeyObject: (value) => value?.constructor?.name === 'KeyObject',
    isCryptoKey: (value) => value?.[Symbol.toStringTag] === 'CryptoKey',
    isArgumentsObject: (value) => Object.prototype.toString.call(value) === '[object Arguments]' && !(value?.[Symbol.toStringTag]),
    isNativeError: (value) => value instanceof Error && Object.prototype.toString.call(value) === '[object Error]',
  });
}

// From the time before `typeof`; Node still has them.
const legacy = {
  isArray: Array.isArray,
  isBoolean: (value) => typeof value === 'boolean',
  isBuffer: (value) => Buffer.isBuffer(value),
  isDate: (value) => util.types.isDate(value),
  isError: (value) => util.types.isNativeError(value) || value instanceof Error,
  isFunction: (value) => typeof value === 'function',
  isNull: (value) => value === null,
  isNullOrUndefined: (value) => value === null || value === undefined,
  isNumber: (value) => typeof value === 'number',
  isObject: (value) => value !== null && typeof value === 'object',
  isPrimitive: (value) => value === null || (typeof value !== 'object' && typeof value !== 'function'),
  isRegExp: (value) => util.types.isRegExp(value),
  isString: (value) => typeof value === 'string',
  isSymbol: (value) => typeof value === 'symbol',
  isUndefined: (value) => value === undefined,
};

const util = {
  _extend: (target, source) => (source !== null && typeof source === 'object' ? Object.assign(target, source) : target),
  aborted,
  callbackify,
  debug: debuglog,
  debuglog,
  deprecate,
  format: (...args) => require('./inspector').format(...args),
  getSystemErrorMap: () => {
    const { codes, describe } = require('./system_errors');
    return new Map(Object.values(codes).map((number) => [-number, describe(number)]));
  },
  getSystemErrorName(number) {
    if (typeof number !== 'number') throw invalidType('err', 'of type number', number);
    if (!(number < 0) || !Number.isSafeInteger(number)) throw outOfRange('err', 'a negative integer', number);
    return require('./system_errors').describe(-number)[0];
  },
  parseEnv(content) {
    if (typeof content !== 'string') throw invalidType('content', 'of type string', content);
    return require('./dotenv').parse(content);
  },
  formatWithOptions: (...args) => require('./inspector').formatWithOptions(...args),
  inherits,
  isDeepStrictEqual(first, second) {
    if (arguments.length < 2) throw missing('val1', 'val2');
    return require('./vendor_assert').isDeepStrictEqual(first, second);
  },
  parseArgs,
  promisify,
  stripVTControlCharacters(text) {
    if (typeof text !== 'string') throw invalidType('str', 'of type string', text);
    return require('./inspector').stripVTControlCharacters(text);
  },
  styleText,
  toUSVString: (text) => `${text}`.toWellFormed(),
  ...legacy,
};
defineLate(util, {
  inspect: () => require('./inspector').inspect,
  types: makeTypes,
  MIMEType: () => require('./node_mime').MIMEType,
  MIMEParams: () => require('./node_mime').MIMEParams,
  TextDecoder: () => globalThis.TextDecoder,
  TextEncoder: () => globalThis.TextEncoder,
});
// For the ports that are Node's own sources.
Object.defineProperty(util, 'AbortError', { value: AbortError });

module.exports = util;
