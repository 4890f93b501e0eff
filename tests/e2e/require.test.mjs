// require(): a probe is a module of an application; what it exports must be the same in the program and in Node.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { runnerTest } from './support/runner.mjs';

const modules = {
  'lib/value.js': "module.exports = { value: 'of value.js' };",
  'lib/named.js': "exports.one = 1;\nexports.two = () => 2;",
  'lib/function.js': "module.exports = function (x) { return `called with ${x}`; };",
  'lib/class.js': 'module.exports = class Thing { get kind() { return this.constructor.name; } };',
  'lib/data.json': '{ "list": [1, { "two": 2 }], "text": "é 😀" }',
  'lib/list.json': '[1, 2]',
  'lib/bom.json': '\ufeff{ "bom": true }',
  'lib/bom.js': "\ufeffmodule.exports = 'behind a byte order mark';",
  'lib/hashbang.js': "#!/usr/bin/env node\nmodule.exports = 'behind a hashbang';",
  'lib/strict.js': "'use strict';\nexports.strict = (function () { return this === undefined; })();",
  'lib/sloppy.js': 'exports.sloppy = (function () { return this === globalThis; })();',
  'lib/comment.js': 'exports.comment = 1; // at the very end',
  'lib/returns.js': "exports.before = true;\nif (exports.before) return;\nexports.after = true;",
  'lib/counter.js': 'let count = 0;\nexports.next = () => ++count;',
  'lib/dir/index.js': "exports.from = 'index.js';",
  'lib/jsondir/index.json': '{ "from": "index.json" }',
  'lib/package/package.json': '{ "main": "./src/main.js" }',
  'lib/package/src/main.js': "exports.from = 'main of package.json';",
  'lib/nodot/package.json': '{ "main": "entry" }',
  'lib/nodot/entry.js': "exports.from = 'main without a suffix';",
  'lib/maindir/package.json': '{ "main": "inner" }',
  'lib/maindir/inner/index.js': "exports.from = 'main that is a folder';",
  'lib/nomain/package.json': '{ "name": "nomain" }',
  'lib/nomain/index.js': "exports.from = 'index.js beside package.json';",
  'lib/badmain/package.json': '{ "main": "missing.js" }',
  'lib/badmain/index.js': "exports.from = 'index.js instead of a missing main';",
  'lib/both.js': "module.exports = 'both.js';",
  'lib/both.json': '"both.json"',
  'lib/both/index.js': "module.exports = 'both/index.js';",
  'lib/with.dots.js': "module.exports = 'with.dots.js';",
  'lib/ünï cödé.js': "module.exports = 'a name of more than ASCII';",
  'lib/up/down/deep.js': "module.exports = require('../../value').value;",
  'lib/cycle-a.js': "exports.early = 'a';\nconst b = require('./cycle-b');\nexports.late = `a saw ${Object.keys(b)}`;\nexports.b = b.sawOfA;",
  'lib/cycle-b.js': "const a = require('./cycle-a');\nexports.sawOfA = Object.keys(a);\nexports.done = true;",
  'lib/self.js': "exports.early = 1;\nexports.same = require('./self') === exports;",
  'lib/where.js': "const path = [__filename, __dirname];\nmodule.exports = { path, id: module.id, filename: module.filename, same: module.exports === exports, loaded: module.loaded, self: this === module.exports };\nmodule.exports.isThis = this === exports;",
  'lib/throws.js': "require('./counter');\nthrow new RangeError('while loading');",
  'lib/syntax.js': 'const x = ;',
  'lib/broken.json': '{ "a": }',
  'node_modules/plain/index.js': "module.exports = 'plain';",
  'node_modules/main/package.json': '{ "name": "main", "main": "lib/x.js" }',
  'node_modules/main/lib/x.js': "module.exports = { name: 'main', inner: require('./y'), plain: require('plain') };",
  'node_modules/main/lib/y.js': "module.exports = 'y';",
  'node_modules/main/other.js': "module.exports = 'a file of a package';",
  'node_modules/main/node_modules/plain/index.js': "module.exports = 'the plain of main';",
  'node_modules/single.js': "module.exports = 'a package of one file';",
  'node_modules/@scope/thing/package.json': '{ "main": "m.js" }',
  'node_modules/@scope/thing/m.js': "module.exports = 'scoped';",
  'node_modules/exported/package.json': '{ "main": "./old.js", "exports": { ".": { "import": "./esm.mjs", "require": "./new.js" }, "./sub": "./sub.js", "./files/*": "./files/*.js" } }',
  'node_modules/exported/old.js': "module.exports = 'main, though there are exports';",
  'node_modules/exported/new.js': "module.exports = 'by exports';",
  'node_modules/exported/sub.js': "module.exports = 'by a subpath';",
  'node_modules/exported/files/one.js': "module.exports = 'by a pattern';",
  'lib/node_modules/near/index.js': "module.exports = 'the nearest';",
  'node_modules/near/index.js': "module.exports = 'the farther';",
  'lib/up/aliased.js': "module.exports = require('@lib/value').value;",
  'lib/up/virtual.js': "module.exports = require('virtual:y');",
  'lib/asks-nothing.js': "require('nothing');",
  'lib/markup.js': 'module.exports = [<b>bold</b>];',
  'lib/words.list': 'one two',
  'lib/up/asks.js': "module.exports = [require('near'), require('plain')];",
};

