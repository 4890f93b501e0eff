'use strict';

// Node's os.

const { readFileSync } = require('./node_fs');
const { needInt32 } = require('./arguments');
const { codes, describe, refusal } = require('./system_errors');

const os = native.part('os');
const signals = Object.fromEntries(os.signals().map(([name, number]) => [name, number]));

// Those the system has and Node has no constant for.
const { EHOSTDOWN, ENONET, EREMOTEIO, ESHUTDOWN, ESOCKTNOSUPPORT, EUNATCH, ...errno } = codes;

const priority = { PRIORITY_LOW: 19, PRIORITY_BELOW_NORMAL: 10, PRIORITY_NORMAL: 0, PRIORITY_ABOVE_NORMAL: -7, PRIORITY_HIGH: -14,
  PRIORITY_HIGHEST: -20 };

// What a call of the part gave, or a throw where it failed.
function checked(result, syscall) {
  if (typeof result === 'number' && result < 0)
    throw refusal('ERR_SYSTEM_ERROR', 'A system error occurred', { syscall, message: describe(-result), errno: result });
  return result;
}

function readLines(path) {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch { // without /proc
    return [];
  }
}

function cpus() {
  const models = readLines('/proc/cpuinfo').flatMap((line) => {
    const [, model] = /^(?:model name|Processor|cpu model)\s*:\s*(.*)/.exec(line) ?? [];
    return model ? [model] : [];
  });
  const rows = readLines('/proc/stat').filter((line) => /^cpu\d/.test(line));
  const tick = 10; // milliseconds: the kernel tells them in hundredths of a second
  return rows.map((row, i) => {
    const [user, nice, sys, idle, , irq] = row.split(/\s+/).slice(1).map((ticks) => Number(ticks) * tick);
    let speed = Number(readLines(`/sys/devices/system/cpu/cpu${i}/cpufreq/scaling_cur_freq`)[0] ?? 0) / 1000;
    if (!speed) speed = Math.trunc(Number(readLines('/proc/cpuinfo').filter((line) => /^cpu MHz/.test(line))[i]?.split(':')[1] ?? 0));
    return { model: models[i] ?? models[0] ?? 'unknown', speed: Math.trunc(speed), times: { user, nice, sys, idle, irq } };
  });
}

function freemem() {
  const line = readLines('/proc/meminfo').find((each) => each.startsWith('MemAvailable:'));
  return line ? Number(/\d+/.exec(line)[0]) * 1024 : os.machine().free;
}

// How many of its bits lead.
function prefixLength(mask) {
  const groups = mask.includes(':') ? expanded(mask) : mask.split('.').map(Number).map((byte) => byte.toString(2));
  return groups.join('').replaceAll('0', '').length;
}

// An IPv6 address's groups, in binary.
function expanded(address) {
  const [head, tail] = address.split('::');
  return [head, tail].flatMap((part) => (part ? part.split(':') : [])).map((group) => parseInt(group, 16).toString(2));
}

function networkInterfaces() {
  const found = {};
  for (const { name, address, netmask, mac, internal, scope } of checked(os.interfaces(), 'uv_interface_addresses')) {
    const isIPv6 = address.includes(':');
    found[name] ??= [];
    found[name].push({ address, netmask, family: isIPv6 ? 'IPv6' : 'IPv4', mac, internal, cidr: `${address}/${prefixLength(netmask)}`,
      ...(isIPv6 ? { scopeid: scope } : {}) });
  }
  return found;
}

function userInfo({ encoding } = {}) {
  const { name, home, shell, uid, gid } = checked(os.user(os.ids()[1]), 'uv_os_get_passwd');
  const told = (text) => (encoding === 'buffer' ? require('./buffer').Buffer.from(text) : text);
  return { uid, gid, username: told(name), homedir: told(home), shell: told(shell) };
}

function homedir() {
  const { HOME } = require('./process').process.env;
  return HOME || userInfo().homedir;
}

function tmpdir() {
  const { TMPDIR, TMP, TEMP } = require('./process').process.env;
  const path = TMPDIR || TMP || TEMP || '/tmp';
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function getPriority(pid = 0) {
  needInt32(pid, 'pid');
  const [error, value] = os.getPriority(pid);
  checked(-error, 'uv_os_getpriority');
  return value;
}

function setPriority(pid, value) {
  if (value === undefined) [pid, value] = [0, pid];
  needInt32(pid, 'pid');
  needInt32(value, 'priority', -20, 19);
  checked(os.setPriority(pid, value), 'uv_os_setpriority');
}

const uname = () => checked(os.uname(), 'uv_os_uname');

// Each can be used in a template, as in Node.
const simple = {
  arch: () => native.arch(),
  availableParallelism: () => os.processors(),
  endianness: () => 'LE',
  freemem,
  homedir,
  hostname: () => uname().nodename,
  machine: () => uname().machine,
  platform: () => 'linux',
  release: () => uname().release,
  tmpdir,
  totalmem: () => os.machine().total,
  type: () => uname().sysname,
  uptime: () => os.machine().uptime,
  version: () => uname().version,
};
for (const [name, get] of Object.entries(simple)) {
  Object.defineProperty(get, 'name', { value: name });
  if (name !== 'availableParallelism') get[Symbol.toPrimitive] = () => get();
}

module.exports = {
  ...simple,
  cpus,
  getPriority,
  loadavg: () => os.machine().loads,
  networkInterfaces,
  setPriority,
  userInfo,
  constants: Object.freeze({
    __proto__: null,
    UV_UDP_REUSEADDR: 4,
    dlopen: Object.freeze({ __proto__: null, RTLD_LAZY: 1, RTLD_NOW: 2, RTLD_GLOBAL: 256, RTLD_LOCAL: 0, RTLD_DEEPBIND: 8 }),
    errno: Object.freeze({ __proto__: null, ...errno }),
    signals: Object.freeze({ __proto__: null, ...signals }),
    priority: Object.freeze({ __proto__: null, ...priority }),
  }),
  EOL: '\n',
  devNull: '/dev/null',
};
