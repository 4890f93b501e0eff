// util, assert, and the smaller modules, beside Node's.

import { oracleTests } from './support/oracle.mjs';

oracleTests('util', {
  format(require) {
    const { format, formatWithOptions } = require('util');
    return [format('%s %d %i %f %j %o %O %%', 'a', 1.5, 2.7, '3.1', { a: 1 }, [1], { b: { c: {} } }, 'more'), format(1, 2, '3'), format('%s', null, undefined, 5n, Symbol('x')),
      format('%c styled', 'css'), format('a', { b: 1 }), formatWithOptions({ colors: true }, '%O', { a: 1 }), format('%s', { toString() { return 'own'; } }), format('%s', class A {}), format()];
  },
  inspect(require) {
    const { inspect } = require('util');
    class Own { constructor() { this.x = 1; } }
    const circular = { name: 'c' };
    circular.self = circular;
    return [
      inspect({ a: { b: { c: { d: 1 } } } }), inspect(new Own()), inspect(circular), inspect([1, , 3]), inspect(new Map([[1, { a: 2 }]])), inspect(new Set(['x'])),
      inspect('it\'s "q"'), inspect(Symbol('s')), inspect(-0), inspect(10n), inspect(null), inspect(() => {}), inspect(function named() {}), inspect(class A extends Own {}),
      inspect({ [inspect.custom](depth, options, inspectToo) { return `custom ${depth} ${typeof options.stylize} ${inspectToo === inspect}`; } }),
      inspect({ a: 1, b: 'x' }, { compact: false }), inspect({ a: [1, 2, 3] }, { depth: 0 }), inspect('x'.repeat(200), { maxStringLength: 10 }), inspect(Array.from({ length: 200 }, (_, i) => i), { maxArrayLength: 3 }),
      inspect(new Date(0)), inspect(/re/g), inspect({ get a() { return 1; }, set b(x) {} }), inspect(Object.create(null)), inspect(Buffer.from('ab')), inspect(new Uint8Array(2)),
      inspect({ a: 1 }, { colors: true }), inspect({ b: 2, a: 1 }, { sorted: true }), inspect(new (class extends Map {})()), inspect([new Error('e').message]), String(inspect.custom), Object.keys(inspect.colors).length > 20,
      inspect(new URLSearchParams('a=1')), inspect(new AbortController().signal), inspect(new Blob(['abc'])), inspect(new ReadableStream()), inspect(new (class Foo { #p = 1; q = 2; })()),
    ];
  },
  async promisify(require) {
    const { promisify } = require('util');
    const good = promisify(function (a, callback) { callback(null, [this?.x, a]); });
    const bad = promisify((callback) => callback(new Error('no')));
    const own = () => {};
    own[promisify.custom] = () => Promise.resolve('own');
    const attempt = (call) => { try { return call(); } catch (error) { return [error.name, error.code, error.message]; } };
    return [await good.call({ x: 1 }, 2), await bad().catch((error) => error.message), await promisify(own)(), promisify(promisify(own)) === promisify(own), String(promisify.custom),
      attempt(() => promisify(5)), attempt(() => promisify(Object.assign(() => {}, { [promisify.custom]: 1 }))), await promisify(setTimeout)(1, 'value'), good.name, good.length];
  },
  async callbackify(require) {
    const { callbackify } = require('util');
    const call = (f, ...args) => new Promise((resolve) => callbackify(f)(...args, (error, value) => resolve([error?.message ?? error, error?.code, error?.reason, value])));
    const attempt = (run) => { try { return run(); } catch (error) { return [error.name, error.code, error.message]; } };
    return [await call(async (a, b) => a + b, 1, 2), await call(async () => { throw new Error('no'); }), await call(() => Promise.reject(null)), attempt(() => callbackify(1)),
      attempt(() => callbackify(async () => {})()), callbackify(async function f(a, b) {}).name, callbackify(async function f(a, b) {}).length];
  },
  inherits(require) {
    const { inherits } = require('util');
    function Parent() {}
    Parent.prototype.hi = () => 'hi';
    function Child() {}
    inherits(Child, Parent);
    const attempt = (run) => { try { return run(); } catch (error) { return [error.name, error.code, error.message]; } };
    return [new Child().hi(), Child.super_ === Parent, new Child() instanceof Parent, attempt(() => inherits(Child)), attempt(() => inherits(null, Parent)), attempt(() => inherits(Child, () => {}))];
  },
  deprecate(require) {
    const { deprecate } = require('util');
    const warnings = [];
    const listener = (warning) => warnings.push([warning.name, warning.message, warning.code]);
    process.on('warning', listener);
    const old = deprecate((a) => a + 1, 'old is old', 'DEP_X');
    const again = deprecate(() => 2, 'also old', 'DEP_X');
    class A { constructor(x) { this.x = x; } }
    const B = deprecate(A, 'no class');
    const results = [old(1), old(2), again(), new B(3).x, new B(1) instanceof A];
    return new Promise((resolve) => setTimeout(() => { process.off('warning', listener); resolve([results, warnings]); }, 5));
  },
  types(require) {
    const { types } = require('util');
    const values = { date: new Date(), regexp: /x/, map: new Map(), set: new Set(), weakMap: new WeakMap(), weakSet: new WeakSet(), promise: Promise.resolve(), error: new TypeError('x'), buffer: Buffer.alloc(1), u8: new Uint8Array(), f64: new Float64Array(),
      big: new BigInt64Array(), dataView: new DataView(new ArrayBuffer(1)), arrayBuffer: new ArrayBuffer(1), generator: (function* () {})(), generatorFunction: function* () {}, asyncFunction: async () => {}, symbolObject: Object(Symbol()), numberObject: Object(1),
      stringObject: Object('x'), booleanObject: Object(true), bigintObject: Object(1n), mapIterator: new Map().values(), setIterator: new Set().values(), args: (function () { return arguments; })(), plain: {}, nothing: null, number: 1, fake: { [Symbol.toStringTag]: 'Date' } };
    const names = Object.keys(types).filter((name) => !['isExternal', 'isEventTarget'].includes(name)).sort();
    return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, names.filter((name) => types[name](value))]));
  },
  isDeepStrictEqual(require) {
    const { isDeepStrictEqual: same } = require('util');
    return [same({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }), same(1, '1'), same(NaN, NaN), same(0, -0), same(new Map([[1, {}]]), new Map([[1, {}]])), same(new Set([{ a: 1 }]), new Set([{ a: 1 }])), same([1, , 3], [1, undefined, 3]),
      same(new Date(1), new Date(1)), same(/a/g, /a/i), same(Object.create({}), {}), same(Buffer.from('a'), Buffer.from('a')), same({ a: undefined }, {}), same(new Error('x'), new Error('x')), same([], {})];
  },
  parseArgs(require) {
    const { parseArgs } = require('util');
    const attempt = (run) => { try { return run(); } catch (error) { return [error.name, error.code, error.message]; } };
    return [
      parseArgs({ args: ['-f', '--bar', 'b', 'rest', '--', '-x'], options: { foo: { type: 'boolean', short: 'f' }, bar: { type: 'string' } }, allowPositionals: true }),
      parseArgs({ args: ['--many=1', '--many=2'], options: { many: { type: 'string', multiple: true } } }), parseArgs({ args: [], options: { d: { type: 'string', default: 'x' } } }),
      attempt(() => parseArgs({ args: ['--unknown'], options: {} })), attempt(() => parseArgs({ args: ['word'], options: {} })), attempt(() => parseArgs({ args: ['--s'], options: { s: { type: 'string' } } })),
    ];
  },
  styles(require) {
    const { styleText, stripVTControlCharacters } = require('util');
    const attempt = (run) => { try { return run(); } catch (error) { return [error.name, error.code]; } };
    return [styleText('red', 'x'), styleText('red', 'x', { validateStream: false }), styleText(['bold', 'underline'], 'y'), stripVTControlCharacters('\u001b[31mz\u001b[0m'), attempt(() => styleText('nocolor', 'x')), attempt(() => styleText('red', 5)), attempt(() => stripVTControlCharacters(5))];
  },
  async rest(require) {
    const util = require('node:util');
    const controller = new AbortController();
    const waiting = util.aborted(controller.signal, {});
    controller.abort();
    return [util === require('util'), require('sys') === util, util.toUSVString('a\ud800b'), util.TextEncoder === TextEncoder, util.TextDecoder === TextDecoder, (await waiting, 1), util.debuglog('x').enabled, util.debug === util.debuglog,
      util.isArray([]), util.isRegExp(/x/), util.isError(new Error('x')), util.isBuffer(Buffer.alloc(0)), util._extend({ a: 1 }, { b: 2 }), require('util/types') === util.types];
  },
});

