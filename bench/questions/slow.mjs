// What do clients cost that read their streams slowly?
import { setTimeout as sleep } from 'node:timers/promises';
import { show, tableOf } from '../figures.mjs';
import { residentBytes, serve } from '../processes.mjs';
import { messageFile } from '../rounds.mjs';

const READERS = 1000;
const SECONDS = 55; // until every stream has come to its high-water mark: the kernel takes some GB before
const LOOK_MS = 50;
const MARK = 1 << 20;
const BOUND = READERS * (MARK + 64 * 1024);

export async function measure(bench) {
  const runner = bench.servers.runner.with('--high-water-mark', MARK);
  const message = messageFile('slow.json', { name: 'stream', params: { size: 1024 } });
  const { before, most } = await serve(runner, async (port, child) => {
    const before = residentBytes(child);
    const reading = bench.load(port, '--slow', READERS, '--message', message, '--seconds', SECONDS);
    let most = 0;
    let ended = false;
    reading.finally(() => (ended = true)).catch(() => {});
    for (; !ended; await sleep(LOOK_MS)) most = Math.max(most, residentBytes(child));
    const { open } = await reading;
    if (open !== READERS) throw new Error(`${READERS - open} slow readers were thrown out`);
    if (most < (READERS * MARK) / 2) throw new Error(`the streams did not come to their high-water mark in ${SECONDS} s`);
    return { before, most };
  });
  const mb = (bytes) => show(bytes / 1e6);
  return {
    goals: [],
    details: [
      tableOf(
        [`${show(READERS)} slow readers`, 'before, MB', 'most, MB', 'bound, MB', 'kept'],
        [[runner.title, mb(before), mb(most), mb(BOUND), most < BOUND ? 'yes' : '**no**']],
      ),
      '',
      "The process's resident memory; each client reads 40 KB a second of a stream without end. Bound: 1,000 x (high-water mark + 64 KB).",
    ].join('\n'),
  };
}
