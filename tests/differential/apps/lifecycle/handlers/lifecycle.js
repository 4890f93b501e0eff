const { ErrorResponse, Response } = require('configurapi');

// What a message asks for is in its headers: fail, a list of steps that fail; stop, a list of steps that complete; how, the way to fail;
// rename, another name for the event; replace, what on_error makes of the response.

let firstRequestFailures = 0;

/** Adds a step to the event's trail, and the trail to whatever response there is. */
function note(event, ...words) {
  event.trail = [...(event.trail ?? []), words.join(' ')];
  if (event.response) event.response.headers = { ...event.response.headers, trail: event.trail };
}

function fail(step, how, context, event) {
  if (how === 'catch') context.catch(new Error(`caught in ${step}`));
  else if (how === 'ErrorResponse') throw new ErrorResponse(`refused in ${step}`, 403);
  else if (how === 'string') throw `text from ${step}`;
  else if (how === 'assign') event.response = new ErrorResponse(`assigned in ${step}`, 409);
  else throw Object.assign(new Error(`failed in ${step}`), { statusCode: 502 });
}

module.exports = {
  noteHandler(event, ...words) {
    note(event, ...words);
  },

  async noteLaterHandler(event, ...words) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    note(event, ...words);
  },

  failHandler(event, step) {
    const { fail: steps = [], how } = event.request.headers;
    if (!steps.includes(step)) return;
    if (step === 'first' && ++firstRequestFailures > 1) return;
    fail(step, how, this, event);
  },

  stopHandler(event, step) {
    if (event.request.headers.stop?.includes(step)) this.complete();
  },

  renameHandler(event) {
    const { rename, method } = event.request.headers;
    if (rename !== undefined) event.name = rename;
    if (method !== undefined) event.method = method;
  },

  answerHandler(event) {
    event.response = new Response(`answer to ${event.name}`);
  },

  silentHandler(event) {
    event.response = undefined;
  },

  replaceHandler(event) {
    const { replace } = event.request.headers;
    if (replace === 'response') event.response = new Response(`instead of a ${event.response.statusCode}`, 200);
    if (replace === 'nothing') event.response = null;
    if (replace === 'error') event.response = new ErrorResponse('another one', 418);
  },
};
