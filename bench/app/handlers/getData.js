const { Response } = require('configurapi');

async function getDataHandler(event) {
  await undefined;
  event.response = new Response({ id: event.params.id, from: event.payload.from, n: event.payload.n + 1 }, 200);
  return this.continue();
}

module.exports = { getDataHandler };
