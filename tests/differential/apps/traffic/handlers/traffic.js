const { Response } = require('configurapi');

const held = new Map();
let started = [];

module.exports = {
  echoHandler(event) {
    event.response = new Response(event.payload);
  },

  async echoLaterHandler(event) {
    await new Promise((resolve) => setTimeout(resolve, event.payload % 3));
    event.response = new Response(event.payload);
  },

  async noteHandler(event) {
    event.notes = (event.notes ?? 0) + 1;
  },

  async holdHandler(event) {
    const { key } = event.params;
    await new Promise((resolve) => held.set(key, resolve));
    event.response = new Response(`held ${key}`);
  },

  letGoHandler(event) {
    held.get(event.params.key)();
    held.delete(event.params.key);
    event.response = new Response(`let go ${event.params.key}`);
  },

  async orderHandler(event) {
    started.push(event.payload);
    await null;
    event.response = new Response(event.payload);
  },

  takeHandler(event) {
    event.response = new Response(started);
    started = [];
  },
};
