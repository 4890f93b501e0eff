// ES modules: what Node makes of a graph of modules, the program makes of it.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { makeApp } from './support/app.mjs';
import { oldNode } from './support/node.mjs';
import { runnerTest, runToEnd } from './support/runner.mjs';

/**
 * Graphs, each in a directory of its own: `main` is imported by both, and the module's `result` compared; where that fails, the error's name,
 * code and message. Without `main` it is main.mjs.
 */
const graphs = {
  'every kind of import and export': {
    'main.mjs': `
import def, { a, b as renamed, default as again, 'a string' as text } from './dep.mjs'
import * as ns from './dep.mjs'
import './effect.mjs'
export { a, renamed as c } from './again.mjs'
export * from './star.mjs'
export * as inner from './star.mjs'
import * as self from './main.mjs'
export const result = [def(), a, renamed, again === def, text, Object.keys(ns), ns.a, globalThis.effects, Reflect.ownKeys(self).map(String), self.c, self.starred, self.inner.starred]`,
    'dep.mjs': `export default function () { return 'default' } export const a = 1; const x = 2; export { x as b, x as 'a string' }`,
    'effect.mjs': `globalThis.effects = (globalThis.effects ?? 0) + 1`,
    'again.mjs': `import { a } from './dep.mjs'; export { a }; export let renamed = 'r'`,
    'star.mjs': `export const starred = 's'; export default 'not by a star'`,
  },
  'bindings are live': {
    'main.mjs': `
import { count, add, object, list, later, gone } from './dep.mjs'
import * as ns from './dep.mjs'
const seen = [count, object.x, later]
add()
seen.push(count, ns.count, object.x, [...list], later, gone)
const { count: copy } = ns
add()
seen.push(count, copy)
export const result = seen`,
    'dep.mjs': `
export let count = 0, later
export let object = { x: 1 }, [...list] = [1, 2]
export let { gone = 'default', ...others } = {}
export function add() { count++; ({ object, later = 'set' } = { object: { x: object.x + 1 } }); [list] = [[...list, count]]; gone = undefined }`,
  },
  'names that are shadowed': {
    'main.mjs': `
import { x, y, f } from './dep.mjs'
const seen = [x]
seen.push(((x) => x)('parameter'), (() => { const x = 'block'; return x })(), (() => { { var y = 'var' } return y })())
for (const x of ['loop']) seen.push(x)
try { throw 'caught' } catch (x) { seen.push(x) }
class C { x = x; [x] = 'computed'; static x = x; m() { return x } #x = 'private'; get p() { return this.#x } }
const c = new C()
seen.push(c.x, c.imported, C.x, c.m(), c.p, { x }.x, { x: 'key' }.x, typeof x, \`\${x}\`, f\`t\`, f(x), f?.(y), new f('n').value)
label: for (;;) { break label }
function hoisted(x = y) { return x }
seen.push(hoisted(), (function x() { return typeof x })(), (({ x: y }) => y)({ x: 1 }), (([x]) => x)([2]))
x: { seen.push('label') }
export const result = seen`,
    'dep.mjs': `export const x = 'imported', y = 'why'; export function f(v) { if (new.target) this.value = v; return Array.isArray(v) ? v.raw[0] : this === undefined ? v : undefined }`,
  },
  'without semicolons': {
    'main.mjs': `
import { f, list } from './dep.mjs'
const before = 1
f('statement')
let a = before
f('next')
if (a) f('if')
else f('else')
for (let i = 0; i < 1; i++) f('for')
do f('do'); while (false)
const g = () => f('arrow')
g()
switch (a) { case 1: f('case') }
label: f('label')
f(1), f(2)
const o = { f, g: f }
o.f('method')
export const result = list
export default o
f('after default')`,
    'dep.mjs': `export const list = []; export function f(what) { list.push([what, this === undefined]) }`,
  },
  'defaults and their names': {
    'main.mjs': `
import a from './a.mjs'; import b from './b.mjs'; import c from './c.mjs'; import d from './d.mjs'; import e from './e.mjs'; import f from './f.mjs'
import g from './g.mjs'; import h from './h.mjs'
export const result = [a.name, b.name, c.name, d.name, e, f.name, f.x, g(), h.name]`,
    'a.mjs': 'export default function () {}',
    'b.mjs': 'export default class {}',
    'c.mjs': 'export default () => {}',
    'd.mjs': 'export default (function () {})',
    'e.mjs': 'export default (1, 2);\n// behind',
    'f.mjs': 'export default class Named { static x = 1 }',
    'g.mjs': 'export /* here */ default async function* () {}\nconst made = 1',
    'h.mjs': `export { default } from './f.mjs'`,
  },
  'a default that is called before its module has run': {
    'main.mjs': `import './a.mjs'; export { result } from './a.mjs'`,
    'a.mjs': `import { early } from './b.mjs'; export default function () { return 'in place' } export function named() { return 'too' } export const late = 1; export const result = early`,
    'b.mjs': `import a, { named, late } from './a.mjs'; let tdz; try { late } catch (error) { tdz = error.name } export const early = [a(), named(), tdz, a.name]`,
  },
  'cycles': {
    'main.mjs': `import { isEven } from './even.mjs'; export const result = [isEven(10), isEven(7)]`,
    'even.mjs': `import { isOdd } from './odd.mjs'; export function isEven(n) { return n === 0 || isOdd(n - 1) }`,
    'odd.mjs': `import { isEven } from './even.mjs'; export const isOdd = (n) => n !== 0 && isEven(n - 1)`,
  },
  'in which order modules run': {
    'main.mjs': `globalThis.order.push('main'); import './c.mjs'; import './a.mjs'; import { order } from './order.mjs'; export const result = order`,
    'a.mjs': `import { order } from './order.mjs'; import './b.mjs'; order.push('a')`,
    'b.mjs': `import { order } from './order.mjs'; import './a.mjs'; order.push('b')`,
    'c.mjs': `import { order } from './order.mjs'; import './d.mjs'; order.push('c')`,
    'd.mjs': `import { order } from './order.mjs'; order.push('d'); export {}`,
    'order.mjs': `export const order = globalThis.order = []`,
  },
  'strict, and nobody at the top': {
    'main.mjs': `
const seen = [this === undefined, (function () { return this === undefined })(), typeof require, typeof module, typeof exports, typeof __filename, typeof __dirname]
try { undeclared = 1 } catch (error) { seen.push(error.name) }
import * as ns from './dep.mjs'
import { x } from './dep.mjs'
for (const change of [() => { ns.x = 2 }, () => { ns.added = 2 }, () => { delete ns.x }, () => { x = 3 }, () => Object.defineProperty(ns, 'x', { value: 4 })]) {
  try { change(); seen.push('changed') } catch (error) { seen.push(error.name) }
}
export const result = seen`,
    'dep.mjs': 'export let x = 1',
  },
  'names that modules may have themselves': {
    'main.mjs': `
import { createThing } from './dep.mjs'
const require = (name) => 'required ' + name
const module = 1, exports = 2, __filename = 'f', __dirname = 'd', $m = 'mine', $m0 = 'zero'
export const result = [require('x'), module, exports, __filename, __dirname, $m, $m0, createThing()]`,
    'dep.mjs': `export const createThing = () => 'thing'`,
  },
  'a namespace': {
    'main.mjs': `
import * as ns from './dep.mjs'
export const result = [Object.keys(ns), Object.prototype.toString.call(ns), Object.getPrototypeOf(ns), Object.isFrozen(ns), Object.isSealed(ns), Object.isExtensible(ns),
  Object.getOwnPropertyDescriptor(ns, 'b'), 'b' in ns, 'toString' in ns, ns.nothing === undefined, JSON.stringify(ns), Reflect.ownKeys(ns).length, { ...ns },
  Reflect.set(ns, 'b', 1), Reflect.deleteProperty(ns, 'b'), Reflect.deleteProperty(ns, 'no'), Reflect.defineProperty(ns, 'b', { value: 2 }), Reflect.has(ns, Symbol.toStringTag)]`,
    'dep.mjs': 'export const b = 2, a = 1; export default 0; export { a as z }',
  },
  'stars that bring the same name': {
    'main.mjs': `import * as ns from './both.mjs'; export const result = [Object.keys(ns), ns.same, ns.one, ns.two]`,
    'both.mjs': `export * from './one.mjs'; export * from './two.mjs'; export const own = 1`,
    'one.mjs': `export const one = 1, same = 'one', own = 'one'; export { shared } from './shared.mjs'`,
    'two.mjs': `export const two = 2, same = 'two'; export { shared } from './shared.mjs'`,
    'shared.mjs': 'export const shared = 1',
  },
  'import()': {
    'main.mjs': `
const order = []
const promise = import('./dep.mjs').then((ns) => { order.push('loaded'); return ns })
order.push('after')
const ns = await promise
const name = './dep.mjs'
const failed = await import('./broken.mjs').catch((error) => error.message)
const again = await import('./broken.mjs').catch((error) => error.message)
const missing = await import('./missing.mjs').catch((error) => error.code)
const { default: { value } } = await import('./data.json', { with: { type: 'json' } })
export const result = [order, ns.x, (await import(name)) === ns, (await import(new URL(name, import.meta.url))) === ns, failed, again === failed, missing, value, globalThis.brokenRuns]`,
    'dep.mjs': 'export const x = 1',
    'broken.mjs': `globalThis.brokenRuns = (globalThis.brokenRuns ?? 0) + 1; throw new Error('broken')`,
    'data.json': '{ "value": 7 }',
  },
  'import() in what is evaluated': {
    'main.mjs': `
const name = './dep.mjs'
export const result = [
  (await eval('import(name)')).a, (await (0, eval)('import("./dep.mjs")')).a, (await globalThis.eval('import("./dep.mjs")')).a, (await eval?.('import("./dep.mjs")')).a,
  (await eval('(s) => import(s)')('./dep.mjs')).a, (await new Function('s', 'return import(s)')('./dep.mjs')).a, eval('"import(1)"'), eval(5),
  (await import('./cjs.cjs')).default.fromFolder]
for (const each of (await import('./cjs.cjs')).default.all) result.push(await each)`,
    'dep.mjs': `export const a = 'a of dep'`,
    'cjs.cjs': `
const name = './dep.mjs';
const make = Function;
const read = ({ a }) => a;
const AsyncFunction = (async () => {}).constructor;
const GeneratorFunction = function* () {}.constructor;
class Made extends Function { constructor() { super('return import("./dep.mjs")'); } }
exports.fromFolder = eval('__dirname') === __dirname;
exports.all = [
  eval('import(name)').then(read), (0, eval)('import("./dep.mjs")').then(read), global.eval('var $fromEval = 3; import("./dep.mjs")').then(read), eval('(s) => import(s)')(name).then(read),
  new make('s', 'return import(s)')(name).then(read), make('s = "./dep.mjs"', 'return import(s)')().then(read), (() => {}).constructor('return import("./dep.mjs")')().then(read),
  make('a', 'b = import("./dep.mjs")', 'return b')().then(read), new AsyncFunction('s', 'return (await import(s)).a')(name), new GeneratorFunction('yield import("./dep.mjs")')().next().value.then(read),
  new Made()().then(read), require('./folder/make.cjs')().then(read), $fromEval,
  new make('return import("./nothing.mjs")')().catch(({ code }) => code), make('s', 'return /* import( */ s')('import(1)')];`,
    'folder/make.cjs': `module.exports = new Function('return import("./beside.mjs")')`,
    'folder/beside.mjs': `export const a = 'beside what made it'`,
  },
  'the constructors of functions': {
    'main.mjs': `
const AsyncFunction = (async () => {}).constructor
class Made extends Function {}
const wrong = (text) => { try { new Function(text) } catch ({ name }) { return name } }
export const result = [Function.prototype.constructor === Function, (() => {}) instanceof Function, Object instanceof Function, {} instanceof Function, Function.name, Function.length,
  Function.toString().replace(/\\s+/g, ' '), Object.getPrototypeOf(AsyncFunction) === Function, AsyncFunction.prototype.constructor === AsyncFunction, AsyncFunction.name,
  Object.keys(Object.getOwnPropertyDescriptors(Function)).sort(), new Made('return 1')(), new Made() instanceof Made, Object.getPrototypeOf(new Made()) === Made.prototype,
  String(new Function('a', 'b', 'return a + b')), Function('a, b', 'return a + b')(1, 2), Function()(), new Function({ toString: () => 'return 6' })(),
  wrong('return import('), wrong('import x from "y"'), wrong('}, {'), Object.keys(globalThis).filter((each) => each.startsWith('$i'))]`,
  },
  'import() in CommonJS': {
    'main': 'main.cjs',
    'main.cjs': `
// import('./comment.mjs')
const text = "import('./text.mjs')", expression = /import\\(x\\)/
exports.result = (async () => {
  const ns = await import('./dep.mjs')
  const { default: cjs } = await import('./other.cjs')
  return [ns.x, cjs.y, text, expression.source, this === exports, await import  ('./dep.mjs') === ns]
})()`,
    'dep.mjs': 'export const x = 1',
    'other.cjs': 'exports.y = 2',
  },
  'top-level await': {
    'main.mjs': `
import { a } from './a.mjs'
import { b } from './b.mjs'
import { order } from './order.mjs'
for await (const value of [1, Promise.resolve(2)]) order.push(value)
await null
export const result = [a, b, order]`,
    'a.mjs': `import { order } from './order.mjs'; order.push('a begins'); export const a = await new Promise((resolve) => setTimeout(resolve, 5, 'slow')); order.push('a ends')`,
    'b.mjs': `import { order } from './order.mjs'; order.push('b'); export const b = 'quick'`,
    'order.mjs': 'export const order = []',
  },
  'a top-level await that is rejected': {
    'main.mjs': `import './late.mjs'; export const result = 1`,
    'late.mjs': `await null; throw Object.assign(new RangeError('too late'), { code: 'LATE' })`,
  },
  'import.meta': {
    'main.mjs': `
import { url } from './lib/with%20blank%25.mjs'
const { pathname } = new URL('.', import.meta.url)
const short = (text) => text.replaceAll(pathname, '/')
export const result = [Object.keys(import.meta).filter((key) => key !== 'main'), short(import.meta.url), short(import.meta.filename), short(import.meta.dirname + '/'), Object.getPrototypeOf(import.meta),
  short(import.meta.resolve('./lib/x.mjs?q#h')), import.meta.resolve('node:fs'), short(import.meta.resolve('pack')), short(url), import.meta === import.meta]
import.meta.mine = 1`,
    'lib/with blank%.mjs': 'export const { url } = import.meta',
    'lib/x.mjs': '',
    'node_modules/pack/package.json': '{ "name": "pack", "exports": { "import": "./esm.mjs", "require": "./cjs.cjs" } }',
    'node_modules/pack/esm.mjs': '',
  },
  'a query makes a module of its own': {
    'main.mjs': `import { n as a } from './dep.mjs'; import { n as b } from './dep.mjs?2'; import { n as c, url } from './dep.mjs?2'; export const result = [a, b, c, url.slice(-10)]`,
    'dep.mjs': 'globalThis.made = (globalThis.made ?? 0) + 1; export const n = globalThis.made, { url } = import.meta',
  },
  'CommonJS imported': {
    'main.mjs': `
import def, { named, viaDefine, reexported } from './dep.cjs'
import * as ns from './dep.cjs'
import whole from './function.cjs'
import compiled, * as compiledNs from './compiled.cjs'
import { a as literal } from './literal.cjs'
const thrown = await import('./throws.cjs').catch((error) => error.message)
const keys = (value) => Object.keys(value).filter((key) => key !== 'module.exports')
export const result = [def, named, viaDefine, reexported, keys(ns), whole(), compiled, keys(compiledNs), compiledNs.x, literal, ns.late === undefined, thrown]`,
    'dep.cjs': `exports.named = 1; Object.defineProperty(exports, 'viaDefine', { enumerable: true, value: 2 }); exports.late; if (false) exports.late = 1
__exportStar(require('./star.cjs')); function __exportStar(from) { Object.assign(exports, from) }`,
    'star.cjs': 'exports.reexported = 3',
    'function.cjs': 'module.exports = () => "called"',
    'compiled.cjs': `Object.defineProperty(exports, '__esModule', { value: true }); exports.default = 'inner'; exports.x = 5`,
    'literal.cjs': `const a = 1; module.exports = { a, b: 2, 'c': 3 }`,
    'throws.cjs': `throw new Error('in CommonJS')`,
  },
  'a name that CommonJS does not seem to have': {
    'main.mjs': `import { computed } from './dep.cjs'; export const result = computed`,
    'dep.cjs': `for (const name of ['computed']) exports[name] = 1`,
  },
  'a name that is not exported': {
    'main.mjs': `import { there, missing } from './dep.mjs'; export const result = 1`,
    'dep.mjs': 'export const there = 1',
  },
  'a default that is not exported': { 'main.mjs': `import x from './dep.mjs'; export const result = x`, 'dep.mjs': 'export const y = 1' },
  'a name exported on that is not there': { 'main.mjs': `export { nothing } from './dep.mjs'`, 'dep.mjs': '' },
  'a module that is not there': { 'main.mjs': `import './missing.mjs'` },
  'a module without its extension': { 'main.mjs': `import './dep'`, 'dep.mjs': '' },
  'a directory': { 'main.mjs': `import './lib'`, 'lib/index.mjs': '' },
  'a package that is not there': { 'main.mjs': `import 'no-such-package/x'` },
  'what a module throws': { 'main.mjs': `import './dep.mjs'`, 'dep.mjs': `throw Object.assign(new TypeError('thrown'), { code: 'C' })` },
  'require of an ES module': {
    'main': 'main.cjs',
    'main.cjs': `
const ns = require('./dep.mjs'), again = require('./dep.mjs'), plain = require('./plain.mjs'), own = require('./own.mjs')
const attempt = (name) => { try { return require(name) } catch (error) { return error.code ?? error.name } }
exports.result = [ns.default, ns.x, ns.__esModule, ns === again, Object.keys(plain), plain.__esModule === undefined, own, attempt('./waits.mjs'), attempt('./broken.mjs'), attempt('./cycle.mjs')]`,
    'dep.mjs': 'export default "d"; export const x = 1',
    'plain.mjs': 'export const y = 2',
    'own.mjs': `const value = 'mine'; export { value as 'module.exports' }; export default 1`,
    'waits.mjs': 'export const z = await 1',
    'broken.mjs': `throw new RangeError('no')`,
    'cycle.mjs': `import './back.cjs'; export const value = 1`,
    'back.cjs': `require('./cycle.mjs')`,
  },
  '"type": "module"': {
    'main': 'main.js',
    'package.json': '{ "type": "module" }',
    'main.js': `import { x } from './dep.js'; import cjs from './old.cjs'; import { y } from './inner/inner.js'; export const result = [x, cjs, y, typeof require]`,
    'dep.js': 'export const x = typeof module',
    'old.cjs': 'module.exports = typeof require',
    'inner/package.json': '{ "type": "commonjs" }',
    'inner/inner.js': 'exports.y = typeof exports',
  },
  'nothing said, but the syntax of a module': {
    'main': 'main.js',
    'package.json': '{}',
    'main.js': `import { x } from './dep.js'; export const result = [x, import.meta.filename !== undefined, require]; function require() {}`,
    'dep.js': `export const x = await 'waited'`,
  },
  'JSON': {
    'main.mjs': `import data from './data.json' with { type: 'json' }; import * as ns from './data.json' with { type: 'json' }; export const result = [data, Object.keys(ns)]`,
    'data.json': '{ "a": [1, null, "x"], "default": 2 }',
  },
  'exports of a package': {
    'main.mjs': `
import main, { kind } from 'pack'
import { kind as feature } from 'pack/feature'
import { kind as pattern } from 'pack/deep/in/here.js'
import { kind as only } from 'pack/import-only'
import scoped from '@scope/pack/sub'
import self from '#internal/x.mjs'
import dependency from '#dependency'
import { name } from 'own-name/self'
import { createRequire } from './require.cjs'
const require = createRequire
const attempt = async (what) => { try { return (await import(what)).kind } catch (error) { return [error.name, error.code, error.message.replaceAll(import.meta.dirname, '').replace(/\\nDid you mean.*/, '')] } }
export const result = [main, kind, feature, pattern, only, scoped, self, dependency.kind, name, require('pack').kind, require('pack/feature').kind, require('own-name/self').name, require('#dependency').kind,
  await attempt('pack/private'), await attempt('pack/deep/secret/x.js'), await attempt('pack/nowhere'), await attempt('#missing'), await attempt('#'), await attempt('bad'), await attempt('bad/mixed'), await attempt('pack/array'), await attempt('legacy'),
  await attempt('legacy/file'), await attempt('legacy/file.js'), await attempt('nomain')]`,
    'require.cjs': 'exports.createRequire = require',
    'package.json': JSON.stringify({
      name: 'own-name',
      exports: { './self': { import: './self.mjs', require: './self.cjs' } },
      imports: { '#internal/*': './lib/*', '#dependency': { node: { import: 'pack', require: 'pack' }, default: './lib/none.mjs' } },
    }),
    'self.mjs': `export const name = 'self by import'`,
    'self.cjs': `exports.name = 'self by require'`,
    'lib/x.mjs': `export default 'internal'`,
    'node_modules/pack/package.json': JSON.stringify({
      name: 'pack',
      exports: {
        '.': { types: './index.d.ts', browser: './browser.js', import: './esm/index.mjs', require: './cjs/index.cjs' },
        './feature': { node: './cjs/feature.cjs', default: './none.js' },
        './deep/*': './deep/*', './deep/secret/*': null, './private/*': null, './import-only': { import: './esm/only.mjs' },
        './array': ['not-a-path', './esm/only.mjs'],
      },
    }),
    'node_modules/pack/esm/index.mjs': `export default 'main'; export const kind = 'esm'`,
    'node_modules/pack/esm/only.mjs': `export const kind = 'only'`,
    'node_modules/pack/cjs/index.cjs': `exports.kind = 'cjs'`,
    'node_modules/pack/cjs/feature.cjs': `exports.kind = 'feature'`,
    'node_modules/pack/deep/in/here.js': `exports.kind = 'deep'`,
    'node_modules/pack/deep/secret/x.js': '',
    'node_modules/@scope/pack/package.json': JSON.stringify({ name: '@scope/pack', type: 'module', exports: { './sub': './sub.js' } }),
    'node_modules/@scope/pack/sub.js': `export default 'scoped'`,
    'node_modules/bad/package.json': JSON.stringify({ name: 'bad', exports: { '.': '../outside.js', './mixed': './x.js' } }),
    'node_modules/legacy/package.json': JSON.stringify({ name: 'legacy', main: './lib' }),
    'node_modules/legacy/lib/index.js': `exports.kind = 'legacy main'`,
    'node_modules/legacy/file.js': `exports.kind = 'legacy file'`,
    'node_modules/nomain/package.json': JSON.stringify({ name: 'nomain' }),
    'node_modules/nomain/index.js': `exports.kind = 'index'`,
  },
};

