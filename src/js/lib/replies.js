'use strict';

// Responses as the text of messages: {"statusCode":…,"headers":{…},"body":…} (CONTRACT, section 4).

function bytesOf(value) {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined;
}

function describe(value) {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

// A response as the text of a message: {"statusCode":…,"headers":{…},"body":…}. With `echo`, C puts the client's
// message-id into the headers, so they must not have one.
function write(response, echo) {
  if (typeof response !== 'object' || response === null)
    throw new TypeError(`A response must be an object, not ${describe(response)}.`);
  let { statusCode = 200, headers, body } = response;
  headers ??= {};
  if (typeof headers.toJSON === 'function') headers = headers.toJSON('headers');
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers))
    throw new TypeError(`A response's headers must be an object, not ${describe(headers)}.`);
  if (echo && 'message-id' in headers) {
    headers = { ...headers };
    delete headers['message-id'];
  }
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

// Member by member, for values that JSON.stringify might leave out; `body` is JSON text or undefined.
function writeParts(statusCode, headers, body) {
  return `{"statusCode":${JSON.stringify(statusCode) ?? '200'},"headers":${JSON.stringify(headers) ?? '{}'},"body":${body ?? '""'}}`;
}

module.exports = { bytesOf, write };
