// How many connections a second can come?
import { cpuSeconds } from '../processes.mjs';
import { goal, show, tableOf } from '../figures.mjs';

const SECONDS = 1;

// The load generator cannot always fill the server's core, whose kernel work for a connection it does in part itself:
// so what is compared is what the server would do with all of its core.
const rate = (round) => round.handshakes_per_second / round.busy;

export async function measure(bench) {
  const contestants = ['runner', 'bun_echo', 'node_configurapi', 'epoll_echo'].map((name) => bench.servers[name]);
  const outcome = await bench.serverRounds(contestants, async (server, port, child) => {
    await bench.load(port, '--storm', '--seconds', 0.1, '--warmup', 0.4);
    const before = cpuSeconds(child);
    const round = await bench.load(port, '--storm', '--seconds', SECONDS, '--warmup', 0);
    return { ...round, busy: (cpuSeconds(child) - before) / SECONDS };
  });
  const times = outcome.ratio('runner', 'bun_echo', rate);
  return {
    goals: [
      goal(
        'handshakes a second of one core',
        "≥ 1.5 × Bun's",
        `${show(times, 2)} × Bun's`,
        `Bun ${show(outcome.median('bun_echo', rate))} a second, the reference ${show(outcome.median('node_configurapi', rate))}`,
        [[times, '≥', 1.5]],
      ),
    ],
    details: [
      tableOf(
        ['handshakes', 'a second of its core', "x of Bun's", 'a second as measured', 'its core, busy', "the load's core, busy"],
        contestants
          .filter(({ name }) => outcome.results[name])
          .map(({ name, title }) => [
            title,
            show(outcome.median(name, rate)),
            show(outcome.ratio(name, 'bun_echo', rate), 2),
            show(outcome.median(name, (round) => round.handshakes_per_second)),
            show(outcome.median(name, (round) => round.busy), 2),
            show(outcome.median(name, (round) => round.cpu), 2),
          ]),
      ),
      '',
      `${bench.connections} at once; each connection is reset when its upgrade was answered, and another one starts.`,
      ...outcome.notes,
    ].join('\n'),
  };
}
