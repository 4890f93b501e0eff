'use strict';

// Responses as the text of messages: {"statusCode":…,"headers":{…},"body":…} (CONTRACT, section 4).

const MESSAGE_ID = 'message-id';

function bytesOf(value) {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

function describe(value) {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

// Headers in which C puts the client's message-id: without one of their own, in whatever case.
function withoutMessageId(headers) {
  let rest = headers;
  for (const name in headers) {
    if (name.length !== MESSAGE_ID.length || name.toLowerCase() !== MESSAGE_ID) continue;
    if (rest === headers) rest = { ...headers };
    delete rest[name];
  }
  return rest;
}

// A response as the text of a message: {"statusCode":…,"headers":{…},"body":…}. With `echo`, C puts the client's
// message-id into the headers.
function write(response, echo) {
  if (typeof response !== 'object' || response === null)
    throw new TypeError(`A response must be an object, not ${describe(response)}.`);
  let { statusCode = 200, headers, body } = response;
  headers ??= {};
  if (typeof headers.toJSON === 'function') headers = headers.toJSON('headers');
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    throw new TypeError(`A response's headers must be an object, not ${describe(headers)}.`);
  if (echo) headers = withoutMessageId(headers);
  if (typeof body === 'object' && body !== null) {
    const bytes = bytesOf(body);
    if (bytes) {
      body = native.base64Encode(bytes, false);
      headers = { ...headers, 'content-transfer-encoding': 'base64' };
    } else if (response.jsonReplacer) {
      return writeParts(statusCode, headers, JSON.stringify(body, response.jsonReplacer));
    } else if (typeof body.toJSON === 'function') {
      return writeParts(statusCode, headers, JSON.stringify(body));
    }
  } else if (body === undefined || body === null || typeof body === 'function' || typeof body === 'symbol') {
    body = '';
  }
  if (typeof statusCode !== 'number') return writeParts(statusCode, headers, JSON.stringify(body));
  return JSON.stringify({ statusCode, headers, body });
}

function isEmpty(headers) {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers) || typeof headers.toJSON === 'function') return false;
  for (const _ in headers) return false;
  return true;
}

// The body's JSON, where that is all there is to say of a response but a whole number for its status: most have no headers.
// undefined where it has to be written as a whole.
function bodyOf(response) {
  if (typeof response !== 'object' || response === null) return undefined;
  const { statusCode, headers, body } = response;
  if ((statusCode | 0) !== statusCode || statusCode < 0 || !isEmpty(headers)) return undefined;
  switch (typeof body) {
    case 'object':
      if (body === null || bytesOf(body) || response.jsonReplacer || typeof body.toJSON === 'function') return undefined;
      break;
    case 'undefined':
    case 'function':
    case 'symbol': return undefined;
  }
  return JSON.stringify(body);
}

// Member by member, for values that JSON.stringify might leave out; `body` is JSON text or undefined.
function writeParts(statusCode, headers, body) {
  return `{"statusCode":${JSON.stringify(statusCode) ?? '200'},"headers":${JSON.stringify(headers) ?? '{}'},"body":${body ?? '""'}}`;
}

module.exports = { bodyOf, bytesOf, withoutMessageId, write };
