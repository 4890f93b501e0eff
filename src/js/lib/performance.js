'use strict';

// performance (https://w3c.github.io/hr-time/), counted from the start of the process.

let make = false;

// What measures and remembers is loaded with the first mark.
const timeline = () => require('./performance_timeline');

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

  mark(name, options) {
    return timeline().mark(name, options);
  }

  measure(name, startOrOptions, end) {
    return timeline().measure(name, startOrOptions, end);
  }

  clearMarks(name) {
    timeline().clear('mark', name);
  }

  clearMeasures(name) {
    timeline().clear('measure', name);
  }

  getEntries() {
    return timeline().entries();
  }

  getEntriesByName(name, type) {
    return timeline().entries(`${name}`, type);
  }

  getEntriesByType(type) {
    return timeline().entries(undefined, `${type}`);
  }

  timerify(action, options) {
    return timeline().timerify(action, options);
  }

  toJSON() {
    return { timeOrigin: this.#origin };
  }
}

Object.defineProperty(Performance.prototype, Symbol.toStringTag, { value: 'Performance', configurable: true });
make = true;
exports.performance = new Performance();
make = false;
exports.Performance = Performance;
