'use strict';

// Errors with the codes and words of Node's that arguments.js has not (https://nodejs.org/api/errors.html#nodejs-error-codes).

const { coded, invalidType, invalidValue } = require('./arguments');

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

// Some of them, and of arguments.js's, as constructors, for ports of Node's own sources that make them so.

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
    return invalidType(name, oneOf(expected), actual);
  },
  ERR_INVALID_ARG_VALUE: function (name, value, reason) {
    return invalidValue(name, value, reason);
  },
  ERR_INVALID_FILE_URL_HOST: function () {
    return coded(TypeError, 'ERR_INVALID_FILE_URL_HOST', 'File URL host must be "localhost" or empty on linux');
  },
  ERR_INVALID_FILE_URL_PATH: function (why) {
    return coded(TypeError, 'ERR_INVALID_FILE_URL_PATH', `File URL path ${why}`);
  },
  ERR_INVALID_URL: function (input) {
    return Object.assign(coded(TypeError, 'ERR_INVALID_URL', 'Invalid URL'), { input });
  },
  ERR_INVALID_URL_SCHEME: function (expected) {
    return coded(TypeError, 'ERR_INVALID_URL_SCHEME', `The URL must be of scheme ${expected}`);
  },
};
