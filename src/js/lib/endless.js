'use strict';

// What did not return and was ended by C's watchdog: whose it was, and what comes of it.

const { api } = require('./configurapi');
const handlers = require('./handlers');
const inbox = require('./inbox');
const { CONTINUE, Caught, abandon, deliver, reject, replyOf } = require('./results');
const { runs } = require('./run');
const streams = require('./streams');

const { ErrorResponse } = api;

// Those that may be at it where nobody knows: promises' jobs were ended, and those behind them are lost. In dispatch() what has
// gone on in it and waits, otherwise the only one that there is. A stream that is pushed has a handler who waits for its end.
function suspects(inDispatch) {
  const handling = runs.filter((run) => run !== undefined && run.policy !== undefined);
  const asking = streams.asking();
  const all = [...handling, ...asking];
  const ofTurn = inDispatch ? all.filter((each) => each.turn === inbox.turn()) : [];
  if (ofTurn.length > 0) return ofTurn;
  return all.length === 1 || (handling.length === 1 && asking.length === 1 && asking[0].isPushed) ? all : [];
}

function blame(run, words, trace) {
  const error = new ErrorResponse(words, 500, trace);
  const message = `${words} ${trace.trim().split('\n')[0]}`;
  if (!run.isReplying) {
    abandon(run, error, message);
  } else {
    run.event.response = error;
    deliver(run, CONTINUE, replyOf(run), message);
  }
}

// Returns what there is to be said of one interruption; '' where an event's failure says it.
function settle({ run, stream, stack }, time, inDispatch, isLoading) {
  const error = new Error(`JavaScript ran for ${time} without returning and was ended`);
  const trace = stack.slice(stack.indexOf('\n') + 1);
  const text = `Error: ${error.message}\n${trace}`;
  error.stack = text;
  if (isLoading) return `${require('./stack').placeOf(error) ?? handlers.waitingName() ?? 'a module'}: ${error.message}`;
  if (stream) {
    stream.interrupted(error, run === undefined);
    if (run?.policy === undefined || run.isDelivered) { // or else a handler pushes it, who has run for as long
      if (run) deliver(run, CONTINUE, '', error.message, 500);
      return text;
    }
  }
  if (run?.policy instanceof Caught) { // this.catch(), and then a loop
    reject(run, run.policy, run.policy.error, run.policy.policy);
    return text;
  }
  if (run?.isDelivered) return text;
  if (run) {
    const who = run.isReplying ? 'What made the reply' : `The handler '${run.policies[run.next - 1].name}'`;
    blame(run, `${who} ran for ${time} without returning.`, trace);
    return '';
  }
  for (const each of suspects(inDispatch)) {
    if (each instanceof streams.Stream) each.interrupted(error, true);
    else blame(each, `The handler '${each.policies[each.next - 1].name}', or another in its turn, ran for ${time} without returning.`, trace);
  }
  return text;
}

module.exports = { settle };
