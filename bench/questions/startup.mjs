// How long until a server that was started answers its first connection?
import { join } from 'node:path';
import { freePort, LOAD_CORE, resultOf, SERVER_CORE, start } from '../processes.mjs';
import { goal, show, tableOf } from '../figures.mjs';

const time = (round) => round.ms;

export async function measure(bench) {
  const contestants = ['runner_c', 'runner', 'bun_pipeline', 'node_configurapi'].map((name) => bench.servers[name]);
  const outcome = await bench.rounds(
    contestants,
    async (server) => {
      const port = await freePort();
      const command = [join(bench.built, 'startup'), SERVER_CORE, port, ...server.command(port)];
      return resultOf(start(LOAD_CORE, command, { cwd: server.cwd, timeoutMs: 20_000 }));
    },
    { runs: 2 * bench.runs + 1 },
  );
  const [c, js, bun, node] = contestants.map(({ name }) => outcome.median(name, time));
  return {
    goals: [
      goal(
        'start to first accepted connection',
        '≤ 10 ms without JavaScript, ≤ 25 ms with',
        `${show(c, 1)} ms without, ${show(js, 1)} ms with`,
        `the reference ${show(node, 1)} ms, Bun's pipeline ${show(bun, 1)} ms`,
        [[c, '≤', 10], [js, '≤', 25]],
      ),
    ],
    details: [
      tableOf(
        ['from the start of the process to the first upgrade answered', 'ms'],
        contestants
          .filter(({ name }) => outcome.results[name])
          .map(({ name, title }) => [title, show(outcome.median(name, time), 1)]),
      ),
      '',
      'Files are in the page cache. Asked every 50 µs.',
      ...outcome.notes,
    ].join('\n'),
  };
}
