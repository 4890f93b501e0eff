// What is left of the throughput when many connections are busy instead of few?
import { goal, show, tableOf } from '../figures.mjs';

const rate = (connections) => (round) => round[connections].messages_per_second;

export async function measure(bench) {
  const few = bench.connections;
  const many = bench.quick ? 2000 : 10_000;
  const contestants = ['runner', 'bun_pipeline', 'epoll_echo'].map((name) => bench.servers[name]);
  const outcome = await bench.serverRounds(contestants, async (server, port) => ({
    [few]: await bench.closedLoop(port, server, { warmup: 0.7 }),
    [many]: await bench.closedLoop(port, server, { connections: many }),
  }));
  const kept = Object.fromEntries(
    Object.entries(outcome.results).map(([name, rounds]) => [
      name,
      outcome.median(name, (round) => rate(many)(round) / rate(few)(round)),
    ]),
  );
  return {
    goals: [
      goal(
        `throughput at ${show(many)} active connections against ${few}`,
        '≥ 0.85',
        show(kept.runner, 2),
        `Bun's pipeline ${show(kept.bun_pipeline, 2)}, the bare echo ${show(kept.epoll_echo, 2)}`,
        [[kept.runner, '≥', 0.85]],
      ),
    ],
    details: [
      tableOf(
        ['active connections, msg/s', show(few), show(many), 'ratio', 'ratio to the bare echo', "the load's core, busy"],
        contestants
          .filter(({ name }) => outcome.results[name])
          .map(({ name, title }) => [
            title,
            ...[few, many].map((connections) => show(outcome.median(name, rate(connections)))),
            show(kept[name], 2),
            show(outcome.ratio(name, 'epoll_echo', rate(many)), 2),
            show(outcome.median(name, (round) => round[many].cpu), 2),
          ]),
      ),
      '',
      `One message outstanding on each connection; the last two columns are about ${show(many)}.`,
      ...outcome.notes,
    ].join('\n'),
  };
}
