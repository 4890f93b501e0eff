'use strict';

// An event on its way through its chains of handlers, as dispatch.js keeps it.

const { KIND, HAS_MESSAGE_ID } = require('./inbox');

const MADE = KIND | HAS_MESSAGE_ID; // of a run's flags, those that the event began with

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

module.exports = { MADE, Run };
