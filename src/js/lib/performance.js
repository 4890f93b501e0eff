'use strict';

// performance (https://w3c.github.io/hr-time/), counted from the start of the process.

let make = false;

class Performance {
  #origin = native.timeOrigin();

  constructor() {
    if (!make) throw Object.assign(new TypeError('Illegal constructor'), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
  }

  get timeOrigin() {
    return this.#origin;
  }

  now() {
    return native.now();
  }

  toJSON() {
    return { timeOrigin: this.#origin };
  }
}

Object.defineProperty(Performance.prototype, Symbol.toStringTag, { value: 'Performance', configurable: true });
make = true;
exports.performance = new Performance();
make = false;
