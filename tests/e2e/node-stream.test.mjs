// stream and its promises, consumers and web halves, and the process's output as streams, beside Node's.

import assert from 'node:assert/strict';
import { oracleTests } from './support/oracle.mjs';
import { runnerTest } from './support/runner.mjs';

oracleTests('stream', {
  async readables(require) {
    const { Readable } = require('stream');
    const out = [];
    for await (const chunk of Readable.from(['a', 'b', 'c'])) out.push(chunk);
    for await (const chunk of Readable.from((async function* () { yield 1; yield { x: 2 }; })())) out.push(chunk);
    const own = new Readable({ read() { this.push('one'); this.push('two'); this.push(null); } });
    own.setEncoding('utf8');
    for await (const chunk of own) out.push(chunk);
    const pushed = new Readable({ read() {}, highWaterMark: 4 });
    out.push(pushed.push('ab'), pushed.push('cdef'), pushed.readableLength, pushed.read(1).toString(), pushed.readableFlowing);
    pushed.push(null);
    pushed.resume();
    await new Promise((resolve) => pushed.on('end', resolve));
    return [out, pushed.readableEnded, pushed.destroyed, await Readable.from([1, 2, 3, 4]).filter((x) => x % 2).map((x) => x * 10).toArray(), await Readable.from([1, 2, 3]).reduce((a, b) => a + b, 0), await Readable.from([1, 2, 3]).take(2).toArray()];
  },
  async writables(require) {
    const { Writable, finished } = require('stream');
    const got = [];
    const writable = new Writable({ highWaterMark: 3, write(chunk, encoding, callback) { got.push([chunk.toString(), encoding]); setTimeout(callback, 1); }, final(callback) { got.push('final'); callback(); } });
    const results = [writable.write('a'), writable.write('bcd'), writable.writableLength];
    writable.once('drain', () => got.push('drain'));
    await new Promise((resolve) => finished(writable.end('z'), resolve));
    const attempt = () => new Promise((resolve) => { writable.on('error', () => {}); writable.write('late', (error) => resolve([error.code, error.message])); });
    return [got, results, writable.writableFinished, await attempt()];
  },
  async transforms(require) {
    const { Transform, PassThrough, Duplex, pipeline, Readable, compose } = require('stream');
    const upper = new Transform({ transform(chunk, encoding, callback) { callback(null, chunk.toString().toUpperCase()); }, flush(callback) { this.push('!'); callback(); } });
    const out = await new Promise((resolve, reject) => {
      const parts = [];
      const end = new PassThrough();
      end.on('data', (chunk) => parts.push(chunk.toString()));
      pipeline(Readable.from(['a', 'b']), upper, end, (error) => (error ? reject(error) : resolve(parts)));
    });
    const failing = await new Promise((resolve) => pipeline(Readable.from(['x']), new Transform({ transform(chunk, encoding, callback) { callback(new Error('broken')); } }), new PassThrough(), (error) => resolve(error.message)));
    const duplex = Duplex.from(async function* (source) { for await (const chunk of source) yield `${chunk}?`; });
    duplex.end('q');
    const answers = [];
    for await (const chunk of duplex) answers.push(String(chunk));
    return [out, failing, answers, typeof compose];
  },
  async promises(require) {
    const { pipeline, finished } = require('stream/promises');
    const { Readable, Writable } = require('stream');
    const got = [];
    await pipeline(Readable.from(['a', 'b']), async function* (source) { for await (const chunk of source) yield String(chunk).repeat(2); }, new Writable({ write(chunk, encoding, callback) { got.push(chunk.toString()); callback(); } }));
    const controller = new AbortController();
    const aborted = pipeline(new Readable({ read() {} }), new Writable({ write() {} }), { signal: controller.signal }).catch((error) => [error.name, error.code]);
    controller.abort();
    const stream = Readable.from([]);
    stream.resume();
    await finished(stream);
    return [got, await aborted, require('stream').promises.pipeline === pipeline];
  },
  async errors(require) {
    const { Readable, Writable, addAbortSignal } = require('stream');
    const heard = [];
    const readable = new Readable({ read() { this.destroy(new Error('in read')); } });
    readable.on('error', (error) => heard.push(error.message)).on('close', () => heard.push('close'));
    readable.resume();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const controller = new AbortController();
    const abortable = addAbortSignal(controller.signal, new Readable({ read() {} }));
    abortable.on('error', (error) => heard.push(error.name));
    controller.abort();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const attempt = (run) => { try { return run(); } catch (error) { return [error.name, error.code]; } };
    return [heard, attempt(() => new Writable().write(null)), attempt(() => Readable.from(5)), readable.errored.message, require('stream').isErrored(readable), require('stream').isDisturbed(readable), require('stream').isReadable(readable)];
  },
  async consumers(require) {
    const consumers = require('stream/consumers');
    const { Readable } = require('stream');
    const bytes = () => Readable.from([Buffer.from('é').subarray(0, 1), Buffer.from('é').subarray(1), Buffer.from('z')]);
    const web = () => new ReadableStream({ start(controller) { controller.enqueue(new Uint8Array([104, 105])); controller.close(); } });
    return [await consumers.text(bytes()), (await consumers.buffer(bytes())).toString('hex'), await consumers.arrayBuffer(web()), await consumers.json(Readable.from(['{"a":', '1}'])), await (await consumers.blob(web())).text(), await consumers.text(web()), await consumers.json(Readable.from(['{'])).catch((error) => error.name)];
  },
  async fromWeb(require) {
    const { Readable, Writable, Duplex } = require('stream');
    const out = [];
    const source = new ReadableStream({ start(controller) { controller.enqueue('a'); controller.enqueue('b'); controller.close(); } });
    for await (const chunk of Readable.fromWeb(source, { objectMode: true })) out.push(chunk);
    const got = [];
    const sink = new WritableStream({ write(chunk) { got.push(String(chunk)); }, close() { got.push('closed'); } });
    const writable = Writable.fromWeb(sink, { decodeStrings: false });
    writable.write('x');
    await new Promise((resolve) => writable.end('y', resolve));
    let cancelled;
    const endless = Readable.fromWeb(new ReadableStream({ pull(controller) { controller.enqueue('z'); }, cancel(reason) { cancelled = reason?.message ?? 'cancelled'; } }), { objectMode: true });
    for await (const chunk of endless) { out.push(chunk); break; }
    await new Promise((resolve) => setTimeout(resolve, 5));
    const failing = Readable.fromWeb(new ReadableStream({ pull() { throw new Error('web broke'); } }));
    const failure = await new Promise((resolve) => failing.on('error', (error) => resolve(error.message)).resume());
    const attempt = (run) => { try { return run(); } catch (error) { return [error.name, error.code]; } };
    return [out, got, typeof cancelled, failure, attempt(() => Readable.fromWeb({})), attempt(() => Writable.fromWeb(5)), typeof Duplex.fromWeb];
  },
  async toWeb(require) {
    const { Readable, Writable, Duplex, PassThrough } = require('stream');
    const out = [];
    for await (const chunk of Readable.toWeb(Readable.from(['a', { b: 1 }]))) out.push(chunk);
    for await (const chunk of Readable.toWeb(Readable.from([Buffer.from('x')], { objectMode: false }))) out.push(chunk.constructor.name, String.fromCharCode(...chunk));
    const got = [];
    const writer = Writable.toWeb(new Writable({ highWaterMark: 2, write(chunk, encoding, callback) { got.push(chunk.toString()); setTimeout(callback, 1); }, final(callback) { got.push('final'); callback(); } })).getWriter();
    await writer.write(Buffer.from('one'));
    await writer.write(Buffer.from('two'));
    await writer.close();
    const broken = new PassThrough();
    const web = Readable.toWeb(broken);
    broken.destroy(new Error('node broke'));
    const failure = await web.getReader().read().catch((error) => error.message);
    const endless = new Readable({ read() { this.push('e'); } });
    await Readable.toWeb(endless).cancel();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { readable, writable } = Duplex.toWeb(new PassThrough());
    return [out, got, failure, endless.destroyed, readable instanceof ReadableStream, writable instanceof WritableStream];
  },
  old(require) {
    const Stream = require('stream');
    const util = require('util');
    function Old() { Stream.Readable.call(this); }
    util.inherits(Old, Stream.Readable);
    Old.prototype._read = function () { this.push(null); };
    return [new Old() instanceof Stream, new Stream() instanceof require('events'), Stream.Stream === Stream, typeof Stream.prototype.pipe, Stream.getDefaultHighWaterMark(false) > 0, new Stream.Readable().readableHighWaterMark, new Stream.Readable({ objectMode: true }).readableHighWaterMark];
  },
});

