'use strict';

// What scripts written for Node expect to find around them. Each is loaded when first touched, so that a script that
// uses none pays for none; from then on it is an ordinary property.

const { FinalizationRegistry, Function, WebAssembly } = globalThis; // the engine's

const SOURCES = {
  Buffer: () => require('./buffer').Buffer,
  URL: () => require('./url').URL,
  URLSearchParams: () => require('./url').URLSearchParams,
  structuredClone: () => require('./structured').structuredClone,
  DOMException: () => require('./structured').DOMException,
  TextEncoder: () => require('./encoding').TextEncoder,
  TextDecoder: () => require('./encoding').TextDecoder,
  atob: () => require('./base64').atob,
  btoa: () => require('./base64').btoa,
  crypto: () => require('./crypto').crypto,
  Crypto: () => require('./crypto').Crypto,
  CryptoKey: () => require('./web_crypto').CryptoKey,
  SubtleCrypto: () => require('./web_crypto').SubtleCrypto,
  performance: () => require('./performance').performance,
  console: () => require('./console').console,
  process: () => require('./process').process,
  fetch: () => require('./fetch').fetch,
  Function: () => require('./function_makers').wrapAll(Function),
  FinalizationRegistry: () => require('./deferred').registryOf(FinalizationRegistry),
};
if (WebAssembly) SOURCES.WebAssembly = () => require('./deferred').assemblyOf(WebAssembly);
// Classes that come together.
const CLASSES = {
  './abort': ['AbortController', 'AbortSignal'],
  './blob': ['Blob', 'File'],
  './event_target': ['CustomEvent', 'Event', 'EventTarget'],
  './fetch': ['FormData', 'Headers', 'Request', 'Response'],
  './message_channel': ['MessageChannel', 'MessageEvent', 'MessagePort'],
  './performance': ['Performance'],
  './performance_timeline': ['PerformanceEntry', 'PerformanceMark', 'PerformanceMeasure', 'PerformanceObserver', 'PerformanceObserverEntryList'],
  './web_streams': ['ByteLengthQueuingStrategy', 'CountQueuingStrategy', 'ReadableByteStreamController', 'ReadableStream',
    'ReadableStreamBYOBReader', 'ReadableStreamBYOBRequest', 'ReadableStreamDefaultController', 'ReadableStreamDefaultReader',
    'TextDecoderStream', 'TextEncoderStream', 'TransformStream', 'TransformStreamDefaultController', 'WritableStream',
    'WritableStreamDefaultController', 'WritableStreamDefaultWriter'],
};
for (const module in CLASSES) for (const name of CLASSES[module]) SOURCES[name] = () => require(module)[name];

// As in Node: classes do not show up when the global object's keys are listed, nor do WebAssembly, console and process.
const HIDDEN = new Set(['Buffer', 'URL', 'URLSearchParams', 'DOMException', 'Crypto', 'CryptoKey', 'SubtleCrypto', 'TextEncoder', 'TextDecoder',
  'FinalizationRegistry', 'Function', 'WebAssembly', 'console', 'process', ...Object.values(CLASSES).flat()]);

exports.install = (target) => {
  for (const name in SOURCES) {
    const settle = (value) => {
      Object.defineProperty(target, name, { value, writable: true, enumerable: !HIDDEN.has(name), configurable: true });
      return value;
    };
    Object.defineProperty(target, name, {
      get: () => settle(SOURCES[name]()),
      set: settle,
      enumerable: !HIDDEN.has(name),
      configurable: true,
    });
  }
  // The other way to Function, and to what function_makers.js makes of the others.
  Object.defineProperty(Function.prototype, 'constructor', {
    get: () => target.Function,
    set(value) {
      Object.defineProperty(this, 'constructor', { value, writable: true, enumerable: true, configurable: true });
    },
    enumerable: false,
    configurable: true,
  });
  Object.defineProperty(target, 'global', { value: target, writable: true, enumerable: true, configurable: true });
};
