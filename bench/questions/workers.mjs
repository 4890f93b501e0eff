// How much more do two workers do than one, on two cores?
import { cpus } from 'node:os';
import { goal, show, tableOf } from '../figures.mjs';
import { messageFile } from '../rounds.mjs';

const ROUNDS = 800_000; // about a millisecond
const rate = (round) => round.messages_per_second;

// The handlers compute for so long that the load generator, which shares the cores, takes a hundredth of them.
export async function measure(bench) {
  const { runner, runner_c } = bench.servers;
  const message = messageFile('compute.json', { name: 'compute', params: { rounds: ROUNDS } });
  const contestants = [runner, runner_c].flatMap((server) =>
    [1, 2].map((workers) => ({
      ...server.with('--workers', workers),
      name: `${server.name}_${workers}`,
      missing: cpus().length < 2 ? 'there is one core' : server.missing,
    })),
  );
  const outcome = await bench.serverRounds(
    contestants,
    (server, port) => bench.closedLoop(port, server, { message, expected: ['"statusCode":200'] }),
    { cores: '0,1' },
  );
  const [js, c] = ['runner', 'runner_c'].map((name) => outcome.ratio(`${name}_2`, `${name}_1`, rate));
  const row = (title, name, times) => [
    title,
    ...[1, 2].map((workers) => show(outcome.median(`${name}_${workers}`, rate))),
    show(times, 2),
  ];
  return {
    goals: [
      goal(
        '`--workers 2` on two cores',
        '≥ 1.7 × one',
        `${show(js, 2)} × with handlers in JavaScript, ${show(c, 2)} × in C`,
        '–',
        [[js, '≥', 1.7], [c, '≥', 1.7]],
      ),
    ],
    details: [
      tableOf(
        ['a handler that computes for a millisecond, msg/s', 'one worker', 'two workers', 'ratio'],
        [row('in JavaScript', 'runner', js), row('in C', 'runner_c', c)],
      ),
      '',
      'Server and load generator share both cores; the load generator needs about a hundredth of one.',
      ...outcome.notes,
    ].join('\n'),
  };
}
