const { Response } = require('configurapi');

const wait = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms));
const cached = async (text) => (async () => text)();
const answer = (event, text) => {
  event.response = new Response(text);
};

module.exports = {
  syncHandler(event) {
    answer(event, 'sync');
  },

  async asyncHandler(event) {
    await wait();
    answer(event, 'async');
  },

  promiseHandler(event) {
    return wait().then(() => answer(event, 'promise'));
  },

  thenableHandler(event) {
    return {
      then(resolve) {
        setTimeout(() => {
          answer(event, 'thenable');
          resolve();
        }, 1);
      },
    };
  },

  thenableFunctionHandler(event) {
    const query = () => {};
    query.then = (resolve) => setTimeout(() => {
      answer(event, 'a thenable that is a function');
      resolve();
    }, 1);
    return query;
  },

  /** Something that is there already, but behind an async function or two: nobody waits for it. */
  forgottenHandler(event) {
    cached('forgotten').then((text) => answer(event, text));
  },

  async forgottenAsyncHandler(event) {
    cached('forgotten by an async function').then((text) => answer(event, text));
  },

  async forgottenLaterHandler(event) {
    await wait();
    cached('forgotten behind a timer').then((text) => answer(event, text));
  },

  forgottenBetweenHandler(event) {
    Promise.resolve('forgotten by the first').then((text) => (event.note = text));
  },

  forgottenSeenHandler(event) {
    answer(event, [event.note]);
  },

  forgottenCompletedHandler(event) {
    cached('forgotten, and completed').then((text) => answer(event, text));
    return this.complete();
  },

  arrowHandler: (event) => answer(event, 'arrow'),

  asyncArrowHandler: async (event) => {
    await wait();
    answer(event, 'async arrow');
  },

  functionExpressionHandler: function (event) {
    answer(event, 'function expression');
    this.complete();
  },

  boundHandler: function (event) {
    answer(event, `bound to ${this.what}`);
  }.bind({ what: 'something else' }),

  *generatorHandler(event) {
    answer(event, 'a generator is called, never run');
    yield 1;
  },

  sloppyThisHandler: Function('event', 'event.response = { statusCode: 200, headers: {}, body: typeof this.complete };'),

  neverHandler(event) {
    answer(event, 'never');
  },

  destructuredHandler(event) {
    const { complete } = this;
    answer(event, 'destructured');
    complete();
  },

  async destructuredAsyncHandler(event) {
    const { complete } = this;
    await wait();
    answer(event, 'destructured, async');
    complete();
  },

  shoutHANDLER(event) {
    answer(event, 'SHOUT');
  },

  helper() {
    throw new Error('no handler');
  },

  someHandlers: { notAFunctionHandler: 'no function either' },
  textHandler: 'not a function',

  returningHandler(event) {
    answer(event, 'what is returned does not count');
    return 2;
  },

  returningResponseHandler() {
    return new Response('not this', 201);
  },

  contextKeysHandler(event) {
    answer(event, Object.keys(this).sort());
  },

  contextResultsHandler(event) {
    answer(event, [this.continue(), this.complete(), this.continue()]);
  },

  firstHandler(event) {
    answer(event, ['first']);
  },

  secondHandler(event) {
    event.response.body = [event.response.body, 'second'].flat();
  },

  async thirdHandler(event) {
    await null;
    event.response.body = [event.response.body, 'third'].flat();
  },

  continueHandler(event) {
    answer(event, ['continued']);
    return this.continue();
  },

  completeHandler(event) {
    event.response.body.push('completed');
    this.complete();
  },

  async completeLaterHandler(event) {
    await wait();
    event.response.body.push('completed later');
    this.complete();
  },

  async completeAndGoOnHandler(event) {
    this.complete();
    answer(event, 'before the wait');
    await wait();
    event.response.body = 'after the wait';
  },

  completeThenContinueHandler(event) {
    answer(event, ['the last word counts']);
    this.complete();
    this.continue();
  },

  completeTooLateHandler(event) {
    answer(event, ['did not wait']);
    setTimeout(() => this.complete(), 1);
  },

  callbackHandler(event) {
    return new Promise((resolve) => {
      setTimeout(() => {
        answer(event, ['called back']);
        this.continue();
        resolve();
      }, 1);
    });
  },

  async timersHandler(event) {
    const order = [];
    await new Promise((resolve) => {
      setTimeout(() => {
        order.push('timeout');
        resolve();
      }, 1);
      queueMicrotask(() => order.push('microtask'));
      Promise.resolve().then(() => order.push('promise'));
      process.nextTick(() => order.push('tick'));
      order.push('now');
    });
    // Node runs ticks before microtasks unless it is among microtasks already, so the two are only looked for.
    answer(event, [order[0], order.slice(1, 4).sort(), order[4]]);
  },

  async awaitValueHandler(event) {
    const values = [await 1, await 'two', await null, await undefined, await { then: (resolve) => resolve('thenable') }];
    answer(event, values);
  },

  async tryFinallyHandler(event) {
    const steps = [];
    try {
      await wait();
      throw new Error('caught inside');
    } catch (error) {
      steps.push(error.message);
    } finally {
      steps.push('finally');
    }
    answer(event, steps);
  },

  contextNoteHandler() {
    this.note = 'kept?';
  },

  contextReadHandler(event) {
    answer(event, { note: this.note === undefined ? 'every policy has its own this' : this.note });
  },

  eventNoteHandler(event) {
    event.note = 'kept';
    event.request.note = 'here too';
  },

  eventReadHandler(event) {
    answer(event, [event.note, event.request.note]);
  },

  parametersHandler(event, one, two, three) {
    answer(event, { count: arguments.length, one, two, three, isArray: Array.isArray(three?.three) });
  },

  defaultsHandler(event, first = 'default', second = 'default') {
    answer(event, [first, second]);
  },

  restHandler(event, ...rest) {
    answer(event, rest);
  },
};
