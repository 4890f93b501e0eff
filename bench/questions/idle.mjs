// What does a connection cost the server that has nothing to say?
import { setTimeout as sleep } from 'node:timers/promises';
import { end, growthOf, linesOf } from '../processes.mjs';
import { goal, show, tableOf } from '../figures.mjs';
import { sizedMessageFile } from '../rounds.mjs';

const SETTLE_MS = 500;
const REST_MS = 5000; // after messages: the engine collects by timers of its own
const FIRST = 200;
const MOST = 600;
const PEERS = { bun_echo: 'Bun', lws_echo: 'libwebsockets', node_ws_echo: 'Node ws', node_configurapi: 'the reference' };

export async function measure(bench) {
  const count = bench.quick ? 5000 : 15_000;
  const large = sizedMessageFile(64 << 10);
  const contestants = ['runner', ...Object.keys(PEERS)].map((name) => bench.servers[name]);
  const outcome = await bench.serverRounds(contestants, async (server, port, child) => {
    // What the first ones cost is not what the others cost.
    await bench.load(port, '--hold', FIRST, '--seconds', 0.1);
    await sleep(SETTLE_MS);
    const grown = growthOf(child, count);
    const held = bench.startLoad(port, '--hold', count, '--seconds', 60);
    try {
      await linesOf(held, 1);
      const opened = await grown(SETTLE_MS);
      if (server.name !== 'runner') return { opened };
      // What others ask brings the JavaScript heap to its size, which is no connection's.
      for (const message of [undefined, large]) await bench.closedLoop(port, server, { seconds: 0.5, warmup: 0, message });
      await grown(REST_MS);
      let each = opened;
      const afterOne = async (message, lines) => {
        held.stdin.write(`${message ?? ''}\n`);
        await linesOf(held, lines);
        each += await grown(REST_MS);
        return each;
      };
      return { opened, asked: await afterOne(undefined, 2), askedLarge: await afterOne(large, 3) };
    } finally {
      await end(held);
    }
  });
  const bytes = (name, when) => outcome.median(name, (round) => round[when]);
  const [opened, asked, askedLarge] = ['opened', 'asked', 'askedLarge'].map((when) => bytes('runner', when));
  const peers = Object.entries(PEERS).map(([name, title]) => `${title} ${show(bytes(name, 'opened'))}`);
  return {
    goals: [
      goal(
        `memory per idle connection, ${show(count)} of them`,
        `≤ ${MOST} bytes of process memory`,
        `${show(opened)} bytes`,
        peers.join(', '),
        [[opened, '≤', MOST]],
      ),
      goal(
        'the same after one message, and after one of 64 KB',
        `≤ ${MOST} bytes each`,
        `${show(asked)} and ${show(askedLarge)} bytes`,
        '–',
        [[asked, '≤', MOST], [askedLarge, '≤', MOST]],
      ),
    ],
    details: [
      tableOf(
        ['an idle connection, bytes of the server\'s memory', 'after its handshake', 'after one message', 'after one of 64 KB'],
        contestants
          .filter(({ name }) => outcome.results[name])
          .map(({ name, title }) => [title, ...['opened', 'asked', 'askedLarge'].map((when) => show(bytes(name, when) || undefined))]),
      ),
      '',
      `Growth of the resident memory over ${show(count)} connections. Before each of them sends a message, ${bench.connections} others have sent such`,
      'messages for half a second: what that leaves is not counted.',
      ...outcome.notes,
    ].join('\n'),
  };
}
