'use strict';

// `import(…)` in scripts, which the engine can not do for us: it becomes a call of a function of the loader's, with a name
// as long as the word, so that all else stays where it was. What `eval` is given goes through that function first.

const { parse } = require('./vendor_syntax');
const { Edits } = require('./edits');

const WORD = 'import';
const OPTIONS = { ecmaVersion: 'latest', sourceType: 'script', allowReturnOutsideFunction: true, allowSuperOutsideMethod: true, allowHashBang: true };
const GLOBAL_NAMES = new Set(['globalThis', 'global']);

function freeName(source) {
  for (let i = 0; ; i++) {
    const name = `$imp${String(i).padStart(2, '0')}`;
    if (!source.includes(name)) return name;
  }
}

function walk(node, visit) {
  visit(node);
  for (const key in node) {
    const value = node[key];
    if (Array.isArray(value)) {
      for (const each of value) if (typeof each?.type === 'string') walk(each, visit);
    } else if (typeof value?.type === 'string') {
      walk(value, visit);
    }
  }
}

const isEval = (node) => node.type === 'Identifier' && node.name === 'eval';

function isGlobalEval(callee) {
  if (callee.type === 'SequenceExpression') return isEval(callee.expressions.at(-1));
  return callee.type === 'MemberExpression' && !callee.computed && isEval(callee.property) && GLOBAL_NAMES.has(callee.object.name);
}

// Has what is evaluated go through `name`, where the node is a call of `eval`. Whether it is.
exports.editEval = ({ type, callee, optional, arguments: [first] = [] }, edits, name) => {
  if (type !== 'CallExpression' || !first || first.type === 'SpreadElement') return false;
  const direct = isEval(callee) && !optional;
  if (!direct && !isEval(callee) && !isGlobalEval(callee)) return false;
  edits.insert(first.start, `${name}.${direct ? 'inEval' : 'inGlobalEval'}((`);
  edits.insert(first.end, '))');
  return true;
};

// { code, name, columns }: the source with every `import(` of its code by another name; name is '' where it has none.
exports.rename = (source) => {
  const unchanged = { code: source, name: '', columns: undefined };
  const name = freeName(source);
  const edits = new Edits(source);
  let count = 0;
  try {
    walk(parse(source, OPTIONS), (node) => {
      if (node.type === 'ImportExpression') edits.replace(node.start, node.start + WORD.length, name);
      else if (!exports.editEval(node, edits, name)) return;
      count++;
    });
  } catch {
    return unchanged; // the engine says better what is wrong with it
  }
  if (count === 0) return unchanged;
  const { text, columns } = edits.apply();
  return { code: text, name, columns };
};

// A text with every `import(` in it by the name that is asked for where there is one.
exports.renameIn = (source, nameOf) => {
  const found = [];
  try {
    walk(parse(source, OPTIONS), (node) => {
      if (node.type === 'ImportExpression') found.push(node.start);
    });
  } catch {
    return source;
  }
  if (found.length === 0) return source;
  const name = nameOf();
  const edits = new Edits(source);
  for (const start of found) edits.replace(start, start + WORD.length, name);
  return edits.apply().text;
};
