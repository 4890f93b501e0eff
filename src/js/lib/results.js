'use strict';

// What comes of an event's handlers: the verdict that C waits for, the reply, and what a failure makes of both.

const frames = require('./async_frames');
const { api } = require('./configurapi');
const { errorResponseOf, messageOf, textOf } = require('./failures');
const { KIND, KIND_MESSAGE, HAS_MESSAGE_ID } = require('./inbox');
const { put } = require('./outbox');
const ownEvents = require('./own_events');
const { bodyOf, write } = require('./replies');
const { REPLY_ON_FAILURE, KEEPS_RESPONSE, ENDS_WITH_REPLY, release, renew } = require('./run');
const { ERROR, log, traceExecuted } = require('./run_log');
const streams = require('./streams');
const { afterTicks } = require('./timers');

const { ErrorResponse } = api;
const { ForeignStream } = streams;

const MAX_STATUS = 2 ** 31 - 1;

const CONTINUE = 0;
const COMPLETE = 1;
const FAILED = 2;

const RESPONSE_IS_ERROR = 1;
const HAS_REPLY = 2;
const HAS_NAME = 4; // the event's name was changed
const HAS_METHOD = 8; // and its method
const IS_FOREIGN_STREAM = 16; // the reply is the head of a stream that a handler in C sends
const IS_RELEASED = 32; // the event's end need not be told
const IS_BODY = 64; // the reply is its body alone, and has no headers

let repliesBody = false; // the last reply that was made is what bodyOf() gives

// ---- verdicts and replies ----

// As `statusCode >= 400` reads it: '401' is a number too. What can not be read is no good one.
function statusOf(response) {
  try {
    const status = Number(response?.statusCode);
    return status >= 0 ? Math.min(status, MAX_STATUS) : 0;
  } catch {
    return 500;
  }
}

function deliver(run, verdict, reply, message, status = statusOf(run.event?.response)) {
  const { event } = run;
  run.frame = frames.current();
  if (run.settle) {
    run.settle.end(verdict, run.error);
    return;
  }
  let flags = 0;
  let name = '';
  let method = '';
  if (event !== undefined) {
    // A reply says it itself; it is an error's also where another could not be written, which is none of the event's.
    if (reply === undefined && event.response instanceof ErrorResponse) {
      flags |= RESPONSE_IS_ERROR;
      message ??= messageOf(event.response);
    }
    if (event.name !== run.name) {
      flags |= HAS_NAME;
      name = textOf(event.name);
      run.name = event.name;
    }
    if (event.method !== run.method) {
      flags |= HAS_METHOD;
      method = textOf(event.method);
      run.method = event.method;
    }
  }
  if (reply !== undefined) flags |= HAS_REPLY | (event?.response instanceof ForeignStream ? IS_FOREIGN_STREAM : 0);
  if (reply && repliesBody) flags |= IS_BODY;
  run.isDelivered = true;
  const { slot } = run;
  if (reply !== undefined && verdict !== FAILED && run.flags & ENDS_WITH_REPLY) {
    flags |= IS_RELEASED;
    release(slot);
  }
  put(slot, verdict, flags, reply ?? '', message ?? '', name, method, status);
}

// As deliver(), with the reply to the event as it stands now. A stream is sent first: the event lasts until its end.
function deliverReply(run, verdict, message) {
  const { event, peer } = run;
  if (!(event?.response instanceof streams.StreamResponse)) {
    deliver(run, verdict, replyOf(run), message);
    return;
  }
  if ((run.flags & KIND) !== KIND_MESSAGE) { // who is connecting, or has gone, gets no body
    streams.discard(event.response);
    event.response.body = '';
    deliver(run, verdict, replyOf(run), message);
    return;
  }
  new streams.Stream(peer, event.response, run.flags & HAS_MESSAGE_ID ? native.messageId(run.slot) : undefined).run().then(
    () => deliver(run, verdict, '', message),
    (error) => {
      log(ERROR, run, `Failed to stream ${event.name}: ${messageOf(error)}`);
      deliver(run, verdict, '', message, statusOf(errorResponseOf(error)));
    },
  );
}

// The reply to the event as it stands; that of an ErrorResponse where it can not be written.
function replyOf(run) {
  const { event } = run;
  if (event === undefined || event.response === null || event.response === undefined) return '';
  const echo = (run.flags & HAS_MESSAGE_ID) !== 0;
  repliesBody = false;
  try {
    const body = run.flags & ENDS_WITH_REPLY ? bodyOf(event.response) : undefined;
    repliesBody = body !== undefined;
    return body ?? write(event.response, echo);
  } catch (error) {
    log(ERROR, run, `Failed to write the response of ${textOf(event.name)}: ${messageOf(error)}`);
    return errorReplyOf(run, error, echo);
  }
}

// What was thrown may be an ErrorResponse that can not be written either.
function errorReplyOf(run, error, echo) {
  let response = errorResponseOf(error);
  let text;
  try {
    text = write(response, echo);
  } catch {
    response = new ErrorResponse('Internal Server Error', 500);
    text = write(response, echo);
  }
  setResponse(run, response);
  return text;
}

function setResponse(run, response) {
  try {
    run.event.response = response;
    if (run.event.response === response) return;
  } catch {
    // as below
  }
  run.event = ownEvents.replaced(run.event, run.slot); // it is frozen, or the script has made its response a getter
  run.event.response = response;
}

// ---- failures ----

function fail(run, error, policy, message = messageOf(error)) {
  if (policy && policy.traced) traceExecuted(run, policy);
  if (run.event === undefined) {
    deliver(run, FAILED, undefined, error instanceof Error ? require('./stack').format(error) : message);
    return;
  }
  if (run.settle) {
    run.error = error;
    deliver(run, FAILED);
    return;
  }
  if (!(run.flags & KEEPS_RESPONSE)) setResponse(run, errorResponseOf(error));
  if (run.flags & REPLY_ON_FAILURE) deliverReply(run, FAILED, message);
  else deliver(run, FAILED, undefined, message);
}

// Fails the event of a handler that has not ended, and goes on without it.
function abandon(run, error, message) {
  fail(renew(run), error, run.policies[run.next - 1], message);
}

// Scripts may have made anything of their event. Where it can not even be read, it is another one that fails.
function broken(run, error) {
  if (run.event === undefined || run.isDelivered) throw error;
  run.policy = undefined;
  replaceEvent(run, error);
  fail(run, error);
}

function replaceEvent(run, error) {
  run.event = ownEvents.replaced(run.event, run.slot);
  if (!(run.event.response instanceof ErrorResponse)) run.event.response = errorResponseOf(error);
}

function reject(run, whose, error, policy = whose) {
  if (run.policy !== whose) return;
  run.policy = undefined;
  try {
    fail(run, error, policy);
  } catch (another) {
    broken(run, another);
  }
}

// In a policy's place between its handler's failure and what comes of that.
class Caught {
  constructor(error, policy) {
    this.error = error;
    this.policy = policy;
  }
}

const FAILURE_TICKS = 5;

// As 1.9.0, where a failure rejects promises: what the handler does before it returns or waits comes first, and so does what
// it has begun and needs as few ticks. Then the error takes the response's place.
function rejectSoon(run, policy, error) {
  if (run.policy !== policy) return;
  const caught = new Caught(error, policy);
  run.policy = caught;
  afterTicks(FAILURE_TICKS, () => reject(run, caught, error, policy));
}

module.exports = { CONTINUE, COMPLETE, FAILED, Caught, abandon, broken, deliver, deliverReply, fail, reject, rejectSoon, replaceEvent, replyOf };
