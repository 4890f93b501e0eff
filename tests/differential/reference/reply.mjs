// Sections 4, second half, and 5: what goes back to the client. 1.9.0 leaves that to the runner.

import configurapi from 'configurapi';

const { ErrorResponse } = configurapi;

/** The text of a reply. Throws what JSON.stringify throws. */
export function serialize(response, messageId) {
  const headers = { ...response.headers };
  let body = response.body ?? '';

  if (body instanceof Uint8Array) {
    headers['content-transfer-encoding'] = 'base64';
    body = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64');
  }
  if (messageId !== undefined) {
    for (const name of Object.keys(headers)) if (name.toLowerCase() === 'message-id') delete headers[name];
    headers['message-id'] = messageId;
  }

  // The response's jsonReplacer is for its body, so the body is made into text by itself.
  const bodyText = typeof body === 'string' ? JSON.stringify(body) : JSON.stringify(body, response.jsonReplacer) ?? '""';
  const rest = JSON.stringify({ statusCode: response.statusCode, headers });
  return `${rest.slice(0, -1)},"body":${bodyText}}`;
}

/** The response to an error that the pipeline let through. */
export function errorReply(error) {
  if (error instanceof ErrorResponse) return error;
  if (error instanceof SyntaxError) return new ErrorResponse(error, 400);
  if (error instanceof Error) return new ErrorResponse(error, error.statusCode || 500);
  return new ErrorResponse('Internal Server Error', 500, String(error));
}
