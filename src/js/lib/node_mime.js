'use strict';

// util.MIMEType and MIMEParams (https://mimesniff.spec.whatwg.org/#understanding-mime-types).

const { coded } = require('./arguments');

const NO_TOKEN = /[^!#$%&'*+\-.^_`|~A-Za-z0-9]/;
const NO_VALUE = /[^\t\u0020-~\u0080-\u00FF]/;
const SPACE = /^[\r\n\t ]*/;
const SPACE_BEHIND = /[\r\n\t ]*$/;

const lower = (text) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

function invalid(production, text, at) {
  const place = at === undefined || at === -1 ? '' : ` at ${at}`;
  return coded(TypeError, 'ERR_INVALID_MIME_SYNTAX', `The MIME syntax for a ${production} in "${text}" is invalid${place}`);
}

function needToken(token, production, text) {
  const at = token.search(NO_TOKEN);
  if (token === '' || at !== -1) throw invalid(production, text, at);
  return lower(token);
}

// A quoted value from behind its quote: [value, where it ended].
function readQuoted(text, position) {
  let value = '';
  for (; position < text.length && text[position] !== '"'; position++) {
    if (text[position] === '\\' && position + 1 < text.length) position++;
    value += text[position];
  }
  return [value, position + 1];
}

// What stands behind the subtype's ';'. What is no parameter is passed over; the first of a name counts.
function readParameters(text, entries) {
  let position = 0;
  while (position < text.length) {
    position += SPACE.exec(text.slice(position))[0].length;
    const rest = text.slice(position);
    const nameEnd = rest.search(/[;=]|$/);
    const name = lower(rest.slice(0, nameEnd));
    position += nameEnd;
    if (text[position++] !== '=') continue;
    let value;
    if (text[position] === '"') {
      [value, position] = readQuoted(text, position + 1);
      position += text.slice(position).search(/;|$/) + 1;
    } else {
      const valueEnd = text.slice(position).search(/;|$/);
      value = text.slice(position, position + valueEnd).replace(SPACE_BEHIND, '');
      position += valueEnd + 1;
      if (value === '') continue;
    }
    if (name !== '' && !NO_TOKEN.test(name) && !NO_VALUE.test(value) && !entries.has(name)) entries.set(name, value);
  }
}

const shown = (value) => (value !== '' && !NO_TOKEN.test(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`);

class MIMEParams {
  #entries = new Map();

  delete(name) {
    this.#entries.delete(`${name}`);
  }

  get(name) {
    return this.#entries.get(`${name}`) ?? null;
  }

  has(name) {
    return this.#entries.has(`${name}`);
  }

  set(name, value) {
    [name, value] = [`${name}`, `${value}`];
    const at = name.search(NO_TOKEN);
    if (name === '' || at !== -1) throw invalid('parameter name', name, at);
    const valueAt = value.search(NO_VALUE);
    if (valueAt !== -1) throw invalid('parameter value', value, valueAt);
    this.#entries.set(name, value);
  }

  *entries() {
    yield* this.#entries.entries();
  }

  *keys() {
    yield* this.#entries.keys();
  }

  *values() {
    yield* this.#entries.values();
  }

  toString() {
    return Array.from(this.#entries, ([name, value]) => `${name}=${shown(value)}`).join(';');
  }

  toJSON() {
    return this.toString();
  }

  static read(text) {
    const made = new MIMEParams();
    readParameters(text, made.#entries);
    return made;
  }
}
const { read } = MIMEParams;
delete MIMEParams.read;
Object.defineProperty(MIMEParams.prototype, Symbol.iterator, { value: MIMEParams.prototype.entries, writable: true, configurable: true });

class MIMEType {
  #type;
  #subtype;
  #params;

  constructor(input) {
    const text = `${input}`;
    const start = SPACE.exec(text)[0].length;
    const slash = text.indexOf('/', start);
    const type = slash < 0 ? text.slice(start) : text.slice(start, slash);
    if (slash < 0) throw invalid('type', text, type.search(NO_TOKEN));
    this.#type = needToken(type, 'type', text);
    const [, rest, , parameters = ''] = /^([^;]*)(;([^]*))?$/.exec(text.slice(slash + 1));
    this.#subtype = needToken(rest.replace(SPACE_BEHIND, ''), 'subtype', text);
    this.#params = read(parameters);
  }

  get type() {
    return this.#type;
  }

  set type(value) {
    this.#type = needToken(`${value}`, 'type', `${value}`);
  }

  get subtype() {
    return this.#subtype;
  }

  set subtype(value) {
    this.#subtype = needToken(`${value}`, 'subtype', `${value}`);
  }

  get essence() {
    return `${this.#type}/${this.#subtype}`;
  }

  get params() {
    return this.#params;
  }

  toString() {
    const parameters = this.#params.toString();
    return parameters ? `${this.essence};${parameters}` : this.essence;
  }

  toJSON() {
    return this.toString();
  }
}

module.exports = { MIMEType, MIMEParams };
