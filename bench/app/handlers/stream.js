const { StreamResponse } = require('configurapi-handler-ws');

async function* chunks(size) {
  const text = 'x'.repeat(size);
  for (;;) yield text;
}

async function streamHandler(event) {
  event.response = new StreamResponse(chunks(event.params.size));
}

module.exports = { streamHandler };
