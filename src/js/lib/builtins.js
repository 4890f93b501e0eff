'use strict';

// The modules that are in the runner itself: its own, and Node's that handlers get. Each is made at its first `require`.

const OWN = {
  configurapi: () => require('./configurapi').api,
  'configurapi-handler-ws': () => require('./handler_ws'),
  'configurapi-runner-ws': () => require('./runner_ws'),
};

// Node's, by their names without `node:`, each with what makes it.
const NODE = {
  buffer: () => require('./node_buffer'),
  console: () => require('./console').console,
  constants: () => require('./node_constants'),
  crypto: () => require('./node_crypto'),
  fs: () => require('./node_fs'),
  'fs/promises': () => require('./node_fs_promises'),
  module: () => require('./node_module'),
  os: () => require('./node_os'),
  path: () => require('./node_path'),
  'path/posix': () => require('./node_path').posix,
  'path/win32': () => require('./node_path').win32,
  perf_hooks: () => require('./node_perf_hooks'),
  process: () => require('./process').process,
  timers: () => require('./node_timers'),
  'timers/promises': () => require('./node_timers_promises'),
  tty: () => require('./node_tty'),
};

// Node's that are not here.
const ABSENT = new Set([
  'assert', 'assert/strict', 'async_hooks', 'child_process', 'cluster', 'dgram',
  'diagnostics_channel', 'dns', 'dns/promises', 'domain', 'events', 'http', 'http2', 'https', 'inspector',
  'inspector/promises', 'net', 'punycode',
  'querystring', 'readline', 'readline/promises', 'repl', 'stream', 'stream/consumers', 'stream/promises', 'stream/web',
  'string_decoder', 'sys', 'tls', 'trace_events', 'url', 'util', 'util/types', 'v8', 'vm',
  'wasi', 'worker_threads', 'zlib',
]);

const plainName = (request) => (request.startsWith('node:') ? request.slice('node:'.length) : request);

// What makes the module; undefined where there is none of that name.
exports.find = (request) => {
  if (Object.hasOwn(OWN, request)) return OWN[request];
  const name = plainName(request);
  return Object.hasOwn(NODE, name) ? NODE[name] : undefined;
};

// Whether Node has a module of that name, which is not here.
exports.isAbsent = (request) => request.startsWith('node:') || ABSENT.has(request);

// Whether Node has such a module in it; and which those are here.
exports.isNodes = (request) => {
  const name = plainName(request);
  return Object.hasOwn(NODE, name) || ABSENT.has(name);
};
exports.names = () => [...Object.keys(NODE), ...ABSENT].sort();
