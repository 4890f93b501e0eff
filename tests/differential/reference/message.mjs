// Section 4 of the contract, first half: what a message says. All of it is beyond 1.9.0, which knows nothing of messages.

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * What a message asks for: {name, params, query, headers, raw, payload?, messageId?}; with `error`, in words, where it must be refused.
 * `data` is the Buffer that came.
 */
export function parseMessage(data, isBinary) {
  const message = { name: '', params: {}, query: {}, headers: {}, raw: isBinary ? data : data.toString() };

  let text;
  try {
    text = strictUtf8.decode(data);
  } catch {
    return { ...message, payload: data }; // binary that is no text
  }

  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return { ...message, payload: text };
  }
  if (!isObject(value)) return { ...message, payload: value };

  // hasOwn and not `in`, so that a name such as "constructor" is a name like any other; JSON.parse makes "__proto__" an own member.
  for (const name of ['name', 'params', 'query', 'headers']) {
    if (!Object.hasOwn(value, name) || value[name] === null) continue;
    if (name === 'name' && typeof value.name !== 'string') message.error ??= 'name must be a string';
    else if (name !== 'name' && !isObject(value[name])) message.error ??= `${name} must be an object`;
    else message[name] = value[name];
  }
  if (Object.hasOwn(value, 'payload')) message.payload = value.payload;

  for (const name of Object.keys(message.headers)) {
    if (name.toLowerCase() === 'message-id') message.messageId = message.headers[name];
  }
  return message;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
