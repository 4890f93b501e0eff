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
};

// What a port is to know of the world around it, where that is not what a browser has.
const surroundings = {
  // It puts what it makes into the global object, unless that has one: it gets a global object of its own. And it takes
  // apart the stacks of the engine's own errors.
  structured_clone: {
    define: { globalThis: 'around' },
    banner: {
      js: `const around = Object.create(globalThis, Object.fromEntries(Object.entries(
        { structuredClone: undefined, DOMException: undefined, Error: require('./errors').Native }).map(
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
    plugins: [lateTr46],
    ...surroundings[name],
  });
  for (const input of Object.keys(metafile.inputs)) {
    const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (found) packages.set(found[1], join(npmDir, 'node_modules', found[1]));
  }
}

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
  return `${name} ${manifest.version}\n\n${licenseOf(dir, manifest)}\n`;
});
writeFileSync(join(outDir, 'licenses.txt'), licenses.join(`\n${'-'.repeat(80)}\n\n`));
