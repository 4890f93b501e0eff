'use strict';

// require('url'): the WHATWG classes are the globals, the older functions a port of Node's.

const { invalidType } = require('./arguments');

const { URL, URLSearchParams } = globalThis;

// As path.resolve, for what becomes a file: URL. The port asks for it while it is loaded.
exports.resolvePath = (path) => {
  const parts = [];
  for (const part of (path.startsWith('/') ? path : `${native.cwd()}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
};

const port = require('./vendor_legacy_url');

// The host as a URL has it; '' where it is none.
function domainToASCII(domain) {
  try {
    return new URL(`ws://${domain}`).hostname;
  } catch {
    return '';
  }
}

function domainToUnicode(domain) {
  return require('./vendor_tr46').toUnicode(domainToASCII(domain)).domain;
}

// The options are for URL objects; of other objects the port knows all there is.
function format(value, options) {
  if (!(value instanceof URL)) return port.format(value);
  if (options !== undefined && options !== null && typeof options !== 'object') throw invalidType('options', 'of type object', options);
  const { auth = true, fragment = true, search = true, unicode = false } = options ?? {};
  const url = new URL(value);
  if (!auth) url.username = url.password = '';
  if (!fragment) url.hash = '';
  if (!search) url.search = '';
  if (!unicode || url.hostname === '') return url.href;
  return url.href.replace(url.hostname, () => domainToUnicode(url.hostname));
}

function pathToFileURL(path) {
  if (typeof path !== 'string') throw invalidType('path', 'of type string', path);
  return port.pathToFileURL(path);
}

Object.defineProperty(port.Url, 'name', { value: 'Url' }); // the bundle's may differ

module.exports = {
  URL,
  URLSearchParams,
  Url: port.Url,
  domainToASCII,
  domainToUnicode,
  fileURLToPath: (url) => port.fileURLToPath(url),
  format,
  parse: port.parse,
  pathToFileURL,
  resolve: port.resolve,
  resolveObject: port.resolveObject,
  resolvePath: exports.resolvePath,
  urlToHttpOptions: port.urlToHttpOptions,
};
Object.defineProperty(module.exports, 'resolvePath', { enumerable: false });
