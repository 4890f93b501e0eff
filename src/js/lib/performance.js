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

// It is an EventTarget, whose class is loaded by who looks: it dispatches nothing by itself.
let target;
for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent']) {
  const late = {
    [name](...all) {
      target ??= new (require('./event_target').EventTarget)();
      return target[name](...all);
    },
  };
  Object.defineProperty(Performance.prototype, name, { value: late[name], writable: true, configurable: true });
}
exports.derive = (EventTarget) => {
  Object.setPrototypeOf(Performance, EventTarget);
  Object.setPrototypeOf(Performance.prototype, EventTarget.prototype);
};
const loaded = require.ifLoaded('./event_target');
if (loaded) exports.derive(loaded.EventTarget);

make = true;
exports.performance = new Performance();
make = false;
exports.Performance = Performance;
