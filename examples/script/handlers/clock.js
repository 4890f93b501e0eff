const { Response } = require('configurapi');
const clock = require('../lib/clock');

exports.subscribeHandler = function (event) {
  const { 'connection-id': id, 'push-function': push } = event.request.headers;
  clock.subscribe(id, push);
  event.response = new Response('subscribed');
};

exports.leaveHandler = function (event) {
  clock.leave(event.request.headers['connection-id']);
};
