'use strict';

// What Node says of arguments it does not take: errors with its codes and its words.

function inspect(value, options) {
  return require('./vendor_inspect').inspect(value, options);
}

// Its stack has the message and the script's own lines, and none of those in here.
function coded(Constructor, code, message) {
  const error = Object.assign(new Constructor(message), { code });
  require('./stack').settle(error);
  return error;
}

function received(value) {
  if (value === null || value === undefined) return `${value}`;
  if (typeof value === 'function' && value.name) return `function ${value.name}`;
  if (typeof value === 'object') {
    const name = value.constructor?.name;
    return name ? `an instance of ${name}` : inspect(value, { depth: -1 });
  }
  let shown = inspect(value, { colors: false });
  if (shown.length > 28) shown = `${shown.slice(0, 25)}...`;
  return `type ${typeof value} (${shown})`;
}

const kindOf = (name) => (name.includes('.') ? 'property' : 'argument');

// `expected` is the rest of the sentence: 'of type string', 'an instance of Buffer'.
function invalidType(name, expected, value) {
  const subject = name.endsWith(' argument') ? name : `"${name}" ${kindOf(name)}`;
  return coded(TypeError, 'ERR_INVALID_ARG_TYPE', `The ${subject} must be ${expected}. Received ${received(value)}`);
}

function invalidValue(name, value, reason = 'is invalid', Constructor = TypeError) {
  let shown = inspect(value);
  if (shown.length > 128) shown = `${shown.slice(0, 128)}...`;
  return coded(Constructor, 'ERR_INVALID_ARG_VALUE', `The ${kindOf(name)} '${name}' ${reason}. Received ${shown}`);
}

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, '_');

function outOfRange(name, range, value) {
  let shown;
  if (Number.isInteger(value) && Math.abs(value) > 2 ** 32) shown = grouped(`${value}`);
  else if (typeof value === 'bigint') shown = `${value > 2n ** 32n || value < -(2n ** 32n) ? grouped(`${value}`) : value}n`;
  else shown = inspect(value);
  return coded(RangeError, 'ERR_OUT_OF_RANGE', `The value of "${name}" is out of range. It must be ${range}. Received ${shown}`);
}

function needString(value, name) {
  if (typeof value !== 'string') throw invalidType(name, 'of type string', value);
}

function needBoolean(value, name) {
  if (typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value);
}

function needFunction(value, name) {
  if (typeof value !== 'function') throw invalidType(name, 'of type function', value);
}

function needObject(value, name) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalidType(name, 'of type object', value);
}

function needInteger(value, name, least = Number.MIN_SAFE_INTEGER, most = Number.MAX_SAFE_INTEGER) {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < least || value > most) throw outOfRange(name, `>= ${least} && <= ${most}`, value);
}

const needInt32 = (value, name, least = -2147483648, most = 2147483647) => needInteger(value, name, least, most);
const needUint32 = (value, name, positive = false) => needInteger(value, name, positive ? 1 : 0, 4294967295);

// An AbortSignal's, or nothing.
function needSignal(signal, name) {
  if (signal !== undefined && (signal === null || typeof signal !== 'object' || !('aborted' in signal)))
    throw invalidType(name, 'an instance of AbortSignal', signal);
}

function aborted(signal) {
  const { AbortError } = require('./node_errors');
  return new AbortError(undefined, signal && { cause: signal.reason });
}

module.exports = { coded, received, invalidType, invalidValue, outOfRange, needString, needBoolean, needFunction,
  needObject, needInteger, needInt32, needUint32, needSignal, aborted };
