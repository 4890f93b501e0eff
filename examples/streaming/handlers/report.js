'use strict';

const { ErrorResponse, Response } = require('configurapi');
const desk = require('../lib/desk');

// Answers at once and hands the job to the desk, with nothing of the connection but the address to post to.
exports.reportHandler = function (event) {
  const { text, delay } = event.params;
  const replyTo = event.request.headers['postback-url'];
  if (!replyTo) return this.catch(new ErrorResponse('Reports need the management server: run without --no-management.', 503));
  event.response = new Response({ report: desk.order({ text, delay, replyTo }) }, 202);
  return this.continue();
};
