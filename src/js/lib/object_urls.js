'use strict';

// blob: URLs (https://w3c.github.io/FileAPI/#url): names of Blobs that this world's `resolveObjectURL` knows.

const { invalidType } = require('./arguments');

const PREFIX = 'blob:nodedata:';
const blobs = new Map();

exports.create = (blob) => {
  if (!(blob instanceof Blob)) throw invalidType('obj', 'an instance of Blob', blob);
  const url = PREFIX + native.randomUUID();
  blobs.set(url, blob);
  return url;
};

exports.revoke = (url) => {
  blobs.delete(`${url}`);
};

exports.resolve = (url) => blobs.get(`${url}`);
