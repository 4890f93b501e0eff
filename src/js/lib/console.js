'use strict';

// console, printing as Node does where its output is no terminal. What is more than strings and numbers goes to the
// port of Node's inspect, loaded when first needed.

const stdio = require('./stdio');

const MOST_INDENTATION = 1000;
const CLEAR = '\u001b[1;1H\u001b[0J';

const inspector = () => require('./inspector');

// The arguments as one text, or undefined where some need to be inspected.
function plain(args) {
  if (args.length > 1 && typeof args[0] === 'string' && args[0].includes('%')) return undefined;
  let text = '';
  for (let i = 0; i < args.length; i++) {
    const value = args[i];
    if (i > 0) text += ' ';
    if (typeof value === 'string') text += value;
    else if (typeof value === 'number') text += Object.is(value, -0) ? '-0' : value;
    else if (typeof value === 'boolean' || value === undefined || value === null) text += value;
    else return undefined;
  }
  return text;
}

function duration(ms) {
  if (ms < 1000) return `${Number(ms.toFixed(3))}ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(3)}s`;
  const pad = (value, width) => String(value).padStart(width, '0');
  const seconds = pad((ms % 60000 / 1000).toFixed(3), 6);
  const hours = Math.floor(ms / 3600000);
  const minutes = Math.floor(ms % 3600000 / 60000);
  return hours ? `${hours}:${pad(minutes, 2)}:${seconds} (h:mm:ss.mmm)` : `${minutes}:${seconds} (m:ss.mmm)`;
}

function warn(message) {
  require('./process').process.emitWarning(message);
}

// A table's cells: columns of texts under headings, framed.
function drawTable(headings, rows) {
  const { getStringWidth } = inspector();
  const widths = headings.map((heading, i) => Math.max(...[heading, ...rows.map((row) => row[i])].map((cell) => getStringWidth(cell))) + 2);
  const line = (left, middle, right) => left + widths.map((width) => '─'.repeat(width)).join(middle) + right;
  const row = (cells) => `│${cells.map((cell, i) => ` ${cell}${' '.repeat(widths[i] - getStringWidth(cell) - 1)}`).join('│')}│`;
  return [line('┌', '┬', '┐'), row(headings), line('├', '┼', '┤'), ...rows.map(row), line('└', '┴', '┘')].join('\n');
}

const isPrimitive = (value) => value === null || (typeof value !== 'object' && typeof value !== 'function');

// What a table of `data` has in its rows: pairs of index and value.
function tableRows(data) {
  if (data instanceof Map) return { index: '(iteration index)', pairs: [...data].map(([key, value], i) => [String(i), value, key]) };
  if (data instanceof Set) return { index: '(iteration index)', pairs: [...data].map((value, i) => [String(i), value]) };
  return { index: '(index)', pairs: Object.keys(data).map((key) => [key, data[key]]) };
}

