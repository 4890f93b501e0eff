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
  buffer: `module.exports = require('buffer');`,
  events: `module.exports = require('events/events.js');`,
  inflection: `module.exports = require('inflection');`,
  inspect: `module.exports = require('node-inspect-extracted');`,
  stream: `module.exports = require('readable-stream/lib/ours/browser.js');`,
  path: `export { posix, win32 } from 'path-unified';`,
  structured_clone: `
    import 'core-js/modules/web.dom-exception.constructor.js';
    import 'core-js/modules/web.dom-exception.stack.js';
    import 'core-js/modules/web.dom-exception.to-string-tag.js';
    import 'core-js/modules/web.structured-clone.js';
    export const { structuredClone, DOMException } = globalThis;`,
  text_decoder: `export { TextDecoder } from '@exodus/bytes/encoding.js';`,
  tr46: `module.exports = require('./node_modules/tr46');`,
  url: `module.exports = require('whatwg-url');`,
};

// What a port is to know of the world around it, where that is not what a browser has.
const surroundings = {
  path: {
    define: { window: 'undefined' },
    banner: { js: `const process = { platform: 'linux', env: {}, cwd: () => native.cwd() };` },
  },
  // It puts what it makes into the global object, unless that has one: it gets a global object of its own.
  structured_clone: {
    define: { globalThis: 'around' },
    banner: {
      js: `const around = Object.create(globalThis, Object.fromEntries(['structuredClone', 'DOMException'].map(
        (name) => [name, { value: undefined, writable: true, configurable: true }])));`,
    },
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

// What Node's streams are built on is in the world already.
const ownFoundations = {
  name: 'own-foundations',
  setup(setup) {
    const own = {
      buffer: `module.exports = require('./buffer');`,
      events: `module.exports = require('./vendor_events');`,
      'process/': `module.exports = require('./timers');`,
      'abort-controller': `module.exports = { AbortController: globalThis.AbortController, AbortSignal: globalThis.AbortSignal ?? class {} };`,
    };
    setup.onResolve({ filter: /^(buffer|events|process\/|abort-controller)$/ }, ({ path, importer }) =>
      /\/(readable-stream|string_decoder|safe-buffer)\//.test(importer) ? { path, namespace: 'foundations' } : undefined);
    setup.onLoad({ filter: /.*/, namespace: 'foundations' }, ({ path }) => ({ contents: own[path] }));
    setup.onResolve({ filter: /^\.\/(buffer|vendor_events|timers)$/ }, ({ path, namespace }) =>
      namespace === 'foundations' ? { path, external: true } : undefined);
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
    plugins: [lateTr46, ownFoundations, ownComplaints],
    ...surroundings[name],
  });
  for (const input of Object.keys(metafile.inputs)) {
    const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.set(found[1], join(npmDir, 'node_modules', found[1]));
  }
}

// Those that come without a license file, and say in package.json and in their repository what it is.
const withoutFile = new Map([['path-unified', 'MIT']]);

const licenses = [...packages].sort().map(([name, dir]) => {
  const { version, license, author, repository } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8'));
  if (withoutFile.has(name) && withoutFile.get(name) === license)
    return `${name} ${version}\n\n${license}, by ${author} (${repository.url}), after Node.js's lib/path.js (MIT)\n`;
  const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENSE-MIT.txt'].find((each) => {
    try {
      return readFileSync(join(dir, each), 'utf8');
    } catch {
      return false;
    }
  });
  if (!file) throw new Error(`${name} has no license file`);
  return `${name} ${version}\n\n${readFileSync(join(dir, file), 'utf8').trim()}\n`;
});
writeFileSync(join(outDir, 'licenses.txt'), licenses.join(`\n${'-'.repeat(80)}\n\n`));
