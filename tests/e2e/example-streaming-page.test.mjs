// examples/streaming's page, in a real browser, against the example as it lies there.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { guarded, startRunner } from './support/runner.mjs';

const example = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../examples/streaming');
const texts = createRequire(import.meta.url)(path.join(example, 'lib/texts.js'));
const executablePath = '/usr/bin/chromium'; // Debian's
const skip = existsSync(executablePath) ? false : `there is no ${executablePath}`;

let browser;
before(async () => {
  if (!skip) browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] }); // it sees nothing but that page
});
after(() => browser?.close());

/** `body` gets the Runner and the page, which `prepare` has seen before it was opened. Nothing may have gone wrong in the page. */
function pageTest(name, body, { prepare = () => {}, mayComplain = false, ...options } = {}) {
  test(name, { skip }, async () => {
    const runner = await startRunner({ cwd: example });
    const page = await browser.newPage(options);
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => message.type() === 'error' && !mayComplain && errors.push(message.text()));
    try {
      await prepare(page);
      await page.goto(`${pathToFileURL(path.join(example, 'index.html'))}?server=ws://127.0.0.1:${runner.port}`);
      await guarded(body(runner, page));
      assert.deepEqual(errors, []);
      await page.close();
      await guarded(runner.stop());
    } finally {
      await runner.kill();
    }
  });
}

const isOpen = (page) => page.waitForSelector('#state[data-state=open]');
const starters = '#tell button, #work button, #report button';
const disabled = (page) => page.$$eval(starters, (buttons) => buttons.map((button) => button.disabled));

let letThrough;
pageTest(
  'nothing can be started before the server has said what there is',
  async (runner, page) => {
    await page.waitForFunction(() => socket.readyState === WebSocket.OPEN);
    assert.ok((await disabled(page)).every((is) => is));
    letThrough();
    await isOpen(page);
    assert.ok((await disabled(page)).every((is) => !is));
    assert.deepEqual(await page.$$eval('#tell option', (options) => options.map(({ value }) => value)), texts.names());
    await page.click('#tell button');
    await page.waitForSelector('.stream[data-state=running]');
  },
  {
    prepare: (page) =>
      page.routeWebSocket(/./, (client) => {
        const server = client.connectToServer();
        const held = [];
        letThrough = () => {
          letThrough = undefined;
          for (const message of held) client.send(message);
        };
        server.onMessage((message) => (letThrough ? held.push(message) : client.send(message)));
      }),
  },
);

for (const [name, options] of [
  ['on a wide screen', { viewport: { width: 1280, height: 900 } }],
  ['on a phone, at night', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }],
]) {
  pageTest(
    `all texts at once, a job, a report, ${name}`,
    async (runner, page) => {
      await isOpen(page);
      await page.fill('#tell [name=delay]', '0');
      await page.fill('#work [name=delay]', '1');
      await page.fill('#report [name=delay]', '1');
      await page.click('#all');
      await page.click('#work button');
      await page.click('#report button');
      await page.waitForFunction((count) => document.querySelectorAll('.stream[data-state=done]').length === count, texts.names().length);
      for (const text of texts.names()) {
        const [told] = await page.$$eval('.stream', (streams, title) => streams.filter((stream) => stream.querySelector('h3').textContent === title).map((stream) => stream.querySelector('.text').textContent), text);
        assert.equal(told, texts.tokensOf(text).join(''), text);
      }
      await page.waitForSelector('#jobs li[data-state=done]');
      await page.waitForSelector('#reports li[data-state=done]');
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing sticks out');
    },
    options,
  );
}

pageTest('a wrong parameter is told where it was asked', async (runner, page) => {
  await isOpen(page);
  await page.$eval('#work', (form) => (form.noValidate = true));
  await page.fill('#work [name=steps]', '1000');
  await page.click('#work button');
  await page.waitForSelector('#jobs li.error');
  assert.match(await page.textContent('#jobs li.error'), /'steps' must be a whole number from 1 to 100\./);
});

pageTest('Stop and reconnect: the texts end here and there, and it goes on', async (runner, page) => {
  await isOpen(page);
  await page.fill('#tell [name=delay]', '300');
  await page.click('#tell button');
  await page.waitForSelector('.stream[data-state=running]');
  await page.click('#stop');
  await page.waitForSelector('.stream[data-state=left]');
  await runner.output('stdout', /The reader of '\w+' left after \d+ of \d+ tokens\./);
  await isOpen(page);
  await page.fill('#tell [name=delay]', '0');
  await page.click('#tell button');
  await page.waitForSelector('.stream[data-state=done]');
});

pageTest('what somebody else posts is text, whatever it is', async (runner, page) => {
  await isOpen(page);
  const [id] = await (await fetch(`${runner.management}/@connections`)).json();
  const body = '<img src=x onerror="document.title = \'run\'">';
  assert.equal((await fetch(`${runner.management}/@connections/${id}`, { method: 'POST', body })).status, 200);
  await page.waitForSelector('#reports li[data-state=done]');
  assert.ok((await page.textContent('#reports li[data-state=done]')).includes(body));
  assert.equal(await page.$('#reports img'), null);
});

// As any page might: by fetch, with and without asking for permission, and as an image, which asks for none.
pageTest(
  'a page may connect, and gets nothing from the management server',
  async (runner, page) => {
    await isOpen(page);
    const statuses = [];
    page.on('response', (response) => response.url().startsWith(runner.management) && statuses.push(response.status()));
    await page.evaluate(async (url) => {
      for (const mode of ['cors', 'no-cors']) await fetch(`${url}/health`, { mode }).catch(() => {});
      await new Promise((resolve) => {
        const image = new Image();
        image.onload = image.onerror = resolve;
        image.src = `${url}/metrics`;
      });
    }, runner.management);
    assert.deepEqual([...new Set(statuses)], [403]); // of those that the browser has shown at all
  },
  { mayComplain: true },
);
