// How long does a reply take at half of what the server can do?
import { goal, show, tableOf } from '../figures.mjs';

const TIMES = ['p50_us', 'p90_us', 'p99_us', 'p999_us'];

export async function measure(bench) {
  const { runner, bun_pipeline, node_configurapi } = bench.servers;
  const contestants = [runner, bun_pipeline, node_configurapi];
  const outcome = await bench.serverRounds(contestants, async (server, port) => {
    const full = await bench.closedLoop(port, server, { warmup: 1 });
    return bench.load(
      port,
      ...['--connections', bench.connections, '--rate', Math.round(full.messages_per_second / 2)],
      ...['--seconds', bench.quick ? 1 : 2, '--warmup', 0.3],
    );
  });
  const p99 = (round) => round.p99_us;
  const [bun, node] = ['bun_pipeline', 'node_configurapi'].map((name) => outcome.ratio('runner', name, p99));
  return {
    goals: [
      goal(
        'latency at half of full load, p99',
        "≤ Bun's pipeline; ≤ a third of the Node reference's",
        `${show(outcome.median('runner', p99))} µs: ${show(bun, 2)} × Bun's, ${show(node, 2)} × Node's`,
        `Bun's pipeline ${show(outcome.median('bun_pipeline', p99))} µs, the reference ${show(outcome.median('node_configurapi', p99))} µs`,
        [[bun, '≤', 1], [node, '≤', 1 / 3]],
      ),
    ],
    details: [
      tableOf(
        ['at half of full load', 'msg/s', 'p50 µs', 'p90 µs', 'p99 µs', 'p99.9 µs', 'sent late, p99 µs'],
        contestants
          .filter(({ name }) => outcome.results[name])
          .map(({ name, title }) => [
            title,
            show(outcome.median(name, (round) => round.messages_per_second)),
            ...TIMES.map((time) => show(outcome.median(name, (round) => round[time]))),
            show(outcome.median(name, (round) => round.late_p99_us), 1),
          ]),
      ),
      '',
      `Full load is what ${bench.connections} connections with one message outstanding came to; half of that comes at random times,`,
      'and a latency counts from when its message was due.',
      ...outcome.notes,
    ].join('\n'),
  };
}
