'use strict';

// The modules that are in the runner itself: its own, and Node's that handlers get. Each is made at its first `require`.

const OWN = {
  configurapi: () => require('./configurapi').api,
  'configurapi-handler-ws': () => require('./handler_ws'),
  'configurapi-runner-ws': () => require('./runner_ws'),
};

// configurapi's own files, which programs reach for: the classes that they hold are those of the runner.
const OWN_FILE = /^configurapi\/src\/(config|errorResponse|event|identity|logLevel|request|response|result|service)(?:\.js)?$/;

function ownFile(request) {
  const [, name] = OWN_FILE.exec(request) ?? [];
  return name && (() => require('./configurapi').api[name[0].toUpperCase() + name.slice(1)]);
}

// What stands in for a package where it is not installed.
const STAND_INS = {
  'configurapi-handler-json': () => require('./handler_json'),
};

// Node's, by their names without `node:`, each with what makes it.
const NODE = {
  assert: () => require('./node_assert'),
  'assert/strict': () => require('./node_assert').strict,
  async_hooks: () => require('./node_async_hooks'),
  buffer: () => require('./node_buffer'),
  console: () => require('./console').console,
  constants: () => require('./node_constants'),
  crypto: () => require('./node_crypto'),
  diagnostics_channel: () => require('./node_diagnostics_channel'),
  events: () => require('./node_events'),
  fs: () => require('./node_fs'),
  'fs/promises': () => require('./node_fs_promises'),
  module: () => require('./node_module'),
  os: () => require('./node_os'),
  path: () => require('./node_path'),
  'path/posix': () => require('./node_path').posix,
  'path/win32': () => require('./node_path').win32,
  perf_hooks: () => require('./node_perf_hooks'),
  process: () => require('./process').process,
  punycode: () => require('./node_punycode'),
  querystring: () => require('./node_querystring'),
  stream: () => require('./node_stream'),
  'stream/consumers': () => require('./node_stream_consumers'),
  'stream/promises': () => require('./node_stream').promises,
  'stream/web': () => require('./node_stream_web'),
  string_decoder: () => require('./node_string_decoder'),
  sys: () => require('./node_util'),
  timers: () => require('./node_timers'),
  'timers/promises': () => require('./node_timers_promises'),
  tty: () => require('./node_tty'),
  url: () => require('./node_url'),
  util: () => require('./node_util'),
  'util/types': () => require('./node_util').types,
};

// Node's that are not here, each with what to do instead.
const OTHER_HANDLERS = 'a handler that needs it can only run in Node itself';
const USE_FETCH = 'for HTTP requests use the global fetch()';
const ABSENT = {
  child_process: OTHER_HANDLERS,
  cluster: 'start the runner with --workers instead',
  dgram: OTHER_HANDLERS,
  dns: OTHER_HANDLERS,
  'dns/promises': OTHER_HANDLERS,
  domain: 'use AsyncLocalStorage of async_hooks',
  http: USE_FETCH,
  http2: USE_FETCH,
  https: USE_FETCH,
  inspector: OTHER_HANDLERS,
  'inspector/promises': OTHER_HANDLERS,
  net: `${USE_FETCH}; for other protocols, ${OTHER_HANDLERS}`,
  readline: OTHER_HANDLERS,
  'readline/promises': OTHER_HANDLERS,
  repl: OTHER_HANDLERS,
  tls: `${USE_FETCH}; for other protocols, ${OTHER_HANDLERS}`,
  trace_events: OTHER_HANDLERS,
  v8: OTHER_HANDLERS,
  vm: OTHER_HANDLERS,
  wasi: OTHER_HANDLERS,
  worker_threads: 'start the runner with --workers instead; MessageChannel is a global',
  zlib: `${OTHER_HANDLERS}; what fetch() gets is decompressed by itself`,
};

const plainName = (request) => (request.startsWith('node:') ? request.slice('node:'.length) : request);

// What makes the module; undefined where there is none of that name. `isInstalled()`: whether a package of that name is.
exports.find = (request, isInstalled) => {
  if (Object.hasOwn(OWN, request)) return OWN[request];
  if (Object.hasOwn(STAND_INS, request) && !isInstalled()) return STAND_INS[request];
  if (request.startsWith('configurapi/')) return ownFile(request);
  const name = plainName(request);
  return Object.hasOwn(NODE, name) ? NODE[name] : undefined;
};

// Why a module of Node's is not here, for an error message; undefined where Node has none of that name either.
exports.whyAbsent = (request) => {
  const name = plainName(request);
  if (Object.hasOwn(ABSENT, name)) return `Node's module "${name}" is not available here: ${ABSENT[name]}.`;
  return request.startsWith('node:') ? `Node has no module "${name}".` : undefined;
};

// Those that can be required.
exports.isHere = (request) => Object.hasOwn(NODE, plainName(request));
exports.names = () => Object.keys(NODE).sort();
