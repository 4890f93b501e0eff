// How fast are streams?
import { show, tableOf } from '../figures.mjs';
import { serve } from '../processes.mjs';
import { messageFile } from '../rounds.mjs';

const SIZES = [1024, 65536];
const STREAMS = 8;
const MARK = 1 << 20; // the reference's, too
const rate = (size) => (round) => round[size].mb_per_second;

export async function measure(bench) {
  const reference = bench.servers.node_configurapi;
  const contestants = [bench.servers.runner.with('--high-water-mark', MARK), reference];
  const streamFrom = (size) => (port) =>
    bench.load(
      port,
      ...['--stream', '--connections', STREAMS, '--seconds', 1, '--warmup', 0.5],
      ...['--message', messageFile(`stream-${size}.json`, { name: 'stream', params: { size } })],
    );
  // A server each time: the reference does not notice for long that nobody reads a stream any more.
  const outcome = await bench.rounds(contestants, async (server) => {
    const round = {};
    for (const size of SIZES) round[size] = await serve(server, streamFrom(size));
    return round;
  });
  return {
    goals: [],
    details: [
      tableOf(
        ['streams', ...SIZES.flatMap((size) => [`${size / 1024} KB chunks, MB/s`, 'x of Node'])],
        contestants
          .filter(({ name }) => outcome.results[name])
          .map(({ name, title }) => [
            title,
            ...SIZES.flatMap((size) => [
              show(outcome.median(name, rate(size))),
              show(outcome.ratio(name, reference.name, rate(size)), 2),
            ]),
          ]),
      ),
      '',
      `${STREAMS} streams from async generators at once, as fast as they go. The reference waits by \`bufferedAmount\`.`,
      ...outcome.notes,
    ].join('\n'),
  };
}
