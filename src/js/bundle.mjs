// node bundle.mjs NPM_DIR OUT_DIR: makes OUT_DIR/vendor_<name>.js, one for each port taken from npm, out of the
// packages installed in NPM_DIR; and OUT_DIR/licenses.txt, the licenses of what went into them.
//
// A bundle is an internal module as those in lib/ are: it runs inside
// `(function (exports, require, module, native) { … })`, on first use.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [npmDir, outDir] = process.argv.slice(2).map((path) => resolve(path));
const { build } = createRequire(join(npmDir, 'package.json'))('esbuild');

const ports = {
  assert: `
    module.exports = require('assert/build/assert.js');
    Object.defineProperty(module.exports, 'isDeepStrictEqual', {
      value: require('assert/build/internal/util/comparisons.js').isDeepStrictEqual,
    });`,
  blob: `
    export { Blob } from 'fetch-blob';
    export { File } from 'fetch-blob/file.js';`,
  buffer: `module.exports = require('buffer/index.js');`,
  diagnostics_channel: `module.exports = require('dc-polyfill');`,
  event_target: `export * from 'event-target-shim';`,
  events: `module.exports = require('events/events.js');`,
  fetch: `
    const { fetch } = require('undici/lib/web/fetch/index.js');
    const { FormData } = require('undici/lib/web/fetch/formdata.js');
    const { Headers } = require('undici/lib/web/fetch/headers.js');
    const { Request } = require('undici/lib/web/fetch/request.js');
    const { Response } = require('undici/lib/web/fetch/response.js');
    module.exports = { fetch, FormData, Headers, Request, Response };`,
  inflection: `module.exports = require('inflection');`,
  inspect: `module.exports = require('node-inspect-extracted');`,
  legacy_url: `export { parse, format, resolve, resolveObject, Url, fileURLToPath, pathToFileURL, urlToHttpOptions } from 'unenv/node/url';`,
  parse_args: `module.exports = require('@pkgjs/parseargs');`,
  path: `export { posix, win32 } from 'path-unified';`,
  punycode: `module.exports = require('punycode/punycode.js');`,
  querystring: `export { decode, encode, escape, parse, stringify, unescape, unescapeBuffer } from 'unenv/node/querystring';`,
  stream: `module.exports = require('readable-stream/lib/stream.js');`,
  string_decoder: `module.exports = require('string_decoder/lib/string_decoder.js');`,
  lexer: `export { parse } from './node_modules/cjs-module-lexer/lexer.js';`,
  source_map: `export { decode } from '@jridgewell/sourcemap-codec';`,
  structured_clone: `
    import 'core-js/modules/web.dom-exception.constructor.js';
    import 'core-js/modules/web.dom-exception.stack.js';
    import 'core-js/modules/web.dom-exception.to-string-tag.js';
    import 'core-js/modules/web.structured-clone.js';
    export const { structuredClone, DOMException } = globalThis;`,
  syntax: `
    export { getLineInfo, parse } from 'acorn';
    export { analyze } from 'eslint-scope';`,
  text_decoder: `export { TextDecoder } from '@exodus/bytes/encoding.js';`,
  typescript: `export { transpileModule } from 'typescript';`,
  tr46: `module.exports = require('./node_modules/tr46');`,
  url: `module.exports = require('whatwg-url');`,
  util_types: `module.exports = require('util/support/types.js');`,
  web_streams: `export * from 'web-streams-polyfill';`,
};

// What a port is to know of the world around it, where that is not what a browser has.
const surroundings = {
  path: {
    define: { window: 'undefined' },
    banner: { js: `const process = { platform: 'linux', env: {}, cwd: () => native.cwd() };` },
  },
  // What it makes up for in Node's own module is all missing here.
  diagnostics_channel: { define: { 'process.versions.node': '"14.0.0"' } },
  // It would have its classes derive from the platform's, which are these.
  event_target: {
    define: { global: 'around', globalThis: 'around' },
    banner: { js: `const around = { get DOMException() { return globalThis.DOMException; } };` },
  },
  // It prints its warnings by itself.
  events: {
    define: { console: 'warnings' },
    banner: { js: `const warnings = { warn: (warning) => require('./process').process.emitWarning(warning) };` },
  },
  // It prints its warnings by itself, and one more than Node 20, in words of its own.
  legacy_url: {
    define: { console: 'warnings' },
    banner: {
      js: `const warnings = {
        warn(text) {
          const [, code, message] = /(DEP\\d+): (.*)/.exec(text);
          if (code !== 'DEP0169') require('./process').process.emitWarning(message, 'DeprecationWarning', code);
        },
      };`,
    },
  },
  // As it is in Node, it says so to servers. The times of its requests are nobody's here.
  fetch: {
    define: { __UNDICI_IS_NODE__: 'true' },
    banner: { js: `const performance = { now: () => globalThis.performance.now(), markResourceTiming() {} };` },
  },
  // It puts what it makes into the global object, unless that has one: it gets a global object of its own. The world's
  // MessageChannel and PerformanceMark are made with it, not the other way round. And it takes apart the stacks of the engine's
  // own errors.
  structured_clone: {
    define: { global: 'around', globalThis: 'around' },
    banner: {
      js: `const around = Object.create(globalThis, Object.fromEntries(Object.entries(
        { structuredClone: undefined, DOMException: undefined, MessageChannel: undefined, PerformanceMark: undefined,
          Error: require('./errors').Native }).map(
        ([name, value]) => [name, { value, writable: true, configurable: true }])));`,
    },
  },
  // It reads and writes no files here: told that it is not in Node, it asks for none of its modules.
  typescript: {
    minifyIdentifiers: true,
    external: ['fs', 'path', 'os', 'inspector', 'perf_hooks', 'crypto', 'source-map-support'],
    banner: { js: 'var process;' },
  },
  // It looks for the platform's own decoders to use, and it is what stands behind them.
  text_decoder: {
    mainFields: ['module', 'main'],
    conditions: ['react-native', 'import', 'default'],
    define: { globalThis: 'nothing' },
    banner: { js: 'const nothing = {};' },
  },
  // It reads accessors off a class the engine does not have.
  url: {
    banner: {
      js: `const SharedArrayBuffer = globalThis.SharedArrayBuffer ?? class {
        get byteLength() { throw new TypeError('Not a SharedArrayBuffer'); }
        get growable() { throw new TypeError('Not a SharedArrayBuffer'); }
      };`,
    },
  },
};

