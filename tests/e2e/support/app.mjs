// Applications for the program to run: directories made from JavaScript objects.

import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * The text of a config.yaml. `routes` maps an event's name to its policies: a handler's name, {name: [parameters]}, or whatever else YAML
 * takes there.
 */
export function configText(routes, imports) {
  const events = Object.entries(routes).map(([name, policies]) => ({ name, policies: [policies].flat() }));
  return JSON.stringify({ ...(imports ? { import: imports } : {}), api: { events } }, null, 2);
}

/**
 * The text of a module of handlers. They are given as methods (`echoHandler(event) { … }`) and run in the program, not here: they see
 * `prelude`, configurapi's classes, and nothing else of the test.
 */
export function handlersText(handlers, prelude = '') {
  const sources = Object.values(handlers).map((handler) => handler.toString());
  return `const { ErrorResponse, Identity, Request, Response } = require('configurapi');
${prelude}
module.exports = {
${sources.join(',\n')}
};
`;
}

/**
 * Makes a directory: config.yaml from `routes` (and `imports`), handlers/app.js from `handlers` (and `prelude`), and `files`, which maps
 * paths to texts and may replace both.
 */
export function makeApp({ routes = {}, imports, handlers = {}, prelude, files = {} }) {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'configurapi-test-')));
  const all = { 'config.yaml': configText(routes, imports), 'handlers/app.js': handlersText(handlers, prelude), ...files };
  for (const [name, text] of Object.entries(all)) {
    if (text === null) continue;
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  return { path: directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}

/** What most tests need: `echo` answers with the payload. */
export const echoApp = {
  routes: { echo: 'echoHandler' },
  handlers: {
    echoHandler(event) {
      event.response = new Response(event.payload);
    },
  },
};
