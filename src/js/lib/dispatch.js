'use strict';

// The handlers' side of the pipeline: takes what C put into the inbox, runs chains of handlers, and leaves verdicts and
// replies in the outbox. One call (`dispatch`) serves all events that came together and returns what came of them at once;
// what comes of them later is taken by another (`collect`).
//
//   inbox   Int32Array, ENTRY integers an entry; what they say, and the events that are made of it, are inbox.js's
//   outbox  see outbox.js
//
// The numbers here are those of host.c and host_outbox.c.

const frames = require('./async_frames');
const { applyChanges, identityOf, readIdentity, readPart } = require('./changes');
const { api, stay } = require('./configurapi');
const { errorResponseOf, messageOf, textOf } = require('./failures');
const handlers = require('./handlers');
const inbox = require('./inbox');
const outbox = require('./outbox');
const ownEvents = require('./own_events');
const { revive } = require('./parameters');
const peers = require('./peers');
const postback = require('./postback');
const { bodyOf, write } = require('./replies');
const { MADE, Run } = require('./run');
const streams = require('./streams');
const timers = require('./timers');

const { ErrorResponse } = api;
const { KIND, KIND_CHANGED, KIND_CONNECT, KIND_MESSAGE, KIND_START, HAS_MESSAGE_ID } = inbox;
const { put } = outbox;
const { runTicks } = timers;
const { ForeignStream } = streams;

const ENTRY = 8;
const MAX_STATUS = 2 ** 31 - 1;
const [OP, SLOT, CHAIN, PEER, FLAGS, LENGTH, RUNNER] = [0, 1, 2, 3, 4, 5, 6];

const RUN = 1;
const REPLY = 2;
const RELEASE = 3;
const PEER_GONE = 4;
const PEER_DRAINED = 5;
const MAKE = 6; // makes the event, runs nothing
const PEER_CLOSED = 7; // nothing can be sent to it any more
const PEER_IDENTITY = 8; // what a handler in C has made its identity
const EXPIRE = 9; // the time of its handlers is over; CHAIN says how many milliseconds that was

// Flags of an entry, besides those that say how its event is made (inbox.js).
const ENDS_ROUTE = 512;
const REPLY_ON_SUCCESS = 1024;
const REPLY_ON_FAILURE = 2048;
const KEEPS_RESPONSE = 4096;
const ENDS_WITH_REPLY = 1 << 19; // if it succeeds

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

const [DEBUG, TRACE, INFO, ERROR] = [4, 3, 2, 1];
const LEVELS = { debug: DEBUG, trace: TRACE, info: INFO, error: ERROR };

const chains = [];
const routeNames = []; // by chain
const events = ownEvents.attach([]);

let entries;
let [next, end] = [0, 0]; // the next entry to be dispatched, and where they end
let runnerLevel = TRACE; // where runners share the world, that of who says the most

let turn = 0; // counts calls of dispatch()
let repliesBody = false; // the last reply that was made is what bodyOf() gives
let running; // the run whose handlers are being called, or its reply made; undefined in promises' other jobs
let interruptions = [];

// ---- what handlers get ----

const CONTINUED = 1;
const COMPLETED = 2;

// A handler's `this`: four functions of its own, so that they may be taken apart and handed around. Once the handler has
// settled, `run.policy` is another and they do nothing. They hold nothing but parameters, which the engine keeps in one object.
function contextOf(run, policy) {
  return {
    continue: () => settleAs(run, policy, CONTINUED),
    complete: () => settleAs(run, policy, COMPLETED),
    catch: (error) => rejectSoon(run, policy, error),
    emit: (level, message) => emit(run, policy, level, message),
  };
}

