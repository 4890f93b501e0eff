// Links between the project's pages: the file is there, and the heading.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../../', import.meta.url));

function pagesOf(folder) {
  return readdirSync(path.join(project, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) return ['.git', 'build', 'node_modules'].includes(entry.name) ? [] : pagesOf(name);
    return name.endsWith('.md') ? [name] : [];
  });
}

const prose = (page) => readFileSync(path.join(project, page), 'utf8').replace(/^```[^]*?^```$/gm, '');
const links = (page) => [...prose(page).replace(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target).filter((target) => !/^[a-z]+:/.test(target));

/** The names that headings get where Markdown is shown: small letters, no punctuation, hyphens for blanks. */
const anchors = (page) =>
  [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, title]) => title.toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-'));

const pages = pagesOf('');
assert.ok(pages.includes('README.md'));
for (const page of pages.filter((name) => links(name).length > 0)) {
  test(`links of ${page}`, () => {
    for (const link of links(page)) {
      const [target, anchor] = link.split('#');
      const file = target ? path.join(path.dirname(page), target) : page;
      assert.ok(existsSync(path.join(project, file)), `${link}: there is no ${file}`);
      if (anchor) assert.ok(anchors(file).includes(anchor), `${link}: ${file} has no such heading`);
    }
  });
}
