'use strict';

// `require('configurapi')`: the classes of configurapi 1.9.0. What else is exported here is the dispatcher's own door.

const { Dictionary } = require('./dictionary');

const LogLevel = { Debug: 'debug', Trace: 'trace', Info: 'info', Error: 'error', None: 'none' };
const Result = { Continue: 1, Completed: 2 };

// What {} makes, in half the memory: the engine keeps room for six properties there, and here for those that it sees a constructor
// give. Nearly all that are made so stay empty.
function Empty(never) {
  if (never) this.never = never;
}
Empty.prototype = Object.prototype;

class Response {
  constructor(body = '', statusCode = 200, headers = new Empty()) {
    this.statusCode = statusCode;
    this.body = body;
    this.headers = headers;
  }
}

class ErrorResponse extends Response {
  constructor(message, statusCode = 500, details = '') {
    super('', statusCode, { 'Content-Type': 'application/json' });
    this.error = message;
    this.message = message;
    this.details = details;
    if (message instanceof ErrorResponse) {
      this.message = message.message;
      this.details = message.details;
      this.statusCode = message.statusCode;
    } else if (message instanceof Error) {
      this.message = message.message;
      this.details = message.stack === undefined ? undefined : require('./stack').format(message);
    }
    this.body = { statusCode: this.statusCode, message: this.message, details: this.details };
  }

  static isErrorResponse(value) {
    return typeof value === 'object' && ['statusCode', 'error', 'message', 'details', 'body'].every((key) => key in value);
  }
}

// A piece of a text. Of a much longer one it is a copy, for a piece keeps all that it was cut out of; so does what is made of
// neighbours by +, but not by join().
function cutOut(whole, from, to) {
  const piece = whole.substring(from, to);
  if (whole.length < 4 * piece.length || whole.length < 4096) return piece;
  return [piece.slice(0, -1), piece.slice(-1)].join('');
}

const FROM_RUNNER = Symbol('made by the runner');
const LATE = Symbol('and has no ids of its own');

// An object's prototypes, itself first: what was made with Object.create() of one has no private fields.
function* lineOf(object) {
  for (; object !== null; object = Object.getPrototypeOf(object)) yield object;
}

// For an event that lasts longer than the turn in which it came: its request is not to keep that turn's other messages.
let stay;

class Request {
  #raw; // until somebody looks at it what it lies in, from #from to #to
  #from = -1; // afterwards
  #to = 0; // ~ of it for a binary message

  constructor(method, made, raw, from, to) {
    this.name = undefined;
    if (made === FROM_RUNNER) {
      this.method = '';
      this.headers = undefined;
      this.params = undefined;
      this.query = undefined;
      this.path = '';
      this.pathAndQuery = '';
      this.#raw = raw;
      this.#from = from;
      this.#to = to;
      return;
    }
    this.method = (method || 'get').toLowerCase();
    this.headers = {};
    this.params = {};
    this.payload = '';
    this.query = '';
    this.path = '';
    this.pathAndQuery = '';
  }