// A console that writes to these two.
function createConsole({ stdout, stderr = stdout, ignoreErrors = true, inspectOptions, groupIndentation = 2 }) {
  let indentation = '';
  const counts = new Map();
  const timers = new Map();

  function format(args) {
    if (!inspectOptions) return plain(args) ?? inspector().format(...args);
    return inspector().formatWithOptions(inspectOptions, ...args);
  }

  function print(stream, text) {
    if (indentation) text = indentation + text.replaceAll('\n', `\n${indentation}`);
    if (!ignoreErrors) {
      stream.write(`${text}\n`);
      return;
    }
    try {
      stream.write(`${text}\n`);
    } catch { // nobody is to hear of it
    }
  }

  function elapsed(label, method) {
    label = `${label}`;
    const begun = timers.get(label);
    if (begun === undefined) {
      warn(`No such label '${label}' for console.${method}()`);
      return undefined;
    }
    return `${label}: ${duration(native.now() - begun)}`;
  }

  function table(data, properties) {
    if (properties !== undefined && !Array.isArray(properties)) {
      throw Object.assign(new TypeError('The "properties" argument must be an instance of Array.'), { code: 'ERR_INVALID_ARG_TYPE' });
    }
    if (isPrimitive(data)) return log(data);
    const { inspect } = inspector();
    const show = (value) => inspect(value, {
      maxArrayLength: 3,
      depth: !isPrimitive(value) && !Array.isArray(value) && Object.keys(value).length > 2 ? -1 : 0,
      breakLength: Infinity,
    });
    const { index, pairs } = tableRows(data);
    const isMap = data instanceof Map;
    const columns = new Set(isMap ? [] : properties);
    let hasValues = isMap;
    for (const [, value] of pairs) {
      if (isMap) continue;
      if (isPrimitive(value)) hasValues = true;
      else if (!properties) for (const key of Object.keys(value)) columns.add(key);
    }
    const names = [...columns];
    const headings = [index, ...(isMap ? ['Key'] : []), ...names, ...(hasValues ? ['Values'] : [])];
    const rows = pairs.map(([key, value, mapKey]) => [
      key,
      ...(isMap ? [show(mapKey)] : []),
      ...names.map((name) => (!isPrimitive(value) && Object.hasOwn(value, name) ? show(value[name]) : '')),
      ...(hasValues ? [isMap || isPrimitive(value) ? show(value) : ''] : []),
    ]);
    return print(stdout, drawTable(headings, rows));
  }

  function log(...args) {
    print(stdout, format(args));
  }

  function warning(...args) {
    print(stderr, format(args));
  }

  function group(...label) {
    if (label.length > 0) log(...label);
    if (indentation.length < MOST_INDENTATION) indentation += ' '.repeat(groupIndentation);
  }

  return {
    log,
    warn: warning,
    error: warning,
    info: log,
    debug: log,
    dirxml: log,
    table,
    group,
    groupCollapsed: group,

    dir(value, options) {
      print(stdout, inspector().inspect(value, { customInspect: value instanceof Error, ...inspectOptions, ...options }));
    },

    trace(...args) {
      const error = new Error(args.length > 0 ? format(args) : '');
      error.name = 'Trace';
      print(stderr, require('./stack').format(error));
    },

    assert(condition, ...args) {
      if (condition) return;
      warning(args.length > 0 ? `Assertion failed: ${args[0]}` : 'Assertion failed', ...args.slice(1));
    },

    clear() {
      if (stdout.isTTY && require('./process').process.env.TERM !== 'dumb') stdout.write(CLEAR);
    },

    // For a debugger, which is never there.
    timeStamp() {},
    profile() {},
    profileEnd() {},

    groupEnd() {
      indentation = indentation.slice(groupIndentation);
    },

    count(label = 'default') {
      label = `${label}`;
      counts.set(label, (counts.get(label) ?? 0) + 1);
      log(`${label}: ${counts.get(label)}`);
    },

    countReset(label = 'default') {
      if (!counts.delete(`${label}`)) warn(`Count for '${label}' does not exist`);
    },

    time(label = 'default') {
      label = `${label}`;
      if (timers.has(label)) warn(`Label '${label}' already exists for console.time()`);
      else timers.set(label, native.now());
    },

    timeEnd(label = 'default') {
      const text = elapsed(label, 'timeEnd');
      if (text !== undefined) log(text);
      timers.delete(`${label}`);
    },

    timeLog(label = 'default', ...args) {
      const text = elapsed(label, 'timeLog');
      if (text !== undefined) log(text, ...args);
    },
  };
}

function Console(options, stderr, ignoreErrors) {
  if (!new.target) return new Console(options, stderr, ignoreErrors);
  const { coded, invalidType, needObject, outOfRange } = require('./arguments');
  if (!options || typeof options.write === 'function') options = { stdout: options, stderr, ignoreErrors };
  for (const name of ['stdout', 'stderr']) {
    const stream = name === 'stdout' ? options.stdout : options.stderr ?? options.stdout;
    if (typeof stream?.write !== 'function')
      throw coded(TypeError, 'ERR_CONSOLE_WRITABLE_STREAM', `Console expects a writable stream instance for ${name}`);
  }
  const { colorMode = 'auto', groupIndentation, inspectOptions } = options;
  if (!['auto', true, false].includes(colorMode)) {
    throw coded(TypeError, 'ERR_INVALID_ARG_VALUE',
      `The argument 'colorMode' must be one of: 'auto', true, false. Received ${inspector().inspect(colorMode)}`);
  }
  if (groupIndentation !== undefined) {
    if (typeof groupIndentation !== 'number') throw invalidType('groupIndentation', 'of type number', groupIndentation);
    if (!(groupIndentation >= 0 && groupIndentation <= MOST_INDENTATION))
      throw outOfRange('groupIndentation', `>= 0 && <= ${MOST_INDENTATION}`, groupIndentation);
  }
  if (inspectOptions !== undefined) needObject(inspectOptions, 'options.inspectOptions');
  const shown = colorMode === true ? { ...inspectOptions, colors: true } : inspectOptions;
  Object.assign(this, createConsole({ ...options, inspectOptions: shown }));
  return this;
}

exports.console = createConsole({ stdout: stdio.stdout, stderr: stdio.stderr, ignoreErrors: false });
exports.console.Console = Console;
Object.defineProperty(Console, Symbol.hasInstance, {
  value: (value) => value === exports.console || Function.prototype[Symbol.hasInstance].call(Console, value),
});
Object.defineProperty(exports.console, Symbol.toStringTag, { value: 'console', configurable: true });
