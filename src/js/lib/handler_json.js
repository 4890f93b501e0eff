'use strict';

// `require('configurapi-handler-json')` where the package is not installed. Its handlers are the runner's own, in C.

const { Response } = require('./configurapi').api;

function withContentType(headers) {
  const named = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
  return named ? headers : { ...headers, 'Content-Type': 'application/json' };
}

class JsonResponse extends Response {
  constructor(body, statusCode = 200, headers = {}) {
    super(body, statusCode, withContentType(headers));
  }
}

// Part of a list: `start` is where in the whole of it the items begin, `total` how many there are.
class ListResponse extends JsonResponse {
  constructor(collection, start = 0, total = collection.length, statusCode = 200, headers = {}) {
    super({ start, total, items: collection }, statusCode, headers);
  }
}

module.exports = { JsonResponse, ListResponse };
