'use strict';

// TypeScript to JavaScript, by its own compiler: types are taken out, not checked.

const { syntaxError } = require('./stack');

const NODE_NEXT = 199; // ts.ModuleKind: leaves `import()` in CommonJS to the loader, as Node does
const TARGET = 9; // ts.ScriptTarget.ES2022: what is newer (decorators, `using`) is compiled to it
const LINE_FEED = 1; // ts.NewLineKind

// What the compiler says is wrong, with its place in the file.
function failureOf(path, source, { messageText, start = 0 }) {
  while (typeof messageText === 'object') ({ messageText } = messageText);
  const lines = source.slice(0, start).split('\n');
  return syntaxError(messageText, path, { line: lines.length, column: lines.at(-1).length + 1 });
}

// Where no tsconfig.json says what `import * as` gives of a function, it can be called, as with `esModuleInterop: false`, and has a
// `default`, as with `true`: the compiler's own helper, with a function for the object that it fills.
const STAR = /^(var __importStar = [^]*?\n +var result = )\{\};/m;
const callable = (code) =>
  code.replace(STAR, (all, before) => `${before}typeof mod === "function" ? Function.prototype.bind.call(mod) : {};`);

// { code, mappings }: an ES module, or a CommonJS one as its compiler makes it of imports and exports.
exports.compile = (source, path, toModule, options) => {
  const { transpileModule } = require('./vendor_typescript');
  const { outputText, sourceMapText, diagnostics } = transpileModule(source, {
    fileName: toModule ? 'source.mts' : 'source.cts',
    reportDiagnostics: true,
    compilerOptions: {
      ...options,
      esModuleInterop: options.esModuleInterop ?? true,
      verbatimModuleSyntax: toModule && options.verbatimModuleSyntax === true,
      target: TARGET,
      module: NODE_NEXT,
      newLine: LINE_FEED,
      sourceMap: true,
    },
  });
  const wrong = diagnostics.find(({ file }) => file);
  if (wrong) throw failureOf(path, source, wrong);
  const output = options.esModuleInterop === undefined ? callable(outputText) : outputText;
  return { code: output.replace(/\n?\/\/# sourceMappingURL=.*$/, ''), mappings: JSON.parse(sourceMapText).mappings };
};
