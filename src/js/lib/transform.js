'use strict';

// From what a file says to what the engine runs. Each step is loaded when first needed and its results are kept on disk.

const { through } = require('./compiled_cache');

// Forgets the compilers, which hold much memory; they come back where they are needed again.
exports.release = () => {
  for (const name of ['./typescript', './vendor_typescript', './module_text', './dynamic_imports', './vendor_syntax']) require.forget(name);
};

// TypeScript: { code, mappings }, or, where it is wrong, a SyntaxError with its place in the file.
exports.typescript = (source, path, toModule) => {
  const options = require('./tsconfig').compilerOptions(path);
  return through(`ts ${toModule} ${JSON.stringify(options)}`, source,
    () => require('./typescript').compile(source, path, toModule, options));
};

// An ES module: what esm.js needs of module_text.js. Throws acorn's SyntaxError.
exports.module = (source) => through('module', source, () => {
  const { ModuleText } = require('./module_text');
  const { code, head, columns, prefix, async, isModule, requests, namespaces, wanted, exported, forwarded, stars } = new ModuleText(source);
  return { code, head, columns, prefix, async, isModule, requests, namespaces, wanted, exported, forwarded, stars };
});

// A script with `import(…)` in it: { code, name, columns }.
exports.dynamicImports = (source) => through('script', source, () => require('./dynamic_imports').rename(source));

// Where a script that does not parse goes wrong, as far as acorn sees it: { line, column }, the column from 0.
exports.mistake = (source) => {
  try {
    require('./vendor_syntax').parse(source,
      { ecmaVersion: 'latest', sourceType: 'script', allowReturnOutsideFunction: true, allowHashBang: true });
  } catch (error) {
    return error.loc;
  }
  return undefined;
};

// A text that a program evaluates: with every `import(` in it by the name that is asked for where there is one.
exports.renameIn = (source, nameOf) => require('./dynamic_imports').renameIn(source, nameOf);

// The names that a CommonJS module exports, as far as they can be seen in it, and whose it exports: { exports, reexports }.
exports.exportNames = (source) => through('names', source, () => {
  const { parse } = require('./vendor_lexer');
  try {
    const { exports: names, reexports } = parse(source);
    return { exports: [...names], reexports: [...reexports] };
  } catch {
    return { exports: [], reexports: [] };
  }
});
