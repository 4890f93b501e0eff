'use strict';

// `import(…)` in scripts, which the engine can not do for us: it becomes a call of a function of the loader's, with a name
// as long as the word, so that all else stays where it was.

const { parse } = require('./vendor_syntax');

const WORD = 'import';

function freeName(source) {
  for (let i = 0; ; i++) {
    const name = `$imp${String(i).padStart(2, '0')}`;
    if (!source.includes(name)) return name;
  }
}

function find(node, found) {
  if (node.type === 'ImportExpression') found.push(node.start);
  for (const key in node) {
    const value = node[key];
    if (Array.isArray(value)) {
      for (const each of value) if (typeof each?.type === 'string') find(each, found);
    } else if (typeof value?.type === 'string') {
      find(value, found);
    }
  }
}

// { code, name }: the source with every `import(` of its code by another name; name is '' where it has none.
exports.rename = (source) => {
  const found = [];
  try {
    find(parse(source, { ecmaVersion: 'latest', sourceType: 'script', allowReturnOutsideFunction: true, allowHashBang: true }), found);
  } catch {
    return { code: source, name: '' }; // the engine says better what is wrong with it
  }
  if (found.length === 0) return { code: source, name: '' };
  const name = freeName(source);
  let code = '';
  let position = 0;
  for (const start of found.sort((a, b) => a - b)) {
    code += source.slice(position, start) + name;
    position = start + WORD.length;
  }
  return { code: code + source.slice(position), name };
};