oracleTests('assert', {
  passes(require) {
    const assert = require('assert');
    assert(true);
    assert.ok(1);
    assert.equal(1, '1');
    assert.strictEqual(NaN, NaN);
    assert.notStrictEqual(1, 2);
    assert.deepEqual({ a: [1, '2'] }, { a: ['1', 2] });
    assert.deepStrictEqual({ a: [1, new Map([[1, { x: 1 }]])] }, { a: [1, new Map([[1, { x: 1 }]])] });
    assert.notDeepStrictEqual({ a: 1 }, { a: '1' });
    assert.throws(() => { throw new TypeError('bad'); }, TypeError);
    assert.throws(() => { throw new TypeError('bad'); }, { name: 'TypeError', message: /ba/ });
    assert.throws(() => { throw new Error('bad'); }, /bad/);
    assert.throws(() => { throw new Error('bad'); }, (error) => error.message === 'bad');
    assert.doesNotThrow(() => {});
    assert.match('abc', /b/);
    assert.doesNotMatch('abc', /x/);
    assert.ifError(null);
    return [typeof assert.strict, assert.strict.equal === assert.strictEqual, require('assert/strict').deepEqual === assert.deepStrictEqual, assert.strict.strict === assert.strict];
  },
  fails(require) {
    const assert = require('assert');
    const strict = require('node:assert/strict');
    return [
      () => assert(0), () => assert.ok(null, 'said'), () => assert.equal(1, 2), () => assert.strictEqual(1, 2, 'own words'), () => strict.equal('a', 'b'), () => assert.notStrictEqual(1, 1), () => assert.deepStrictEqual({ a: 1 }, { a: 2 }),
      () => assert.deepEqual([1], [2]), () => assert.throws(() => {}), () => assert.throws(() => {}, TypeError), () => assert.doesNotThrow(() => { throw new Error('x'); }), () => assert.match('a', /b/), () => assert.fail('mine'), () => assert.fail(), () => assert.ifError(new Error('e')),
      () => assert.ifError(0), () => assert.strictEqual(1, 2, new RangeError('own error')), () => assert.throws('no function'), () => assert.rejects, () => assert.strictEqual(1),
    ].map((call) => {
      try { return call(); } catch (error) { return [error.name, error.code, error.operator, error instanceof assert.AssertionError]; }
    });
  },
  messages(require) {
    const assert = require('assert');
    return [() => assert.strictEqual(1, 2), () => assert.equal(1, 2), () => assert.notStrictEqual(1, 1), () => assert.fail('mine'), () => assert.throws(() => {}), () => assert.throws(() => {}, TypeError), () => assert.throws(() => {}, { message: 'x' }), () => assert.fail(), () => assert.ifError(new Error('e')), 
      () => assert.match('a', /b/), () => assert.doesNotThrow(() => { throw new Error('x'); })].map((call) => {
      try { return call(); } catch (error) { return error.message; }
    });
  },
  async promises(require) {
    const assert = require('assert');
    const attempt = (promise) => promise.then((value) => ['fine', value], (error) => [error.name, error.code, error.message.split('\n')[0]]);
    return [await attempt(assert.rejects(Promise.reject(new Error('x')))), await attempt(assert.rejects(async () => { throw new TypeError('y'); }, TypeError)), await attempt(assert.rejects(Promise.resolve(1))), await attempt(assert.doesNotReject(Promise.resolve(1))),
      await attempt(assert.doesNotReject(Promise.reject(new Error('z')))), await attempt(assert.rejects(Promise.reject(new Error('x')), /other/)), await attempt(assert.rejects(Promise.reject(new Error('x')), TypeError)), await attempt(assert.rejects(Promise.reject(new Error('x')), () => false)),
      await attempt((async () => assert.throws(() => { throw new Error('x'); }, RangeError))()), await attempt((async () => assert.throws(() => { throw new Error('x'); }, /y/))()), await attempt((async () => assert.throws(() => { throw new Error('x'); }, { message: 'y' }))())];
  },
  error(require) {
    const { AssertionError } = require('assert');
    const error = new AssertionError({ message: 'm', actual: 1, expected: 2, operator: 'op' });
    return [error.name, error.code, error.message, error.actual, error.expected, error.operator, error.generatedMessage, error instanceof Error];
  },
});

