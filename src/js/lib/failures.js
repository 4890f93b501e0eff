'use strict';

// What failed, as an ErrorResponse and in words (CONTRACT, section 5).

const { api } = require('./configurapi');

const { ErrorResponse } = api;

function errorResponseOf(error) {
  if (error instanceof Error)
    return new ErrorResponse(error, error.statusCode || (error instanceof SyntaxError ? 400 : 500));
  if (error instanceof ErrorResponse) return error;
  if (error !== null && ErrorResponse.isErrorResponse(error)) return error;
  return new ErrorResponse('Internal Server Error', 500, textOf(error));
}

function textOf(value) {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function messageOf(error) {
  if (error instanceof Error) return textOf(error.message);
  if (typeof error === 'object' && error !== null && 'error' in error)
    return textOf(error.error instanceof Error ? error.error.message : error.error);
  return textOf(error);
}

module.exports = { errorResponseOf, messageOf, textOf };
