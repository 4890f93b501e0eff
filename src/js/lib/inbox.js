'use strict';

// What the inbox's entries say (host.c writes them, dispatch.js goes through them), and the events that are made of it.

const { api, cutOut, Empty, FROM_RUNNER } = require('./configurapi');
const ownEvents = require('./own_events');

const { Request } = api;

// How an entry's text makes the event; 0 where the event is here already.
const KIND = 7;
const KIND_START = 1;
const KIND_CONNECT = 2;
const KIND_MESSAGE = 3;
const KIND_DISCONNECT = 4;
const KIND_CHANGED = 5; // the event is here already: text is what was changed of it in C

const NOT_JSON = 8;
const HAS_PAYLOAD = 16;
const IS_VALUE = 32; // JSON, but no object: it is the payload
const BINARY = 64;
const BYTES = 128; // not UTF-8: one character a byte
const HAS_MESSAGE_ID = 256;
const APART = 1 << 13; // what the message says is among the values, as far as the next flags go
const HAS_MESSAGES_NAME = 1 << 14;
const HAS_PARAMS = 1 << 15;
const HAS_QUERY = 1 << 16;
const HAS_HEADERS = 1 << 17;
const ROUTES_NAME = 1 << 18; // its name is the route's
const HEADERS_ARE_ID = 1 << 20; // the value is that of their only member, 'message-id'
const HAS_ID = 1 << 21; // the event's id comes before all of them

// The texts of all entries stand one behind another in one string; this is where that of the one at hand lies.
let texts = '';
let textFrom = 0;
let textTo = 0;

// What the messages say that came together: the members of one behind another's. undefined where they can not be parsed
// together: then each is by itself.
let values;
let nextValue = 0;

let turns = 0; // that have brought something

function take(given, said) {
  turns++;
  values = said;
  texts = given;
  textTo = nextValue = 0;
}

function turn() {
  return turns;
}

// On to the next entry, whose text has `length` characters.
function goTo(length) {
  textFrom = textTo;
  textTo += length;
}

function hasText() {
  return textTo > textFrom;
}

function text() {
  return texts.substring(textFrom, textTo);
}

// Events alone hold what is theirs.
function drop() {
  values = undefined;
  texts = '';
}

function readMessage(event, request, flags, peer, routeName) {
  let params;
  let query;
  let headers;
  if (flags & APART && values !== undefined) {
    if (flags & ROUTES_NAME) event.name = routeName;
    else if (flags & HAS_MESSAGES_NAME) event.name = values[nextValue++];
    if (flags & HAS_PARAMS) params = values[nextValue++];
    if (flags & HAS_QUERY) query = values[nextValue++];
    if (flags & HEADERS_ARE_ID) headers = { 'message-id': values[nextValue++], 'connection-id': '', 'push-function': undefined };
    else if (flags & HAS_HEADERS) headers = values[nextValue++];
    if (flags & HAS_PAYLOAD) event.payload = request.payload = values[nextValue++];
  } else if (flags & (NOT_JSON | BYTES)) {
    event.payload = request.payload = flags & BYTES ? request.raw : cutOut(texts, textFrom, textTo);
  } else if (flags & IS_VALUE) {
    event.payload = request.payload = JSON.parse(text());
  } else {
    const message = JSON.parse(text());
    ({ params, query, headers } = message);
    if (message.name !== undefined && message.name !== null) event.name = message.name;
    if (flags & HAS_PAYLOAD) event.payload = request.payload = message.payload;
  }
  request.headers = headers ?? {};
  request.params = params ?? {};
  request.query = query ?? new Empty();
  request.name = event.name;
  event.params = query ? { ...params, ...query } : { ...params };
  ownEvents.complete(event);
  finishHeaders(request.headers, peer);
}

function finishHeaders(headers, peer) {
  headers['connection-id'] = peer.id;
  headers['push-function'] = peer.push;
  const { postbackUrl } = peer;
  if (postbackUrl !== undefined) headers['postback-url'] = postbackUrl;
  else if ('postback-url' in headers) delete headers['postback-url']; // a client's counts for nothing
}

function requestOf(kind, flags) {
  if (kind !== KIND_MESSAGE) return new Request('', FROM_RUNNER, undefined, -1, 0);
  if (flags & BYTES) return new Request('', FROM_RUNNER, Buffer.from(text(), 'latin1'), -1, 0);
  return new Request('', FROM_RUNNER, texts, textFrom, flags & BINARY ? ~textTo : textTo);
}

function makeEvent(slot, kind, flags, peer, routeName) {
  const request = requestOf(kind, flags);
  const event = ownEvents.make(request, slot, flags & HAS_ID && values !== undefined ? values[nextValue++] : undefined);
  event.identity = peer.identity;
  if (kind === KIND_MESSAGE) {
    readMessage(event, request, flags, peer, routeName);
    return event;
  }
  const given = JSON.parse(text());
  event.name = request.name = kind === KIND_CONNECT ? 'on_connect' : 'on_disconnect';
  request.headers = given.headers ?? {};
  request.params = {};
  request.query = given.query ?? {};
  event.params = { ...request.query };
  if (kind === KIND_CONNECT) {
    request.path = given.path;
    request.pathAndQuery = given.pathAndQuery;
  } else {
    event.payload = request.payload = given;
  }
  ownEvents.complete(event);
  finishHeaders(request.headers, peer);
  return event;
}

// For one whose text the engine does not take: nested too deeply, or memory is out.
function makeEmpty(slot, peer) {
  const end = textTo;
  textTo = textFrom;
  const event = makeEvent(slot, KIND_MESSAGE, NOT_JSON, peer);
  textTo = end; // where the next entry's begins
  return event;
}

module.exports = {
  KIND, KIND_CHANGED, KIND_CONNECT, KIND_MESSAGE, KIND_START, HAS_MESSAGE_ID,
  take, turn, goTo, hasText, text, drop, makeEvent, makeEmpty,
};