const mainOf = (files) => files.main ?? 'main.mjs';
const folderOf = (name) => `graphs/${name.replace(/[^a-z]+/gi, '-')}`;

/** What comes of importing a module. */
async function outcome(load, directory) {
  const short = (text) => String(text).replaceAll(pathToFileURL(directory).href, '').replaceAll(directory, '');
  try {
    return { result: JSON.parse(JSON.stringify((await (await load()).result) ?? null)) };
  } catch (error) {
    return { name: error.name, code: error.code, message: short(error.message) };
  }
}

const app = {
  routes: { run: 'runHandler' },
  handlers: {
    async runHandler(event) {
      const { outcome, load } = require('../outcome.cjs');
      event.response = new Response(await outcome(() => load(event.params.path), event.params.directory));
    },
  },
  files: {
    'outcome.cjs': `const pathToFileURL = (path) => new URL('file://' + path);\nexports.load = (path) => import(path);\nexports.outcome = ${outcome};`,
    ...Object.fromEntries(Object.entries(graphs).flatMap(([name, { main, ...files }]) =>
      Object.entries(files).map(([file, text]) => [`${folderOf(name)}/${file}`, text]))),
  },
};

/** Where the two say it in other words, and both name what matters. */
const comparable = ({ message, ...rest }) => ({ ...rest, message: message?.replace(/(?:\nDid you mean|: Node's built-in)[^]*$/, '') });

for (const [name, files] of Object.entries(graphs)) {
  runnerTest(`modules: ${name}`, app, async (runner, directory) => {
    const folder = path.join(directory, folderOf(name));
    const main = path.join(folder, mainOf(files));
    const { statusCode, body } = await runner.ask({ name: 'run', params: { path: main, directory: folder } });
    assert.equal(statusCode, 200, JSON.stringify(body, null, 2));
    const inNode = JSON.parse(JSON.stringify(await outcome(() => import(pathToFileURL(main)), folder)));
    assert.deepEqual(comparable(body), comparable(inNode), 'the program (actual) and Node (expected) differ');
  }, { skip: oldNode });
}

// ---- handlers ----

const handlersApp = {
  routes: { module: 'moduleHandler', byDefault: 'lonelyHandler', methods: 'methodHandler', imported: 'importedHandler', package: 'packageHandler', waited: 'waitedHandler', syntax: 'syntaxHandler' },
  imports: ['./lib/imported.mjs', 'only-import'],
  files: {
    'handlers/app.js': null,
    'handlers/module.mjs': `import { Response } from 'configurapi';
import { StreamResponse } from 'configurapi-handler-ws';
import * as runner from 'configurapi-runner-ws';
import configurapi from 'configurapi';
export async function moduleHandler(event) {
  event.response = new Response([event.payload, configurapi.Response === Response, typeof StreamResponse, typeof runner.wsPostbackFunction, this !== undefined]);
  return this.continue();
}
export const helper = () => 'not one';`,
    'handlers/lonely.mjs': `export default function lonelyHandler(event) { event.response.body = 'by default'; }`,
    'handlers/methods.mjs': `export default { methodHandler(event) { event.response.body = 'a method'; } };`,
    'handlers/syntax.js': `import { readFile } from './not-a-handler.mjs';
export const syntaxHandler = (event) => { event.response.body = readFile; };`,
    'handlers/not-a-handler.mjs': `export const readFile = 'by its syntax';`,
    'handlers/waits.mjs': `const early = await Promise.resolve('microtask');
const late = await new Promise((resolve) => setTimeout(resolve, 20, 'timer'));
const later = await new Promise((resolve) => setImmediate(resolve, 'immediate'));
const tick = await new Promise((resolve) => process.nextTick(resolve, 'tick'));
export const waitedHandler = (event) => { event.response.body = [early, late, later, tick]; };`,
    'lib/imported.mjs': `export const importedHandler = (event) => { event.response.body = import.meta.filename; };`,
    'node_modules/only-import/package.json': '{ "name": "only-import", "type": "module", "exports": { "import": "./index.js" } }',
    'node_modules/only-import/index.js': `export const packageHandler = (event) => { event.response.body = 'a package'; };`,
  },
};

runnerTest('modules: handlers from handlers/ and from import', handlersApp, async (runner, directory) => {
  const client = await runner.connect();
  const body = async (name) => (await client.ask({ name, payload: 'p' })).body;
  assert.deepEqual(await body('module'), ['p', true, 'function', 'function', true]);
  assert.equal(await body('byDefault'), 'by default');
  assert.equal(await body('methods'), 'a method');
  assert.equal(await body('imported'), path.join(directory, 'lib/imported.mjs'));
  assert.equal(await body('package'), 'a package');
  assert.deepEqual(await body('waited'), ['microtask', 'timer', 'immediate', 'tick']);
  assert.equal(await body('syntax'), 'by its syntax');
  await client.close();
});

runnerTest('modules: import and require have one state', {
  routes: { state: 'stateHandler' },
  handlers: {
    async stateHandler(event) {
      const required = require('../lib/counter.cjs');
      const { default: imported } = await import('../lib/counter.cjs');
      const viaModule = await import('../lib/uses.mjs');
      required.count++;
      event.response = new Response([required === imported, viaModule.counter.count, require('../lib/uses.mjs').counter === required]);
    },
  },
  files: {
    'lib/counter.cjs': 'exports.count = 0;',
    'lib/uses.mjs': `import counter from './counter.cjs'; export { counter };`,
  },
}, async (runner) => {
  assert.deepEqual((await runner.ask({ name: 'state' })).body, [true, 1, true]);
});

runnerTest('modules: what import() rejects is the event\'s error, and nothing else', {
  routes: { broken: 'brokenHandler', unheard: 'unheardHandler' },
  handlers: {
    async brokenHandler() {
      await import('../lib/broken.mjs');
    },
    unheardHandler(event) {
      import('../lib/broken.mjs');
      event.response = new Response('went on');
    },
  },
  files: { 'lib/broken.mjs': 'export const x = 1;\n\nthrow new RangeError("in a module");' },
}, async (runner, directory) => {
  const { statusCode, body } = await runner.ask({ name: 'broken' });
  assert.equal(statusCode, 500);
  assert.deepEqual(body.details.split('\n').slice(0, 2), ['RangeError: in a module', `    at ${pathToFileURL(directory)}/lib/broken.mjs:3:7`]);
  assert.equal((await runner.ask({ name: 'unheard' })).body, 'went on');
  await runner.output('stderr', /Error: .*Uncaught RangeError: in a module/);
});

// ---- errors ----

/** Scripts that do not parse, and where. */
const commonJsWrong = Object.fromEntries(Object.entries({
  'behind the first line': ['const x=1;\nlet y = ;', "2:9: SyntaxError: Unexpected token ';'"],
  'on the first line': ['let y = ;', "1:9: SyntaxError: Unexpected token ';'"],
  'that ends too early': ['function f() {\n  return 1;\n', '3:1: SyntaxError: Unexpected end of input'],
  'with import() in it': ["import('fs');\nlet y = ;", "2:9: SyntaxError: Unexpected token ';'"],
  'with a break for nothing': ['let x = 1;\nbreak;\n', "2:1: SyntaxError: 'break' is only valid inside a switch or loop statement."],
  'declared twice': ['const x = 1;\n  const x = 2;', "2:9: SyntaxError: Cannot declare a const variable twice: 'x'."],
}).map(([name, [text, expected]]) => [`a syntax error ${name}`,
  [{ 'package.json': '{ "type": "commonjs" }', 'handlers/x.js': text }, new RegExp(`^\\S*/handlers/x\\.js:${expected.replace(/[.()]/g, '\\$&')}$`)]]));

const broken = {
  'a syntax error': [{ 'handlers/x.mjs': 'export const a = 1;\nexport const = 2;' }, /^\S*\/handlers\/x\.mjs:2:14: SyntaxError: Unexpected token$/],
  'a name that is exported twice': [{ 'handlers/x.mjs': 'export const a = 1;\nexport { b as a }; const b = 2;' }, /^\S*\/handlers\/x\.mjs:2:\d+: SyntaxError: Duplicate export 'a'$/],
  'a name that is not there': [{ 'handlers/x.mjs': "import a from './y.mjs';\nimport {\n  b,\n} from './y.mjs';", 'handlers/y.mjs': 'export default 1' }, /^\S*\/handlers\/x\.mjs:3:3: SyntaxError: The requested module '\.\/y\.mjs' does not provide an export named 'b'$/],
  'two stars that bring it': [{ 'handlers/x.mjs': "import { a } from './both.mjs';", 'handlers/y.mjs': 'export const a = 1', 'handlers/z.mjs': 'export const a = 2', 'handlers/both.mjs': "export * from './y.mjs'; export * from './z.mjs'" }, /^\S*\/handlers\/x\.mjs:1:10: SyntaxError: The requested module '\.\/both\.mjs' contains conflicting star exports for name 'a'$/],
  'a file that is not there': [{ 'handlers/x.mjs': "import './nowhere.mjs';" }, /^Cannot find module '\S*\/handlers\/nowhere\.mjs' imported from \S*\/handlers\/x\.mjs$/],
  'a package that is not there': [{ 'handlers/x.mjs': "import 'nothing';" }, /^Cannot find package 'nothing' imported from \S*\/handlers\/x\.mjs$/],
  "a module of Node's that is not here": [{ 'handlers/x.mjs': "import net from 'node:net';" }, /^Cannot find module 'node:net'.*\S*\/handlers\/x\.mjs/],
  'another scheme': [{ 'handlers/x.mjs': "import 'https://localhost/x.mjs';" }, /^\S*: Error: Only URLs with a scheme in: file and node are supported here\. Received protocol 'https:' \(https:\/\/localhost\/x\.mjs\), imported from \S*\/handlers\/x\.mjs$/],
  'what it throws': [{ 'handlers/x.mjs': '\n\nthrow new TypeError("at load");' }, /^\S*\/handlers\/x\.mjs:3:7: TypeError: at load$/],
  'what it throws behind an await': [{ 'handlers/x.mjs': 'await new Promise((resolve) => setTimeout(resolve, 5));\nthrow new TypeError("late");' }, /^\S*\/handlers\/x\.mjs:2:7: TypeError: late$/],
  'what it rejects with that is no error': [{ 'handlers/x.mjs': 'await null;\nthrow "a string";' }, /^\S*\/handlers\/x\.mjs: a string was thrown$/],
  'a top-level await for what never comes': [{ 'handlers/x.mjs': 'await new Promise(() => {});' }, /^\S*\/handlers\/x\.mjs: its top-level await waits for what will never come$/],
  'a module that waits, required': [{ 'handlers/x.js': "require('../lib/waits.mjs');", 'lib/waits.mjs': 'await null;' }, /^\S*\/handlers\/x\.js:1:1: Error: require\(\) cannot be used on an ES module with top-level await: \S*\/lib\/waits\.mjs has some, required by \S*\/handlers\/x\.js\. Use import\(\) instead$/],
  'a module in import: that is not there': [{ 'config.yaml': 'import:\n  - ./nothing.mjs\napi: { events: [] }\n' }, /^config\.yaml:2:5: Cannot find module '\S*\/nothing\.mjs'$/],
  'syntax of a module in a package of CommonJS': [{ 'package.json': '{ "type": "commonjs" }', 'handlers/x.js': 'export const a = 1;' }, /^\S*\/handlers\/x\.js:1(?::\d+)?: SyntaxError: /],
  'a native addon': [{ 'handlers/x.js': "require('../node_modules/addon/build/addon.node');", 'node_modules/addon/build/addon.node': '' },
    /^\S*\/handlers\/x\.js:1:1: Error: 'addon' is a native addon, which only Node itself can load: \S*\/addon\/build\/addon\.node, required by \S*\/handlers\/x\.js\. Use a package that does the same in JavaScript, or leave that work to a program of its own that runs in Node$/],
  'a native addon, imported': [{ 'handlers/x.mjs': "import '../lib/addon.node';", 'lib/addon.node': '' }, /'addon\.node' is a native addon, .* required by \S*\/handlers\/x\.mjs\./],
  ...commonJsWrong,
  'JSON that is none': [{ 'handlers/x.js': "\nrequire('../lib/x.json');", 'lib/x.json': '{\n  "a": [1, 2,],\n}' },
    /^\S*\/handlers\/x\.js:2:1: SyntaxError: \S*\/lib\/x\.json: .* at position 15 \(line 2 column 14\)$/],
  'JSON that is none, imported': [{ 'handlers/x.mjs': "import x from '../lib/x.json';", 'lib/x.json': '{ "a": "b' }, /SyntaxError: \S*\/lib\/x\.json: .* at position 9 \(line 1 column 10\)$/],
  'exports in an ES module': [{ 'handlers/x.js': "import 'fs';\n\nexports.x = 1;" },
    /^\S*\/handlers\/x\.js:3:\d: ReferenceError: exports is not defined in ES module scope\s+This file is being treated as an ES module because it has import, export, import\.meta or await at its top level\. To treat it as a CommonJS script, rename it to use the '\.cjs' file extension\.$/],
  'module.exports behind an await': [{ 'handlers/x.mjs': 'await 1;\nmodule.exports = {};' }, /^\S*\/handlers\/x\.mjs:2:\d: ReferenceError: module is not defined in ES module scope$/],
  'require in an ES module by its package.json': [{ 'package.json': '{ "type": "module" }', 'handlers/x.js': "const fs = require('fs');" },
    /^\S*\/handlers\/x\.js:1:12: ReferenceError: require is not defined in ES module scope, you can use import instead\s+This file .* because it has a '\.js' file extension and '\S*\/package\.json' contains "type": "module"\. To treat it as a CommonJS script, rename it to use the '\.cjs' file extension\.$/],
  'package.json that is none': [{ 'package.json': '{ no', 'handlers/x.js': '' }, /^\S*: SyntaxError: \S*\/package\.json: /],
};

for (const [name, [files, expected]] of Object.entries(broken)) {
  test(`modules, wrong: ${name}`, async () => {
    const app = makeApp({ files: { 'handlers/app.js': null, ...files } });
    const { code, stderr } = await runToEnd(['--check'], { cwd: app.path });
    app.remove();
    assert.equal(code, 2, stderr);
    assert.match(stderr.trimEnd(), expected);
  });
}
