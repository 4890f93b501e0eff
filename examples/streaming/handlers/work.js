'use strict';

const { Response } = require('configurapi');
const jobs = require('../lib/jobs');

// Answers at once. The push function goes on working when this handler has long ended.
exports.workHandler = function (event) {
  const { steps, delay } = event.params;
  const { 'connection-id': connection, 'push-function': push } = event.request.headers;
  const job = jobs.start(connection, { steps, delay }, (progress) =>
    push({ statusCode: 200, headers: { 'x-push': 'progress' }, body: progress }),
  );
  event.response = new Response({ job, steps }, 202);
  return this.continue();
};
