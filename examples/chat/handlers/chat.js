'use strict';

const { ErrorResponse, Response } = require('configurapi');
const rooms = require('../lib/rooms');

// Policy parameters: which field of the payload, and how long it may be.
exports.requireTextHandler = function (event, field, maximum) {
  const text = event.payload?.[field];
  if (typeof text !== 'string' || text.trim() === '')
    return this.catch(new ErrorResponse(`'${field}' must be a text.`, 400));
  if (text.length > maximum)
    return this.catch(new ErrorResponse(`'${field}' must not be longer than ${maximum} characters.`, 400));
  return this.continue();
};

exports.joinHandler = function (event) {
  const { room } = event.payload;
  const { id, name } = event.identity;
  rooms.join(room, id, { name, push: event.request.headers['push-function'] });
  rooms.broadcast(room, { type: 'joined', room, name });
  event.response = new Response({ room, members: rooms.list().find((r) => r.name === room).members });
  return this.continue();
};

exports.leaveHandler = function (event) {
  const { room } = event.payload;
  const { id, name } = event.identity;
  if (!rooms.leave(room, id)) return this.catch(new ErrorResponse(`You are not in '${room}'.`, 404));
  rooms.broadcast(room, { type: 'left', room, name });
  event.response = new Response({ room });
  return this.continue();
};

exports.sayHandler = async function (event) {
  const { room, text } = event.payload;
  const { id, name } = event.identity;
  if (!rooms.has(room, id)) throw new ErrorResponse(`Join '${room}' first.`, 403);
  rooms.broadcast(room, { type: 'said', room, name, text, at: new Date().toISOString() });
  event.response = new Response({ delivered: true });
  this.continue();
};

exports.listRoomsHandler = function (event) {
  event.response = new Response(rooms.list());
  return this.continue();
};

exports.getDataHandler = async function (event) {
  event.response = new Response({ id: event.params.id, youSent: event.payload });
  return this.continue();
};
