const configurapi = require('configurapi');

const { Event, Request, Response } = configurapi;

const own = (object) => Object.fromEntries(Object.entries(object).filter(([name]) => !['postback-url'].includes(name)));

/** Headers as JSON can show them: the push function as what it is. */
function headersOf(event) {
  const entries = Object.entries(own(event.request.headers));
  return entries.map(([name, value]) => [name, typeof value === 'function' ? 'a function' : value]).sort(([a], [b]) => (a < b ? -1 : 1));
}

function rawOf({ raw }) {
  return Buffer.isBuffer(raw) ? { buffer: raw.toString('hex') } : raw;
}

function payloadOf(payload) {
  if (payload === undefined) return { absent: true };
  return Buffer.isBuffer(payload) ? { buffer: payload.toString('hex') } : { is: payload };
}

module.exports = {
  /** Everything a message can say. */
  describeHandler(event) {
    event.response = new Response({
      name: event.name,
      requestName: event.request.name,
      params: event.params,
      requestParams: event.request.params,
      query: event.request.query,
      headers: headersOf(event),
      payload: payloadOf(event.payload),
      requestPayload: payloadOf(event.request.payload),
      raw: rawOf(event.request),
    });
  },

  classesHandler(event) {
    event.response = new Response({
      event: event instanceof Event,
      request: event.request instanceof Request,
      response: event.response instanceof Response,
      freshResponse: [event.response.statusCode, event.response.body, event.response.headers],
      plain: [event.params, event.request.params, event.request.query, event.request.headers, event.payload].map(
        (object) => Object.getPrototypeOf(object) === Object.prototype,
      ),
      list: Array.isArray(event.payload.list),
      exports: Object.keys(configurapi).sort(),
      levels: configurapi.LogLevel,
      results: configurapi.Result,
    });
  },

  eventHandler(event) {
    event.response = new Response({
      id: event.id,
      correlationId: event.correlationId,
      method: [event.method, event.request.method],
      path: event.request.path,
      version: event.version === undefined,
      identity: event.identity === undefined,
      text: String(event),
      connection: event.request.headers['connection-id'],
    });
  },

  correlationHandler(event) {
    event.response = new Response({ correlationId: event.correlationId, isId: event.correlationId === event.id });
  },

  anotherIdHandler(event) {
    const first = event.params.looks ? event.correlationId : undefined;
    event.id = 'another';
    event.response = new Response({ id: event.id, correlationId: event.correlationId, stays: first === undefined || event.correlationId === first });
  },

  /** Whether params, query and headers are objects of their own. */
  separateHandler(event) {
    event.params.added = 1;
    event.request.query.added = 2;
    event.request.headers.added = 3;
    const { params, query, headers } = event.request;
    event.response = new Response({ params, eventParams: event.params, query, added: headers.added, same: event.payload === event.request.payload });
  },

  sizeHandler(event) {
    event.response = new Response({ length: event.payload.text.length, raw: event.request.raw.length, text: event.payload.text });
  },

  charactersHandler(event) {
    const codes = (text) => [...text].map((character) => character.codePointAt(0).toString(16));
    const { text } = event.payload;
    event.response = new Response({ length: text.length, codes: codes(text), names: Object.keys(event.payload).map(codes), text });
  },

  mutateHandler(event) {
    event.payload = { set: 'by the policy before' };
    event.params = { replaced: true };
    event.request.query = { more: 1 };
    event.name = 'renamed';
  },

  /** What a name such as __proto__ must not do. */
  inheritedHandler(event) {
    const read = (object) => [object.polluted === undefined, Object.hasOwn(object, '__proto__'), Object.keys(object).length];
    const { params, query, headers } = event.request;
    event.response = new Response({ eventParams: read(event.params), params: read(params), query: read(query), payload: read(event.payload), polluted: headers.polluted === undefined });
  },
};
