// events: what the port's EventEmitter does, and what was added to it, beside Node's.

import { oracleTests } from './support/oracle.mjs';

oracleTests('events', {
  emitting(require) {
    const EventEmitter = require('node:events');
    const emitter = new EventEmitter();
    const heard = [];
    emitter.on('a', function (...args) { heard.push(['on', this === emitter, ...args]); });
    emitter.once('a', (...args) => heard.push(['once', ...args]));
    emitter.prependListener('a', () => heard.push('first'));
    const symbol = Symbol('s');
    emitter.on(symbol, () => heard.push('symbol'));
    const results = [emitter.emit('a', 1, 2), emitter.emit('a'), emitter.emit('nobody'), emitter.emit(symbol)];
    return [heard, results, emitter.eventNames(), emitter.listenerCount('a'), EventEmitter.listenerCount(emitter, 'a'), emitter.rawListeners('a').length];
  },
  removing(require) {
    const { EventEmitter } = require('events');
    const emitter = new EventEmitter();
    const heard = [];
    const listener = () => heard.push('x');
    emitter.on('newListener', (name) => heard.push(`new ${name}`));
    emitter.on('removeListener', (name, which) => heard.push(`removed ${name} ${which === listener}`));
    emitter.on('e', listener).addListener('e', listener).off('e', listener).emit('e');
    emitter.once('o', listener);
    emitter.removeListener('o', listener);
    emitter.on('r', () => { emitter.removeAllListeners('r'); heard.push('in r'); });
    emitter.on('r', () => heard.push('still'));
    emitter.emit('r');
    emitter.emit('r');
    emitter.removeAllListeners();
    return [heard, emitter.eventNames(), emitter.listenerCount('e')];
  },
  subclasses(require) {
    const EventEmitter = require('events');
    const util = require('util');
    function Old() { EventEmitter.call(this); }
    util.inherits(Old, EventEmitter);
    class New extends EventEmitter { constructor() { super(); this.x = 1; } }
    const heard = [];
    for (const emitter of [new Old(), new New()]) {
      emitter.on('x', () => heard.push(emitter.constructor.name));
      emitter.emit('x');
      heard.push(emitter instanceof EventEmitter, Object.keys(emitter).includes('x'));
    }
    const mixed = Object.assign({}, EventEmitter.prototype);
    mixed.on('m', () => heard.push('mixed'));
    mixed.emit('m');
    return [heard, EventEmitter.EventEmitter === EventEmitter, EventEmitter.name, new New().constructor.name];
  },
  errors(require) {
    const { EventEmitter } = require('events');
    const emitter = new EventEmitter();
    const attempt = (call) => { try { return call(); } catch (error) { return [error.name, error.code, error.message]; } };
    return [
      attempt(() => emitter.emit('error', new RangeError('mine'))), attempt(() => emitter.emit('error', 'text')),
      attempt(() => emitter.emit('error', { a: 1 })), attempt(() => emitter.emit('error')), attempt(() => emitter.on('x')),
      attempt(() => emitter.once('x', 5)), attempt(() => emitter.setMaxListeners(-1)), attempt(() => emitter.setMaxListeners('1')),
      attempt(() => { EventEmitter.defaultMaxListeners = -5; }), attempt(() => emitter.removeListener('x', null)),
      attempt(() => new EventEmitter({ captureRejections: 1 })),
    ];
  },
  monitor(require) {
    const { EventEmitter, errorMonitor } = require('events');
    const emitter = new EventEmitter();
    const heard = [];
    emitter.on(errorMonitor, (error) => heard.push(`monitor ${error.message}`));
    try { emitter.emit('error', new Error('one')); } catch (error) { heard.push(`thrown ${error.message}`); }
    emitter.on('error', (error) => heard.push(`error ${error.message}`));
    emitter.emit('error', new Error('two'));
    return [heard, String(errorMonitor)];
  },
  async captureRejections(require) {
    const { EventEmitter, captureRejectionSymbol } = require('events');
    const heard = [];
    const one = new EventEmitter({ captureRejections: true });
    one.on('x', async () => { throw new Error('rejected'); });
    one.on('error', (error) => heard.push(['error', error.message]));
    one.emit('x');
    const two = new EventEmitter({ captureRejections: true });
    two[captureRejectionSymbol] = (error, type, ...args) => heard.push(['symbol', error.message, type, ...args]);
    two.on('y', async () => { throw new Error('also'); });
    two.emit('y', 7);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return [heard, EventEmitter.captureRejections, String(captureRejectionSymbol)];
  },
  async once(require) {
    const { EventEmitter, once } = require('events');
    const emitter = new EventEmitter();
    const attempt = (promise) => promise.then((value) => value, (error) => [error.name, error.code, error.message, error.cause?.message]);
    process.nextTick(() => emitter.emit('a', 1, 2));
    const first = await attempt(once(emitter, 'a'));
    process.nextTick(() => emitter.emit('error', new Error('broken')));
    const second = await attempt(once(emitter, 'a'));
    process.nextTick(() => emitter.emit('error', new Error('asked for')));
    const third = await attempt(once(emitter, 'error').then(([error]) => error.message));
    const controller = new AbortController();
    process.nextTick(() => controller.abort(new Error('why')));
    const fourth = await attempt(once(emitter, 'a', { signal: controller.signal }));
    const fifth = await attempt(once(emitter, 'a', { signal: controller.signal }));
    const target = new EventTarget();
    process.nextTick(() => target.dispatchEvent(new Event('t')));
    const [event] = await once(target, 't');
    return [first, second, third, fourth, fifth, event.type, emitter.eventNames(), await attempt(once({}, 'x')), await attempt(once(emitter, 'x', { signal: 1 }))];
  },
  async on(require) {
    const { EventEmitter, on } = require('events');
    const emitter = new EventEmitter();
    const heard = [];
    const attempt = (promise) => promise.then((value) => value, (error) => [error.name, error.code, error.message]);
    process.nextTick(() => { emitter.emit('n', 1); emitter.emit('n', 2, 'b'); emitter.emit('end'); });
    for await (const args of on(emitter, 'n', { close: ['end'] })) heard.push(args);
    process.nextTick(() => { emitter.emit('n', 1); emitter.emit('error', new Error('broken')); });
    heard.push(await attempt((async () => { for await (const args of on(emitter, 'n')) heard.push(args); })()));
    const controller = new AbortController();
    process.nextTick(() => { emitter.emit('n', 3); controller.abort(); });
    heard.push(await attempt((async () => { for await (const args of on(emitter, 'n', { signal: controller.signal })) heard.push(args); })()));
    const iterator = on(emitter, 'n');
    emitter.emit('n', 4);
    heard.push(await iterator.next(), await iterator.return(), await iterator.next(), emitter.listenerCount('n'), emitter.listenerCount('error'));
    return heard;
  },
  targets(require) {
    const { getEventListeners, setMaxListeners, getMaxListeners, EventEmitter } = require('events');
    const target = new EventTarget();
    const [a, b, c] = [() => {}, () => {}, { handleEvent() {} }];
    target.addEventListener('x', a);
    target.addEventListener('x', a);
    target.addEventListener('x', b, { once: true });
    target.addEventListener('x', c, { capture: true });
    const before = getEventListeners(target, 'x').length;
    target.dispatchEvent(new Event('x'));
    target.removeEventListener('x', c, { capture: true });
    const emitter = new EventEmitter();
    emitter.once('y', a);
    setMaxListeners(5, emitter, target);
    return [before, getEventListeners(target, 'x').length, getEventListeners(target, 'none').length, getEventListeners(emitter, 'y')[0] === a, getMaxListeners(emitter), getMaxListeners(target)];
  },
  abortListener(require) {
    const { addAbortListener } = require('events');
    const controller = new AbortController();
    const heard = [];
    addAbortListener(controller.signal, () => heard.push('aborted'));
    controller.abort();
    return heard;
  },
  asyncResource(require) {
    const { EventEmitterAsyncResource } = require('events');
    const emitter = new EventEmitterAsyncResource({ name: 'mine' });
    const heard = [];
    emitter.on('x', function (value) { heard.push(this === emitter, value); });
    emitter.emit('x', 1);
    return [heard, typeof emitter.asyncId, typeof emitter.triggerAsyncId, emitter.asyncResource.eventEmitter === emitter];
  },
  processIsOne(require) {
    const EventEmitter = require('events');
    const heard = [];
    const listener = (value) => heard.push(value);
    process.on('own', listener);
    process.emit('own', 1);
    process.off('own', listener);
    return [heard, process instanceof EventEmitter];
  },
});
