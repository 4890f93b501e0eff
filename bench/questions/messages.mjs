// How many messages a second does a server answer, one at a time and many?
import { goal, show, tableOf } from '../figures.mjs';

const IN_FLIGHT = [1, 16];
const rate = (inFlight) => (round) => round[inFlight].messages_per_second;

export async function measure(bench) {
  const { servers } = bench;
  const seconds = bench.quick ? 0.5 : 1;
  const contestants = Object.values(servers);
  const outcome = await bench.serverRounds(contestants, async (server, port) => ({
    1: await bench.closedLoop(port, server, { inFlight: 1, seconds, warmup: 0.7 }),
    16: await bench.closedLoop(port, server, { inFlight: 16, seconds, warmup: 0.4 }),
  }));
  const measured = contestants.filter(({ name }) => outcome.results[name]);
  return {
    goals: goalsOf(outcome),
    details: [tableOf(...detailsOf(outcome, measured)), '', ...notesOn(bench, outcome, measured)].join('\n'),
    bars: measured.map(({ name, title, label }) => ({
      title: label ?? title,
      ours: label !== undefined,
      shares: IN_FLIGHT.map((n) => outcome.ratio(name, 'epoll_echo', rate(n))),
    })),
  };
}

function goalsOf(outcome) {
  const echo = (name, n) => outcome.ratio(name, 'epoll_echo', rate(n));
  const times = (name, other, n) => outcome.ratio(name, other, rate(n));
  const bunPipeline = times('runner', 'bun_pipeline', 16);
  const bunEcho = times('runner_c_echo', 'bun_echo', 16);
  const [node1, node16] = IN_FLIGHT.map((n) => times('runner', 'node_configurapi', n));
  return [
    goal(
      'JavaScript handler, 1 in flight',
      '≥ 0.80 of the bare echo; ≥ 2.7 × the Node reference',
      `${show(echo('runner', 1), 2)} of the echo; ${show(node1, 1)} × Node`,
      `Bun's pipeline ${show(echo('bun_pipeline', 1), 2)}, the reference ${show(echo('node_configurapi', 1), 2)} of the echo`,
      [[echo('runner', 1), '≥', 0.8], [node1, '≥', 2.7]],
    ),
    goal(
      'JavaScript handler, 16 in flight',
      "≥ Bun's hand-written pipeline; ≥ 15 × the Node reference",
      `${show(bunPipeline, 2)} × Bun's pipeline; ${show(node16, 1)} × Node; ${show(echo('runner', 16), 2)} of the echo`,
      `Bun's pipeline ${show(echo('bun_pipeline', 16), 2)}, the reference ${show(echo('node_configurapi', 16), 3)} of the echo`,
      [[bunPipeline, '≥', 1], [node16, '≥', 15]],
    ),
    goal(
      'C handler, 1 and 16 in flight',
      '≥ 0.92 and ≥ 0.60 of the echo',
      `${show(echo('runner_c', 1), 2)} and ${show(echo('runner_c', 16), 2)} of the echo`,
      `Bun's pipeline ${show(echo('bun_pipeline', 1), 2)} and ${show(echo('bun_pipeline', 16), 2)}`,
      [[echo('runner_c', 1), '≥', 0.92], [echo('runner_c', 16), '≥', 0.6]],
    ),
    goal(
      'the engine alone, 16 in flight',
      "≥ 0.80 of the echo; ≥ Bun's echo",
      `${show(echo('runner_c_echo', 16), 2)} of the echo; ${show(bunEcho, 2)} × Bun's`,
      `Bun's echo ${show(echo('bun_echo', 16), 2)} of the echo`,
      [[echo('runner_c_echo', 16), '≥', 0.8], [bunEcho, '≥', 1]],
    ),
  ];
}

function detailsOf(outcome, measured) {
  const columns = IN_FLIGHT.flatMap((n) => [`${n} in flight, msg/s`, 'ratio to the bare echo', 'p99 µs', 'x of the reference']);
  const rows = measured.map(({ name, title }) => [
    title,
    ...IN_FLIGHT.flatMap((n) => [
      show(outcome.median(name, rate(n))),
      show(outcome.ratio(name, 'epoll_echo', rate(n)), 3),
      show(outcome.median(name, (round) => round[n].p99_us)),
      show(outcome.ratio(name, 'node_configurapi', rate(n)), 2),
    ]),
  ]);
  return [['server', ...columns], rows];
}

// Where the load generator used all of its core, the server might have answered more.
function notesOn(bench, outcome, measured) {
  const saturated = measured.flatMap(({ name }) =>
    IN_FLIGHT.filter((n) => outcome.median(name, (round) => round[n].cpu) > 0.95).map((n) => `${name} with ${n} in flight`),
  );
  return [
    `${bench.connections} connections, each with 1 or 16 messages outstanding; the message has 110 bytes.`,
    ...(saturated.length > 0 ? [`The load generator had no time to spare: ${saturated.join(', ')}.`] : []),
    ...outcome.notes,
  ];
}
