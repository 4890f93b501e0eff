const { ErrorResponse, Response } = require('configurapi');
const { fail, failLater } = require('../lib/fail');

const wait = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms));

/** As ErrorResponse.isErrorResponse of configurapi 1.9.0 wants it. */
const lookalike = () => ({ statusCode: 418, error: 'e', message: 'm', details: 'd', body: 'I look like an ErrorResponse' });

class TeapotError extends Error {
  constructor() {
    super('I am a teapot');
    this.name = 'TeapotError';
    this.statusCode = 418;
  }
}

class OwnErrorResponse extends ErrorResponse {}

module.exports = {
  throwErrorHandler() {
    throw new Error('thrown');
  },

  async throwErrorAsyncHandler() {
    throw new Error('thrown at once by an async function');
  },

  async throwErrorLaterHandler() {
    await wait();
    throw new Error('thrown behind an await');
  },

  rejectHandler() {
    return Promise.reject(new Error('rejected'));
  },

  rejectLaterHandler() {
    return new Promise((resolve, reject) => setTimeout(() => reject(new Error('rejected later')), 1));
  },

  rejectThenableHandler() {
    return {
      then(resolve, reject) {
        reject(new Error('rejected by a thenable'));
      },
    };
  },

  throwElsewhereHandler() {
    fail('thrown in another file');
  },

  async throwElsewhereLaterHandler() {
    await failLater('thrown in another file, later');
  },

  throwEmptyErrorHandler() {
    throw new Error();
  },

  throwLongMessageHandler() {
    throw new Error(`two\nlines, "quotes", \\ and 😀 ${'x'.repeat(5000)}`);
  },

  throwStatusHandler() {
    throw Object.assign(new Error('not found'), { statusCode: 404 });
  },

  throwStatusTextHandler() {
    throw Object.assign(new Error('a status that is text'), { statusCode: '409' });
  },

  throwStatusZeroHandler() {
    throw Object.assign(new Error('a status of 0'), { statusCode: 0 });
  },

  throwStatus200Handler() {
    throw Object.assign(new Error('an error that says 200'), { statusCode: 200 });
  },

  throwClassHandler() {
    throw new TeapotError();
  },

  throwTypeErrorHandler() {
    throw new TypeError('a TypeError of the handler');
  },

  throwEngineTypeErrorHandler(event) {
    event.response.missing.member = 1;
  },

  throwReferenceErrorHandler() {
    return notDefinedAnywhere;
  },

  throwRangeErrorHandler() {
    return new Array(-1);
  },

  throwAggregateHandler() {
    throw new AggregateError([new Error('one'), new Error('two')], 'several');
  },

  throwCauseHandler() {
    throw new Error('outer', { cause: new Error('inner') });
  },

  stackOverflowHandler() {
    const deeper = () => deeper() + 1;
    return deeper();
  },

  throwErrorResponseHandler() {
    throw new ErrorResponse('refused', 403, 'for a reason');
  },

  throwErrorResponseDefaultsHandler() {
    throw new ErrorResponse('only a message');
  },

  throwErrorResponseBareHandler() {
    throw Object.assign(new ErrorResponse('no headers', 409), { headers: {} });
  },

  throwErrorResponseOfErrorHandler() {
    throw new ErrorResponse(new Error('wrapped'), 422, 'is not used');
  },

  throwErrorResponseOfErrorResponseHandler() {
    throw new ErrorResponse(new ErrorResponse('inner', 409, 'inner details'), 500, 'outer details');
  },

  throwErrorResponseOfObjectHandler() {
    throw new ErrorResponse({ code: 'E_FIELD', field: 'age' }, 400, { more: [1, 2] });
  },

  throwErrorResponseHeadersHandler() {
    const response = new ErrorResponse('slow down', 429);
    response.headers['retry-after'] = '10';
    throw response;
  },

  throwErrorResponseBodyHandler() {
    const response = new ErrorResponse('its own body', 400);
    response.body = 'own body';
    throw response;
  },

  throwErrorResponseSubclassHandler() {
    throw new OwnErrorResponse('of a subclass', 451);
  },

  throwResponseHandler() {
    throw new Response('thrown, but no ErrorResponse', 202);
  },

  throwLookalikeHandler() {
    throw lookalike();
  },

  throwStringHandler() {
    throw 'a string';
  },

  throwEmptyStringHandler() {
    throw '';
  },

  throwNumberHandler() {
    throw 42;
  },

  throwZeroHandler() {
    throw 0;
  },

  throwFalseHandler() {
    throw false;
  },

  throwBigIntHandler() {
    throw 10n ** 20n;
  },

  throwSymbolHandler() {
    throw Symbol('why');
  },

  throwObjectHandler() {
    throw { reason: 'an object' };
  },

  throwObjectWithStatusHandler() {
    throw { statusCode: 404, message: 'no Error, no ErrorResponse' };
  },

  throwObjectWithTextHandler() {
    throw { toString: () => 'what toString says' };
  },

  throwArrayHandler() {
    throw [1, 'two'];
  },

  throwFunctionHandler() {
    throw function thrown() {};
  },

  throwDateHandler() {
    throw new Date(0).toISOString();
  },

  throwNullHandler() {
    throw null;
  },

  throwUndefinedHandler() {
    throw undefined;
  },

  rejectNullHandler() {
    return Promise.reject(null);
  },

  throwNoPrototypeHandler() {
    throw Object.create(null);
  },

  throwSyntaxErrorHandler() {
    throw new SyntaxError('a SyntaxError of the handler');
  },

  parseHandler(event) {
    event.response = new Response(JSON.parse(event.payload));
  },

  evaluateHandler(event) {
    event.response = new Response(Function(event.payload)());
  },

  catchHandler() {
    this.catch(new Error('caught'));
  },

  catchSyntaxErrorHandler() {
    this.catch(new SyntaxError('given to catch'));
  },

  catchStringHandler() {
    this.catch('a string for catch');
  },

  catchErrorResponseHandler() {
    this.catch(new ErrorResponse('given to catch', 402));
  },

  catchNothingHandler() {
    this.catch();
  },

  catchTwiceHandler() {
    this.catch(new Error('the first counts'));
    this.catch(new Error('the second does not'));
  },

  catchAndGoOnHandler(event) {
    this.catch(new Error('caught, but not returned'));
    event.response = new Response('is replaced by the error');
    this.complete();
  },

  throwAmidJobsHandler(event) {
    Promise.resolve().then(() => (event.response.body = 'of a job'));
    throw new Error('thrown before the job has run');
  },

  async rejectAmidJobsHandler(event) {
    await wait();
    Promise.resolve().then(() => null).then(() => (event.response.body = 'of a job'));
    throw new Error('thrown before the jobs have run');
  },

  async catchLaterAndGoOnHandler(event) {
    await wait();
    this.catch(new Error('caught later, but not returned'));
    event.response = new Response('is replaced by the error, too');
    this.complete();
    await wait();
  },

  catchThenThrowHandler() {
    this.catch(new Error('caught before a throw'));
    throw new Error('thrown behind catch');
  },

  async catchThenThrowLaterHandler() {
    this.catch(new Error('caught before a later throw'));
    await wait();
    throw new Error('thrown later behind catch');
  },

  async catchLaterHandler() {
    await wait();
    this.catch(new Error('caught later'));
  },

  catchFromTimerHandler() {
    return new Promise(() => {
      setTimeout(() => this.catch(new Error('caught from a timer; the promise never settles')), 1);
    });
  },

  catchTakenApartHandler() {
    const { catch: reject } = this;
    reject(new Error('caught, taken apart'));
  },

  completeThenThrowHandler() {
    this.complete();
    throw new Error('thrown behind complete');
  },

  neverHandler(event) {
    event.response = new Response('never');
  },

  assignErrorResponseHandler(event) {
    event.response = new ErrorResponse('assigned', 409, 'and not thrown');
  },

  async assignErrorResponseLaterHandler(event) {
    await wait();
    event.response = new ErrorResponse('assigned later', 409);
    this.complete();
  },

  replaceErrorResponseHandler(event) {
    event.response = new Response(`replaced a ${event.response.statusCode}`);
  },

  assignLookalikeHandler(event) {
    event.response = lookalike();
  },

  assignErrorHandler(event) {
    event.response = new ErrorResponse(new Error('assigned in its wrapping'), 410);
  },

  tamperHandler() {
    const error = new Error('tampered with');
    error.stack = 'no stack at all';
    throw error;
  },

  withoutStackHandler() {
    const error = new Error('without a stack');
    delete error.stack;
    error.stack = undefined;
    throw error;
  },

  messageObjectHandler() {
    const error = new Error('text');
    error.message = { an: 'object' };
    throw error;
  },
};
