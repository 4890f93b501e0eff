'use strict';

// `import(…)` in code that is made of texts while a program runs, by `eval` or one of the constructors of functions. What it
// imports is looked for from the file that made it.

const { renameIn } = require('./compile');
const { parse } = require('./frames');

const NAME_DIGITS = 4; // with `$i` as long as the word, so that all else stays where it was

const names = new Map(); // path -> those of global functions that import for it
let last = 0;

const importer = (path) => (specifier) => require('./esm').importDynamically(specifier, path);

// A global function, for code that sees nothing else; nothing in `text` has its name.
function globalName(path, text) {
  if (!names.has(path)) names.set(path, []);
  const known = names.get(path);
  const free = known.find((each) => !text.includes(each));
  if (free) return free;
  let name;
  do name = `$i${String(++last).padStart(NAME_DIGITS, '0')}`; while (text.includes(name));
  Object.defineProperty(globalThis, name, { value: importer(path), writable: true, enumerable: false, configurable: true });
  known.push(name);
  return name;
}

// The file of the script that called: the first in the stack that is not ours.
function callerPath() {
  const frame = parse(`${new (require('./errors').Native)().stack}`.split('\n')).find((each) => each?.file);
  const path = frame?.file.startsWith('file:') ? require('./paths').fromUrl(frame.file)?.path : frame?.file;
  return path ?? `${native.cwd()}/noop.js`;
}

const HEADS = {
  Function: 'function',
  AsyncFunction: 'async function',
  GeneratorFunction: 'function*',
  AsyncGeneratorFunction: 'async function*',
};

// The arguments of a constructor of functions.
exports.parametersAndBody = (maker, args) => {
  const texts = args.map((each) => `${each}`);
  const body = texts.pop();
  const parameters = texts.join(',');
  const head = `(${HEADS[maker]} anonymous(`;
  const middle = '\n) {\n';
  const whole = `${head}${parameters}${middle}${body}\n})`;
  const renamed = renameIn(whole, () => globalName(callerPath(), whole));
  const bodyStart = head.length + parameters.length + middle.length;
  return [renamed.slice(head.length, head.length + parameters.length), renamed.slice(bodyStart, bodyStart + body.length)];
};

// What is handed to `eval` where it stands by that name: it sees what the file sees, `name` among it.
exports.evaluated = (code, name) => (typeof code === 'string' && code.includes('import') ? renameIn(code, () => name) : code);

// What is handed to an `eval` that sees only what is global.
exports.evaluatedGlobally = (code, path) =>
  (typeof code === 'string' && code.includes('import') ? renameIn(code, () => globalName(path, code)) : code);

// What a file's `import(…)` calls; `name` is how the file calls this.
exports.importerFor = (path, name) => Object.assign(importer(path), {
  inEval: (code) => exports.evaluated(code, name),
  inGlobalEval: (code) => exports.evaluatedGlobally(code, path),
});
