'use strict';

// URL and URLSearchParams: the port's, with Node's errors and Node's look when printed.

const port = require('./vendor_url');

const INSPECT = Symbol.for('nodejs.util.inspect.custom');
const PARTS = ['href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search',
  'searchParams', 'hash'];

// The port's complaint as Node's.
function asNode(error, input, base) {
  if (!(error instanceof TypeError) || !/^Invalid (base )?URL/.test(error.message)) return error;
  const invalid = Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL', input });
  if (base !== undefined) invalid.base = `${base}`;
  return invalid;
}

function URL(input, base) {
  if (!new.target) throw new TypeError("Class constructor URL cannot be invoked without 'new'");
  if (arguments.length === 0)
    throw Object.assign(new TypeError('The "url" argument must be specified'), { code: 'ERR_MISSING_ARGS' });
  input = `${input}`;
  try {
    return Reflect.construct(port.URL, base === undefined ? [input] : [input, base], new.target);
  } catch (error) {
    throw asNode(error, input, base);
  }
}

Object.defineProperty(URL, 'prototype', { value: port.URL.prototype, writable: false });
Object.defineProperty(URL, 'length', { value: 1, configurable: true });
for (const name of ['canParse', 'parse']) {
  const value = port.URL[name];
  Object.defineProperty(URL, name, { value, writable: true, enumerable: true, configurable: true });
}

for (const [name, act] of [['createObjectURL', 'create'], ['revokeObjectURL', 'revoke']]) {
  const method = { [name]: (value) => require('./object_urls')[act](value) };
  Object.defineProperty(URL, name, { value: method[name], writable: true, enumerable: true, configurable: true });
}

const href = Object.getOwnPropertyDescriptor(URL.prototype, 'href');
Object.defineProperty(URL.prototype, 'href', {
  ...href,
  set(value) {
    try {
      href.set.call(this, value);
    } catch (error) {
      throw asNode(error, `${value}`);
    }
  },
});

const hidden = (value) => ({ value, writable: true, configurable: true });
Object.defineProperties(URL.prototype, {
  constructor: hidden(URL),
  [INSPECT]: hidden(function (depth, options, inspect) {
    if (depth < 0) return `${this.constructor.name} {}`;
    const shown = {};
    for (const part of PARTS) shown[part] = this[part];
    return `${this.constructor.name} ${inspect(shown, options)}`;
  }),
});
Object.defineProperty(port.URLSearchParams.prototype, INSPECT, hidden(function (depth, options, inspect) {
  if (depth < 0) return '[URLSearchParams]';
  const pairs = [...this].map(([name, value]) => `${inspect(name, options)} => ${inspect(value, options)}`);
  if (pairs.length === 0) return 'URLSearchParams {}';
  const line = `URLSearchParams { ${pairs.join(', ')} }`;
  return line.length <= (options.breakLength ?? 80) ? line : `URLSearchParams {\n  ${pairs.join(',\n  ')} }`;
}));

module.exports = { URL, URLSearchParams: port.URLSearchParams };