/** Probes: each a module in lib/. `attempt` gives what an action throws. */
const attempt = `
const attempt = (action) => {
  try {
    return { returned: action() };
  } catch (error) {
    return { name: error.name, code: error.code, message: error.message.split('\\n')[0] };
  }
};
`;

const probes = {
  values: "module.exports = [require('./value'), require('./value.js'), require('./named').two(), require('./function')('x'), new (require('./class'))().kind];",
  json: "module.exports = [require('./data.json'), require('./data'), require('./list'), require('./bom.json'), require('./data') === require('./data.json')];",
  folders: "module.exports = ['dir', 'dir/', 'jsondir', 'package', 'nodot', 'maindir', 'nomain', 'badmain'].map((name) => require('./' + name).from);",
  whichFirst: "module.exports = [require('./both'), require('./both.json'), require('./both/'), require('./with.dots'), require('./ünï cödé')];",
  paths: "module.exports = [require('./up/down/deep'), require('../lib/value').value, require(`${__dirname}/value`).value, require('.//value').value, require('./up/../value').value, require('./up/down/../../value') === require('./value')];",
  fileForms: "module.exports = [require('./bom'), require('./hashbang'), require('./strict'), require('./sloppy'), require('./comment'), require('./returns')];",
  packages: "module.exports = [require('plain'), require('main'), require('main/other'), require('main/other.js'), require('single'), require('@scope/thing'), require('@scope/thing/m')];",
  packagesUpwards: "module.exports = [require('near'), require('./up/asks')];",
  packageExports: "module.exports = [require('exported'), require('exported/sub'), require('exported/files/one')];",
  once: "require('./counter').next();\nmodule.exports = [require('./counter').next(), require('./counter.js').next(), require('../lib/counter') === require('./counter')];",
  cycles: "module.exports = [require('./cycle-a'), require('./cycle-b'), require('./self')];",
  itself: "module.exports = require('./where');",
  here: "module.exports = { path: [__filename, __dirname], filename: module.filename, loaded: module.loaded, exportsIsThis: this === exports, args: arguments.length };",
  missing: `${attempt}module.exports = ['./nothing', '../nothing/at/all', 'no-such-package', 'main/nothing', '/no/such/file', './dir/nothing'].map((name) => {
  const { code, message } = attempt(() => require(name));
  return [code, message];
});`,
  oddArguments: `${attempt}module.exports = [undefined, null, 5, '', {}].map((name) => attempt(() => require(name)).name);`,
  throwing: `${attempt}module.exports = [attempt(() => require('./throws')), attempt(() => require('./throws')), attempt(() => require('./syntax')).name, attempt(() => require('./broken.json')).name];`,
  resolve: `${attempt}module.exports = ['./value', './value.js', './dir', './data', './package', 'plain', 'main', '@scope/thing', './both'].map((name) => require.resolve(name)).concat(attempt(() => require.resolve('./nothing')).code);`,
  cache: `const value = require('./value');
const key = require.resolve('./value');
const had = key in require.cache && require.cache[key].exports === value;
delete require.cache[key];
const again = require('./value');
require.cache[key].exports = 'replaced';
module.exports = { had, fresh: again !== value, replaced: require('./value'), keys: typeof require.cache, self: __filename in require.cache };`,
  main: 'module.exports = [typeof require.main, require.main === module];',
  exportsReplaced: "exports.lost = 1;\nmodule.exports = { kept: 2 };\nexports.lostToo = 3;",
  undefinedExport: "module.exports = [(() => { require.cache; return typeof require('./value'); })()];",
  lateRequire: "module.exports = [1, 2].map(() => { const { value } = require('./value'); return value; });",
  resolveAmong: `${attempt}module.exports = [require.resolve('near', { paths: [__dirname + '/up'] }), require.resolve('./value', { paths: ['/', __dirname] }), require.resolve('fs', { paths: [] }),
  attempt(() => require.resolve('near', { paths: ['/'] })), attempt(() => require.resolve('near', { paths: 'x' }))];`,
  resolvePaths: "module.exports = [require.resolve.paths('x').slice(0, 3), require.resolve.paths('./x'), require.resolve.paths('../x'), require.resolve.paths('fs'), require.resolve.paths('node:fs')];",
  modulePaths: "module.exports = [module.paths, require('module')._nodeModulePaths('/a/node_modules/b'), require('module')._nodeModulePaths('/')];",
  extensions: "module.exports = [Object.keys(require.extensions).slice(0, 3), require.extensions === require('module')._extensions, require.cache === require('module')._cache, module instanceof require('module'), module.constructor === require('module')];",
  requireStack: `const stack = (name) => { try { require(name); } catch ({ code, requireStack, message }) { return [code, requireStack, message]; } };
module.exports = [stack('./nothing'), stack('no-such-package'), stack('./asks-nothing')];`,
  wrap: "const Module = require('module');\nmodule.exports = [Module.wrap('x'), Module.wrapper, Array.isArray(Module.globalPaths), Module.Module === Module];",
  // As module-alias and tsconfig-paths do it.
  patchedResolve: `const Module = require('module');
const { _resolveFilename } = Module;
Module._resolveFilename = function (request, parent, isMain, options) {
  return _resolveFilename.call(this, request.replace('@lib', __dirname), parent, isMain, options);
};
try {
  module.exports = [require('@lib/value'), require.resolve('@lib/value'), require('./up/aliased')];
} finally {
  Module._resolveFilename = _resolveFilename;
}`,
  // As mocks do it.
  patchedLoad: `const Module = require('module');
const { _load } = Module;
const asked = [];
Module._load = function (request, parent, isMain) {
  asked.push([request, parent === module, isMain]);
  return request === 'stub' ? 'stubbed' : _load.apply(this, arguments);
};
try {
  module.exports = [require('stub'), require('./up/down/deep'), typeof require('fs').readFile, asked, Module._load('./value', module)];
} finally {
  Module._load = _load;
}`,
  patchedRequire: `const Module = require('module');
const { require: before } = Module.prototype;
Module.prototype.require = function (request) {
  return request.startsWith('virtual:') ? [request, this === module] : before.call(this, request);
};
try {
  module.exports = [require('virtual:x'), require('./up/virtual')];
} finally {
  Module.prototype.require = before;
}`,
  // As proxyquire does it: the loader of a file is wrapped, and gives its module a require of its own.
  patchedLoader: `const before = require.extensions['.js'];
require.extensions['.js'] = (module, filename) => {
  module.require = (request) => request === 'plain' ? 'not plain' : require('module')._load(request, module);
  before(module, filename);
};
delete require.cache[require.resolve('./up/asks')];
try {
  module.exports = require('./up/asks');
} finally {
  require.extensions['.js'] = before;
  delete require.cache[require.resolve('./up/asks')];
}`,
  // As compilers hook in.
  patchedCompile: `const before = require.extensions['.js'];
require.extensions['.js'] = (module, filename) => {
  const compile = module._compile;
  module._compile = (text, name) => {
    module._compile = compile;
    return module._compile(text.replace('<b>bold</b>', '"bold"'), name);
  };
  before(module, filename);
};
try {
  module.exports = require('./markup');
} finally {
  require.extensions['.js'] = before;
}`,
  newEnding: `require.extensions['.list'] = (module, filename) => {
  module.exports = require('fs').readFileSync(filename, 'utf8').split(' ');
};
try {
  module.exports = [require('./words'), require('./words.list'), require.resolve('./words')];
} finally {
  delete require.extensions['.list'];
}`,
  fromText: `const Module = require('module');
const made = new Module(__dirname + '/made.js', module);
made.filename = made.id;
made.paths = Module._nodeModulePaths(__dirname);
const result = made._compile("exports.near = require('near'); exports.value = require('./value'); exports.where = [__filename, __dirname, module.id];", made.filename);
module.exports = [made.exports, made.loaded, result === undefined];`,
  fromElsewhere: `const Module = require('module');
const from = (directory) => ({ id: directory + '/noop.js', filename: directory + '/noop.js', paths: Module._nodeModulePaths(directory) });
module.exports = [Module._resolveFilename('near', from(__dirname)), Module._resolveFilename('near', from(require('path').dirname(__dirname))), Module._findPath('near', module.paths), Module._findPath('nothing', module.paths)];`,
  addedFolder: `module.paths.unshift(__dirname + '/up');
module.exports = [require('down/deep'), require.resolve('asks')];`,
  nodePath: `process.env.NODE_PATH = __dirname + '/up';
require('module')._initPaths();
try {
  module.exports = [require('down/deep'), require('module').globalPaths[0]];
} finally {
  delete process.env.NODE_PATH;
  require('module')._initPaths();
}`,
  mockedBuiltin: `require.cache.os = { exports: 'mocked' };
try {
  module.exports = [require('os'), typeof require('node:os').cpus];
} finally {
  delete require.cache.os;
}`,
  children: "require('./value');\nrequire('./value');\nrequire('./up/down/deep');\nmodule.exports = [module.children.map(({ id }) => id), module.children[1].children.length];",
  builtInConfigurapi: "const configurapi = require('configurapi');\nmodule.exports = [Object.keys(configurapi).sort(), configurapi === require('configurapi'), new configurapi.Response('b').body, new configurapi.ErrorResponse('m', 400) instanceof configurapi.Response, configurapi.ErrorResponse.isErrorResponse(new configurapi.ErrorResponse('m'))];",
};

