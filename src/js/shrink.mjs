// node shrink.mjs NPM_DIR OUT_DIR NAME,... FILE...: makes OUT_DIR/<name>.js of each file of lib/, without comments and indentation:
// a third of these texts, which the engine reads anew at every start, is for us. Names stay, for programs see functions' names.
// Those NAMEd become one, OUT_DIR/startup.js, an object of their functions: every world needs them, and a script by itself costs
// 0.05 ms.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';

const [npmDir, outDir] = process.argv.slice(2, 4).map((path) => resolve(path));
const together = process.argv[4].split(',');
const { transformSync } = createRequire(join(npmDir, 'package.json'))('esbuild');

function shrunk(file) {
  return transformSync(readFileSync(file, 'utf8'), {
    minifyWhitespace: true,
    lineLimit: 160, // what is wrong has a line
    legalComments: 'none',
    target: 'esnext',
    charset: 'utf8',
    sourcefile: file,
  }).code;
}

mkdirSync(outDir, { recursive: true });
const startup = [];
for (const file of process.argv.slice(5)) {
  const name = basename(file, '.js');
  if (together.includes(name)) startup.push(`${name}(exports,require,module,native){${shrunk(file)}}`);
  else writeFileSync(join(outDir, `${name}.js`), shrunk(file));
}
writeFileSync(join(outDir, 'startup.js'), `module.exports={${startup.join(',\n')}}`);
