// The JavaScript world: modules, failures nobody awaits, push, and where errors come from.

import assert from 'node:assert/strict';
import { runnerTest } from './support/runner.mjs';

const askEach = async (runner, names) => {
  const client = await runner.connect();
  const replies = {};
  for (const name of names) replies[name] = await client.ask({ name });
  await client.close();
  return replies;
};

runnerTest(
  'require finds what Node finds',
  {
    imports: ['./lib/main', 'a-package'],
    routes: { main: 'mainHandler', packaged: 'packagedHandler' },
    files: {
      'lib/main.js': `
        exports.mainHandler = function (event) {
          const { Response } = require('configurapi');
          const missing = (name) => { try { require(name); } catch (error) { return [error.code, error.message.split('\\n')[0]]; } };
          event.response = new Response({
            json: require('./data').value,
            directory: require('./folder'),
            index: require('./indexed'),
            nested: require('deep/inner'),
            scoped: require('@scope/thing'),
            exported: require('exporting/sub'),
            cycle: require('./cycle-a').seen,
            same: require('./folder') === require('./folder/entry.js'),
            resolved: require.resolve('./data').endsWith('lib/data.json'),
            cached: Object.keys(require.cache).some((path) => path.endsWith('lib/data.json')),
            filename: __filename.endsWith('lib/main.js') && __dirname.endsWith('lib'),
            exports: module.exports === exports && module.id === __filename,
            missing: missing('./nowhere'),
            missingPackage: missing('nowhere'),
            hidden: missing('exporting/hidden')[0],
            node: missing('fs')[1].includes('built-in'),
          });
        };`,
      'lib/data.json': '{"value":42}',
      'lib/folder/package.json': '{"main":"./entry.js"}',
      'lib/folder/entry.js': 'module.exports = "entry";',
      'lib/indexed/index.js': '#!/usr/bin/env node\nmodule.exports = "index";',
      'lib/cycle-a.js': 'exports.early = 1; exports.seen = require("./cycle-b").saw;',
      'lib/cycle-b.js': 'exports.saw = { ...require("./cycle-a") };',
      'node_modules/deep/inner.js': 'module.exports = require("sibling");',
      'node_modules/deep/node_modules/sibling/index.js': 'module.exports = "sibling of deep";',
      'node_modules/@scope/thing/package.json': '{"main":"x"}',
      'node_modules/@scope/thing/x.js': 'module.exports = "scoped";',
      'node_modules/exporting/package.json': '{"exports":{"./sub":{"import":"./no.mjs","require":"./real.js"}}}',
      'node_modules/exporting/real.js': 'module.exports = "by exports";',
      'node_modules/exporting/hidden.js': '',
      'node_modules/a-package/index.js': 'module.exports = function packagedHandler(event) { event.response.body = "packaged"; };',
    },
  },
  async (runner) => {
    const { main, packaged } = await askEach(runner, ['main', 'packaged']);
    const { missing, missingPackage, ...found } = main.body;
    assert.deepEqual(found, {
      json: 42, directory: 'entry', index: 'index', nested: 'sibling of deep', scoped: 'scoped', exported: 'by exports', cycle: { early: 1 },
      same: true, resolved: true, cached: true, filename: true, exports: true, hidden: 'ERR_PACKAGE_PATH_NOT_EXPORTED', node: true,
    });
    assert.deepEqual(missing, ['MODULE_NOT_FOUND', "Cannot find module './nowhere'"]);
    assert.deepEqual(missingPackage, ['MODULE_NOT_FOUND', "Cannot find module 'nowhere'"]);
    assert.equal(packaged.body, 'packaged');
  },
);

runnerTest(
  'what nobody awaits is logged and kills nothing',
  {
    routes: { reject: 'rejectHandler', timer: 'timerHandler', micro: 'microHandler', immediate: 'immediateHandler' },
    handlers: {
      rejectHandler() {
        Promise.reject(new Error('rejected alone'));
      },
      timerHandler() {
        setTimeout(() => {
          throw new Error('thrown in a timer');
        });
      },
      microHandler() {
        queueMicrotask(() => {
          throw new Error('thrown in a microtask');
        });
      },
      immediateHandler() {
        setImmediate(() => {
          throw new Error('thrown in an immediate');
        });
      },
    },
  },
  async (runner) => {
    const replies = await askEach(runner, ['reject', 'timer', 'micro', 'immediate']);
    for (const reply of Object.values(replies)) assert.equal(reply.statusCode, 200);
    for (const words of ['rejected alone', 'thrown in a timer', 'thrown in a microtask', 'thrown in an immediate'])
      await runner.output('stderr', new RegExp(`Error: configurapi - {2}- Uncaught Error: ${words} at .*handlers/app\\.js:\\d+`));
  },
);

