'use strict';

// The runner's events. In 1.9.0 an event has its `id` and its `correlationId` as properties of its own. Nearly all events end
// without anybody asking for these, and to make them costs a tenth of an event. So as long as no script could tell the
// difference, they are made when somebody first looks, and stand on a prototype between the event and Event's. From then on,
// for good, events have them as in 1.9.0.

const { api, correlationOf, define, FROM_RUNNER, LATE } = require('./configurapi');

const { Event } = api;

// What lists an object's own properties, asks for one of them or removes it, shows the object, or stands in for it; rather too
// much than too little. A spread behind ( or [ is no object's, and what compilers say of their exports is no event's.
const LOOKS = new RegExp([
  /[^\s([]\s*\.\.\./,
  /\b(?:Object|Reflect)\b(?!\.defineProperty\(exports\b)/,
  /\bfor\s*\(\s*(?:\w+\s+)?[\w$]+\s+in\b/,
  /\bdelete\s+[\w$.]+(?:\[|\.(?:id|correlationId)\b)/,
  /\b(?:Proxy|assert|console|format\w*|inspect|util)\b/,
  /\b(?:deep|hasOwn|isDeep|postMessage|propertyIsEnumerable|serialize|structuredClone)/,
].map(({ source }) => source).join('|'));

let own = false;
let runs = []; // of the events under way (run.js)

function attach(all) {
  runs = all;
  return all;
}

// A script is about to be run. It may be given events that are under way.
function read(code) {
  if (own || !LOOKS.test(code)) return;
  own = true;
  native.wantIds();
  for (const run of runs) if (run?.event) giveIds(run.event);
}

function giveIds(event) {
  try {
    const { id, correlationId } = event;
    define(event, 'id', id);
    define(event, 'correlationId', correlationId);
  } catch {
    // it is frozen, or the script has made them getters
  }
}

class Late extends Event {
  #slot; // the runner's number for it; 0 after its end
  #id;
  #correlationId;

  constructor(request, slot) {
    super(request, LATE);
    this.#slot = slot;
  }

  get id() {
    return (this.#id ??= (this.#slot && native.eventId(this.#slot)) || native.randomUUID());
  }

  set id(value) {
    this.#correlationId ??= this.correlationId; // which stays the first id
    this.#id = value;
  }

  get correlationId() {
    if (this.#correlationId !== undefined) return this.#correlationId;
    const said = correlationOf(this.request, this);
    return said === this ? this.id : said;
  }

  set correlationId(value) {
    this.#correlationId = value;
  }

  toJSON() {
    return { id: this.id, correlationId: this.correlationId, ...this };
  }

  static isOne(event) {
    return #slot in event;
  }

  static ended(event) {
    if (#slot in event) event.#slot = 0;
  }

  static follow(event, heir) {
    heir.#id = event.#id ??= native.eventId(event.#slot);
    heir.#correlationId = event.#correlationId;
    event.#slot = 0;
  }
}

const { ended, follow, isOne } = Late;
delete Late.prototype.constructor;

// `id` is undefined where it did not come with the message.
function make(request, slot, id) {
  return own ? new Event(request, FROM_RUNNER, id ?? native.eventId(slot)) : new Late(request, slot);
}

// Its request is complete.
function complete(event) {
  if (own) event.correlationId = correlationOf(event.request, event.id);
}

// Another event in one's place.
function replaced(event, slot) {
  const isLate = !own && isOne(event);
  const heir = isLate ? new Late(undefined, slot) : new Event(undefined, FROM_RUNNER, native.eventId(slot));
  for (const key of Object.keys(event)) {
    try {
      heir[key] = event[key];
    } catch {
      // a getter of the script's own
    }
  }
  if (isLate) follow(event, heir);
  return heir;
}

module.exports = { attach, complete, ended, make, read, replaced };
