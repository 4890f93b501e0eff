const { ErrorResponse, Response } = require('configurapi');

const note = (event, text) => {
  event.notes = [...(event.notes ?? []), text];
};

module.exports = {
  seeHandler(event) {
    const { response } = event;
    note(event, {
      isErrorResponse: response instanceof ErrorResponse,
      isResponse: response instanceof Response,
      members: Object.keys(response).sort(),
      statusCode: response.statusCode,
      message: response.message,
      errorIsError: response.error instanceof Error,
    });
  },

  async seeMoreHandler(event) {
    await null;
    note(event, 'on_error');
    event.response.headers = { ...event.response.headers, seen: 'by on_error' };
  },

  successHandler(event) {
    note(event, 'on_success');
  },

  afterHandler(event) {
    note(event, 'on_after_request');
    event.response.headers = { ...event.response.headers, notes: event.notes };
  },
};
