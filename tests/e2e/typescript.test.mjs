// TypeScript: what `tsx` makes of a graph of files, the program makes of it; and what is the program's own: handlers, errors, the cache.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { makeApp } from './support/app.mjs';
import { oldNode } from './support/node.mjs';
import { runnerTest, runToEnd, startRunner } from './support/runner.mjs';

/** Graphs as in esm.test.mjs, each in a directory of its own. Without `main` it is main.mts. */
const graphs = {
  'types are taken out': {
    'main.mts': `
import { type Shape, area, Kind } from './shapes.mjs'
import type { Nothing } from './not-there.mjs'
import { OnlyAType } from './shapes.mjs'
export type { Shape } from './shapes.mjs'
interface Point<T extends number = number> { readonly x: T; y?: T; [key: string]: unknown }
type Mapped<T> = { [K in keyof T as \`get\${string & K}\`]-?: () => T[K] }
declare const ambient: string
declare global { interface Array<T> { mine?: T } }
declare module './shapes.mjs' { interface Shape { added?: 1 } }
abstract class Base<T> { declare never: T; protected abstract size(): number; readonly made!: number; static #count: number = 0; constructor(protected readonly value: T) { Base.#count++ } static get count(): number { return Base.#count } }
class Square extends Base<number> implements Shape { override size(): number { return this.value ** 2 } get kind(): Kind { return Kind.Square } }
function overloaded(x: string): string
function overloaded(x: number): number
function overloaded(this: void, x: any): any { return x }
const generic = <T,>(x: T): T => x
const point = { x: 1, y: 2 } satisfies Point as const
let maybe: { a?: { b: number } } | undefined = { a: { b: 3 } }
function assertIsString(value: unknown): asserts value is string {}
const square = new Square(3) as unknown as Square
for (const each of [1] as const) void each
export const result = [area(square), Square.count, square.kind, overloaded('o'), generic<number>(4), point.x, maybe!.a!.b, (<any>square).value, Object.keys(square), typeof OnlyATypeUser]
function OnlyATypeUser(x: OnlyAType): Nothing | void {}`,
    'shapes.mts': `export interface Shape { kind: Kind } export type OnlyAType = string; export enum Kind { Square = 'square' } export function area(shape: any): number { return shape.size() }`,
  },
  'enums and namespaces': {
    'main.mts': `
enum Plain { A, B = 5, C, D = C * 2, E = 'text'.length }
const enum Folded { One = 1, Two = One << 1 }
enum Text { X = 'x', Y = \`y\${1}\` }
enum Plain { Late = 100 }
declare enum Ambient { Z = 1 }
namespace Space { export let count = 0; export function add(): number { return ++count } export namespace Inner { export const deep = Space.count } const hidden = 1; export class Thing { name = 'thing' } }
namespace Space { export const again = add() }
function merged(): string { return merged.extra }
namespace merged { export const extra = 'extra' }
class Holder { static from = 'class' }
namespace Holder { export const more = Holder.from + '+' }
namespace OnlyTypes { export type T = number }
import Alias = Space.Inner
export { Plain as Renamed }
export default Text
export const result = [Plain, Plain[5], Folded.Two, Text, Space.add(), Space.count, Space.again, new Space.Thing().name, merged(), Holder.more, Alias.deep, 'hidden' in Space]`,
  },
  'parameter properties, fields and accessors': {
    'main.mts': `
const seen: unknown[] = []
class A { field = this.given; constructor(public given: string = 'default', private readonly other = 2, protected third?: number) { seen.push(this.field, Object.keys(this)) } }
class B extends A { own = 'own'; declare given: string; constructor() { super('from B'); seen.push(this.own) } }
class C { accessor value = 1; static accessor shared = 's'; static { C.shared += '!' } }
const c = new C(); c.value++
new A(); new B()
export const result = [seen, c.value, C.shared, Object.getOwnPropertyNames(C.prototype).sort()]`,
  },
  'decorators as ECMAScript has them': {
    'main.mts': `
const seen: unknown[] = []
function logged(value: any, context: any) { seen.push([context.kind, String(context.name), context.static ?? null]); if (context.kind === 'method') return function (this: any, ...args: any[]) { return ['wrapped', value.apply(this, args)] }
  if (context.kind === 'field') return (initial: number) => initial * 2; if (context.kind === 'accessor') return { init: (v: number) => v + 1 } }
const named = (name: string) => (value: any, context: any) => { context.addInitializer(function (this: any) { seen.push(name) }) }
@logged @named('class') class A { @logged field = 4; @logged static shared = 5; @logged accessor value = 1; @logged method(x: number) { return x } @logged get got() { return 6 } }
const a = new A()
export const result = [seen, a.field, A.shared, a.value, a.method(7), a.got]`,
  },
  'decorators as experimentalDecorators has them': {
    'tsconfig.json': `{
  // with comments
  "compilerOptions": { "experimentalDecorators": true, /* and commas */ "target": "ES2022", },
}`,
    'main.mts': `
const seen: unknown[] = []
const mark = (name: string): any => (target: any, key?: string, index?: any) => { seen.push([name, typeof target, key ?? null, typeof index === 'number' ? index : typeof index]) }
@mark('class') class A { @mark('field') field = 1; @mark('static') static shared = 2; @mark('method') method(@mark('parameter') x: number) {} constructor(@mark('constructor') private y: number) {} @mark('getter') get z() { return 1 } }
export const result = [seen, new A(1).field]`,
  },
  'what target says of class fields': {
    'tsconfig.json': '{ "compilerOptions": { "target": "ES2020" } }',
    'main.mts': `
const seen: string[] = []
class Base { set value(v: number) { seen.push('set') } }
class Derived extends Base { value = 1; left: string }
export const result = [seen, Object.keys(new Derived())]`,
  },
  'what a base of tsconfig.json says': {
    'tsconfig.json': '{ "extends": "./config/base.json", "compilerOptions": { "baseUrl": ".", "paths": { "@lib/*": ["lib/*"], "exact": ["./lib/exact.mts"] } } }',
    'config/base.json': '{ "compilerOptions": { "useDefineForClassFields": false } }',
    'main.mts': `
import { x } from '@lib/x.mjs'
import { y } from 'exact'
class Base { set value(v: number) { (globalThis as any).wasSet = true } }
class Derived extends Base { value = 1 }
new Derived()
export const result = [x, y, (globalThis as any).wasSet]`,
    'lib/x.mts': `export const x: string = 'by pattern'`,
    'lib/exact.mts': `export const y: string = 'exact'`,
  },
  'where TypeScript finds files': {
    'package.json': '{ "type": "module" }',
    'main': 'main.ts',
    'main.ts': `
import { a } from './a.js'
import { b } from './b.mjs'
import { c } from './c.cjs'
import { d } from './d'
import { e } from './folder/index.js'
import { f } from './plain.js'
import both from './both.js'
import data from './data.json'
import { z } from '#internal'
export const result = [a, b, c, d, e, f, both, data.value, z, import.meta.url.endsWith('/main.ts'), (await import('./a.js')).a]`,
    'a.ts': `export const a: string = 'a.ts'`,
    'b.mts': `export const b: string = 'b.mts'`,
    'c.cts': `export const c: string = 'c.cts'`,
    'd.ts': `export const d: string = 'd.ts'`,
    'folder/index.ts': `export const e: string = 'index.ts'`,
    'plain.js': `export const f = 'plain.js'`,
    'both.ts': `export default 'both.ts' as string`,
    'both.js': `export default 'both.js'`,
    'data.json': '{ "value": 9 }',
    'internal.ts': `export const z: number = 26`,
  },
  'CommonJS': {
    'main': 'main.cts',
    'main.cts': `
import path = require('./equals.cjs')
import def, { named, type T } from './module.cjs'
import * as star from './module.cjs'
import plain from './plain.cjs'
export const result: unknown = (async () => {
  const later = await import('./esm.mjs')
  const value: T = 1
  return [path.one, def, named, star.named, plain.p, later.default, typeof require, typeof module, __filename.endsWith('main.cts'), typeof __dirname, value]
})()`,
    'equals.cts': `const it: { one: number } = { one: 1 }; export = it`,
    'module.cts': `export type T = number; export const named: string = 'named'; export default 'default' as string`,
    'plain.cjs': `module.exports = { p: 'plain' }`,
    'esm.mts': `export default 'esm' as string`,
  },
  'nothing said of modules': {
    'main': 'main.ts',
    'package.json': '{}',
    'main.ts': `
import { helper, Level } from './helper'
import legacy = require('./legacy')
const here: string = __filename
export const result = [helper<number>(1), Level.High, legacy, here.endsWith('main.ts'), typeof require]`,
    'helper.ts': `export enum Level { Low, High } export function helper<T>(x: T): T[] { return [x] }`,
    'legacy.ts': `module.exports = 'legacy' as string`,
  },
  'a syntax error': { 'main.mts': 'const x: = 1' },
  'what it throws': { 'main.mts': `enum E { A }\nthrow new RangeError(\`thrown \${E[0]}\`)` },
};
graphs['where TypeScript finds files']['package.json'] = '{ "type": "module", "imports": { "#internal": "./internal.js" } }';

