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

  // How much of the time was spent working: by what the process, with all of its threads, has used of the processor.
  eventLoopUtilization(last, first) {
    const [until, since] = first === undefined ? [loopTimes(), last] : [last, first];
    const idle = until.idle - (since?.idle ?? 0);
    const active = until.active - (since?.active ?? 0);
    return { idle, active, utilization: idle + active > 0 ? active / (idle + active) : 0 };
  }

  get nodeTiming() {
    return timeline().nodeTiming();
  }

  clearResourceTimings() {}

  setResourceTimingBufferSize() {}

  toJSON() {
    return { timeOrigin: this.#origin };
  }
}

function loopTimes() {
  const { userCPUTime, systemCPUTime } = require('./process_system').resourceUsage();
  const elapsed = native.now();
  const active = Math.min(elapsed, (userCPUTime + systemCPUTime) / 1000);
  return { idle: elapsed - active, active };
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
