'use strict';

// What failed, as an ErrorResponse and in words (CONTRACT, section 5).

const { api } = require('./configurapi');

const { ErrorResponse } = api;

// Never throws, whatever a script has thrown.
function errorResponseOf(error) {
  try {
    if (error instanceof Error) return fromError(error);
    if (error instanceof ErrorResponse) return error;
    if (error !== null && ErrorResponse.isErrorResponse(error)) return error;
  } catch {
    // what it says of itself can not be read
  }
  return new ErrorResponse('Internal Server Error', 500, textOf(error));
}

// Without its stack where that can not be made: memory may be out.
function fromError(error) {
  const statusCode = error.statusCode || (error instanceof SyntaxError ? 400 : 500);
  try {
    return new ErrorResponse(error, statusCode);
  } catch {
    return new ErrorResponse(messageOf(error), statusCode);
  }
}

function textOf(value) {
  for (const read of [String, (it) => Object.prototype.toString.call(it)]) {
    try {
      return read(value);
    } catch {
      // the next way
    }
  }
  return 'what can not be read';
}

function messageOf(error) {
  try {
    if (error instanceof Error) return textOf(error.message);
    if (typeof error === 'object' && error !== null && 'error' in error)
      return textOf(error.error instanceof Error ? error.error.message : error.error);
  } catch {
    // as above
  }
  return textOf(error);
}

module.exports = { errorResponseOf, messageOf, textOf };
