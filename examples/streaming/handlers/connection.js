'use strict';

const jobs = require('../lib/jobs');
const texts = require('../lib/texts');

// What is pushed here is the first thing the client reads: it goes out right behind the handshake.
exports.welcomeHandler = async function (event) {
  const { 'connection-id': connection, 'push-function': push } = event.request.headers;
  await push({ statusCode: 200, headers: { 'x-push': 'welcome' }, body: { connection, texts: texts.names() } });
  this.continue();
};

exports.stopJobsHandler = function (event) {
  jobs.stopAll(event.request.headers['connection-id']);
  return this.continue();
};