function settleAs(run, policy, state) {
  if (run.policy === policy) run.state = state;
  return state;
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

function afterTicks(ticks, act) {
  Promise.resolve().then(() => (ticks > 1 ? afterTicks(ticks - 1, act) : act()));
}

// As 1.9.0, where a failure rejects promises: what the handler does before it returns or waits comes first, and so does what
// it has begun and needs as few ticks. Then the error takes the response's place.
function rejectSoon(run, policy, error) {
  if (run.policy !== policy) return;
  const caught = new Caught(error, policy);
  run.policy = caught;
  afterTicks(FAILURE_TICKS, () => reject(run, caught, error, policy));
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

function emit(run, policy, level, message) {
  const number = LEVELS[level];
  // As 1.9.0: handlers' info lines have no listener.
  if (number === undefined || number === INFO || policy.level < number) return false;
  if (run.settle) return run.settle.tell(level, message);
  log(number, run, String(message));
  return true;
}

// The handlers of on_start get no event.
function log(level, { event, slot }, message) {
  if (level > runnerLevel) return;
  if (event) native.logEvent(level, textOf(event.id), textOf(event.correlationId), message, slot);
  else native.log(level, message, slot);
}

// ---- results ----

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

// ---- running a chain ----

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

// Fails the event of a handler that has not ended. Whatever that still does to the event, it does to one that nobody looks
// at any more: another goes on.
function abandon(run, error, message) {
  const policy = run.policies[run.next - 1];
  run.policy = undefined;
  if (run.event !== undefined) run.event = ownEvents.replaced(run.event, run.slot);
  fail(run, error, policy, message);
}

function expire(run, milliseconds) {
  if (run?.policy === undefined) return; // it has ended meanwhile, or is a stream now
  const details = `The handler '${run.policies[run.next - 1].name}' had not ended after ${milliseconds}ms.`;
  const end = () => abandon(run, new ErrorResponse('Gateway Timeout.', 504, details), `Gateway Timeout. ${details}`);
  if (frames.isActive()) frames.runIn(run.frame, end);
  else end();
}

function succeed(run, verdict) {
  const { event, flags } = run;
  if (flags & ENDS_ROUTE && event.response instanceof ErrorResponse) fail(run, event.response);
  else if (flags & REPLY_ON_SUCCESS) deliverReply(run, verdict);
  else deliver(run, verdict);
}

function traceExecuted(run, policy) {
  const message = `Executed ${policy.name} policy [${Date.now() - run.startedAt}ms]`;
  if (run.settle) run.settle.tell('trace', message);
  else log(TRACE, run, message);
}

function invoke(policy, context, event) {
  const { handler, parameters } = policy;
  switch (parameters.length) {
    case 0: return handler.call(context, event);
    case 1: return handler.call(context, event, parameters[0]);
    default: return handler.call(context, event, ...parameters);
  }
}

// Runs the chain on until a handler has to be waited for, or to its end. `policy` is that of a handler that was waited for.
function advance(run, policy) {
  const outer = running;
  run.outer = outer;
  run.turn = turn;
  running = run;
  try {
    if (policy === undefined) walk(run);
    else if (passed(run, policy)) giveWay(run);
  } catch (error) {
    broken(run, error);
  }
  running = outer;
}

// 1.9.0 awaits every handler, and more behind the last: what one has begun without waiting for it, and that needs no more than
// a few promises' jobs, is done before the next one runs, or the reply is made. In dispatch() all jobs have run by then;
// elsewhere as many as there.
const TICKS = 3;
const LAST_TICKS = 9;

let gives = false; // dispatch() will take them on
let ready = [];
let round = []; // those that are being taken on, and how far that has come
let taken = 0;

function giveWay(run) {
  if (gives) {
    run.frame = frames.current();
    ready.push(run);
  } else {
    waitTicks(run, run.state === COMPLETED || run.next === run.policies.length ? LAST_TICKS : TICKS);
  }
}

// Meanwhile the event waits as for a handler, for jobs may be lost.
function waitTicks(run, ticks) {
  const waiting = {};
  run.policy = waiting;
  afterTicks(ticks, () => {
    if (run.policy !== waiting) return;
    run.policy = undefined;
    advance(run);
  });
}

// Whether handlers were called.
function takeReady() {
  let calls = false;
  if (taken === round.length) {
    round = ready;
    taken = 0;
    ready = [];
  }
  while (taken < round.length) {
    const run = round[taken++]; // what does not return is not begun again
    if (!calls && run.state !== COMPLETED && run.next < run.policies.length) {
      calls = true;
      timers.attend();
    }
    if (frames.isActive()) frames.runIn(run.frame, () => advance(run));
    else advance(run);
    runTicks();
  }
  round = [];
  taken = 0;
  return calls;
}

function walk(run) {
  const { policies, event } = run;
  if (run.state !== COMPLETED && run.next < policies.length) {
    const policy = policies[run.next++];
    run.policy = policy;
    run.state = 0;
    if (policy.traced) run.startedAt = Date.now();
    try {
      const result = invoke(policy, contextOf(run, policy), event);
      if (result instanceof Promise || isThenable(result)) {
        if (frames.isActive()) run.frame = frames.current(); // for what follows where it does not end in time
        awaitHandler(run, policy, result);
        return;
      }
    } catch (error) {
      rejectSoon(run, policy, error);
      return;
    }
    if (passed(run, policy)) giveWay(run);
    return;
  }
  succeed(run, run.state === COMPLETED ? COMPLETE : CONTINUE);
}

function isThenable(value) {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && typeof value.then === 'function';
}

function awaitHandler(run, policy, result) {
  Promise.resolve(result).then(
    () => advance(run, policy),
    (error) => rejectSoon(run, policy, error),
  );
}

// A handler has returned. Whether it had not settled before.
function passed(run, policy) {
  if (run.policy !== policy) return false;
  run.policy = undefined;
  if (policy.traced) traceExecuted(run, policy);
  return true;
}

// Runs policies for a Service that a script has made itself; tell(level, message) hears what there is to say of them.
// Resolves with whether they were completed.
exports.runPolicies = (event, policies, tell) => new Promise((resolve, reject) => {
  const run = new Run(0, event, 0);
  run.policies = policies;
  run.settle = { tell, end: (verdict, error) => (verdict === FAILED ? reject(error) : resolve(verdict === COMPLETE)) };
  advance(run);
});

exports.openStreams = streams.openStreams;
exports.sweep = () => {
  outbox.sweep();
  return peers.sweep();
};
exports.closingSources = streams.closingSources;
exports.requestDone = (...all) => {
  frames.reset();
  require('./requests').requestDone(...all);
};
exports.requestTold = (...all) => {
  frames.reset();
  require('./requests').requestTold(...all);
};
exports.workDone = (...all) => {
  frames.reset();
  require('./work').workDone(...all);
};
exports.setPostbackBase = postback.setBase;

// ---- runs ----

function startRun(slot, flags, peerSlot, runner, chain) {
  const kind = flags & KIND;
  const run = events[slot];
  if (kind === KIND_CHANGED) change(run);
  if (kind === KIND_CHANGED || kind === 0) return run;
  const peer = peerSlot === 0 ? undefined : peers.meet(peerSlot, runner);
  return (events[slot] = newRun(slot, kind, flags, peer, chain));
}

function newRun(slot, kind, flags, peer, chain) {
  let event;
  let error;
  if (kind !== KIND_START) {
    try {
      event = inbox.makeEvent(slot, kind, flags, peer, routeNames[chain]);
    } catch (thrown) {
      // Valid, but more than the engine takes: nested too deeply, or memory is out.
      event = inbox.makeEmpty(slot, peer);
      error = thrown;
    }
  }
  const run = new Run(slot, event, flags);
  run.peer = peer;
  run.error = error;
  return run;
}

function runChain(slot, chain, flags, peerSlot, runner) {
  const run = startRun(slot, flags, peerSlot, runner, chain);
  run.policies = chains[chain];
  run.next = 0;
  run.state = 0;
  run.flags = (run.flags & MADE) | (flags & ~MADE);
  run.isDelivered = false;
  if (run.error) fail(run, run.error);
  else if (frames.isActive()) frames.runIn(run.frame, () => advance(run));
  else advance(run);
}

// One that takes no changes, frozen by a handler for one, is another from here on.
function change(run) {
  try {
    applyChanges(run.event, inbox.text());
  } catch (error) {
    replaceEvent(run, error);
    applyChanges(run.event, inbox.text());
  }
}

function reply(run) {
  if (inbox.hasText()) change(run);
  run.isReplying = true;
  run.isDelivered = false;
  running = run;
  try {
    if (frames.isActive()) frames.runIn(run.frame, () => deliverReply(run, CONTINUE));
    else deliverReply(run, CONTINUE);
  } catch (error) {
    if (run.event === undefined || run.isDelivered) throw error;
    replaceEvent(run, error);
    deliverReply(run, CONTINUE);
  }
  running = undefined;
}

function release(slot) {
  const run = events[slot];
  events[slot] = undefined;
  if (run === undefined) return;
  run.slot = 0; // another's soon
  if (run.event === undefined) return;
  if ((run.flags & KIND) === KIND_CONNECT) peers.identify(run.peer, run.event.identity);
  ownEvents.ended(run.event);
}

// ---- C's entry points ----

exports.attach = (newInbox, newOutbox, level) => {
  entries = newInbox;
  outbox.attach(newOutbox);
  runnerLevel = level;
};

// `said` is undefined where the messages could not be parsed together. Promises' jobs are run before this returns: the engine
// would run them then, but enter the world anew for each. With `collects`, returns what collect() does; undefined where the
// jobs are still to come.
exports.dispatch = (count, given, said, collects) => {
  const before = timers.attend();
  frames.reset();
  turn++;
  inbox.take(given, said);
  next = 0;
  end = count * ENTRY;
  gives = true;
  goOn();
  const ran = finish(before);
  return ran && collects ? outbox.texts() : undefined;
};

// The promises' jobs, and the runs that have given way to them.
function finish(before) {
  let ran = timers.jobs(before);
  while (ready.length > 0 || round.length > 0) {
    if (takeReady()) ran = timers.jobs(before);
  }
  gives = false;
  for (let at = 0; at < end; at += ENTRY) {
    const run = events[entries[at + SLOT]];
    if (run !== undefined) stay(run.event);
  }
  return ran;
}

function goOn() {
  while (next < end) {
    const at = next;
    next += ENTRY; // first: what does not return is not begun again
    inbox.goTo(entries[at + LENGTH]);
    const slot = entries[at + SLOT];
    switch (entries[at + OP]) {
      case MAKE: startRun(slot, entries[at + FLAGS], entries[at + PEER], entries[at + RUNNER]); break;
      case RUN: runChain(slot, entries[at + CHAIN], entries[at + FLAGS], entries[at + PEER], entries[at + RUNNER]); break;
      case REPLY: reply(events[slot]); break;
      case RELEASE: release(slot); break;
      case EXPIRE: expire(events[slot], entries[at + CHAIN]); break;
      case PEER_GONE: peers.forget(slot); break;
      case PEER_DRAINED: peers.find(slot)?.drained(); break;
      case PEER_CLOSED: peers.find(slot)?.closed(); break;
      case PEER_IDENTITY: peers.identify(peers.meet(slot, entries[at + RUNNER]), identityOf(JSON.parse(inbox.text()))); break;
    }
    runTicks();
  }
  inbox.drop();
}

exports.collect = outbox.texts;
exports.refill = outbox.refill;

exports.read = (slot, part) => readPart(events[slot]?.event, part);

exports.peerIdentity = (slot) => readIdentity(peers.find(slot)?.identity);

exports.correlationId = (slot) => textOf(events[slot]?.event?.correlationId ?? '');

// ---- what does not return ----

// C's watchdog is about to end what runs, here where it does.
exports.interrupting = () => {
  let run = running;
  while (run?.outer) run = run.outer;
  running = undefined;
  interruptions.push({ run, stream: streams.pulled(), stack: new Error().stack });
};

// The events that may be at it where nobody knows: promises' jobs were ended, and those behind them are lost. In dispatch()
// those that have gone on in it and wait, otherwise the only one that there is.
function suspects(inDispatch) {
  const waiting = events.filter((run) => run !== undefined && run.policy !== undefined);
  const ofTurn = inDispatch ? waiting.filter((run) => run.turn === turn) : [];
  return ofTurn.length > 0 || waiting.length !== 1 ? ofTurn : waiting;
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
  for (const each of suspects(inDispatch))
    blame(each, `The handler '${each.policies[each.next - 1].name}', or another in its turn, ran for ${time} without returning.`, trace);
  return text;
}

// Afterwards. What else was to be done in that call is done here.
exports.interrupted = (milliseconds, inDispatch, isLoading) => {
  frames.leave();
  const all = interruptions;
  interruptions = [];
  const said = all.map((each) => settle(each, `${milliseconds}ms`, inDispatch, isLoading)).filter(Boolean);
  timers.goOn();
  gives = true;
  goOn();
  runTicks();
  finish(false);
  return said.join('\n');
};

const shared = new Map(); // among the parameters of all chains

// A chain of policies: [[name, parameters, level of what it emits, of its traces], …], its route's name and its runner's level.
// Returns its number.
exports.prepare = (json, route, ownLevel) => {
  require('./compile').started();
  runnerLevel = Math.max(runnerLevel, ownLevel);
  const policies = JSON.parse(json).map(([name, parameters, level, traces]) => ({
    name,
    handler: handlers.find(name),
    parameters: revive(parameters, shared),
    level,
    traced: Math.min(traces, ownLevel) >= TRACE,
  }));
  routeNames.push(route);
  return chains.push(policies) - 1;
};
