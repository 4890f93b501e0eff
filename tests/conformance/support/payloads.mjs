// What messages are made of: the same bytes at every run.

import { createHash } from 'node:crypto';

/** Bytes that nothing compresses. */
export const noise = (size, seed = 0) => createHash('shake256', { outputLength: size }).update(`noise ${seed}`).digest();

/** Text of as many bytes. */
export const letters = (size) => Buffer.alloc(size, 'The quick brown fox jumps over the lazy dog. ');

const words = 'account amount city created currency customer delivery email invoice item label order price quantity region status street total'.split(' ');

/** JSON of as many bytes (two at least): a list of records, blanks at its end. */
export function json(size, seed = 0) {
  const choices = createHash('shake256', { outputLength: 4096 }).update(`json ${seed} ${size}`).digest();
  let at = 0;
  const choose = (count) => choices[at++ % choices.length] % count;
  const word = () => words[choose(words.length)];
  const value = () => [() => word(), () => choose(256) * choose(256), () => choose(100) / 10, () => choose(2) === 1, () => null, () => [word(), word()]][choose(6)]();
  const records = [];
  for (let room = size - 2; room > 0; ) {
    const record = JSON.stringify({ id: `${seed}-${records.length}`, [word()]: value(), [word()]: value(), note: `${word()} é ${word()}` });
    room -= Buffer.byteLength(record) + 1;
    if (room >= 0) records.push(record);
  }
  const list = Buffer.from(`[${records.join(',')}]`);
  return Buffer.concat([list, Buffer.alloc(size - list.length, ' ')]);
}
