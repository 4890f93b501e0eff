// Who wants to hear the time: the script and the handlers have this module in common.

const { Response } = require('configurapi');

const pushes = new Map(); // a connection's id -> how to send to it

exports.subscribe = (id, push) => pushes.set(id, push);
exports.leave = (id) => pushes.delete(id);
exports.tick = (time) => {
  for (const [id, push] of pushes) push(new Response({ time }, 200, { 'x-push': 'tick' })).catch(() => pushes.delete(id));
};
