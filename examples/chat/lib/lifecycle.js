'use strict';

const { ErrorResponse, Identity } = require('configurapi');
const rooms = require('./rooms');

// ws://localhost:8000/?name=Ada: the name becomes the connection's identity. No name, no entry (close code 1008).
exports.enterHandler = function (event) {
  const name = String(event.request.query.name ?? '').trim().slice(0, 40);
  if (!name) {
    event.response = new ErrorResponse('Say who you are: connect with ?name=…', 401);
    return this.complete();
  }
  event.identity = new Identity(event.request.headers['connection-id']);
  event.identity.name = name;
  return this.continue();
};

exports.leaveEveryRoomHandler = function (event) {
  for (const room of rooms.leaveAll(event.identity.id))
    rooms.broadcast(room, { type: 'left', room, name: event.identity.name });
  return this.continue();
};
