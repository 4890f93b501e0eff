// Numbered cases, all against one echo application on the real program.

import { test } from 'node:test';
import { makeApp } from '../../e2e/support/app.mjs';
import { guarded, startRunner } from '../../e2e/support/runner.mjs';
import { isSecure } from '../../e2e/support/transport.mjs';
import { Peer } from './peer.mjs';

/** Sends back what came, as the kind of message it was. */
const echoApp = {
  routes: { catchall: 'echoHandler' },
  handlers: {
    async echoHandler(event) {
      event.response = null;
      await event.request.headers['push-function'](event.request.raw);
    },
  },
};

/** Only this case or group is run, where one is named: '7.7.1' or '7.7'. */
const { CONFIGURAPI_TEST_CASES: only } = process.env;

const commonArgs = ['--no-management', '--log-level', 'info', '--ping-interval', '0'];
const defaultArgs = ['--max-payload', '32m'];

/**
 * One section. `define(group)` names its cases: `group(words, options)` starts a group and gives `check(words, body)`, which adds a case.
 * `body(peer, connect)` gets a Peer that is open, and may make more with `connect()`; a connection that it leaves open is then closed by
 * the client, and nothing may come but the answer. Options: `args` for the program, `headers` for the upgrade, `upgrade: false` for a Peer
 * that has only connected.
 */
export function suite(section, title, define, { concurrency = 16 } = {}) {
  const cases = [];
  let groups = 0;

  define((groupWords, { args = defaultArgs, headers = {}, upgrade = true } = {}) => {
    const group = ++groups;
    let count = 0;
    return (words, body) => {
      const number = `${section}.${group}.${++count}`;
      if (only && !`${number}.`.startsWith(`${only}.`)) return;
      cases.push({ name: `${number} ${groupWords}: ${words}`, args, headers, upgrade, body });
    };
  });

  test(`${section} ${title}, over ${isSecure ? 'TLS' : 'TCP'}`, { concurrency }, async (t) => {
    const directory = makeApp(echoApp);
    const runners = new Map();
    const runnerOf = (args) => {
      const key = args.join(' ');
      if (!runners.has(key)) runners.set(key, startRunner({ cwd: directory.path, args: [...commonArgs, ...args] }));
      return runners.get(key);
    };
    let failed = 0;
    try {
      await Promise.all(
        cases.map((one) =>
          t.test(one.name, async () => {
            try {
              await guarded(run(one, await runnerOf(one.args)));
            } catch (error) {
              failed++;
              throw error;
            }
          }),
        ),
      );
      for (const runner of runners.values()) await guarded((await runner).stop());
    } finally {
      await Promise.allSettled([...runners.values()].map(async (runner) => (await runner).kill()));
      directory.remove();
      t.diagnostic(`section ${section} ${title}: ${cases.length} cases, ${failed} failed`);
    }
  });
}

async function run({ headers, upgrade, body }, runner) {
  const peers = [];
  const connect = async (more = {}) => {
    const peer = new Peer(await runner.connectRaw());
    peers.push(peer);
    if (more.upgrade ?? upgrade) await peer.upgrade({ headers: { ...headers, ...more.headers } });
    return peer;
  };
  try {
    await body(await connect(), connect);
    for (const peer of peers) await peer.finish();
  } finally {
    await Promise.all(peers.map((peer) => peer.client.destroy()));
  }
}

/** The ways in which frames reach the server. */
export const deliveries = {
  'in one write': (peer, frames) => peer.send(...frames),
  'a write each': (peer, frames) => peer.sendEach(frames),
  'octet by octet': (peer, frames) => peer.chop(frames, 1),
};
