'use strict';

// The handlers' side of the pipeline: takes what C put into the inbox, runs chains of handlers, and leaves verdicts and
// replies (results.js) in the outbox. One call (`dispatch`) serves all events that came together and returns what came of them at
// once; what comes of them later is taken by another (`collect`).
//
//   inbox   Int32Array, ENTRY integers an entry; what they say, and the events that are made of it, are inbox.js's
//   outbox  see outbox.js
//
// The numbers here are those of host.c and host_outbox.c.

const frames = require('./async_frames');
const { applyChanges, identityOf, readIdentity, readPart } = require('./changes');
const { api, stay } = require('./configurapi');
const { textOf } = require('./failures');
const handlers = require('./handlers');
const inbox = require('./inbox');
const outbox = require('./outbox');
const { revive } = require('./parameters');
const peers = require('./peers');
const postback = require('./postback');
const { CONTINUE, COMPLETE, FAILED, abandon, broken, deliver, deliverReply, fail, rejectSoon, replaceEvent } = require('./results');
const { MADE, ENDS_ROUTE, REPLY_ON_SUCCESS, Run, runs, release } = require('./run');
const { TRACE, emit, listen, traceExecuted } = require('./run_log');
const streams = require('./streams');
const timers = require('./timers');

const { ErrorResponse } = api;
const { KIND, KIND_CHANGED, KIND_START } = inbox;
const { afterTicks, runTicks } = timers;

const ENTRY = 8;
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

const chains = [];
const routeNames = []; // by chain

let entries;
let [next, end] = [0, 0]; // the next entry to be dispatched, and where they end
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

// ---- running a chain ----

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
  run.turn = inbox.turn();
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
  const run = runs[slot];
  if (kind === KIND_CHANGED) change(run);
  if (kind === KIND_CHANGED || kind === 0) return run;
  const peer = peerSlot === 0 ? undefined : peers.meet(peerSlot, runner);
  return (runs[slot] = newRun(slot, kind, flags, peer, chain));
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

// ---- C's entry points ----

exports.attach = (newInbox, newOutbox, level) => {
  entries = newInbox;
  outbox.attach(newOutbox);
  listen(level);
};

// `said` is undefined where the messages could not be parsed together. Promises' jobs are run before this returns: the engine
// would run them then, but enter the world anew for each. With `collects`, returns what collect() does; undefined where the
// jobs are still to come.
exports.dispatch = (count, given, said, collects) => {
  const before = timers.attend();
  frames.reset();
  inbox.take(given, said);
  next = 0;
  end = count * ENTRY;
  gives = true;
  goOn();
  const ran = finish(before);
  return ran && collects ? outbox.texts() : undefined;
};

// The promises' jobs, and the runs that have given way to them. Those that wait keep nothing but what is theirs.
function finish(before) {
  let ran = timers.jobs(before);
  while (ready.length > 0 || round.length > 0) {
    if (takeReady()) ran = timers.jobs(before);
  }
  gives = false;
  for (let at = 0; at < end; at += ENTRY) {
    const run = runs[entries[at + SLOT]];
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
      case REPLY: reply(runs[slot]); break;
      case RELEASE: release(slot); break;
      case EXPIRE: expire(runs[slot], entries[at + CHAIN]); break;
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

exports.read = (slot, part) => readPart(runs[slot]?.event, part);

exports.peerIdentity = (slot) => readIdentity(peers.find(slot)?.identity);

exports.correlationId = (slot) => textOf(runs[slot]?.event?.correlationId ?? '');

// ---- what does not return ----

// C's watchdog is about to end what runs, here where it does.
exports.interrupting = () => {
  let run = running;
  while (run?.outer) run = run.outer;
  running = undefined;
  interruptions.push({ run, stream: streams.pulled(), stack: new Error().stack });
};

// Afterwards. What else was to be done in that call is done here.
exports.interrupted = (milliseconds, inDispatch, isLoading) => {
  frames.leave();
  const all = interruptions;
  interruptions = [];
  const { settle } = require('./endless');
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
  listen(ownLevel);
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
