'use strict';

// An event on its way through its chains of handlers, and all of them by C's numbers.

const { KIND, KIND_CONNECT, HAS_MESSAGE_ID } = require('./inbox');
const ownEvents = require('./own_events');
const peers = require('./peers');

const MADE = KIND | HAS_MESSAGE_ID; // of a run's flags, those that the event began with

// And those of the chain: what is to be done at its end.
const ENDS_ROUTE = 512;
const REPLY_ON_SUCCESS = 1024;
const REPLY_ON_FAILURE = 2048;
const KEEPS_RESPONSE = 4096;
const ENDS_WITH_REPLY = 1 << 19; // if it succeeds

const runs = ownEvents.attach([]);

// Eighteen properties are as many as the engine keeps in 160 bytes; with more it takes 224.
class Run {
  constructor(slot, event, flags) {
    this.slot = slot;
    this.event = event;
    this.name = event === undefined ? '' : event.name;
    this.method = '';
    this.policies = undefined;
    this.next = 0;
    this.policy = undefined; // of the handler that runs
    this.state = 0; // what it said
    this.flags = flags & MADE; // and those of the chain
    this.startedAt = 0;
    this.peer = undefined;
    this.settle = undefined; // of a Service of JavaScript's own: its tell(level, message), and end(verdict, error)
    this.error = undefined; // why the event could not be made, or the policies of such a Service have failed
    this.frame = undefined; // of AsyncLocalStorages' values, from one chain to the next
    this.outer = undefined; // which of whose handlers has called this one's, within a Service of its own
    this.turn = 0; // that it went on in last
    this.isReplying = false; // all its handlers are through
    this.isDelivered = false; // the verdict on the chain, or the reply, that C waits for
  }
}

// Another takes its place, with an event of its own: what its handler still does or says reaches nobody any more.
function renew(run) {
  const other = Object.assign(new Run(run.slot, undefined, 0), run, { policy: undefined });
  if (run.event !== undefined) other.event = ownEvents.replaced(run.event, run.slot);
  if (run.slot !== 0) runs[run.slot] = other;
  run.policy = undefined;
  run.slot = 0;
  return other;
}

function release(slot) {
  const run = runs[slot];
  runs[slot] = undefined;
  if (run === undefined) return;
  run.slot = 0; // another's soon
  if (run.event === undefined) return;
  if ((run.flags & KIND) === KIND_CONNECT) peers.identify(run.peer, run.event.identity);
  ownEvents.ended(run.event);
}

module.exports = { MADE, ENDS_ROUTE, REPLY_ON_SUCCESS, REPLY_ON_FAILURE, KEEPS_RESPONSE, ENDS_WITH_REPLY, Run, runs, renew, release };
