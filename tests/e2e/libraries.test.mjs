// The libraries that are opened when they are first needed, where one of them is not there.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { echoApp, makeApp } from './support/app.mjs';
import { runnerTest, runToEnd } from './support/runner.mjs';

const ENGINE = 'libjavascriptcoregtk-4.1.so.0';
const CURL = 'libcurl.so.4';
const MICROHTTPD = 'libmicrohttpd.so.12';

const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** An environment in which `file` is found first where it is nothing that can be opened. */
function without(file) {
  const folder = mkdtempSync(path.join(tmpdir(), 'configurapi-test-'));
  folders.push(folder);
  writeFileSync(path.join(folder, file), '');
  return { LD_LIBRARY_PATH: folder };
}

/** Starts an application that can not be served: the line that says why. */
async function refusal(app, env, args = ['--no-management']) {
  const directory = makeApp(app);
  try {
    const { code, stdout, stderr } = await runToEnd(['-p', '0', '--host', '127.0.0.1', ...args], { cwd: directory.path, env });
    assert.equal(code, 2, stderr);
    assert.equal(stdout, '');
    return stderr;
  } finally {
    directory.remove();
  }
}

const standardApp = {
  routes: { greet: { setResponseHandler: [200, 'hello'] } },
  files: { 'handlers/app.js': null },
};

test('without JavaScriptCore: a configuration with JavaScript says what is missing', async () => {
  const line = await refusal(echoApp, without(ENGINE));
  assert.match(line, /^JavaScript handlers need JavaScriptCore \(install Debian package libjavascriptcoregtk-4\.1-0\): .*libjavascriptcoregtk.*\n$/);
});

runnerTest('without JavaScriptCore: one whose handlers are all in C is served', { ...standardApp, env: without(ENGINE) }, async (runner) => {
  const { body } = await runner.ask({ name: 'greet' });
  assert.equal(body, 'hello');
});

test('without libmicrohttpd: the start says what is missing, and what to do instead', async () => {
  const line = await refusal(echoApp, without(MICROHTTPD), ['--management-port', '0']);
  assert.match(line, /^management: the management server needs libmicrohttpd \(install Debian package libmicrohttpd12, or run with --no-management\): .*\n$/);
});

runnerTest('without libmicrohttpd: --no-management', { ...echoApp, args: ['--no-management'], env: without(MICROHTTPD) }, async (runner) => {
  const { body } = await runner.ask({ name: 'echo', payload: 1 });
  assert.equal(body, 1);
});

const askingApp = {
  routes: { fetch: 'fetchHandler', post: 'postHandler' },
  prelude: "const { wsPostbackFunction } = require('configurapi-runner-ws');",
  handlers: {
    async fetchHandler(event) {
      event.response = await fetch('http://127.0.0.1:49151/').catch((error) => new Response(`${error}: ${error.cause}`));
    },
    async postHandler(event) {
      event.response = await wsPostbackFunction('http://127.0.0.1:49151/@connections/x', { body: 1 }).catch((error) => new Response(String(error)));
    },
  },
};

runnerTest('without libcurl: requests that go out fail and say what is missing', { ...askingApp, env: without(CURL) }, async (runner) => {
  for (const name of ['fetch', 'post', 'fetch']) {
    const { body } = await runner.ask({ name });
    assert.match(body, /HTTP requests need libcurl \(install Debian package libcurl4\): .*libcurl/, name);
  }
});

// What the engine's library exports without declaring it, and another build of it may lack.

const UNDECLARED = [
  'JSStringCreateWithCharactersNoCopy', 'JSGlobalContextSetUnhandledRejectionCallback', 'JSGetMemoryUsageStatistics',
  'JSContextGroupSetExecutionTimeLimit', 'JSContextGroupClearExecutionTimeLimit', 'JSConfigureSignalForGC',
  'g_main_context_iteration', 'g_main_context_new', 'g_main_context_push_thread_default', 'g_main_context_pop_thread_default', 'g_main_context_unref',
  '_ZN3WTF20initializeMainThreadEv', '_ZN3WTF21MemoryPressureHandler9singletonEv',
  '_ZN3JSC12JSLockHolderC1EPNS_2VME', '_ZN3JSC12JSLockHolderD1Ev', '_ZN3JSC2VM15drainMicrotasksEv',
  'jsc_options_set_boolean', 'jsc_options_set_double', 'jsc_options_set_uint',
];

const plainApp = {
  routes: { echo: 'echoHandler', later: 'laterHandler', count: 'countHandler', push: 'pushHandler', fail: 'failHandler' },
  prelude: "const { StreamResponse } = require('configurapi-handler-ws'); const { promises: fs } = require('fs');",
  handlers: {
    ...echoApp.handlers,
    async laterHandler(event) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => process.nextTick(resolve));
      const text = await fs.readFile(__filename, 'utf8');
      event.response = new Response({ read: text.length > 0, payload: event.payload });
    },
    countHandler(event) {
      event.response = new StreamResponse(
        (async function* () {
          for (let i = 0; i < 3; i++) yield `${await i}`;
        })(),
      );
    },
    async pushHandler(event) {
      await event.request.headers['push-function']('pushed');
      event.response = null;
    },
    async failHandler() {
      await null;
      throw Object.assign(new Error('broken'), { statusCode: 418 });
    },
  },
};

/** Everything that an application does, while the program does not find `hidden` in the engine's library. */
function hidingTest(name, hidden) {
  const env = { LD_PRELOAD: process.env.CONFIGURAPI_TEST_HIDING, HIDDEN: hidden.join(' ') };

  runnerTest(name, { ...plainApp, env }, async (runner) => {
    const client = await runner.connect();
    const names = Array.from({ length: 50 }, (_, id) => (id % 2 ? 'later' : 'echo'));
    names.forEach((name, id) => client.send({ name, payload: `${id} ü`, headers: { 'message-id': id } }));
    for (const { headers, body } of await client.take(names.length)) {
      const payload = `${headers['message-id']} ü`;
      assert.deepEqual(body, names[headers['message-id']] === 'later' ? { read: true, payload } : payload);
    }
    assert.equal((await client.ask({ name: 'fail' })).statusCode, 418);
    client.send({ name: 'count' });
    assert.deepEqual((await client.take(4)).map(({ body }) => body), ['0', '1', '2', '']);
    client.send({ name: 'push' });
    assert.equal(await client.nextText(), 'pushed');

    runner.signal('SIGHUP');
    await runner.output('stdout', /Reloaded /);
    assert.equal((await client.ask({ name: 'echo', payload: 'again' })).body, 'again');
    await client.close();
  });
}

// A program with AddressSanitizer wants to be before what is preloaded: the release is tested.
if (process.env.CONFIGURAPI_TEST_HIDING) {
  hidingTest('what hides nothing', []);
  hidingTest('an engine that shows nothing but what it declares', UNDECLARED);
  for (const name of UNDECLARED) hidingTest(`an engine without ${name}`, [name]);

  test('an engine without what it declares is too old', async () => {
    const line = await refusal(echoApp, { LD_PRELOAD: process.env.CONFIGURAPI_TEST_HIDING, HIDDEN: 'JSGarbageCollect' });
    assert.equal(line, `${ENGINE} has no JSGarbageCollect: too old?\n`);
  });
}
