// url: the older functions and those about files, beside Node's.

import assert from 'node:assert/strict';
import { oracleTests } from './support/oracle.mjs';
import { runnerTest } from './support/runner.mjs';

oracleTests('url', {
  parse(require) {
    const url = require('url');
    return ['http://user:pass@host.com:8080/p/a/t/h?query=string#hash', '/path?x=1', '//host/path', 'mailto:a@b.c', 'javascript:alert(1)', 'HTTP://EXAMPLE.com/A B', 'http://a.com?x=y;z', 'http://[::1]:80/', 'x:1', '', 'http://mañana.com/ñ', 'file:///etc/passwd', 'http://a.b/{c}|d', 'http://host:/p', ' http://trimmed.com ', 'http://a@b@c/', 'http://x.y.com+a/b', 'svn+ssh://foo/bar', 'http://user:pass@/', 'https://host/\\back']
      .map((text) => ({ ...url.parse(text) }));
  },
  parseQuery(require) {
    const url = require('url');
    return [{ ...url.parse('/a?b=1&b=2&c', true) }, { ...url.parse('//h/p', false, true) }, url.parse('http://a/b').constructor.name];
  },
  format(require) {
    const url = require('url');
    return [url.format({ protocol: 'http', hostname: 'h', port: 80, pathname: 'p', query: { a: 1, b: ['x', 'y'] } }), url.format({ host: 'h:1', protocol: 'ftp:', pathname: '/p', search: 's=1', hash: 'f' }), url.format('http://a/b c'), url.format({ auth: 'a:b', host: 'c' }), url.format({ slashes: true, protocol: 'x', host: 'y' }),
      url.format(new URL('http://u:p@xn--maana-pta.com/p?q#f'), { auth: false, fragment: false, search: false, unicode: true }), url.format(new URL('http://a$$b/'), { unicode: true }), url.format(new URL('http://a/b')), url.format(url.parse('http://a:1/b?c#d')), url.format({ pathname: 'a#b?c', query: 'x' })];
  },
  resolve(require) {
    const url = require('url');
    return [['/one/two/three', 'four'], ['http://example.com/', '/one'], ['http://example.com/one', '/two'], ['http://a/b/c/d;p?q', '../g'], ['http://a/b/c/d;p?q', './../../../g'], ['http://a/b', '//c/d'], ['http://a/b', '?x'], ['http://a/b', '#y'], ['mailto:a@b', 'c@d'], ['http://a.com/b', 'https:c'], ['.', '#hash'], ['http://a/b/', '..']].map(([from, to]) => url.resolve(from, to));
  },
  files(require) {
    const url = require('url');
    const attempt = (run) => { try { return run(); } catch (error) { return [error.name, error.code, error.message]; } };
    return [url.fileURLToPath('file:///a/b%20c/%C3%A9'), url.fileURLToPath(new URL('file:///x')), url.pathToFileURL('/a b/#c?d%e').href, url.pathToFileURL('/dir/').href, url.pathToFileURL('/a/../b').href, url.pathToFileURL('/a\\b').href, url.pathToFileURL('/new\nline').href,
      attempt(() => url.fileURLToPath('http://a')), attempt(() => url.fileURLToPath('file://host/a')), attempt(() => url.fileURLToPath('file:///a%2fb')), attempt(() => url.fileURLToPath(5)), attempt(() => url.pathToFileURL(5)), attempt(() => url.fileURLToPath('no url'))];
  },
  relativeFile(require) {
    return require('url').pathToFileURL('x/y').pathname.endsWith('/x/y');
  },
  errors(require) {
    const url = require('url');
    return [() => url.parse(), () => url.parse(5), () => url.format(5), () => url.format(null), () => url.resolve(5, 'a'), () => url.parse('http://a b:x'), () => url.format(new URL('http://a'), 5)].map((run) => {
      try { return run(); } catch (error) { return [error.name, error.code]; }
    });
  },
  domains(require) {
    const url = require('url');
    return [url.domainToASCII('español.com'), url.domainToASCII('xn--iñvalid.com'), url.domainToUnicode('xn--espaol-zwa.com'), url.domainToUnicode('a b'), url.urlToHttpOptions(new URL('https://a:b@x.y:1/p?q#h')), url.URL === URL, url.URLSearchParams === URLSearchParams];
  },
});

runnerTest('what the older functions warn of, Node warns of', {
  routes: { parse: 'parseHandler' },
  handlers: {
    async parseHandler(event) {
      const warnings = [];
      process.on('warning', ({ name, code, message }) => warnings.push([name, code, message]));
      const url = require('url');
      url.parse('http://a.b/');
      url.resolve('http://a.b/', 'c');
      url.parse('http://a:80x/b');
      url.parse('http://a:80y/b');
      await new Promise((resolve) => setTimeout(resolve, 1));
      event.response = new Response(warnings);
    },
  },
}, async (runner) => {
  const words = 'The URL http://a:80x/b is invalid. Future versions of Node.js will throw an error.';
  assert.deepEqual((await runner.ask({ name: 'parse' })).body, [['DeprecationWarning', 'DEP0170', words]]);
  assert.equal(runner.stderr, `(node:${runner.pid}) [DEP0170] DeprecationWarning: ${words}\n`);
});
