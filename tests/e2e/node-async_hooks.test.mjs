// async_hooks: AsyncLocalStorage's values must follow the code that Node has them follow, whatever it awaits.

import assert from 'node:assert/strict';
import { oracleTests } from './support/oracle.mjs';
import { runnerTest } from './support/runner.mjs';

/** Snippets that run several flows at once, each in its own store, and say what each saw. */
oracleTests('AsyncLocalStorage', {
  async runAndGet(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    const seen = [als.getStore()];
    const returned = als.run('one', (a, b) => {
      seen.push(als.getStore(), a, b);
      als.run('two', () => seen.push(als.getStore()));
      als.exit(() => seen.push(als.getStore()));
      seen.push(als.getStore());
      return 'returned';
    }, 1, 2);
    try {
      als.run('three', () => { throw new Error('out of run'); });
    } catch (error) {
      seen.push(error.message, als.getStore());
    }
    return [seen, returned, als.getStore()];
  },
  async awaits(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    const later = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));
    const flow = (name) => als.run(name, async () => {
      const seen = [als.getStore()];
      await null;
      seen.push(als.getStore());
      await undefined;
      await 1;
      await 'x';
      seen.push(als.getStore());
      await Promise.resolve();
      seen.push(als.getStore());
      await later(1);
      seen.push(als.getStore());
      await (async () => { await null; seen.push(als.getStore()); await later(2); seen.push(als.getStore()); })();
      seen.push(als.getStore());
      await { then(resolve) { seen.push(als.getStore()); setTimeout(resolve, 1); } };
      seen.push(als.getStore());
      try {
        await Promise.reject(new Error('no'));
      } catch (error) {
        seen.push(error.message, als.getStore());
      }
      try {
        await later(1).then(() => { throw new Error('late'); });
      } catch (error) {
        seen.push(error.message, als.getStore());
      }
      for (let i = 0; i < 10; i++) await i;
      seen.push(als.getStore());
      return seen;
    });
    const all = [];
    for (const name of ['a', 'b', 'c', 'd']) all.push(flow(name));
    await null;
    const outside = als.getStore();
    return [await Promise.all(all), outside, als.getStore()];
  },
  async manyAtOnce(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    const wrong = [];
    const flow = (name) => als.run({ name }, async () => {
      for (let i = 0; i < 50; i++) {
        switch ((i + name) % 6) {
          case 0: await null; break;
          case 1: await Promise.resolve(i); break;
          case 2: await new Promise((resolve) => setTimeout(resolve, (i * name) % 3)); break;
          case 3: await new Promise((resolve) => setImmediate(resolve)); break;
          case 4: await new Promise((resolve) => process.nextTick(resolve)); break;
          case 5: await Promise.all([1, Promise.resolve(2), (async () => { await null; if (als.getStore()?.name !== name) wrong.push(['inner', name, i]); })()]); break;
        }
        if (als.getStore()?.name !== name) wrong.push([name, i, als.getStore()?.name ?? null]);
      }
    });
    await Promise.all(Array.from({ length: 60 }, (_, name) => flow(name)));
    return [wrong, als.getStore()];
  },
  async sharedPromise(require) {
    // One promise that all flows wait for, settled in another flow, as a pool or a cache has it.
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    let release;
    const shared = new Promise((resolve) => { release = resolve; });
    const flows = ['a', 'b', 'c'].map((name) => als.run(name, async () => {
      const value = await shared;
      const first = als.getStore();
      await null;
      return [first, als.getStore(), value];
    }));
    const releaser = als.run('releaser', async () => {
      await null;
      release('free');
      await null;
      const first = als.getStore();
      await Promise.resolve();
      return [first, als.getStore()];
    });
    return [await Promise.all(flows), await releaser];
  },
  async queueOfLocks(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    const queue = [];
    let held = false;
    const lock = async () => { if (held) await new Promise((resolve) => queue.push(resolve)); held = true; };
    const unlock = () => { held = false; queue.shift()?.(); };
    const order = [];
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => als.run(name, async () => {
      await lock();
      order.push([name, als.getStore()]);
      await null;
      order.push([name, als.getStore()]);
      unlock();
      await null;
      order.push([name, als.getStore()]);
    })));
    return order.filter(([name, store]) => name !== store);
  },
  async promiseFunctions(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    const flow = (name) => als.run(name, async () => {
      const seen = [];
      const see = (value) => { seen.push(als.getStore()); return value; };
      await Promise.resolve(1).then(see).then(see);
      await Promise.reject(new Error('x')).catch(see);
      await Promise.reject(new Error('x')).then(null, see).finally(see);
      await Promise.allSettled([Promise.reject(new Error('y')), 1]).then(see);
      await Promise.race([Promise.resolve(2), new Promise(() => {})]).then(see);
      await Promise.any([Promise.reject(new Error('z')), Promise.resolve(3)]).then(see);
      await new Promise((resolve) => resolve(Promise.resolve().then(see)));
      see();
      return seen;
    });
    return Promise.all(['p', 'q'].map(flow));
  },
  async thenOutsideItsStore(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    const promise = als.run('maker', () => Promise.resolve().then(() => als.getStore()));
    const seen = await als.run('taker', () => promise.then((made) => [made, als.getStore()]));
    return [seen, await promise.then(() => als.getStore())];
  },
  async thenTakenOffThePrototype(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    const then = als.run('taken', () => Promise.prototype.then);
    const promise = als.run('made', () => Promise.resolve());
    return als.run('called', async () => [
      await then.call(promise, () => als.getStore()), await Reflect.apply(then, promise, [() => als.getStore()]), then.name,
    ]);
  },
  async webStreams(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    const flow = (name) => als.run(name, async () => {
      const seen = [];
      const source = new ReadableStream({ async pull(controller) { await null; controller.enqueue(name); controller.close(); } });
      for await (const chunk of source.pipeThrough(new TransformStream())) seen.push(`${chunk} ${als.getStore()}`);
      seen.push(als.getStore());
      return seen;
    });
    return Promise.all(['x', 'y'].map(flow));
  },
  async timersAndTicks(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    const seen = {};
    const flow = (name) => als.run(name, () => {
      const see = (what) => { seen[`${name} ${what}`] = als.getStore(); };
      setTimeout(see, 1, 'timeout');
      setImmediate(see, 'immediate');
      process.nextTick(see, 'tick');
      queueMicrotask(() => see('microtask'));
      const interval = setInterval(() => { see('interval'); clearInterval(interval); }, 1);
    });
    flow('a');
    flow('b');
    await new Promise((resolve) => setTimeout(resolve, 30));
    return [seen, als.getStore()];
  },
  async asyncGenerators(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    async function* numbers(seen) {
      for (let i = 0; i < 3; i++) {
        await null;
        seen.push(als.getStore());
        yield i;
        seen.push(als.getStore());
        await new Promise((resolve) => setTimeout(resolve, 1));
        seen.push(als.getStore());
        yield Promise.resolve(i + 10);
      }
    }
    const flow = (name) => als.run(name, async () => {
      const seen = [];
      for await (const number of numbers(seen)) seen.push(`${number} ${als.getStore()}`);
      for await (const number of [1, Promise.resolve(2)]) seen.push(`${number} ${als.getStore()}`);
      return seen;
    });
    return Promise.all(['x', 'y', 'z'].map(flow));
  },
  async manyAwaitsOfValues(require) {
    // Nothing tells the program of these awaits: sixty in a row it gets right, whatever else is under way.
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    const flow = (name) => als.run(name, async () => {
      const seen = [];
      for (let round = 0; round < 3; round++) {
        for (let i = 0; i < 60; i++) await i;
        seen.push(als.getStore());
        await Promise.resolve();
      }
      return seen;
    });
    return Promise.all(Array.from({ length: 30 }, (_, i) => flow(i)));
  },
  async aRejectionThatIsAwaitedLater(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    return als.run(1, async () => {
      const failing = (async () => { throw new Error('awaited'); })();
      try { await failing; } catch (error) { return [error.message, als.getStore()]; }
    });
  },
  async enterWith(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    const flow = async (name) => {
      als.enterWith(name);
      const seen = [als.getStore()];
      await null;
      seen.push(als.getStore());
      await new Promise((resolve) => setTimeout(resolve, 1));
      seen.push(als.getStore());
      return seen;
    };
    const outer = als.run('outer', async () => {
      const flows = [als.run('one', () => flow('a')), als.run('two', () => flow('b'))];
      return [await Promise.all(flows), als.getStore()];
    });
    return [await outer, als.getStore()];
  },
  async twoStorages(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const [one, two] = [new AsyncLocalStorage(), new AsyncLocalStorage()];
    return one.run(1, () => two.run(2, async () => {
      await null;
      const both = [one.getStore(), two.getStore()];
      const without = await one.exit(async () => { await null; return [one.getStore(), two.getStore()]; });
      return [both, without, [one.getStore(), two.getStore()]];
    }));
  },
  async snapshotAndBind(require) {
    const { AsyncLocalStorage, AsyncResource } = require('async_hooks');
    const als = new AsyncLocalStorage();
    const snapshot = als.run('snap', () => AsyncLocalStorage.snapshot());
    const bound = als.run('bound', () => AsyncLocalStorage.bind((x) => [x, als.getStore()]));
    const resource = als.run('resource', () => new AsyncResource('mine'));
    const seen = als.run('other', () => [
      snapshot(() => als.getStore()),
      snapshot((a, b) => a + b, 1, 2),
      bound(5),
      bound.length,
      resource.runInAsyncScope(function (x) { return [als.getStore(), this.y, x]; }, { y: 1 }, 2),
      resource.bind(() => als.getStore())(),
      AsyncResource.bind(function () { return this?.z; }).call({ z: 3 }),
      als.getStore(),
    ]);
    return [seen, typeof resource.asyncId(), typeof resource.triggerAsyncId(), resource.emitDestroy() === resource];
  },
  async errorsOfResources(require) {
    const { AsyncResource } = require('async_hooks');
    return [() => new AsyncResource(), () => new AsyncResource('x', { triggerAsyncId: -2 }), () => AsyncResource.bind(1)].map((call) => {
      try { return call(); } catch (error) { return [error.name, error.code]; }
    });
  },
  async events(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const { EventEmitter, once, on, EventEmitterAsyncResource } = require('events');
    const als = new AsyncLocalStorage();
    const emitter = new EventEmitter();
    const heard = [];
    als.run('listener', () => emitter.on('x', () => heard.push(als.getStore())));
    als.run('emitter', () => emitter.emit('x'));
    const waiting = als.run('waiter', async () => { await once(emitter, 'y'); return als.getStore(); });
    als.run('emitter', () => emitter.emit('y'));
    const resource = als.run('made', () => new EventEmitterAsyncResource({ name: 'r' }));
    resource.on('z', () => heard.push(als.getStore()));
    als.run('emitter', () => resource.emit('z'));
    return [heard, await waiting, typeof on];
  },
  async streams(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const { Readable, Transform, promises: { pipeline } } = require('stream');
    const als = new AsyncLocalStorage();
    const flow = (name) => als.run(name, async () => {
      const seen = [];
      await pipeline(
        Readable.from((async function* () { for (const x of ['a', 'b']) { await null; yield x; } })()),
        new Transform({ transform(chunk, encoding, callback) { setTimeout(callback, 1, null, chunk); } }),
        async (source) => { for await (const chunk of source) seen.push(`${chunk} ${als.getStore()}`); },
      );
      seen.push(als.getStore());
      return seen;
    });
    return Promise.all(['x', 'y'].map(flow));
  },
  async promisesStayWhatTheyAre(require) {
    const { AsyncLocalStorage } = require('async_hooks');
    const als = new AsyncLocalStorage();
    class Own extends Promise {}
    const own = Own.resolve(1).then(() => 2);
    return als.run(1, async () => {
      const made = (async () => 1)();
      return [
        made instanceof Promise, made.constructor === Promise, Promise.resolve(made) === made, Promise.name, Promise.length,
        new Promise(() => {}) instanceof Promise, own instanceof Own, await own, await Own.all([1, own]),
        Object.prototype.toString.call(made), Promise.prototype.constructor === Promise, typeof made.then, made.then.length,
        Object.keys(Promise), Object.keys(made), await Promise.all([]), new (class extends Promise {})(() => {}).constructor.name,
        await made.then(undefined), await new Promise((resolve, reject) => reject(1)).catch((x) => x + 1),
        require('util').inspect(class A extends Promise {}), require('util').types.isPromise(made),
      ];
    });
  },
  createHook(require) {
    const { createHook } = require('async_hooks');
    return createHook({});
  },
  async ids(require) {
    const { executionAsyncId, triggerAsyncId, executionAsyncResource, AsyncResource } = require('async_hooks');
    const resource = new AsyncResource('mine');
    return [
      typeof executionAsyncId(), typeof triggerAsyncId(), typeof executionAsyncResource(),
      resource.runInAsyncScope(() => executionAsyncId() === resource.asyncId()),
      resource.runInAsyncScope(() => executionAsyncResource() === resource),
    ];
  },
}, {
  expected: {
    createHook: { thrown: { error: 'Error', code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
      message: 'async_hooks.createHook() is not available here: the engine does not tell of asynchronous operations. AsyncLocalStorage and AsyncResource are.' } },
  },
});