const files = { ...modules };
for (const [name, source] of Object.entries(probes)) files[`lib/probe-${name}.js`] = source;

const app = {
  routes: { probe: 'probeHandler' },
  handlers: {
    probeHandler(event) {
      event.response = new Response(require(`../lib/probe-${event.params.name}`));
    },
  },
  files,
};

/** The same in Node. configurapi is found among the tests' own modules. */
function inNode(directory, name) {
  const require = createRequire(path.join(directory, 'handlers/app.js'));
  const cacheBefore = new Set(Object.keys(require.cache));
  try {
    return JSON.parse(JSON.stringify(require(`../lib/probe-${name}`)));
  } finally {
    for (const key of Object.keys(require.cache)) if (!cacheBefore.has(key)) delete require.cache[key];
  }
}

/** Answers that differ between the two for good reason, made equal. */
function comparable(name, value) {
  // Node runs a test here, the program has no main module of JavaScript.
  if (name === 'main') return value[1];
  return value;
}

for (const name of Object.keys(probes)) {
  const skip = name === 'builtInConfigurapi';
  runnerTest(`require: ${name}`, app, async (runner, directory) => {
    const { statusCode, body } = await runner.ask({ name: 'probe', params: { name } });
    assert.equal(statusCode, 200, JSON.stringify(body, null, 2));
    if (skip) {
      assert.deepEqual(body, [['Config', 'ErrorResponse', 'Event', 'Identity', 'LogLevel', 'Request', 'Response', 'Result', 'Service'], true, 'b', true, true]);
      return;
    }
    assert.deepEqual(comparable(name, body), comparable(name, inNode(directory, name)), 'the program (actual) and Node (expected) differ');
  });
}

