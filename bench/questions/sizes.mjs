// How many bytes a second does a server send back, of messages that do not fit into one read?
import { goal, show, tableOf } from '../figures.mjs';
import { sizedMessageFile } from '../rounds.mjs';

const SIZES = { '16 KB': 16 << 10, '1 MB': 1 << 20 };
const rate = (size) => (round) => round[size].mb_per_second;

export async function measure(bench) {
  const contestants = [bench.servers.runner_c_echo, bench.servers.bun_echo];
  const outcome = await bench.serverRounds(contestants, async (server, port) => {
    const round = {};
    for (const [size, bytes] of Object.entries(SIZES))
      round[size] = await bench.closedLoop(port, server, { message: sizedMessageFile(bytes) });
    return round;
  });
  const sizes = Object.keys(SIZES);
  const ratios = sizes.map((size) => outcome.ratio('runner_c_echo', 'bun_echo', rate(size)));
  const rates = (name) => sizes.map((size) => show(outcome.median(name, rate(size))));
  return {
    goals: [
      goal(
        '16 KB and 1 MB messages, echo',
        "≥ 0.9 × Bun's bytes a second",
        `${ratios.map((one) => show(one, 2)).join(' and ')} × Bun's`,
        `Bun's echo: ${rates('bun_echo').join(' and ')} MB/s`,
        ratios.map((one) => [one, '≥', 0.9]),
      ),
    ],
    details: [
      tableOf(
        ['echo, MB/s', ...sizes],
        contestants.filter(({ name }) => outcome.results[name]).map(({ name, title }) => [title, ...rates(name)]),
      ),
      '',
      `${bench.connections} connections, one message of that size outstanding on each; bytes of the replies.`,
      ...outcome.notes,
    ].join('\n'),
  };
}
