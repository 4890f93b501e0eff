'use strict';

// Errors with the codes and words that Node's modules give them (https://nodejs.org/api/errors.html#nodejs-error-codes).

// What a value is, for the end of a message.
function received(value) {
  if (value === undefined || value === null) return `Received ${value}`;
  if (typeof value === 'function') return `Received function ${value.name}`;
  if (typeof value === 'object') {
    if (value.constructor?.name) return `Received an instance of ${value.constructor.name}`;
    return `Received ${require('./node_util').inspect(value, { depth: -1 })}`;
  }
  let shown = typeof value === 'string' ? quoted(value) : typeof value === 'bigint' ? `${value}n` : String(value);
  if (shown.length > 28) shown = `${shown.slice(0, 25)}...`;
  return `Received type ${typeof value} (${shown})`;
}

function quoted(text) {
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`;
}

const kindOf = (name) => (name.includes('.') ? 'property' : 'argument');

function coded(Constructor, code, message) {
  const error = new Constructor(message);
  error.code = code;
  return error;
}

exports.coded = coded;

// `expected` says it whole: "of type string", "an instance of Buffer".
exports.invalidType = (name, expected, value) => coded(TypeError, 'ERR_INVALID_ARG_TYPE',
  `The ${name.endsWith(' argument') ? name : `"${name}" ${kindOf(name)}`} must be ${expected}. ${received(value)}`);

exports.invalidValue = (name, value, reason = 'is invalid') => coded(TypeError, 'ERR_INVALID_ARG_VALUE',
  `The ${kindOf(name)} '${name}' ${reason}. Received ${require('./node_util').inspect(value)}`);

exports.outOfRange = (name, range, value) => coded(RangeError, 'ERR_OUT_OF_RANGE',
  `The value of "${name}" is out of range. It must be ${range}. Received ${String(value)}`);

exports.missing = (...names) => {
  const list = names.map((name) => `"${name}"`);
  const words = list.length > 1 ? `${list.slice(0, -1).join(', ')} and ${list.at(-1)} arguments` : `${list[0]} argument`;
  return coded(TypeError, 'ERR_MISSING_ARGS', `The ${words} must be specified`);
};

// What an operation that was given up rejects with, outside the web's APIs.
exports.AbortError = class AbortError extends Error {
  constructor(message = 'The operation was aborted', options = undefined) {
    super(message, options);
    this.code = 'ABORT_ERR';
    this.name = 'AbortError';
  }
};

// The same as constructors, for ports of Node's own sources that make them so.

const PRIMITIVES = new Set(['string', 'function', 'number', 'object', 'boolean', 'bigint', 'symbol', 'Object', 'Function']);

// ['string', 'URL'] -> "of type string or an instance of URL"
function oneOf(expected) {
  const all = [expected].flat();
  const types = all.filter((name) => PRIMITIVES.has(name)).map((name) => name.toLowerCase());
  const classes = all.filter((name) => !PRIMITIVES.has(name));
  const parts = [];
  if (types.length > 0) parts.push(`${types.length > 1 ? 'one of type' : 'of type'} ${types.join(' or ')}`);
  if (classes.length > 0) parts.push(`an instance of ${classes.join(' or ')}`);
  return parts.join(' or ');
}

exports.constructors = {
  ERR_INVALID_ARG_TYPE: function (name, expected, actual) {
    return exports.invalidType(name, oneOf(expected), actual);
  },
  ERR_INVALID_ARG_VALUE: function (name, value, reason) {
    return exports.invalidValue(name, value, reason);
  },
  ERR_INVALID_FILE_URL_HOST: function () {
    return coded(TypeError, 'ERR_INVALID_FILE_URL_HOST', 'File URL host must be "localhost" or empty on linux');
  },
  ERR_INVALID_FILE_URL_PATH: function (why) {
    return coded(TypeError, 'ERR_INVALID_FILE_URL_PATH', `File URL path ${why}`);
  },
  ERR_INVALID_URI: function () {
    return coded(URIError, 'ERR_INVALID_URI', 'URI malformed');
  },
  ERR_INVALID_URL: function (input) {
    return Object.assign(coded(TypeError, 'ERR_INVALID_URL', 'Invalid URL'), { input });
  },
  ERR_INVALID_URL_SCHEME: function (expected) {
    return coded(TypeError, 'ERR_INVALID_URL_SCHEME', `The URL must be of scheme ${expected}`);
  },
};
