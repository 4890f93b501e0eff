'use strict';

// Paths and file: URLs, as far as finding modules needs them.

function dirname(path) {
  const slash = path.lastIndexOf('/');
  return slash > 0 ? path.slice(0, slash) : '/';
}

function basename(path) {
  return path.slice(path.lastIndexOf('/') + 1);
}

// The last dot and what is behind it, in lower case: '' where the name has none but at its beginning.
function extension(path) {
  const name = basename(path);
  const dot = name.lastIndexOf('.');
  return dot > 0 ? name.slice(dot) : '';
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

const isRelative = (request) => /^\.{0,2}\//.test(request) || request === '.' || request === '..';

// What a URL's path may have unescaped although encodeURIComponent escapes it (https://url.spec.whatwg.org/#path-percent-encode-set).
const LEFT_ALONE = /%(?:2F|24|26|2B|2C|3A|3B|3D|40|5B|5D|7C)/g;

function toUrl(path) {
  return `file://${encodeURIComponent(path.toWellFormed()).replace(LEFT_ALONE, decodeURIComponent)}`;
}

// A file: URL's path, and what is behind it from '?' or '#' on; undefined where it is none of this machine's.
function fromUrl(url) {
  const [, path, rest] = /^file:(?:\/\/(?:localhost)?)?(\/[^?#]*)(.*)$/s.exec(url) ?? [];
  if (path === undefined || /%2f/i.test(path)) return undefined;
  try {
    return { path: normalize(decodeURIComponent(path)), rest };
  } catch {
    return undefined;
  }
}

module.exports = { dirname, basename, extension, normalize, join, isRelative, toUrl, fromUrl };