oracleTests('querystring, punycode, string_decoder', {
  querystring(require) {
    const qs = require('querystring');
    return [qs.parse('a=1&b=2&a=3&c&=d&e='), qs.parse('a:1;b:2', ';', ':'), qs.parse('a=%20b+c%zz&%C3%A9=%E4'), qs.parse('a=1&b=2&c=3', null, null, { maxKeys: 2 }), qs.parse(''), qs.parse('x=%F0%9F%98%80'), qs.stringify({ a: 1, b: [2, 'x y'], c: true, d: null, e: undefined, f: 'é😀', g: {}, h: 10n, i: NaN }),
      qs.stringify({ a: 'b c' }, ';', ':'), qs.escape('a b&c=d/é'), qs.unescape('a%20b%zz'), qs.unescapeBuffer('%41b').toString(), qs.stringify('text'), qs.stringify(null), qs.encode === qs.stringify, qs.decode === qs.parse,
      qs.parse('a=b', undefined, undefined, { decodeURIComponent: (text) => text.toUpperCase() }), qs.stringify({ a: 'x' }, null, null, { encodeURIComponent: () => 'own' }), qs.parse('&&a=1&&'), qs.parse('a=b=c'), qs.parse('__proto__=1')];
  },
  querystringError(require) {
    return require('querystring').stringify({ a: '\ud800' });
  },
  punycode(require) {
    const punycode = require('punycode');
    return [punycode.encode('mañana'), punycode.decode('maana-pta'), punycode.toASCII('mañana.com'), punycode.toUnicode('xn--maana-pta.com'), punycode.ucs2.decode('a😀'), punycode.ucs2.encode([0x1f600])];
  },
  stringDecoder(require) {
    const { StringDecoder } = require('string_decoder');
    const out = [];
    for (const encoding of ['utf8', 'utf16le', 'base64', 'base64url', 'hex', 'latin1', 'ascii', 'UCS2', undefined]) {
      const decoder = new StringDecoder(encoding);
      const text = [...Buffer.from('a é€😀z', ['utf16le', 'UCS2'].includes(encoding) ? 'utf16le' : 'utf8')].map((byte) => decoder.write(Buffer.from([byte])));
      out.push([decoder.encoding, text, decoder.end(), decoder.end(Buffer.from([0xe2, 0x82]))]);
    }
    const half = new StringDecoder('utf8');
    out.push(half.write(Buffer.from([0xf0, 0x9f])), half.end(), half.write(Buffer.from([0xff, 0x41])), half.write('text'), half.write(new Uint8Array([0x42])));
    return out;
  },
  stringDecoderErrors(require) {
    const { StringDecoder } = require('string_decoder');
    return [() => new StringDecoder('no-such'), () => new StringDecoder().write(5), () => new StringDecoder().write(null)].map((call) => {
      try { return call(); } catch (error) { return [error.name, error.code]; }
    });
  },
});

