'use strict';

// Files of environment variables as Node reads them (https://nodejs.org/api/environment_variables.html#dotenv).

const QUOTES = ['"', "'", '`'];

const lineEnd = (text, from = 0) => {
  const found = text.indexOf('\n', from);
  return found < 0 ? text.length : found;
};

// A value and what follows its line.
function readValue(rest) {
  const quote = rest[0];
  if (QUOTES.includes(quote)) {
    const closing = rest.indexOf(quote, 1);
    if (closing > 0) {
      const value = rest.slice(1, closing);
      return [quote === '"' ? value.replaceAll('\\n', '\n') : value, rest.slice(lineEnd(rest, closing))];
    }
    const end = rest.indexOf('\n');
    return end < 0 ? [undefined, ''] : [rest.slice(0, end), rest.slice(end)];
  }
  const end = lineEnd(rest);
  return [rest.slice(0, end).replace(/#.*$/, '').trim(), rest.slice(end)];
}

// name -> value, in the order of the names.
exports.parse = (content) => {
  const found = {};
  let rest = content.replaceAll('\r\n', '\n').trim();
  while (rest !== '') {
    if (rest[0] === '\n' || rest[0] === '#') {
      rest = rest.slice(lineEnd(rest) + 1);
      continue;
    }
    const equals = rest.indexOf('=');
    const name = rest.slice(0, Math.max(0, equals)).trim().replace(/^export /, '').trim();
    if (name === '') break;
    const [value, behind] = readValue(rest.slice(equals + 1).replace(/^[^\S\n]+/, ''));
    if (value !== undefined) found[name] = value;
    rest = behind;
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
};
