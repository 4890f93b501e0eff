'use strict';

// process, as far as it means anything here. What cannot be offered is absent, so that a script can tell.

const { lateEmitter } = require('./late_emitter');
const timers = require('./timers');

const NODE = '20.20.0'; // the release whose manners the world has

function invalidArgument(name, expected) {
  return Object.assign(new TypeError(`The "${name}" argument must be ${expected}.`), { code: 'ERR_INVALID_ARG_TYPE' });
}

// Whatever is assigned becomes a string, as it would in a real environment.
function createEnvironment() {
  return new Proxy(native.environment(), {
    set(target, key, value) {
      if (typeof key === 'symbol') throw new TypeError('Cannot convert a Symbol value to a string');
      target[key] = `${value}`;
      return true;
    },
    defineProperty(target, key, { value, writable, enumerable, configurable, get, set }) {
      if (get || set || !writable || !enumerable || !configurable) {
        throw Object.assign(new TypeError("'process.env' only accepts a configurable, writable, and enumerable data descriptor"),
          { code: 'ERR_INVALID_OBJECT_DEFINE_PROPERTY' });
      }
      target[key] = `${value}`;
      return true;
    },
  });
}

// It becomes an EventEmitter when first used as one.
const prototype = lateEmitter(Object.create(Object.prototype, {
  [Symbol.toStringTag]: { value: 'process', configurable: true },
}), (self) => require('./process_events').attach(self));

const process = Object.create(prototype);
const command = native.argv();
const stdio = require('./stdio');

function hrtime(earlier) {
  const [seconds, nanoseconds] = native.hrtime();
  if (earlier === undefined) return [seconds, nanoseconds];
  if (!Array.isArray(earlier)) throw invalidArgument('time', 'an instance of Array');
  const [s, ns] = [seconds - earlier[0], nanoseconds - earlier[1]];
  return ns < 0 ? [s - 1, ns + 1e9] : [s, ns];
}
hrtime.bigint = () => {
  const [seconds, nanoseconds] = native.hrtime();
  return BigInt(seconds) * 1000000000n + BigInt(nanoseconds);
};

function memoryUsage() {
  return native.memoryUsage();
}
memoryUsage.rss = () => native.residentMemory();

const execPath = native.execPath() || command[0];

Object.assign(process, {
  version: `v${NODE}`,
  versions: { node: NODE, configurapi: native.version(), javascriptcore: native.engineVersion() },
  arch: native.arch(),
  platform: 'linux',
  release: { name: 'node' },
  features: {},
  title: 'configurapi-runner-ws',
  pid: native.pid(),
  ppid: native.ppid(),
  execPath,
  execArgv: [],
  argv0: command[0],
  // The program in the script's place as well, so that process.argv.slice(2) is the options.
  argv: [execPath, execPath, ...command.slice(1)],
  env: createEnvironment(),
  stdout: stdio.stdout,
  stderr: stdio.stderr,
  exitCode: undefined,
  nextTick: timers.nextTick,
  hrtime,
  memoryUsage,

  cwd() {
    return native.cwd();
  },

  uptime() {
    return native.uptime();
  },

  exit(code) {
    if (code !== undefined) process.exitCode = code;
    const status = Number(process.exitCode ?? 0) || 0;
    if (!process._exiting) {
      Object.defineProperty(process, '_exiting', { value: true, configurable: true });
      process.emit('exit', status);
    }
    native.exit(Number(process.exitCode ?? 0) || 0);
  },

  emitWarning(warning, type, code) {
    let detail;
    if (type !== null && typeof type === 'object') ({ type, code, detail } = type);
    if (typeof type === 'function') type = undefined;
    if (typeof code === 'function') code = undefined;
    if (typeof warning === 'string') {
      warning = new Error(warning);
      warning.name = type ?? 'Warning';
      if (code !== undefined) warning.code = code;
      if (detail !== undefined) warning.detail = detail;
    } else if (!(warning instanceof Error)) {
      throw invalidArgument('warning', 'of type string or an instance of Error');
    }
    process.nextTick(() => {
      const label = warning.code ? `[${warning.code}] ` : '';
      const more = typeof warning.detail === 'string' ? `\n${warning.detail}` : '';
      process.stderr.write(`(node:${process.pid}) ${label}${warning.name}: ${warning.message}${more}\n`);
      process.emit('warning', warning);
    });
  },
});

// What asks or changes more of the system is loaded when it is called.
for (const name of ['abort', 'availableMemory', 'chdir', 'constrainedMemory', 'cpuUsage', 'getegid', 'geteuid', 'getgid', 'getgroups',
  'getuid', 'kill', 'resourceUsage', 'umask']) {
  const late = { [name]: (...args) => require('./process_system')[name](...args) };
  process[name] = late[name];
}

process.loadEnvFile = function loadEnvFile(path = '.env') {
  require('./file_arguments').pathOf(path, 'path');
  const found = require('./dotenv').parse(require('./node_fs').readFileSync(path, 'utf8'));
  for (const name in found) if (!(name in process.env)) process.env[name] = found[name];
};

Object.defineProperty(process, 'stdin', {
  get: () => require('./stdin').stdin,
  enumerable: true,
  configurable: true,
});

process.getBuiltinModule = function getBuiltinModule(id) {
  const { invalidType } = require('./arguments');
  if (typeof id !== 'string') throw invalidType('id', 'of type string', id);
  const builtins = require('./builtins');
  return builtins.isHere(id) ? builtins.find(id)() : undefined;
};

exports.process = process;
