// Responses of every kind, and what of them reaches the client.

import { Comparison } from './support/compare.mjs';

const replies = new Comparison('replies', { app: 'replies' });

const body = (kind, more = {}) => ({ ask: { name: 'body', params: { kind }, headers: { 'message-id': 'm' } }, ...more });
const response = (kind, status = 200, more = {}) => ({ ask: { name: 'response', params: { kind }, headers: { 'message-id': 'm' } }, status, ...more });

/** A message that must not be answered, and one that is, to see that the first was not. */
const silent = (params) => ({
  talk: async (session) => {
    const client = await session.connect();
    client.send({ name: 'nothing', params, headers: { 'message-id': 'unanswered' } });
    await client.ask({ name: 'leave', headers: { 'message-id': 'answered' } });
  },
});

for (const kind of [
  'text',
  'emptyText',
  'textOfJson',
  'textOfAllKinds',
  'object',
  'emptyObject',
  'array',
  'emptyArray',
  'zero',
  'negativeZero',
  'number',
  'bigNumber',
  'notANumber',
  'infinite',
  'yes',
  'no',
  'nothing',
  'missing',
  'date',
  'invalidDate',
  'regExp',
  'map',
  'set',
  'error',
  'boxed',
  'undefinedInside',
  'symbolNames',
  'prototypeNames',
  'numberNames',
  'inheritedMembers',
  'getters',
  'classInstance',
  'toJSON',
  'toJSONText',
  'toJSONNothing',
  'toJSONInside',
  'buffer',
  'bufferOfText',
  'emptyBuffer',
  'bytes',
  'bytesOfPart',
  'bigBuffer',
  'bufferInside',
  'bytesInside',
  'otherArrays',
  'deep',
  'big',
  'proxy',
  'responseInside',
]) {
  replies.case(`body: ${kind}`, body(kind));
}

replies.cases({
  'a body whose toJSON throws': body('toJSONThrows', { status: 503 }),
  'a body with a getter that throws': body('getterThrows', { status: 500 }),
  'a circular body': body('circular', { status: 500, pick: ({ statusCode, headers }) => ({ statusCode, headers }) }),
  'a body with a bigint': body('bigint', { status: 500, pick: ({ statusCode, headers }) => ({ statusCode, headers }) }),
  'the next reply after such': { ask: ['circular', 'object'].map((kind) => ({ name: 'body', params: { kind } })), status: [500, 200], pick: ({ statusCode }) => statusCode },

  'body assigned to the response that is there': {
    ask: ['text', 'object', 'zero', 'nothing', 'buffer'].map((kind) => ({ name: 'assignBody', params: { kind } })),
    status: 206,
  },
  'bodies behind an await': { ask: ['text', 'object', 'zero', 'nothing', 'buffer', 'toJSON'].map((kind) => ({ name: 'later', params: { kind } })) },
  'a response nobody touched': { ask: { name: 'leave' } },
  'headers on the response that is there': { ask: { name: 'headersOnly', headers: { 'message-id': 'm' } } },
  'a new response forgets such headers': { ask: { name: 'headers', params: { kind: 'text' } } },
  'no reply for null': silent({ kind: 'null' }),
  'no reply for undefined': silent({ kind: 'undefined' }),

  'Response: defaults': response('defaults'),
  'Response: 201': response('status201', 201),
  'Response: 204': response('status204', 204),
  'Response: 404': response('status404', 404),
  'Response: 500': response('status500', 500),
  'Response: headers': response('headers'),
  'Response: headers of other types': response('headerValues'),
  'Response: names of headers': response('headerNames'),
  'Response: headers null': response('headersNull'),
  'Response: headers without a prototype': response('noPrototype'),
  'Response: a subclass': response('subclass', 203),
  'message-id of the handler and of the client': response('ownMessageId'),
  'message-ids of the handler in several cases, and of the client': response('ownMessageIds'),
  'message-ids of the handler in several cases, alone': { ask: { name: 'response', params: { kind: 'ownMessageIds' } } },
  'message-id of the handler alone': { ask: { name: 'response', params: { kind: 'ownMessageId' } } },
  'content-transfer-encoding of the handler': response('transferEncoding'),
  'plain response': response('plain', 202),
  'plain response with an object': response('plainObjectBody'),
  'plain response with more members': response('plainWithMore'),
  'plain response without headers': response('plainNoHeaders'),
  'plain response without a body': response('plainNoBody', 204),
  'plain response of bytes': response('plainBuffer'),
  'response of getters': response('getters', 207),
  'ErrorResponse: details of an object': response('errorResponse', 400),
  'ErrorResponse: a body of its own': response('errorResponseOwnBody', 400),

  'jsonReplacer: a function': response('replacer'),
  'jsonReplacer: names': response('replacerNames'),
  'jsonReplacer: the whole body': response('replacerRoot'),
  'jsonReplacer: behind toJSON': response('replacerDates'),
  'jsonReplacer: one that throws': response('replacerThrows', 500),
  'jsonReplacer: not for text': response('replacerOnText'),
  'jsonReplacer: not for headers': response('replacerLeavesHeaders'),
  'jsonReplacer: of an ErrorResponse': response('replacerOnError', 400),
});

replies.end();
