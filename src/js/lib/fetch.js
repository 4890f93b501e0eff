'use strict';

// fetch and its classes: Node's own, over the runner's HTTP client.

const port = require('./vendor_fetch');

module.exports = {
  ...port,
  async fetch(input, init = undefined) {
    return port.fetch(input, init);
  },
};
Object.defineProperty(module.exports.fetch, 'length', { value: 1 }); // as the web has it
