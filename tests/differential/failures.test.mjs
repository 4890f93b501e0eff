// Every way to fail.

import { Comparison } from './support/compare.mjs';

const failures = new Comparison('failures', { app: 'failures', status: 500 });

const named = (name, status = 500) => ({ ask: { name, headers: { 'message-id': 'm-1' } }, status });
const byEngine = (name, status = 500) => ({ ...named(name, status), engineMessage: true });
const seen = (name, status = 500) => ({ ...named(name, status), app: 'failures-seen' });

/** The reference's reply with the status that the contract asks for. */
const asBadRequest = ([reply]) => [{ ...reply, statusCode: 400, body: { ...reply.body, statusCode: 400 } }];
const statusOnly = ({ statusCode, headers }) => ({ statusCode, headers });

/** The steps that noted themselves in the reply's headers. */
const stepsOf = ({ headers }) => headers.notes?.filter((note) => typeof note === 'string');

failures.cases({
  'no route': { ask: { name: 'nobody' }, status: 501 },
  'no name and no route': { ask: { payload: 1 }, status: 501 },
  'a name of quotes and line breaks without a route': { ask: { name: '"\n\'<é😀' }, status: 501 },
  'a name with a NUL in it without a route': { ask: ['a\0b', '\0', 'a\0'].map((name) => ({ name })), status: 501 },

  'Error thrown': named('throwError'),
  'Error thrown by an async function': named('throwErrorAsync'),
  'Error thrown behind an await': named('throwErrorLater'),
  'Error in a rejected promise': named('reject'),
  'Error in a promise rejected later': named('rejectLater'),
  'Error of a thenable': named('rejectThenable'),
  'Error thrown in another file': named('throwElsewhere'),
  'Error thrown in another file behind an await': named('throwElsewhereLater'),
  'Error without a message': named('throwEmptyError'),
  'Error with a long message': named('throwLongMessage'),
  'Error with a statusCode': named('throwStatus', 404),
  'Error with a statusCode that is text': named('throwStatusText', '409'),
  'Error with a statusCode of 0': named('throwStatusZero'),
  'Error with a statusCode of 200': named('throwStatus200', 200),
  'Error of a class of its own': named('throwClass', 418),
  'Error that has errors': named('throwAggregate'),
  'Error with a cause': named('throwCause'),
  'Error whose stack is another text': named('tamper'),
  'Error whose stack is undefined': named('withoutStack'),
  'Error whose message is an object': named('messageObject'),
  'TypeError of the handler': named('throwTypeError'),
  'TypeError of the engine': byEngine('throwEngineTypeError'),
  'ReferenceError of the engine': byEngine('throwReferenceError'),
  'RangeError of the engine': byEngine('throwRangeError'),
  'endless recursion': byEngine('stackOverflow'),

  'SyntaxError thrown': { ...named('throwSyntaxError'), contract: asBadRequest },
  'SyntaxError of JSON.parse in the handler': {
    ask: { name: 'parse', payload: '{not JSON' },
    engineMessage: true,
    contract: asBadRequest,
  },
  'SyntaxError given to this.catch': { ...named('catchSyntaxError'), contract: asBadRequest },

  'ErrorResponse thrown': named('throwErrorResponse', 403),
  'ErrorResponse thrown, all defaults': named('throwErrorResponseDefaults'),
  'ErrorResponse without headers thrown': named('throwErrorResponseBare', 409),
  'ErrorResponse of an Error': named('throwErrorResponseOfError', 422),
  'ErrorResponse of an ErrorResponse': named('throwErrorResponseOfErrorResponse', 409),
  'ErrorResponse of objects': named('throwErrorResponseOfObject', 400),
  'ErrorResponse with headers': named('throwErrorResponseHeaders', 429),
  'ErrorResponse with a body of its own': named('throwErrorResponseBody', 400),
  'ErrorResponse of a subclass': named('throwErrorResponseSubclass', 451),
  'Response thrown': named('throwResponse'),
  'object thrown that looks like an ErrorResponse': named('throwLookalike', 418),

  'string thrown': named('throwString'),
  'empty string thrown': named('throwEmptyString'),
  'number thrown': named('throwNumber'),
  'zero thrown': named('throwZero'),
  'false thrown': named('throwFalse'),
  'bigint thrown': named('throwBigInt'),
  'symbol thrown': named('throwSymbol'),
  'object thrown': named('throwObject'),
  'object thrown with a statusCode': named('throwObjectWithStatus'),
  'object thrown with a toString': named('throwObjectWithText'),
  'array thrown': named('throwArray'),
  'date text thrown': named('throwDate'),
  'function thrown': { ...named('throwFunction'), pick: statusOnly },
  // 1.9.0 trips over these three itself, with a TypeError of V8's.
  'null thrown': { ...named('throwNull'), pick: statusOnly },
  'undefined thrown': { ...named('throwUndefined'), pick: statusOnly },
  'null in a rejected promise': { ...named('rejectNull'), pick: statusOnly },
  'object thrown that has no prototype': { ...named('throwNoPrototype'), pick: statusOnly },

  'this.catch': named('catch'),
  'this.catch with a string': named('catchString'),
  'this.catch with an ErrorResponse': named('catchErrorResponse', 402),
  'this.catch with nothing': { ...named('catchNothing'), pick: statusOnly },
  'this.catch twice': named('catchTwice'),
  'this.catch and on with it': named('catchAndGoOn'),
  'this.catch, then a throw': named('catchThenThrow'),
  'this.catch, then a throw behind an await': { ask: [{ name: 'catchThenThrowLater' }, { name: 'throwErrorLater' }] },
  'this.catch behind an await': named('catchLater'),
  'this.catch from a timer': named('catchFromTimer'),
  'this.catch taken apart': named('catchTakenApart'),
  'complete(), then a throw': named('completeThenThrow'),

  'ErrorResponse assigned': named('assignErrorResponse', 409),
  'ErrorResponse assigned behind an await': named('assignErrorResponseLater', 409),
  'ErrorResponse assigned and replaced': named('replaceErrorResponse', 200),
  'ErrorResponse of an Error assigned': named('assignError', 410),
  'object assigned that looks like an ErrorResponse': named('assignLookalike', 418),

  'a failure keeps any kind of message-id': {
    ask: [null, 0, false, '', ['a'], { b: 1 }].map((id) => ({ name: 'throwString', headers: { 'message-id': id } })),
  },
  'after all that, others are served': { ask: { name: 'parse', payload: '[1, 2]' }, status: 200 },

  'on_error sees an Error': seen('throwError'),
  'on_error sees a thrown string': seen('throwString'),
  'on_error sees a thrown ErrorResponse': seen('throwErrorResponse', 403),
  'on_error sees a thrown object that looks like an ErrorResponse': seen('throwLookalike', 418),
  'on_error sees an assigned ErrorResponse': seen('assignErrorResponse', 409),
  'on_success sees an assigned object that looks like an ErrorResponse': seen('assignLookalike', 418),
  'on_error sees the first of two given to this.catch': seen('catchTwice'),
  'on_error sees what this.catch got before a throw': seen('catchThenThrow'),
  'on_error sees the error given to this.catch, and not what the handler did next': seen('catchAndGoOn'),
  'the same behind an await': seen('catchLaterAndGoOn'),
  'on_error sees the error, and not what a job has set that was due': seen('throwAmidJobs'),
  'the same with two jobs, behind an await': seen('rejectAmidJobs'),
  'on_error sees a 501': seen('nobody', 501),
  'on_error sees a thrown null': { ...seen('throwNull'), pick: stepsOf, contract: [['on_error', 'on_after_request']] },
  'on_error sees a thrown undefined': { ...seen('throwUndefined'), pick: stepsOf, contract: [['on_error', 'on_after_request']] },
});

failures.end();
