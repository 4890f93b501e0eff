'use strict';

// Who is where: room name -> connection id -> member ({ name, push }).
const rooms = new Map();

function membersOf(room) {
  return rooms.get(room) ?? new Map();
}

exports.join = (room, id, member) => {
  if (!rooms.has(room)) rooms.set(room, new Map());
  rooms.get(room).set(id, member);
};

exports.leave = (room, id) => {
  const left = membersOf(room).delete(id);
  if (left && rooms.get(room).size === 0) rooms.delete(room);
  return left;
};

exports.leaveAll = (id) => [...rooms.keys()].filter((room) => exports.leave(room, id));

exports.has = (room, id) => membersOf(room).has(id);

exports.list = () => [...rooms].map(([name, members]) => ({ name, members: [...members.values()].map((m) => m.name) }));

// Pushes to everybody in the room. A member that has gone meanwhile is no error: its on_disconnect removes it.
exports.broadcast = (room, message) => {
  for (const { push } of membersOf(room).values()) {
    push({ statusCode: 200, headers: { 'x-push': message.type }, body: message }).catch((error) => {
      if (error.statusCode !== 410) console.error(error);
    });
  }
};
