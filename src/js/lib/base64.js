'use strict';

// atob and btoa (https://infra.spec.whatwg.org/#forgiving-base64).

function invalid(message) {
  const { DOMException } = require('./structured');
  return new DOMException(message, 'InvalidCharacterError');
}

function needsOne(count, name) {
  if (count === 0)
    throw Object.assign(new TypeError(`The "${name}" argument must be specified`), { code: 'ERR_MISSING_ARGS' });
}

exports.btoa = function btoa(input) {
  needsOne(arguments.length, 'data');
  const text = `${input}`;
  if (/[^\0-\xff]/.test(text)) throw invalid('Invalid character');
  return native.base64Encode(native.latin1Encode(text), false);
};

exports.atob = function atob(input) {
  needsOne(arguments.length, 'data');
  let text = `${input}`.replace(/[\t\n\f\r ]+/g, '');
  if (text.length % 4 === 0) text = text.replace(/={1,2}$/, '');
  if (text.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(text))
    throw invalid('The string to be decoded is not correctly encoded.');
  return native.latin1Decode(native.base64Decode(text));
};