runnerTest("require: Node's modules that are not here say so, who asked, and what to do", {
  routes: { absent: 'absentHandler' },
  handlers: {
    absentHandler(event) {
      event.response = new Response(event.payload.map((name) => {
        try {
          require(name);
          return 'there';
        } catch (error) {
          return [error.code, ...error.message.split('\n')];
        }
      }));
    },
  },
}, async (runner, directory) => {
  const { body } = await runner.ask({ name: 'absent', payload: ['net', 'node:http', 'child_process', 'node:nothing', 'worker_threads'] });
  const who = ['Require stack:', `- ${path.join(directory, 'handlers/app.js')}`];
  assert.deepEqual(body, [
    ['MODULE_NOT_FOUND', `Cannot find module 'net': Node's module "net" is not available here: for HTTP requests use the global fetch(); for other protocols, a handler that needs it can only run in Node itself.`, ...who],
    ['MODULE_NOT_FOUND', `Cannot find module 'node:http': Node's module "http" is not available here: for HTTP requests use the global fetch().`, ...who],
    ['MODULE_NOT_FOUND', `Cannot find module 'child_process': Node's module "child_process" is not available here: a handler that needs it can only run in Node itself.`, ...who],
    ['MODULE_NOT_FOUND', `Cannot find module 'node:nothing': Node has no module "nothing".`, ...who],
    ['MODULE_NOT_FOUND', `Cannot find module 'worker_threads': Node's module "worker_threads" is not available here: start the runner with --workers instead; MessageChannel is a global.`, ...who],
  ]);
});

