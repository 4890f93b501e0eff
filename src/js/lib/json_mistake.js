'use strict';

// Where a text stops being JSON (RFC 8259), which the engine does not say: the index of the first character that can not stand
// there, the text's length where it ends too early, undefined where nothing is wrong with it.

const SPACE = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const CLOSERS = { '[': ']', '{': '}' };

module.exports = (text) => {
  const open = []; // what closes them
  let at = 0;
  let isFirst = false; // nothing stands behind what was opened last
  let wants = 'value'; // or 'key', 'colon', 'comma'

  function take(pattern) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at += found ? found[0].length : 0;
    return found !== null;
  }

  function takeString() {
    if (!take(STRING) || text[at] !== '"') return false;
    at++;
    return true;
  }

  for (;;) {
    take(SPACE);
    const next = text[at];
    if (next === open.at(-1) && open.length > 0 && (isFirst || wants === 'comma')) {
      at++;
      open.pop();
      [wants, isFirst] = ['comma', false];
    } else if (wants === 'comma') {
      if (open.length === 0) return at < text.length ? at : undefined;
      if (next !== ',') return at;
      at++;
      wants = open.at(-1) === '}' ? 'key' : 'value';
    } else if (wants === 'colon') {
      if (next !== ':') return at;
      at++;
      wants = 'value';
    } else if (wants === 'key') {
      if (!takeString()) return at;
      [wants, isFirst] = ['colon', false];
    } else if (CLOSERS[next]) {
      at++;
      open.push(CLOSERS[next]);
      [wants, isFirst] = [next === '{' ? 'key' : 'value', true];
    } else {
      if (!takeString() && !take(SCALAR)) return at;
      [wants, isFirst] = ['comma', false];
    }
  }
};
