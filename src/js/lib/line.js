'use strict';

// Those who wait for a connection to take more: streams before they ask their source and before they send what it gave late,
// pushes before they are done. They go on one after another, in their order: all at once, each of them would find the room
// that is there for one.

const timers = require('./timers');

const CONGESTED = 1; // of native.congestion(): there is more to send than the high-water mark
const EARLY = 2; // the same before the handshake has ended

class Line {
  #congestion;
  #waiting = [];
  #holder; // the stream that goes on, until it lets another
  #isDue = false; // the next one is let in when the loop has turned

  // `congestion` says what native.congestion() does.
  constructor(congestion) {
    this.#congestion = congestion;
  }

  // Whether it is the stream's turn, or nobody else's, which makes it its.
  take(stream) {
    if (this.#holder === undefined && this.#waiting.length === 0) this.#holder = stream;
    return this.#holder === stream;
  }

  // Resolves when it is one's turn; rejects with what end() is given. Where that cannot be before on_connect's end, for which
  // the one who waits may be waited for itself, onEarly is called besides. A push gives no stream: its turn lasts as long as
  // the loop's.
  wait(stream, onEarly = () => {}) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ stream, resolve, reject, onEarly });
      this.#letInSoon();
    });
  }

  // The stream's turn is over, if it had it.
  pass(stream) {
    if (this.#holder !== stream) return;
    this.#holder = undefined;
    this.letIn();
  }

  get isEmpty() {
    return this.#waiting.length === 0;
  }

  letIn() {
    if (this.#waiting.length === 0) return;
    const congestion = this.#congestion();
    if (congestion === EARLY) for (const { onEarly } of this.#waiting) onEarly();
    if (congestion !== 0) return; // the end of it is told
    const { stream, resolve } = this.#waiting.shift();
    this.#holder = stream;
    resolve();
    if (this.#waiting.length > 0) this.#letInSoon();
  }

  // Who holds the line now has a turn of the loop: a source that has not answered by then holds nobody up.
  #letInSoon() {
    if (this.#isDue) return;
    this.#isDue = true;
    timers.setImmediate(() => {
      this.#isDue = false;
      this.letIn();
    });
  }

  end(error) {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

module.exports = { Line, CONGESTED, EARLY };
