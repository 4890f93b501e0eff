const { Response } = require('configurapi');

// Some work that nothing but the processor limits.
async function computeHandler(event) {
  let x = 1;
  for (let i = 0; i < event.params.rounds; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
  event.response = new Response({ x }, 200);
  return this.continue();
}

module.exports = { computeHandler };