runnerTest("require: a package of a built-in module's name is found where there is one", {
  routes: { own: 'ownHandler' },
  handlers: {
    ownHandler(event) {
      event.response = new Response([require('zlib'), typeof require('util').inspect]);
    },
  },
  files: { 'node_modules/zlib/index.js': "module.exports = 'a port of it';", 'node_modules/util/index.js': 'module.exports = {};' },
}, async (runner) => {
  assert.deepEqual((await runner.ask({ name: 'own' })).body, ['a port of it', 'function']);
});

runnerTest('require: relative to the file, whatever the working directory', {
  routes: {},
  args: ['-f', 'app/config.yaml'],
  files: {
    'config.yaml': null,
    'handlers/app.js': null,
    'app/config.yaml': JSON.stringify({ import: ['./main'], api: { events: [{ name: 'where', policies: ['whereHandler'] }] } }),
    'app/main.js': "const { word } = require('./lib/word');\nexports.whereHandler = (event) => { event.response.body = [word, process.cwd(), __dirname]; };",
    'app/lib/word.js': "exports.word = 'found';",
  },
}, async (runner, directory) => {
  assert.deepEqual((await runner.ask({ name: 'where' })).body, ['found', directory, path.join(directory, 'app')]);
});

runnerTest('require: a symbolic link is the file it leads to', {
  ...app,
  routes: { link: 'linkHandler' },
  handlers: {
    linkHandler(event) {
      const fs = '../lib/link';
      event.response = new Response([require(fs) === require('../lib/counter'), require.resolve(fs) === require.resolve('../lib/counter')]);
    },
  },
}, async (runner, directory) => {
  const { symlinkSync } = await import('node:fs');
  symlinkSync('counter.js', path.join(directory, 'lib/link.js'));
  assert.deepEqual((await runner.ask({ name: 'link' })).body, [true, true]);
});
