'use strict';

const { Identity } = require('configurapi');
const rooms = require('./rooms');

// ws://localhost:8000/?name=Ada: the name becomes the connection's identity. Who gives none is a guest.
exports.enterHandler = function (event) {
  const id = event.request.headers['connection-id'];
  const name = (event.request.query.name ?? '').trim().slice(0, 40);
  event.identity = new Identity(id);
  event.identity.name = name || `Guest ${id.slice(0, 4)}`;
  return this.continue();
};

exports.leaveEveryRoomHandler = function (event) {
  for (const room of rooms.leaveAll(event.identity.id))
    rooms.broadcast(room, { type: 'left', room, name: event.identity.name });
  return this.continue();
};