runnerTest('beyond many awaits of values a store may be lost, but is never taken for another', {
  routes: { mix: 'mixHandler' },
  handlers: {
    async mixHandler(event) {
      const { AsyncLocalStorage } = require('async_hooks');
      const als = new AsyncLocalStorage();
      let seed = event.payload;
      const random = () => (seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31;
      const counts = { right: 0, none: 0, other: 0 };
      const see = (name) => counts[als.getStore() === name ? 'right' : als.getStore() === undefined ? 'none' : 'other']++;
      await Promise.all(Array.from({ length: 20 }, (_, name) => als.run(name, async () => {
        for (let i = 0; i < 20; i++) {
          const kind = random();
          for (let left = kind < 0.3 ? random() * 400 : 1; left > 0; left--) {
            if (kind < 0.4) await left;
            else if (kind < 0.7) await Promise.resolve();
            else await new Promise((resolve) => setTimeout(resolve, random() * 3));
            see(name);
          }
        }
      })));
      event.response = new Response(counts);
    },
  },
}, async (runner) => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const { body } = await runner.ask({ name: 'mix', payload: seed });
    assert.equal(body.other, 0);
    assert.ok(body.right > 0);
  }
});

const storing = {
  routes: { slow: ['openHandler', 'waitHandler', 'sayHandler'], none: 'noneHandler', stream: ['openHandler', 'streamHandler'] },
  prelude: `
const { AsyncLocalStorage } = require('async_hooks');
const { StreamResponse } = require('configurapi-handler-ws');
const als = new AsyncLocalStorage();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));`,
  handlers: {
    openHandler(event) {
      als.enterWith(event.payload.id);
    },
    async waitHandler(event) {
      const seen = [als.getStore()];
      for (let i = 0; i < 5; i++) {
        await pause(event.payload.id % 4);
        await null;
        seen.push(als.getStore());
      }
      event.seen = seen;
    },
    sayHandler(event) {
      event.response = new Response([...event.seen, als.getStore()]);
    },
    async noneHandler(event) {
      await pause(1);
      event.response = new Response({ store: als.getStore() ?? 'none' });
    },
    streamHandler(event) {
      event.response = new StreamResponse((async function* () {
        for (let i = 0; i < 4; i++) {
          await pause(1);
          yield `${als.getStore()}`;
        }
      })());
    },
  },
};

runnerTest('each event has its own store, through all of its policies', storing, async (runner) => {
  const client = await runner.connect();
  const asked = new Map();
  for (let id = 0; id < 40; id++) {
    client.send({ name: 'slow', payload: { id }, headers: { 'message-id': `s${id}` } });
    client.send({ name: 'none', headers: { 'message-id': `n${id}` } });
  }
  for (const { headers, body } of await client.take(80)) asked.set(headers['message-id'], body);
  for (let id = 0; id < 40; id++) {
    assert.deepEqual(asked.get(`s${id}`), Array(7).fill(id));
    assert.deepEqual(asked.get(`n${id}`), { store: 'none' });
  }
  await client.close();
});

runnerTest("a stream's source runs in its event's store", storing, async (runner) => {
  const client = await runner.connect();
  for (const id of [1, 2, 3]) client.send({ name: 'stream', payload: { id } });
  const bodies = [];
  for (let done = 0; done < 3;) {
    const frame = await client.next();
    if (frame.headers['x-stream'] === 'done') done++;
    else bodies.push(frame.body);
  }
  assert.deepEqual(bodies.sort(), ['1', '1', '1', '1', '2', '2', '2', '2', '3', '3', '3', '3']);
  await client.close();
});
