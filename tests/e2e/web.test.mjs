// The web's classes that are globals: events, aborting, messages, blobs, forms, headers, requests and responses, beside Node's.

import assert from 'node:assert/strict';
import { oracleTests } from './support/oracle.mjs';
import { guarded, runnerTest } from './support/runner.mjs';

oracleTests('events and aborting', {
  events() {
    const target = new EventTarget();
    const heard = [];
    const listener = (event) => heard.push([event.type, event instanceof Event, event.target === target, event.cancelable, event.defaultPrevented]);
    target.addEventListener('a', listener);
    target.addEventListener('a', { handleEvent(event) { heard.push(`object ${event.type}`); event.preventDefault(); } }, { once: true });
    const results = [target.dispatchEvent(new Event('a', { cancelable: true })), target.dispatchEvent(new Event('a'))];
    target.removeEventListener('a', listener);
    target.dispatchEvent(new Event('a'));
    const stopping = new EventTarget();
    stopping.addEventListener('s', (event) => { heard.push('first'); event.stopImmediatePropagation(); });
    stopping.addEventListener('s', () => heard.push('second'));
    stopping.dispatchEvent(new Event('s'));
    const controller = new AbortController();
    target.addEventListener('b', () => heard.push('b'), { signal: controller.signal });
    target.dispatchEvent(new Event('b'));
    controller.abort();
    target.dispatchEvent(new Event('b'));
    const custom = new CustomEvent('c', { detail: { x: 1 } });
    class Own extends EventTarget {}
    const own = new Own();
    own.addEventListener('c', (event) => heard.push(event.detail));
    own.dispatchEvent(custom);
    return [heard, results, new CustomEvent('d').detail, Object.prototype.toString.call(new Event('x')), new Event('x').bubbles, typeof new Event('x').timeStamp, Event.name, EventTarget.name];
  },
  eventErrors() {
    const target = new EventTarget();
    return [() => new Event(), () => target.dispatchEvent({}), () => target.addEventListener('x', 5), () => target.addEventListener('x'), () => target.dispatchEvent()].map((run) => {
      try { return run(); } catch (error) { return [error.name, error.code]; }
    });
  },
  async aborting() {
    const heard = [];
    const controller = new AbortController();
    const { signal } = controller;
    signal.onabort = (event) => heard.push(['onabort', event.type, event.target === signal]);
    signal.addEventListener('abort', () => heard.push('listener'));
    const before = [signal.aborted, signal.reason];
    controller.abort();
    controller.abort('again');
    const { name, message, code } = signal.reason;
    const own = AbortSignal.abort('mine');
    const attempt = (run) => { try { return run(); } catch (error) { return [error?.name ?? error, error?.code]; } };
    const timeout = AbortSignal.timeout(1);
    await new Promise((resolve) => timeout.addEventListener('abort', resolve));
    return [before, heard, signal.aborted, name, message, code, own.reason, attempt(() => own.throwIfAborted()), attempt(() => signal.throwIfAborted()), timeout.reason.name, timeout.reason.message, timeout.reason.code, attempt(() => new AbortSignal()), attempt(() => AbortSignal.timeout('x')), attempt(() => AbortSignal.timeout(-1)),
      Object.prototype.toString.call(signal), Object.prototype.toString.call(controller), signal instanceof EventTarget];
  },
  async heldWhileHeard() {
    // Signals that nobody else holds must not be collected while somebody listens.
    const sources = [new AbortController(), new AbortController(), new AbortController()];
    const heard = [];
    AbortSignal.any([sources[0].signal]).addEventListener('abort', () => heard.push('listener'));
    AbortSignal.any([sources[1].signal]).onabort = () => heard.push('attribute');
    const quiet = AbortSignal.any([sources[2].signal]);
    const listener = () => heard.push('removed');
    quiet.addEventListener('abort', listener);
    quiet.removeEventListener('abort', listener);
    for (let i = 0; i < 20; i++) {
      Array.from({ length: 100000 }, () => ({}));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (const source of sources) source.abort();
    return heard;
  },
  any() {
    const [one, two] = [new AbortController(), new AbortController()];
    const heard = [];
    const any = AbortSignal.any([one.signal, two.signal]);
    const nested = AbortSignal.any([any, AbortSignal.any([])]);
    any.onabort = () => heard.push('any');
    nested.addEventListener('abort', () => heard.push('nested'));
    two.abort('second');
    one.abort('first');
    const attempt = (run) => { try { return run(); } catch (error) { return [error.name, error.code]; } };
    return [heard, any.reason, nested.reason, AbortSignal.any([AbortSignal.abort('early'), one.signal]).reason, AbortSignal.any([]).aborted, attempt(() => AbortSignal.any([{}])), attempt(() => AbortSignal.any())];
  },
});

oracleTests('messages', {
  async channels() {
    const { port1, port2 } = new MessageChannel();
    const heard = [];
    const done = new Promise((resolve) => { port2.onmessage = ({ data, type }) => { heard.push([type, data]); if (data === 'last') resolve(); }; });
    const sent = { map: new Map([[1, new Date(0)]]), list: [1, undefined] };
    sent.self = undefined;
    port1.postMessage(sent);
    sent.list.push('changed later');
    port1.postMessage('last');
    heard.push('posted');
    await done;
    const back = new Promise((resolve) => port1.once('message', resolve));
    port2.postMessage({ back: true });
    heard.push(await back);
    const closed = new Promise((resolve) => port2.addEventListener('close', () => resolve('closed')));
    port1.close();
    port1.postMessage('too late');
    heard.push(await closed);
    return heard;
  },
  async cloneErrors() {
    const { port1, port2 } = new MessageChannel();
    try { port1.postMessage(() => {}); } catch (error) { return [error.name, error.code]; } finally { port1.close(); port2.close(); }
  },
  transfer() {
    const { port1, port2 } = new MessageChannel();
    const buffer = new ArrayBuffer(8);
    port1.postMessage(buffer, [buffer]);
    port1.close();
    port2.close();
    return [buffer.byteLength, new MessageEvent('message', { data: 5 }).data, typeof MessagePort];
  },
});

oracleTests('blobs and forms', {
  async blobs() {
    const blob = new Blob(['ab', new Uint8Array([99]), new Blob(['é']), new Uint16Array([0x6261]).buffer], { type: 'Text/Plain' });
    const file = new File(['content'], 'name.txt', { type: 'text/plain', lastModified: 5 });
    const chunks = [];
    for await (const chunk of blob.stream()) chunks.push(...chunk);
    return [blob.size, blob.type, await blob.text(), await blob.slice(1, 3).text(), await blob.slice(-2).text(), blob.slice(0, 1, 'x/y').type, await blob.arrayBuffer(), chunks, file.name, file.lastModified, file.size, file instanceof Blob, await file.text(), Object.prototype.toString.call(blob), Object.prototype.toString.call(file), typeof new File([], 'x').lastModified];
  },
  async forms() {
    const form = new FormData();
    form.append('a', '1');
    form.append('a', '2');
    form.set('b', new Blob(['x'], { type: 'text/x' }), 'b.txt');
    form.append('c', new File(['y'], 'y.txt'));
    form.append('n', 5);
    form.delete('n');
    const attempt = (run) => { try { return run(); } catch (error) { return error.name; } };
    const response = new Response(form);
    const again = await response.formData();
    return [[...form.keys()], form.getAll('a'), form.get('b').name, form.get('c').name, form.has('n'), form.get('none'), response.headers.get('content-type').replace(/-+\w+(-?\w*)*$/, '…'), [...again.keys()], again.get('a'), await again.get('b').text(), again.get('b').type, again.get('c').name,
      attempt(() => form.append('x')), attempt(() => form.append('x', 'y', 'z'))];
  },
  async urlEncodedForms() {
    const form = await new Response('a=1&b=%C3%A9+x&a=2', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }).formData();
    return [...form];
  },
});

