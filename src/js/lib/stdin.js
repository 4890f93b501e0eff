'use strict';

// process.stdin: read while somebody listens. Each wait for it is short, for one that is under way can not be taken back.

const { Readable } = require('./node_stream');
const { call, runAsync, runSync } = require('./file_steps');

const WAIT_MS = 200; // for which a thread waits at most
const PAUSE_MS = 50; // between two looks that nothing is held up by
const MOST_BYTES = 64 * 1024;

class Stdin extends Readable {
  fd = 0;
  #isWanted = false;
  #isWaiting = false;
  #isStopped = false;
  // Only a script lasts for as long as something is read.
  #isHeld = require.ifLoaded('./script') !== undefined;

  constructor() {
    super({ highWaterMark: MOST_BYTES });
    if (native.part('os').isTerminal(0)) this.isTTY = true;
  }

  ref() {
    this.#isHeld = true;
    return this;
  }

  unref() {
    this.#isHeld = false;
    return this;
  }

  pause() {
    this.#isStopped = true;
    return super.pause();
  }

  resume() {
    this.#isStopped = false;
    super.resume();
    this.#wait();
    return this;
  }

  // Reading on by itself, into its buffer, is no reason to hold anything up.
  get #isIdle() {
    return !this.#isWanted || (this.#isStopped && this.listenerCount('readable') === 0);
  }

  _read() {
    this.#isWanted = true;
    this.#wait();
  }

  _destroy(error, callback) {
    this.#isWanted = false;
    callback(error);
  }

  #wait() {
    if (this.#isWaiting || this.#isIdle) return;
    this.#isWaiting = true;
    if (this.#isHeld) {
      runAsync(awaitInput(WAIT_MS), (error, ready) => this.#go(error, ready));
    } else {
      require('./timers').setTimeout(() => this.#go(undefined, runSync(awaitInput(0))), PAUSE_MS).unref();
    }
  }

  #go(error, ready) {
    this.#isWaiting = false;
    if (error) this.destroy(error);
    else if (!this.#isIdle && ready) this.#take();
    else this.#wait();
  }

  #take() {
    this.#isWanted = false;
    try {
      const bytes = runSync(take());
      this.push(bytes.length > 0 ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : null);
    } catch (error) {
      if (error.code === 'EAGAIN') this._read();
      else if (error.code === 'EBADF') this.push(null); // it was closed before the program was
      else this.destroy(error);
    }
  }
}

// Whether there is something, or its end.
function* awaitInput(ms) {
  return (yield call('poll', [0, ms])) > 0;
}

function* take() {
  return yield call('read', [0, MOST_BYTES, -1]);
}

exports.stdin = new Stdin();
