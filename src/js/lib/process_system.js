'use strict';

// What process has to do with the system: who it runs as, what it uses, where it stands.

const { coded, invalidType, invalidValue, needString, needUint32, outOfRange } = require('./arguments');
const { describe, systemError } = require('./system_errors');

const os = native.part('os');
const signals = new Map(os.signals().map(([name, number]) => [name, number]));

exports.getuid = () => os.ids()[0];
exports.geteuid = () => os.ids()[1];
exports.getgid = () => os.ids()[2];
exports.getegid = () => os.ids()[3];
exports.getgroups = () => {
  const groups = os.groups();
  const own = exports.getegid();
  return groups.includes(own) ? groups : [...groups, own];
};

exports.chdir = (directory) => {
  needString(directory, 'directory');
  if (directory.includes('\0')) throw invalidValue('directory', directory, 'must be a string without null bytes');
  const before = native.cwd();
  const result = os.chdir(directory);
  if (result < 0) throw systemError(-result, 'chdir', before, directory);
};

exports.umask = (mask) => {
  if (mask === undefined) return os.umask(undefined);
  if (typeof mask === 'string') {
    if (!/^[0-7]+$/.test(mask)) throw invalidValue('mask', mask, 'must be a 32-bit unsigned integer or an octal string');
    mask = parseInt(mask, 8);
  }
  needUint32(mask, 'mask');
  return os.umask(mask & 0o777);
};

exports.kill = (pid, signal = 'SIGTERM') => {
  if (pid != (pid | 0)) throw invalidType('pid', 'of type number', pid);
  const number = typeof signal === 'number' ? signal : signals.get(signal);
  if (number === undefined) throw coded(TypeError, 'ERR_UNKNOWN_SIGNAL', `Unknown signal: ${signal}`);
  const result = os.kill(pid | 0, number);
  if (result < 0) {
    const [code] = describe(-result);
    throw Object.assign(new Error(`kill ${code}`), { errno: result, code, syscall: 'kill' });
  }
  return true;
};

exports.abort = () => exports.kill(native.pid(), 'SIGABRT');

exports.resourceUsage = () => os.resourceUsage();

exports.cpuUsage = (before) => {
  const { userCPUTime: user, systemCPUTime: system } = os.resourceUsage();
  if (!before) return { user, system };
  for (const name of ['user', 'system']) {
    const value = before[name];
    if (typeof value !== 'number') throw invalidType(`prevValue.${name}`, 'of type number', value);
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) throw outOfRange(`prevValue.${name}`, `>= 0 && <= ${2 ** 53}`, value);
  }
  return { user: user - before.user, system: system - before.system };
};

exports.availableMemory = () => require('./node_os').freemem();
exports.constrainedMemory = () => 0; // the system sets the process no limit that it knows of
