// Node's path in handlers, beside Node's own.

import { snippetTests } from './support/snippets.mjs';

const prelude = `
const path = require('node:path');
const parts = ['', '.', '..', '/', '//', 'a', 'b/c', '/a/b', './x', '../y', 'a.txt', '.bashrc', 'a.b.c', 'C:', 'C:\\\\', 'c:\\\\x', 'c:y',
  '\\\\\\\\srv\\\\share', '\\\\\\\\srv\\\\share\\\\q', 'a//b', 'a/./b', 'a/../b', 'a/b/../../..', '/../x', 'D:\\\\x\\\\..\\\\..\\\\y', 'C:/mixed\\\\sl/..', 'é',
  'a/', 'a\\\\', '//srv/share/', '...', '..a', 'a..', '.a.b.'];
`;

snippetTests('path', {
  'of one path': `
    const functions = ['normalize', 'isAbsolute', 'dirname', 'basename', 'extname', 'parse'];
    return [path.posix, path.win32].map((own) => functions.map((name) => parts.map((part) => own[name](part))));`,
  'of two paths': `
    const functions = ['join', 'relative', 'basename'];
    return [path.posix, path.win32].map((own) => functions.map((name) => parts.map((a) => parts.filter((b) => !/[cd]:/i.test(a + b)).map((b) => own[name](a, b)))))
      .concat([parts.map((a) => parts.map((b) => path.resolve('/root', a, b)))]);`,
  toNamespacedPath: "['C:\\\\x', '\\\\\\\\srv\\\\share\\\\q', '\\\\\\\\?\\\\C:\\\\x', 5].map((each) => [path.win32.toNamespacedPath(each), path.win32._makeLong(each), path.toNamespacedPath(each)])",
  'against the working directory': "[path.resolve() === process.cwd(), path.resolve('x') === process.cwd() + '/x', path.relative(process.cwd(), 'y')]",
  format: "[path.format({ dir: '/a', base: 'b.c' }), path.format({ root: '/', name: 'n', ext: 'e' }), path.format({ name: 'n', ext: '.e' }), path.win32.format({ dir: 'C:\\\\x', base: 'y' })]",
  'which is which': `[path === path.posix, path.posix.win32 === path.win32, path.win32.posix === path, path.sep, path.delimiter, path.win32.sep,
    path.win32.delimiter, require('path') === path, require('path/posix') === path.posix, require('node:path/win32') === path.win32]`,
  'wrong arguments': `
    const functions = ['normalize', 'join', 'resolve', 'basename', 'parse', 'format', 'relative', 'extname', 'dirname', 'isAbsolute'];
    return Promise.all(functions.flatMap((name) => [5, null, undefined, {}, true].map((value) => attempt(() => (name === 'resolve' ? 0 : path[name](value))))));`,
}, { prelude });
