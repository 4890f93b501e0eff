'use strict';

// Node's perf_hooks.

const { performance, Performance } = require('./performance');
const { coded } = require('./arguments');
const { PerformanceEntry, PerformanceMark, PerformanceMeasure, PerformanceObserver, PerformanceObserverEntryList } =
  require('./performance_timeline');

function unavailable(name, instead) {
  const absent = {
    [name]() {
      throw coded(Error, 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM', `perf_hooks.${name} is not available in the runner's JavaScript engine: ${instead}`);
    },
  };
  return absent[name];
}

module.exports = {
  performance,
  Performance,
  PerformanceEntry,
  PerformanceMark,
  PerformanceMeasure,
  PerformanceObserver,
  PerformanceObserverEntryList,
  createHistogram: unavailable('createHistogram', 'a package such as hdr-histogram-js has one'),
  monitorEventLoopDelay: unavailable('monitorEventLoopDelay', 'look at how late a setInterval() is'),
  constants: {},
};
