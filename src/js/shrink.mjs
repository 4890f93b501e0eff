// node shrink.mjs NPM_DIR OUT_DIR NAME,... FILE...: makes OUT_DIR/<name>.js of each file of lib/, without comments and indentation:
// a quarter of these texts, which the engine reads anew at every start, is for us. All else stays: programs see functions' names.
// Those NAMEd become one, OUT_DIR/startup.js, an object of their functions: every world needs them, and a script by itself costs
// 0.05 ms.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, resolve } from 'node:path';

const [npmDir, outDir] = process.argv.slice(2, 4).map((path) => resolve(path));
const together = process.argv[4].split(',');
const { parse } = createRequire(join(npmDir, 'package.json'))('acorn');

// The tokens as they are, a line's end where there is one between two, else a blank where there is anything.
function shrunk(file) {
  const source = readFileSync(file, 'utf8');
  let text = '';
  let end = 0;
  parse(source, {
    ecmaVersion: 'latest',
    allowReturnOutsideFunction: true,
    onToken(token) {
      const between = source.slice(end, token.start);
      text += between.includes('\n') ? '\n' : between && ' ';
      text += source.slice(token.start, token.end);
      ({ end } = token);
    },
  });
  return text;
}

mkdirSync(outDir, { recursive: true });
const startup = [];
for (const file of process.argv.slice(5)) {
  const name = basename(file, '.js');
  if (together.includes(name)) startup.push(`${name}(exports,require,module,native){${shrunk(file)}}`);
  else writeFileSync(join(outDir, `${name}.js`), shrunk(file));
}
writeFileSync(join(outDir, 'startup.js'), `module.exports={${startup.join(',\n')}}`);