oracleTests('stream/web', {
  async readable(require) {
    const { ReadableStream: Same } = require('stream/web');
    const out = [];
    let pulls = 0;
    const stream = new ReadableStream({ pull(controller) { controller.enqueue(++pulls); if (pulls === 3) controller.close(); } }, { highWaterMark: 0 });
    const reader = stream.getReader();
    out.push(await reader.read(), pulls, stream.locked);
    reader.releaseLock();
    for await (const value of stream) out.push(value);
    const [one, two] = ReadableStream.from(['a', 'b']).tee();
    for (const each of [one, two]) for await (const value of each) out.push(value);
    const attempt = (promise) => promise.then((value) => value, (error) => [error.name, error.message?.includes('boom') ? 'boom' : 1]);
    out.push(await attempt(new ReadableStream({ start(controller) { controller.error(new Error('boom')); } }).getReader().read()));
    let cancelled;
    await new ReadableStream({ cancel(reason) { cancelled = reason; } }).cancel('why');
    return [out, cancelled, Same === ReadableStream];
  },
  async bytes(require) {
    const stream = new ReadableStream({ type: 'bytes', pull(controller) { const { view } = controller.byobRequest; view[0] = 7; controller.byobRequest.respond(1); } });
    const reader = stream.getReader({ mode: 'byob' });
    const { value, done } = await reader.read(new Uint8Array(4));
    return [value, done];
  },
  async pipes(require) {
    const got = [];
    const upper = new TransformStream({ transform(chunk, controller) { controller.enqueue(chunk.toUpperCase()); }, flush(controller) { controller.enqueue('.'); } });
    await ReadableStream.from(['a', 'b']).pipeThrough(upper).pipeTo(new WritableStream({ write(chunk) { got.push(chunk); }, close() { got.push('closed'); } }));
    const controller = new AbortController();
    const piped = new ReadableStream({}).pipeTo(new WritableStream({ abort(reason) { got.push(reason.name); } }), { signal: controller.signal }).catch((error) => error.name);
    controller.abort();
    return [got, await piped, new CountQueuingStrategy({ highWaterMark: 3 }).highWaterMark, new ByteLengthQueuingStrategy({ highWaterMark: 5 }).size(new Uint8Array(4))];
  },
  async text(require) {
    const collect = async (stream) => { const all = []; for await (const chunk of stream) all.push(chunk); return all; };
    const bytes = ReadableStream.from([new Uint8Array([0xe2, 0x82]), new Uint8Array([0xac, 0x41])]);
    const decoded = (await collect(bytes.pipeThrough(new TextDecoderStream()))).join('');
    const encoded = await collect(ReadableStream.from(['a\ud83d', '\ude00b']).pipeThrough(new TextEncoderStream()));
    const fatal = await collect(ReadableStream.from([new Uint8Array([0xff])]).pipeThrough(new TextDecoderStream('utf-8', { fatal: true }))).catch((error) => error.name);
    return [decoded, encoded.flatMap((chunk) => [...chunk]), fatal, new TextDecoderStream('latin1').encoding, new TextEncoderStream().encoding];
  },
});