const folderOf = (name) => `graphs/${name.replace(/[^a-z]+/gi, '-')}`;

/** What comes of importing a module. */
async function outcome(main, load) {
  try {
    return { result: JSON.parse(JSON.stringify((await (await load(main)).result) ?? null)) };
  } catch (error) {
    const isSyntax = error.name === 'SyntaxError' || error.name === 'TransformError'; // esbuild's
    return isSyntax ? { name: 'SyntaxError' } : { name: error.name, message: error.message };
  }
}

const graphApp = {
  routes: { run: 'runHandler' },
  handlers: {
    async runHandler(event) {
      event.response = new Response(await require('../outcome.cjs')(event.payload));
    },
  },
  files: {
    'outcome.cjs': `${outcome}\nmodule.exports = (main) => outcome(main, (path) => import(path));`,
    'reference.mjs': `import outcome from './outcome.cjs';\nconsole.log(JSON.stringify(await outcome(process.argv[2])));`,
    ...Object.fromEntries(Object.entries(graphs).flatMap(([name, { main, ...files }]) =>
      Object.entries(files).map(([file, text]) => [`${folderOf(name)}/${file}`, text]))),
  },
};

/** The same in Node; tsx reads the tsconfig.json of the working directory. */
function withTsx(directory, main) {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), path.join(directory, 'reference.mjs'), main],
    { cwd: path.dirname(main), encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', TSX_DISABLE_CACHE: '1' } });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

for (const [name, { main = 'main.mts' }] of Object.entries(graphs)) {
  runnerTest(`TypeScript: ${name}`, { ...graphApp, env: { XDG_CACHE_HOME: '/dev/null' } }, async (runner, directory) => {
    const file = path.join(directory, folderOf(name), main);
    const { statusCode, body } = await runner.ask({ name: 'run', payload: file });
    assert.equal(statusCode, 200, JSON.stringify(body, null, 2));
    assert.deepEqual(body, withTsx(directory, file), 'the program (actual) and tsx (expected) differ');
  }, { skip: oldNode });
}

// ---- handlers ----

const handlersApp = {
  routes: { typed: 'typedHandler', byDefault: 'byDefaultHandler', object: 'objectHandler', esm: 'esmHandler', cts: 'ctsHandler', mts: 'mtsHandler', metadata: 'metadataHandler' },
  imports: ['./lib/imported', './lib/typed.mts'],
  files: {
    'handlers/app.js': null,
    'handlers/typed.ts': `import { Response, type Event } from 'configurapi';
export async function typedHandler(this: any, event: Event): Promise<void> { event.response = new Response('typed' as string); return this.continue(); }
export const notOne: number = 1;`,
    'handlers/function.ts': `export default function byDefaultHandler(event: any): void { event.response.body = 'the default export'; }`,
    'handlers/object.mts': `export default { objectHandler(event: any): void { event.response.body = 'of the default export'; }, other: 1 };`,
    'handlers/esm.mjs': `export const esmHandler = (event) => { event.response.body = 'mjs'; };`,
    'handlers/old.cjs': 'exports.oldHandler = () => {};',
    'handlers/declared.d.ts': 'this is not looked at',
    'handlers/declared.d.mts': 'nor is this',
    'lib/imported.ts': `export = { ctsHandler: (event: any): void => { event.response.body = 'imported'; } };`,
    'lib/typed.mts': `export const mtsHandler = (event: any): void => { event.response.body = 'imported as a module'; };`,
    'handlers/metadata.ts': `
const found: unknown[] = [];
(Reflect as any).metadata = (key: string, value: any) => () => { found.push([key, value.name ?? value.map((each: any) => each.name)]); };
const inject = (target: any) => target;
class Service {}
@inject class Controller { constructor(readonly service: Service, readonly text: string) {} }
export const metadataHandler = (event: any) => { event.response.body = [found, Controller.name]; };`,
    'handlers/tsconfig.json': '{ "compilerOptions": { "experimentalDecorators": true, "emitDecoratorMetadata": true } }',
  },
};

const interopApp = (said) => ({
  routes: { run: 'runHandler' },
  handlers: {
    runHandler(event) {
      event.response = new Response(require('../lib/probe').result);
    },
  },
  files: {
    ...(said === undefined ? {} : { 'lib/tsconfig.json': JSON.stringify({ compilerOptions: { esModuleInterop: said } }) }),
    'lib/class.js': 'module.exports = class Thing { static made = 1; constructor(x) { this.x = x; } };',
    'lib/function.js': "module.exports = Object.assign((x) => `called with ${x}`, { part: 'p', bind: 'own' });",
    'lib/probe.ts': `
import * as star from './function'
import def from './function'
import * as Thing from './class'
import * as path from 'path'
const attempt = (action: () => unknown) => { try { return action() } catch (error: any) { return error.name } }
export const result = [typeof star, attempt(() => star(1)), star.part, star.bind, typeof star.default, attempt(() => def(2)),
  attempt(() => new Thing(3).x), attempt(() => new Thing(4) instanceof Thing), attempt(() => new (class extends (Thing as any) {})(5).x),
  Thing.made, Thing.default?.name, typeof path.join]`,
  },
});

for (const [said, result] of [
  [undefined, ['function', 'called with 1', 'p', 'own', 'function', 'called with 2', 3, true, 5, 1, 'Thing', 'function']],
  [false, ['function', 'called with 1', 'p', 'own', 'undefined', 'TypeError', 3, true, 5, 1, null, 'function']],
  [true, ['object', 'TypeError', 'p', 'own', 'function', 'called with 2', 'TypeError', 'TypeError', 'TypeError', 1, 'Thing', 'function']],
]) {
  runnerTest(`TypeScript: import * as of a function, esModuleInterop ${said}`, interopApp(said), async (runner) => {
    assert.deepEqual((await runner.ask({ name: 'run' })).body, result);
  });
}

runnerTest('TypeScript: handlers from handlers/ and from import', handlersApp, async (runner) => {
  const client = await runner.connect();
  const body = async (name) => (await client.ask({ name })).body;
  assert.equal(await body('typed'), 'typed');
  assert.equal(await body('byDefault'), 'the default export');
  assert.equal(await body('object'), 'of the default export');
  assert.equal(await body('esm'), 'mjs');
  assert.equal(await body('cts'), 'imported');
  assert.equal(await body('mts'), 'imported as a module');
  assert.deepEqual(await body('metadata'), [[['design:paramtypes', ['Service', 'String']]], 'Controller']);
  await client.close();
});

runnerTest('TypeScript: a stack has the lines and columns of the file', {
  routes: { fail: 'failHandler', fail2: 'fail2Handler' },
  files: {
    'handlers/app.js': null,
    'handlers/app.ts': `import { Response } from 'configurapi';
interface Long {
  x: number;
}
enum Level { Low, High }
const decorate = (value: any, context: any): any => value;

@decorate
class Failing {
  constructor(private readonly long: Long) {}

  fail<T extends string>(message: T): never { throw new RangeError(message as string); }
}

export function failHandler(event: any): void {
  const failing: Failing = new Failing({ x: Level.High });
  ((more: string) => failing.fail(more))('typed');
}
`,
    'handlers/app2.mts': `import { deep } from '../lib/deep.mjs'; type Away = { gone: true };
export async function fail2Handler(event: any) { await null; deep(1 as number); }
`,
    'lib/deep.mts': `
export type T = 1 | 2;

export function deep(x: number): never { throw new Error(\`deep \${x}\`) }`,
  },
}, async (runner, directory) => {
  const details = async (name) => (await runner.ask({ name })).body.details.replaceAll(directory, '').split('\n');
  assert.deepEqual(await details('fail'), [
    'RangeError: typed',
    '    at fail (/handlers/app.ts:12:53)',
    '    at /handlers/app.ts:17:30',
    '    at failHandler (/handlers/app.ts:17:41)',
  ]);
  assert.deepEqual(await details('fail2'), [
    'Error: deep 1',
    '    at deep (file:///lib/deep.mts:4:48)',
    '    at fail2Handler (file:///handlers/app2.mts:2:62)',
  ]);
});

// ---- errors ----

const broken = {
  'a type that is not closed': ['handlers/x.ts', 'export const a = 1;\n\nexport const b: { x: number = 2;\n', /^\S*\/handlers\/x\.ts:4:1: SyntaxError: '}' expected\.$/],
  'JavaScript that is none': ['handlers/x.mts', 'type A = 1;\nexport const a = await = 2;\n', /^\S*\/handlers\/x\.mts:2:\d+: SyntaxError: /],
  'a type that is exported on as if it were a value': ['handlers/x.mts', "export { T } from './types.mjs';", /^\S*\/handlers\/x\.mts:1:10: SyntaxError: The requested module '\.\/types\.mjs' does not provide an export named 'T'/],
  'what it throws when it is loaded': ['handlers/x.ts', 'enum E {\n  A,\n}\n\nthrow new TypeError(`thrown ${E.A}`);', /^\S*\/handlers\/x\.ts:5:7: TypeError: thrown 0$/],
  'a module that is not there': ['handlers/x.ts', "import { y } from './nowhere';\ny();", /^Cannot find module '\.\/nowhere' Require stack: - \S*\/handlers\/x\.ts$/],
  'a base of tsconfig.json that is not there': ['handlers/x.ts', 'export {};', /^\S*: Error: \S*\/handlers\/tsconfig\.json: it extends 'no-such-base', which is not there$/, { 'handlers/tsconfig.json': '{ "extends": "no-such-base" }' }],
  'a tsconfig.json that is no JSON': ['handlers/x.ts', 'export {};', /^\S*: SyntaxError: \S*\/handlers\/tsconfig\.json: /, { 'handlers/tsconfig.json': '{ nonsense }' }],
  '.tsx': ['handlers/a.js', "require('../lib/x.tsx')", /Unknown file extension "\.tsx" for \S*\/lib\/x\.tsx: \.js, .* can be loaded$/, { 'lib/x.tsx': '' }],
};

for (const [name, [file, text, expected, more = {}]] of Object.entries(broken)) {
  test(`TypeScript, wrong: ${name}`, async () => {
    const app = makeApp({ files: { 'handlers/app.js': null, 'handlers/types.mts': 'export type T = 1;', [file]: text, ...more } });
    const { code, stderr } = await runToEnd(['--check'], { cwd: app.path });
    app.remove();
    assert.equal(code, 2, stderr);
    assert.match(stderr.trimEnd(), expected);
  });
}

// ---- the cache ----

const cachedApp = { routes: { x: 'xHandler' }, files: { 'handlers/app.js': null, 'handlers/x.ts': `export const xHandler = (event: any): void => { event.response.body = 'compiled' as string; };` } };

/** What the handler says of itself, with the cache below `home`. */
async function answer(home, body = 'compiled') {
  const app = makeApp(cachedApp);
  const runner = await startRunner({ cwd: app.path, env: { XDG_CACHE_HOME: home } });
  try {
    assert.equal((await runner.ask({ name: 'x' })).body, body);
    await runner.stop();
  } finally {
    await runner.kill();
    app.remove();
  }
}

/** A cache directory with what is in it once the app has been started. */
async function withCache(body) {
  const home = realpathSync(mkdtempSync(path.join(tmpdir(), 'configurapi-test-')));
  const directory = path.join(home, 'configurapi-runner-ws');
  const entries = () => readdirSync(directory).filter((name) => readFileSync(path.join(directory, name), 'utf8').includes("'compiled'"));
  try {
    await answer(home);
    const [name] = entries();
    await body({ home, directory, entry: path.join(directory, name), entries });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

const forge = (entry) => writeFileSync(entry, readFileSync(entry, 'utf8').replace(/(?<="code":"[^]*)'compiled'/, "'from the cache'"));

test('cache: what was compiled is kept and used again', async () => {
  await withCache(async ({ home, directory, entry, entries }) => {
    assert.equal(entries().length, 1);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.equal(statSync(entry).mode & 0o777, 0o600);
    forge(entry);
    await answer(home, 'from the cache');
  });
});

test('cache: another source is another entry', async () => {
  await withCache(async ({ entry, home }) => {
    // The same name, as two sources whose hashes are the same would have.
    writeFileSync(entry, readFileSync(entry, 'utf8').replace('"source":"', '"source":"// another\\n'));
    forge(entry);
    await answer(home);
  });
});

for (const [name, spoil] of Object.entries({
  'that others may write to': (entry) => chmodSync(entry, 0o620),
  'in a directory that others may write to': (entry) => chmodSync(path.dirname(entry), 0o777),
  'that is a link': (entry) => {
    writeFileSync(`${entry}.real`, readFileSync(entry));
    rmSync(entry);
    symlinkSync(`${entry}.real`, entry);
  },
  'cut short': (entry) => writeFileSync(entry, readFileSync(entry, 'utf8').slice(0, -10)),
  'that is a directory': (entry) => {
    rmSync(entry);
    mkdirSync(entry);
  },
})) {
  test(`cache: nothing is taken from an entry ${name}`, async () => {
    await withCache(async ({ home, entry }) => {
      forge(entry);
      spoil(entry);
      await answer(home);
    });
  });
}

test('cache: nothing is taken from an entry of somebody else', { skip: process.getuid() !== 0 && 'needs to be root' }, async () => {
  const { chownSync } = await import('node:fs');
  await withCache(async ({ home, entry }) => {
    forge(entry);
    chownSync(entry, 12345, 0);
    await answer(home);
  });
});

test('cache: it works without one', async () => {
  for (const home of ['/dev/null', '/proc/nothing', 'relative']) await answer(home);
});

test('cache: what nobody has used for a month goes', async () => {
  await withCache(async ({ home, directory, entry }) => {
    const [old, recent] = ['0123456789abcdef.json', 'fedcba9876543210.json'].map((name) => path.join(directory, name));
    for (const file of [old, recent]) writeFileSync(file, '{}');
    const monthAgo = Date.now() / 1000 - 31 * 24 * 3600;
    utimesSync(old, monthAgo, monthAgo);
    rmSync(entry); // so that there is something to write
    await answer(home);
    assert.deepEqual([old, recent].map((file) => readdirSync(directory).includes(path.basename(file))), [false, true]);
  });
});
