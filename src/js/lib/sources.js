'use strict';

// The texts that the engine was given, by their URL, with what positions.js needs to find its positions in the files they
// were made of.

const texts = new Map();

// `head` characters were put before the first line; `columns` are of edits.js, `mappings` of a source map.
exports.add = (url, text, head, columns, mappings) => {
  texts.set(url, { text, head, columns, mappings, lines: undefined });
};

exports.remove = (url) => texts.delete(url);

exports.find = (url) => texts.get(url);