oracleTests('headers, requests and responses', {
  headers() {
    const headers = new Headers([['B', '2'], ['a', ' 1 '], ['b', '3'], ['Set-Cookie', 'x=1'], ['set-cookie', 'y=2']]);
    headers.append('C', 'x');
    headers.set('a', 'new');
    headers.delete('c');
    const attempt = (run) => { try { return run(); } catch (error) { return [error.name]; } };
    return [[...headers], headers.get('B'), headers.has('c'), headers.get('none'), headers.getSetCookie(), attempt(() => headers.append('bad name', 'x')), attempt(() => headers.append('x', 'a\nb')), attempt(() => headers.get()), [...new Headers({ x: 'y' })], attempt(() => new Headers([['a']])), [...new Headers(headers).keys()]];
  },
  async requests() {
    const request = new Request('http://a.example/p?q#f', { method: 'post', headers: { 'X-A': 'b' }, body: 'text', redirect: 'manual' });
    const copy = request.clone();
    const again = new Request(request, { method: 'PUT' });
    const attempt = (run) => { try { return run(); } catch (error) { return [error.name]; } };
    return [request.method, request.url, [...request.headers], request.redirect, request.bodyUsed, await copy.text(), again.method, await again.text(), request.bodyUsed, request.signal instanceof AbortSignal, request.mode, request.credentials,
      attempt(() => new Request('no url')), attempt(() => new Request('http://a', { body: 'x' })), attempt(() => new Request('http://u:p@a')), attempt(() => new Request('http://a', { method: 'TRACE' })), attempt(() => new Request('http://a', { method: 'POST', body: new ReadableStream() })), new Request('http://a', { method: 'patch' }).method];
  },
  async responses() {
    const response = new Response('{"a":1}', { status: 201, statusText: 'Made', headers: { 'content-type': 'application/json' } });
    const copy = response.clone();
    const attempt = (run) => { try { return run(); } catch (error) { return [error.name]; } };
    const later = (promise) => promise.then((value) => value, (error) => [error.name]);
    return [response.status, response.statusText, response.ok, await response.json(), response.bodyUsed, await later(response.text()), await copy.text(), await new Response(new Uint8Array([1, 2])).arrayBuffer(), await new Response(new Blob(['b'])).text(), await new Response(new URLSearchParams('a=b')).text(),
      new Response(new URLSearchParams('a=b')).headers.get('content-type'), new Response('x').headers.get('content-type'), await new Response(ReadableStream.from([new Uint8Array([65]), new Uint8Array([66])])).text(), new Response().body, await new Response().text(), Response.json({ b: 2 }).headers.get('content-type'), await Response.json({ b: 2 }).json(),
      Response.redirect('http://a.example/', 302).headers.get('location'), Response.error().type, attempt(() => new Response('x', { status: 204 })), attempt(() => new Response('', { status: 99 })), await (await new Response('blob', { headers: { 'content-type': 'x/y' } }).blob()).type, (await new Response('x').bytes?.())?.length ?? 'none', await later(new Response('no json').json())];
  },
  names() {
    return ['fetch', 'Headers', 'Request', 'Response', 'FormData', 'Blob', 'File', 'ReadableStream', 'AbortController', 'Event', 'CustomEvent', 'MessageChannel', 'MessageEvent', 'TextDecoderStream', 'navigator', 'WebSocket', 'EventSource'].map((name) => [name, typeof globalThis[name], Object.getOwnPropertyDescriptor(globalThis, name)?.enumerable ?? null, globalThis[name]?.name ?? null]);
  },
});

runnerTest('a listener that throws is logged, and keeps nobody from hearing', {
  routes: { dispatch: 'dispatchHandler' },
  handlers: {
    dispatchHandler(event) {
      const heard = [];
      const target = new EventTarget();
      target.addEventListener('x', () => { throw new Error('from a listener'); });
      target.addEventListener('x', () => heard.push('second'));
      target.dispatchEvent(new Event('x'));
      event.response = new Response(heard);
    },
  },
}, async (runner) => {
  assert.deepEqual((await runner.ask({ name: 'dispatch' })).body, ['second']);
  await guarded(runner.output('stderr', /Uncaught Error: from a listener/));
});
