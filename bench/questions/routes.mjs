// Does an event cost more when there are more routes that it does not take?
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goal, show, tableOf } from '../figures.mjs';
import { scratchFolder, serve } from '../processes.mjs';

const COUNTS = [1, 10_000];
const rate = (round) => round.messages_per_second;

// The event that is asked for stands in the middle.
function configuration(bench, routes) {
  const path = join(scratchFolder(), `routes-${routes}.yaml`);
  const names = Array.from({ length: routes }, (_, i) => (i === routes >> 1 ? 'getData' : `getData${i}`));
  const events = names.map((name) => `    - name: ${name}\n      policies:\n        - answerHandler\n`);
  writeFileSync(path, `import:\n  - ${join(bench.built, 'native/libanswer.so')}\napi:\n  events:\n${events.join('')}`);
  return path;
}

// Both servers are up all the time, so that their turns come close together.
export async function measure(bench) {
  const server = bench.servers.runner_c;
  const [few, many] = COUNTS.map((count) => ({ name: String(count), ...(server.missing && { missing: server.missing }) }));
  const [first, second] = COUNTS.map((count) => server.configured(configuration(bench, count)));
  const outcome = await serve(first, (firstPort) =>
    serve(second, (secondPort) =>
      bench.rounds(
        [few, many],
        ({ name }) =>
          bench.closedLoop(name === few.name ? firstPort : secondPort, server, { inFlight: 16, warmup: 0.3, seconds: 0.7 }),
        { runs: 2 * bench.runs - 1 },
      ),
    ),
  );
  const cost = outcome.ratio(few.name, many.name, rate);
  return {
    goals: [
      goal(
        'cost of an event with 10,000 routes against 1',
        '≤ 1.05',
        show(cost, 3),
        '–',
        [[cost, '≤', 1.05]],
      ),
    ],
    details: [
      tableOf(
        ['routes', ...COUNTS.map((count) => show(count)), 'cost'],
        [['msg/s, handler in C', ...COUNTS.map((count) => show(outcome.median(String(count), rate))), show(cost, 3)]],
      ),
      '',
      '16 in flight, so that little of an event\'s cost is the kernel\'s.',
      ...outcome.notes,
    ].join('\n'),
  };
}