// The tables for international domain names are four times the rest of the URL port, and hardly ever needed: for plain
// names the URL standard itself says what comes out (https://url.spec.whatwg.org/#concept-domain-to-ascii).
const lateTr46 = {
  name: 'late-tr46',
  setup(setup) {
    setup.onResolve({ filter: /^tr46$/ }, ({ path, kind }) =>
      kind === 'require-call' ? { path, namespace: 'late' } : undefined);
    setup.onLoad({ filter: /.*/, namespace: 'late' }, () => ({
      contents: `
        exports.toASCII = (domain, options) =>
          !options.useSTD3ASCIIRules && !/[^\\0-\\x7f]|(^|\\.)xn--/i.test(domain)
            ? domain.toLowerCase()
            : require('./vendor_tr46').toASCII(domain, options);
        exports.toUnicode = (...all) => require('./vendor_tr46').toUnicode(...all);`,
    }));
    setup.onResolve({ filter: /^\.\/vendor_/ }, ({ path }) => ({ path, external: true }));
  },
};

// The port of path complains of its arguments without Node's codes: arguments.js has them.
const ownComplaints = {
  name: 'own-complaints',
  setup(setup) {
    setup.onResolve({ filter: /^\.\/validators\.js$/ }, ({ path, importer }) =>
      /\/path-unified\//.test(importer) ? { path, namespace: 'complaints' } : undefined);
    setup.onLoad({ filter: /.*/, namespace: 'complaints' }, () => ({
      contents: `export const { needString: validateString, needObject: validateObject } = require('./arguments');`,
    }));
    setup.onResolve({ filter: /^\.\/arguments$/ }, ({ path }) => ({ path, external: true }));
  },
};

// Modules of Node's that ports ask for, as the world has them.
const ownModules = {
  'abort-controller': `module.exports = globalThis;`,
  assert: `module.exports = require('./node_assert');`,
  async_hooks: `module.exports = require('./node_async_hooks');`,
  buffer: `
    module.exports = require('./buffer');
    module.exports.resolveObjectURL = (url) => require('./object_urls').resolve(url);
    for (const name of ['Blob', 'File'])
      Object.defineProperty(module.exports, name, { get: () => globalThis[name], enumerable: true, configurable: true });`,
  // What it is for may do without.
  crypto: `
    const make = require('./builtins').find('crypto');
    if (!make) throw new Error('no crypto');
    module.exports = make();`,
  diagnostics_channel: `module.exports = require('./node_diagnostics_channel');`,
  events: `module.exports = require('./node_events');`,
  path: `const { resolvePath: resolve } = require('./node_url'); module.exports = { sep: '/', resolve, posix: { resolve } };`,
  process: `module.exports = require('./process').process;`,
  punycode: `module.exports = require('./node_punycode');`,
  querystring: `module.exports = require('./node_querystring');`,
  stream: `module.exports = require('./node_stream');`,
  string_decoder: `module.exports = require('./node_string_decoder');`,
  util: `module.exports = require('./node_util');`,
  'util/types': `module.exports = require('./node_util').types;`,
};
const builtIns = {
  name: 'built-ins',
  setup(setup) {
    setup.onResolve({ filter: /./ }, ({ path }) => {
      const name = path.replace(/^node:/, '').replace(/\/$/, '');
      return Object.hasOwn(ownModules, name) ? { path: name, namespace: 'own' } : undefined;
    });
    setup.onLoad({ filter: /./, namespace: 'own' }, ({ path }) => ({ contents: ownModules[path] }));
    setup.onResolve({ filter: /^\.\//, namespace: 'own' }, ({ path }) => ({ path, external: true }));
  },
};

// Node's own fetch without the HTTP client it stands on: that is ours, which has decompressed what it hands over, and
// knows neither sockets nor workers.
const overOurClient = {
  name: 'over-our-client',
  setup(setup) {
    const files = {
      'node:http': `module.exports = { IncomingMessage: class {}, STATUS_CODES: {} };`,
      'node:net': `module.exports = { isIP: () => 0 };`,
      'node:perf_hooks': `module.exports = { performance };`,
      'node:worker_threads': `module.exports = { markAsUncloneable() {} };`,
      'node:zlib': `
        const decoded = () => new (require('./node_stream').PassThrough)();
        module.exports = {
          constants: {}, createGunzip: decoded, createInflate: decoded, createInflateRaw: decoded, createBrotliDecompress: decoded,
        };`,
      '../../global': `exports.getGlobalDispatcher = () => require('./fetch_dispatcher');`,
    };
    setup.onResolve({ filter: /./ }, ({ path, importer }) =>
      /node_modules\/undici\//.test(importer) && Object.hasOwn(files, path) ? { path, namespace: 'client' } : undefined);
    setup.onLoad({ filter: /./, namespace: 'client' }, ({ path }) => ({ contents: files[path] }));
    setup.onResolve({ filter: /^\.\//, namespace: 'client' }, ({ path }) => ({ path, external: true }));
  },
};

// Its errors have neither codes nor Node's words.
const nodesErrors = {
  name: 'nodes-errors',
  setup(setup) {
    setup.onLoad({ filter: /unenv\/dist\/runtime\/node\/internal\/url\/errors\.mjs$/ }, () => ({
      contents: `
        const { constructors } = require('./node_errors');
        export const { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_INVALID_FILE_URL_HOST, ERR_INVALID_FILE_URL_PATH,
          ERR_INVALID_URL, ERR_INVALID_URL_SCHEME } = constructors;`,
    }));
    setup.onResolve({ filter: /^\.\/node_errors$/ }, ({ path }) => ({ path, external: true }));
  },
};

// A body that is a stream cannot be sent twice; fetch copies it all the same, and keeps the copy, which nobody reads, as
// long as the request lasts.
const withoutCopies = {
  name: 'without-copies',
  setup(setup) {
    setup.onLoad({ filter: /undici\/lib\/web\/fetch\/index\.js$/ }, ({ path }) => {
      const copying = 'httpRequest = cloneRequest(request)';
      const text = readFileSync(path, 'utf8');
      if (text.split(copying).length !== 2) throw new Error(`${path} does not copy its request where it did`);
      return {
        contents: text.replace(copying, `httpRequest = request.body?.source === null
          ? Object.assign(cloneRequest({ ...request, body: null }), { body: request.body })
          : cloneRequest(request)`),
      };
    });
  },
};

// Blob makes sure that there are streams, which there are.
const withoutStreams = {
  name: 'without-streams',
  setup(setup) {
    setup.onLoad({ filter: /fetch-blob\/streams\.cjs$/ }, () => ({ contents: '' }));
  },
};

mkdirSync(outDir, { recursive: true });
const packages = new Map();

for (const [name, contents] of Object.entries(ports)) {
  const { metafile } = await build({
    stdin: { contents, resolveDir: npmDir, sourcefile: `${name}.js` },
    outfile: join(outDir, `vendor_${name}.js`),
    absWorkingDir: npmDir,
    bundle: true,
    format: 'cjs',
    platform: 'neutral',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['browser', 'default'],
    target: 'es2022',
    minifyWhitespace: true,
    minifySyntax: true,
    charset: 'ascii',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    plugins: [lateTr46, overOurClient, builtIns, nodesErrors, withoutCopies, withoutStreams, ownComplaints],
    ...surroundings[name],
  });
  for (const input of Object.keys(metafile.inputs)) {
    const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.set(found[1], join(npmDir, 'node_modules', found[1]));
  }
}

// Those that come without a license file, and say in package.json and in their repository what it is.
const withoutFile = new Map([['path-unified', 'MIT']]);

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

// A package's license: a file of its own, or the comment its main file begins with.
function licenseOf(dir, { name, main }) {
  const files = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENSE.BSD', 'LICENSE-MIT.txt'];
  const comment = /^\/\*[^]*?\*\//.exec(readIfThere(join(dir, main || 'index.js')) ?? '')?.[0];
  const text = files.map((file) => readIfThere(join(dir, file))).find(Boolean) ?? (/copyright/i.test(comment) ? comment : undefined);
  if (!text) throw new Error(`${name} has no license file`);
  return text.trim();
}

const licenses = [...packages].sort().map(([name, dir]) => {
  const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
  const { version, license, author, repository } = manifest;
  if (withoutFile.has(name) && withoutFile.get(name) === license)
    return `${name} ${version}\n\n${license}, by ${author} (${repository.url}), after Node.js's lib/path.js (MIT)\n`;
  return `${name} ${version}\n\n${licenseOf(dir, manifest)}\n`;
});
writeFileSync(join(outDir, 'licenses.txt'), licenses.join(`\n${'-'.repeat(80)}\n\n`));