  // The message as it came: a string, or a Buffer for a binary message; undefined where there is none.
  get raw() {
    if (!(#raw in this)) {
      for (const each of lineOf(this)) if (#raw in each) return each.raw;
      return undefined;
    }
    if (this.#from >= 0) {
      const text = this.#text();
      this.#raw = this.#to < 0 ? Buffer.from(text) : text;
      this.#from = -1;
    }
    return this.#raw;
  }

  #text() {
    return cutOut(this.#raw, this.#from, this.#to < 0 ? ~this.#to : this.#to);
  }

  static {
    stay = (event) => {
      let request;
      try {
        request = event?.request; // on_start has no event
      } catch {
        return; // a script has made it a getter
      }
      if (typeof request !== 'object' || request === null || !(#raw in request) || request.#from < 0) return;
      const text = request.#text();
      request.#raw = text;
      request.#from = 0;
      request.#to = request.#to < 0 ? ~text.length : text.length;
    };
  }
}

const VERSION = /^v\d+(\.\d+)*$/;

class Event {
  constructor(request, made, id) {
    if (made !== LATE) {
      this.id = made === FROM_RUNNER ? id : native.randomUUID();
      this.correlationId = this.id;
    }
    this.params = undefined;
    this.name = '';
    this.request = request;
    this.response = new Response();
    this.identity = undefined;
    this.payload = undefined;
    this.method = '';
    if (made === FROM_RUNNER || made === LATE) return;
    this.correlationId = correlationOf(request, this.id);
    this.params = {};
    this.name = request.name || '';
    this.payload = request.payload;
    this.method = request.method;
    readPath(this, request);
  }

  resolve(value) {
    if (typeof value === 'string') return this.resolveStr(value);
    if (typeof value !== 'object' || value === null) return value;
    // What the configuration file gave is shared by all events: it is copied, anything else is filled in place.
    const target = configured.has(value) ? copyOf(value) : value;
    for (const key in value) setOwn(target, key, this.resolve(value[key]));
    return target;
  }

  resolveStr(text) {
    const references = text.match(/\$\([^)]*\)/g);
    if (!references) return text;
    for (const reference of references) {
      const value = lookUp(this, reference.slice(2, -1));
      text = text.replace(reference, value === undefined ? reference : value);
    }
    return text;
  }

  toString() {
    const ids = [];
    for (const resource in this.params) ids.push(this.params[resource]);
    return `${this.name}(${ids})`;
  }
}

// Makes an event's name and params of a REST path: /v1/collections/4/items -> v1, collection=4, item=''.
function readPath(event, request) {
  let segments = request.path.split('/').filter(Boolean);
  if (segments.length === 0) return;
  if (VERSION.test(segments[0])) {
    event.version = segments[0];
    segments = segments.slice(1);
  }
  const { singularize } = require('./vendor_inflection');
  for (let i = 0; i < segments.length; i += 2) {
    const singular = singularize(segments[i]);
    const id = segments[i + 1] ?? '';
    let resource = singular;
    if (!id && event.method === 'get') {
      event.method = 'list';
      resource = segments[i];
    }
    setOwn(event.params, singular, id);
    event.name += `_${resource}`;
  }
  for (const key in request.query) setOwn(event.params, key, request.query[key]);
  event.name = `${event.method}${event.version ? `_${event.version}` : ''}${event.name}`;
}

// What the request says, or the event's id.
function correlationOf(request, id) {
  const { query, headers } = request ?? {};
  if (query && typeof query === 'object' && 'correlationid' in query) return query.correlationid;
  if (headers && typeof headers === 'object' && 'correlation-id' in headers) return headers['correlation-id'];
  return id;
}

// What a `$(reference)` of an event's stands for; undefined where it leads nowhere.
function lookUp({ params, payload }, key) {
  if (key.startsWith('$env.')) return process.env[key.slice(5)];
  if (key.startsWith('$event.payload.') && payload) return valueAt(payload, key.slice(15));
  if (key === '$event.payload' && payload) return payload;
  const found = paramOf(params, key);
  if (found !== undefined) return found;
  if (key.includes('.') || key.includes('[')) {
    const dot = key.indexOf('.');
    const value = paramOf(params, dot < 0 ? '' : key.slice(0, dot)); // as 1.9.0: `list[0]` alone leads nowhere
    return typeof value === 'object' ? valueAt(value, key.slice(dot + 1)) : value;
  }
  return undefined;
}

// What every object inherits is no parameter; what others do is.
function paramOf(params, key) {
  return Object.hasOwn(params, key) || !(key in Object.prototype) ? params[key] : undefined;
}

// `a.b[0].c` within a value; undefined where the path leads nowhere.
function valueAt(value, path) {
  for (const key of path.replace(/\[(\w+)\]/g, '.$1').replace(/^\./, '').split('.')) {
    if (!(key in value)) return undefined;
    value = value[key];
  }
  return value;
}

// Assignment, but `__proto__` is a name like any other.
function setOwn(object, key, value) {
  if (key === '__proto__') define(object, key, value);
  else object[key] = value;
}

// As a property of the object's own, whatever its class has by that name.
function define(object, key, value) {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

// The objects and arrays among the policies' parameters.
const configured = new WeakSet();

function copyOf(value) {
  if (Array.isArray(value)) return [];
  return Object.getPrototypeOf(value) === Object.prototype ? {} : value;
}

class Identity {
  constructor(id, claims = []) {
    this._claims = [];
    this._claimsTable = new Dictionary();
    this.id = id;
    this.claims = claims;
    this.issuer = undefined;
    this.name = undefined;
    this.email = undefined;
  }

  get claims() {
    return this._claims;
  }

  set claims(claims) {
    this._claims = claims;
    this._claimsTable.clear();
    for (const claim of claims)
      for (const scope of listOf(claim.scope)) this._claimsTable.set(this.getClaimId(claim.type, claim.value, scope), claim);
  }

  getClaimId(type, value, scope) {
    return `${scope || ''}::${type || ''}::${value || ''}`;
  }

  hasClaim(type, valueOrValues, scopeOrScopes) {
    if (!this.claims) return false;
    return listOf(valueOrValues).some((value) =>
      listOf(scopeOrScopes).some((scope) => this._claimsTable.has(this.getClaimId(type, value, scope))));
  }

  getClaim(type, value, scope) {
    return this._claimsTable.get(this.getClaimId(type, value, scope));
  }

  getClaims(type, value, scope) {
    if (!this.claims) return [];
    return this.claims.filter((claim) => claim.type === type && claim.value === value &&
      (claim.scope === scope || listOf(claim.scope).includes(scope)));
  }
}

function listOf(value) {
  return Array.isArray(value) ? value : [value];
}

exports.api = {
  get Config() {
    return require('./config').Config;
  },
  Event,
  ErrorResponse,
  Request,
  Response,
  Result,
  get Service() {
    return require('./service').Service;
  },
  Identity,
  LogLevel,
};
exports.Empty = Empty;
exports.FROM_RUNNER = FROM_RUNNER;
exports.LATE = LATE;
exports.configured = configured;
exports.correlationOf = correlationOf;
exports.cutOut = cutOut;
exports.define = define;
exports.stay = stay;