oracleTests('diagnostics_channel', {
  channels(require) {
    const dc = require('diagnostics_channel');
    const heard = [];
    const listener = (message, name) => heard.push([message, name]);
    const channel = dc.channel('one');
    const before = [channel.hasSubscribers, dc.hasSubscribers('one')];
    dc.subscribe('one', listener);
    channel.publish({ a: 1 });
    const during = [channel.hasSubscribers, dc.hasSubscribers('one'), dc.channel('one') === channel, channel.name];
    const removed = [dc.unsubscribe('one', listener), dc.unsubscribe('one', listener)];
    channel.publish({ a: 2 });
    return [before, during, removed, heard, channel instanceof dc.Channel];
  },
  async tracing(require) {
    const dc = require('diagnostics_channel');
    const channels = dc.tracingChannel('work');
    const heard = [];
    const handlers = Object.fromEntries(['start', 'end', 'asyncStart', 'asyncEnd', 'error'].map((name) => [name, (message) => heard.push([name, message.result ?? null, message.error?.message ?? null])]));
    channels.subscribe(handlers);
    const sync = channels.traceSync((a) => a + 1, {}, null, 1);
    const promised = await channels.tracePromise(async () => 'later', {});
    try { channels.traceSync(() => { throw new Error('no'); }, {}); } catch (error) { heard.push(error.message); }
    await new Promise((resolve) => channels.traceCallback((callback) => setTimeout(callback, 1, null, 'called'), 0, {}, null, resolve));
    channels.unsubscribe(handlers);
    return [sync, promised, heard];
  },
  stores(require) {
    const dc = require('diagnostics_channel');
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    const channel = dc.channel('stored');
    channel.bindStore(als, (data) => ({ data }));
    const inside = channel.runStores('x', () => als.getStore());
    return [inside, channel.unbindStore(als), channel.unbindStore(als), als.getStore()];
  },
  errors(require) {
    const dc = require('diagnostics_channel');
    return [() => dc.channel(5), () => dc.subscribe('x', 5)].map((call) => { try { return call(); } catch (error) { return [error.name, error.code]; } });
  },
});