runnerTest(
  'details carry the handler\'s own file and line',
  {
    routes: { fail: 'failHandler' },
    files: { 'handlers/fail.js': 'exports.failHandler = async () => {\n  await null;\n  throw new Error("here");\n};\n' },
  },
  async (runner) => {
    const { body } = await runner.ask({ name: 'fail' });
    assert.match(body.details, /^Error: here\n {4}at .*handlers\/fail\.js:3:\d+/);
    assert.doesNotMatch(body.details, /configurapi:/);
  },
);

runnerTest(
  'push sends responses and raw messages, and rejects with 410 once the client is gone',
  {
    routes: { push: 'pushHandler', keep: 'keepHandler', late: 'lateHandler', on_disconnect: 'goneHandler' },
    prelude: 'let kept; let gone; const end = new Promise((resolve) => (gone = resolve));',
    handlers: {
      async pushHandler(event) {
        const push = event.request.headers['push-function'];
        await push(new Response({ a: 1 }, 201, { x: 'y' }));
        await push({ body: 'plain' });
        await push(new ErrorResponse('bad', 404));
        await push('raw ☃');
        await push(Buffer.from([0, 255]));
        event.response = new Response('last');
      },
      keepHandler(event) {
        kept = event.request.headers['push-function'];
      },
      goneHandler() {
        gone();
      },
      async lateHandler(event) {
        await end;
        const error = await kept({ body: 'late' }).catch((reason) => reason);
        event.response = new Response([error instanceof Error, error.statusCode]);
      },
    },
  },
  async (runner) => {
    const client = await runner.connect();
    client.send({ name: 'push', headers: { 'message-id': 7 } });
    assert.deepEqual(await client.next(), { statusCode: 201, headers: { x: 'y' }, body: { a: 1 } });
    assert.deepEqual(await client.next(), { statusCode: 200, headers: {}, body: 'plain' });
    assert.equal((await client.next()).body.message, 'bad');
    assert.equal(await client.nextText(), 'raw ☃');
    const { data, isBinary } = await client.nextFrame();
    assert.deepEqual([isBinary, data.toString('hex')], [true, '00ff']);
    assert.deepEqual(await client.next(), { statusCode: 200, headers: { 'message-id': 7 }, body: 'last' });

    const leaving = await runner.connect();
    await leaving.ask({ name: 'keep' });
    await leaving.close();
    assert.deepEqual((await client.ask({ name: 'late' })).body, [true, 410]);
    await client.close();
  },
);

runnerTest(
  'a client that never reads costs no more than --max-buffered, and others are served',
  {
    args: ['--max-buffered', '4m', '--high-water-mark', '64k'],
    routes: { big: 'bigHandler', flood: 'floodHandler', echo: 'echoHandler' },
    handlers: {
      bigHandler(event) {
        event.response = new Response('x'.repeat(100_000));
      },
      echoHandler(event) {
        event.response = new Response(event.payload);
      },
      floodHandler(event) {
        const push = event.request.headers['push-function'];
        for (let i = 0; i < 20; i++) push('y'.repeat(1_000_000)).catch(() => {});
      },
    },
  },
  async (runner) => {
    const deaf = await runner.connect();
    deaf.webSocket.pause();
    for (let i = 0; i < 2000; i++) deaf.send({ name: 'big' });
    const client = await runner.connect();
    assert.equal((await client.ask({ name: 'echo', payload: 1 })).body, 1);
    const flooded = await runner.connect();
    flooded.webSocket.pause();
    flooded.send({ name: 'flood' });
    assert.equal((await client.ask({ name: 'echo', payload: 2 })).body, 2);
    flooded.webSocket.resume();
    assert.equal((await flooded.closed).code, 1013);
    deaf.webSocket.terminate();
    await client.close();
  },
);

runnerTest(
  'process.exit ends the program with its code',
  {
    routes: { exit: 'exitHandler' },
    handlers: {
      exitHandler(event) {
        process.exit(event.payload);
      },
    },
  },
  async (runner) => {
    const client = await runner.connect();
    client.send({ name: 'exit', payload: 7 });
    runner.assertCleanEnd(await runner.exited, 7);
  },
);

runnerTest(
  'console writes lines as Node does',
  {
    routes: { log: 'logHandler' },
    handlers: {
      logHandler() {
        console.log('%s is %d', 'it', 42, { deep: [new Map([['a', 1]])] });
        console.error(new TypeError('shown'));
      },
    },
  },
  async (runner) => {
    await runner.ask({ name: 'log' });
    await runner.output('stdout', /^it is 42 \{ deep: \[ Map\(1\) \{ 'a' => 1 \} \] \}$/m);
    await runner.output('stderr', /^TypeError: shown\n {4}at .*handlers\/app\.js:\d+/m);
  },
);