oracleTests("the process's output", {
  writables(require) {
    const { Stream, Writable } = require('stream');
    return [process.stdout, process.stderr].map((output) => [output instanceof Writable, output instanceof Stream, output instanceof require('events'),
      typeof output._write, output._writableState.objectMode, output.writableEnded, output.writableFinished, output.writableObjectMode, output.errored]);
  },
  unasked() {
    const { stdout } = process;
    const [count, added] = [stdout.listenerCount('unpipe'), () => {}];
    const same = stdout.on('unpipe', added) === stdout;
    const now = stdout.listenerCount('unpipe') - count;
    stdout.off('unpipe', added);
    return [typeof stdout.pipe, same, now, stdout.listenerCount('unpipe') - count, typeof stdout._writableState, stdout._writableState.ended];
  },
});

runnerTest("what is written to the process's output comes in order, whichever way it was written", {
  routes: { print: 'printHandler' },
  handlers: {
    async printHandler(event) {
      const { stdout } = process;
      const { Readable } = require('stream');
      stdout.write('[1]');
      console.log('[2]');
      if (!(stdout instanceof require('stream').Writable)) throw new Error('it is none');
      stdout.write('[3]');
      console.log('[4]');
      stdout.cork();
      stdout.write(Buffer.from('[5]'));
      stdout._write('[6]', 'utf8', () => console.log('[7]'));
      stdout.uncork();
      await new Promise((resolve) => stdout.write('[8]', resolve));
      console.log('[9]');
      await require('stream/promises').pipeline(Readable.from(['[10]', Buffer.from('[11]')]), stdout);
      await new Promise((resolve) => stdout.end('[12]', resolve));
      stdout.destroy();
      console.log('[13]');
      event.response = new Response('done');
    },
  },
}, async (runner) => {
  assert.equal((await runner.ask({ name: 'print' })).body, 'done');
  await runner.output('stdout', /\[13\]\n/);
  assert.deepEqual(runner.stdout.match(/\[\d+\]/g), Array.from({ length: 13 }, (_, i) => `[${i + 1}]`));
});
