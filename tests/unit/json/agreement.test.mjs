// envelope_scan against JSON.parse: the corpus, random mutations of it, and texts nested without end.
//   JSON_ORACLE           the program of oracle.c
//   AGREEMENT_SEED        the mutations' seed; another every time where it is not set
//   AGREEMENT_MUTATIONS   how many of them
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';

const oracle = process.env.JSON_ORACLE;
const seed = Number(process.env.AGREEMENT_SEED ?? Math.floor(Math.random() * 2 ** 32)) >>> 0;
const mutations = Number(process.env.AGREEMENT_MUTATIONS ?? 200_000);
const folder = new URL('corpus/', import.meta.url);
const corpus = readdirSync(folder)
  .filter((file) => file.endsWith('.jsonl'))
  .flatMap((file) =>
    readFileSync(new URL(file, folder), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .map(({ name, input }) => ({ name: `${file}: ${name}`, input })),
  );

const members = ['name', 'params', 'query', 'headers', 'payload', 'message-id'];

/* What the oracle says to each message: { kind, error, spans: { name: Buffer or undefined, … } }. */
function ask(messages) {
  const parts = [];
  for (const message of messages) {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(message.length);
    parts.push(length, message);
  }
  const run = spawnSync(oracle, { input: Buffer.concat(parts), maxBuffer: 2 ** 30, encoding: 'latin1' });
  assert.equal(run.error, undefined);
  assert.equal(run.status, 0, run.stderr);
  const lines = run.stdout.split('\n');
  assert.equal(lines.length, messages.length + 1);
  return messages.map((message, i) => {
    const words = lines[i].split(' ');
    const spans = {};
    members.forEach((member, j) => {
      const [offset, length] = [Number(words[1 + 2 * j]), Number(words[2 + 2 * j])];
      assert.ok(offset + length <= message.length, `${member} lies outside of the message`);
      spans[member] = length > 0 ? message.subarray(offset, offset + length).toString() : undefined;
    });
    const error = words.slice(1 + 2 * members.length).join(' ');
    return { kind: words[0], error, spans };
  });
}

/* The last name in an object's text that spells message-id; only the text knows the order of several spellings. */
function lastSpelling(text) {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gs);
  let depth = 0;
  let last;
  tokens.forEach((token, i) => {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    else if (depth === 1 && tokens[i + 1] === ':' && isMessageId(JSON.parse(token))) last = JSON.parse(token);
  });
  return last;
}

const isMessageId = (name) => name.toLowerCase() === 'message-id';
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/* The kind, the error and the members' values that JSON.parse's result calls for; a member not there is absent. */
function expected(text, headersText) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'not-json', error: '-', values: new Map() };
  }
  if (!isObject(value)) return { kind: 'value', error: '-', values: new Map([['payload', value]]) };

  const values = new Map();
  const errors = [];
  for (const [name, type, fits] of [
    ['name', 'a string', (member) => typeof member === 'string'],
    ['params', 'an object', isObject],
    ['query', 'an object', isObject],
    ['headers', 'an object', isObject],
  ]) {
    if (!Object.hasOwn(value, name) || value[name] === null) continue;
    if (fits(value[name])) values.set(name, value[name]);
    else errors.push(`${name} must be ${type}`);
  }
  if (Object.hasOwn(value, 'payload')) values.set('payload', value.payload);
  if (values.has('headers')) {
    const headers = values.get('headers');
    const spellings = Object.keys(headers).filter(isMessageId);
    const last = spellings.length > 1 ? lastSpelling(headersText) : spellings[0];
    if (last !== undefined) values.set('message-id', headers[last]);
  }
  return { kind: errors.length > 0 ? 'invalid' : 'object', error: errors[0] ?? '-', values };
}

/* Why the verdict is wrong; undefined where it is right. */
function disagreement(text, { kind, error, spans }) {
  const wanted = expected(text, spans.headers ?? '{}');
  if (kind !== wanted.kind) return `kind is ${kind}, not ${wanted.kind}`;
  if (error !== wanted.error) return `error is '${error}', not '${wanted.error}'`;
  for (const member of members) {
    const span = spans[member];
    if ((span !== undefined) !== wanted.values.has(member)) return `${member} is ${span ?? 'absent'}`;
    if (span === undefined) continue;
    if (/^[ \t\r\n]|[ \t\r\n]$/.test(span)) return `${member} has white space around it`;
    if (!isDeepStrictEqual(JSON.parse(span), wanted.values.get(member))) return `${member} is ${span}`;
  }
  return undefined;
}

function compare(cases) {
  const verdicts = ask(cases.map(({ input }) => Buffer.from(input)));
  const counts = { object: 0, value: 0, 'not-json': 0, invalid: 0 };
  cases.forEach(({ name, input }, i) => {
    const wrong = disagreement(input, verdicts[i]);
    assert.equal(wrong, undefined, `${name}: ${wrong}: ${JSON.stringify(input)}`);
    counts[verdicts[i].kind]++;
  });
  return counts;
}

/* mulberry32 */
function generator(state) {
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound) => Math.floor(random() * bound);
  return { below, pick: (list) => list[below(list.length)] };
}

const characters = [...'{}[]:,"\\/-+.eE0123456789 \t\n\rtfnul', '\0', '\x1f', '\x7f', '\u00a0', '\ufeff', '\u2028', 'é', '😀'];
const values = [
  'null', 'true', 'false', '0', '-0', '1.5e3', '1e999', '""', '"a"', '"\\ud800"', '"\\""', '[]', '{}', '[1,{}]',
  '{"a":[null]}', '{"message-id":1}', '{"Message-ID":"x","b":2}', '{"message-id":[1],"MESSAGE-ID":{}}', '01', "'a'",
];
const names = [
  '"name"', '"params"', '"query"', '"headers"', '"payload"', '"message-id"', '"Message-Id"', '"n\\u0061me"',
  '"\\u0068eaders"', '"p\\u0061yload"', '"message\\u002did"', '"__proto__"', '"constructor"', '"a"', '""',
];

/* One change to a text; three of five leave valid text valid, mostly. */
function mutate(text, { below, pick }) {
  const at = below(text.length + 1);
  const length = 1 + below(pick([1, 1, 4, 16]));
  const [head, tail] = [text.slice(0, at), text.slice(at)];

  if (below(5) < 3) {
    const brace = text.indexOf('{', at) + 1;
    switch (below(brace ? 5 : 2)) {
      case 0: return pick([' ', '\n', '\t\r']) + text + pick([' ', '\r\n']);
      case 1: {
        const atoms = /"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d+(?:\.\d+)?|true|false|null|\{\}|\[\]/g;
        return text.replace(atoms, (atom, offset) => (offset >= at && below(2) ? pick(values) : atom));
      }
      default: {
        const comma = /^[ \t\r\n]*\}/.test(text.slice(brace)) ? '' : ',';
        return `${text.slice(0, brace)}${pick(names)}:${pick(values)}${comma}${text.slice(brace)}`;
      }
    }
  }
  switch (below(8)) {
    case 0: return head + tail.slice(length);
    case 1: return head + pick(characters) + tail;
    case 2: return head + pick(characters) + tail.slice(1);
    case 3: return head + text.substr(below(text.length + 1), length) + tail;
    case 4: return head;
    case 5: return head + pick(values) + tail;
    case 6: return head + pick(corpus).input + tail;
    default: return pick(['[', '{"payload":', '{"headers":']) + text + pick([']', '}', '}', ',']);
  }
}

test('the corpus', () => {
  assert.ok(corpus.length >= 300);
  compare(corpus);
});

test('every prefix of the corpus', () => {
  compare(
    corpus.flatMap(({ name, input }) => {
      const text = [...input];
      return text.map((_, end) => ({ name: `${name}, ${end} characters of it`, input: text.slice(0, end).join('') }));
    }),
  );
});

test('mutations of the corpus', (t) => {
  const random = generator(seed);
  const totals = {};
  t.diagnostic(`AGREEMENT_SEED=${seed}`);
  const valid = corpus.filter(({ input }) => expected(input, '{}').kind !== 'not-json');
  for (let done = 0; done < mutations; ) {
    const batch = [];
    for (; batch.length < 20_000 && done < mutations; done++) {
      let input = random.pick(random.below(4) > 0 ? valid : corpus).input;
      for (let changes = random.pick([1, 1, 2, 2, 4]); changes > 0; changes--) input = mutate(input, random);
      // A pair cut in two would reach the oracle as something else than JSON.parse.
      batch.push({ name: `seed ${seed}, mutation ${done}`, input: Buffer.from(input).toString() });
    }
    for (const [kind, count] of Object.entries(compare(batch))) totals[kind] = (totals[kind] ?? 0) + count;
  }
  t.diagnostic(JSON.stringify(totals));
  for (const [kind, count] of Object.entries(totals)) assert.ok(count >= mutations / 100, `hardly any ${kind}`);
});

test('depth', () => {
  const random = generator(seed);
  const cases = [];
  for (const depth of [1_000, 70_000, 300_000, 1_000_000]) {
    const pairs = Array.from({ length: depth }, () => random.pick([['[', ']'], ['{"":', '}']]));
    const opening = pairs.map(([open]) => open).join('');
    const closing = pairs.map(([, close]) => close).reverse();
    const wrong = random.below(depth);
    cases.push(opening + '1' + closing.join(''), opening, opening + '1' + closing.slice(1).join(''));
    closing[wrong] = closing[wrong] === ']' ? '}' : ']';
    cases.push(opening + '1' + closing.join(''));
  }
  const verdicts = ask(cases.map((text) => Buffer.from(text)));
  cases.forEach((text, i) => {
    let kind = text[0] === '{' ? 'object' : 'value';
    try {
      JSON.parse(text);
    } catch {
      kind = 'not-json';
    }
    assert.equal(verdicts[i].kind, kind, `depth, case ${i}, seed ${seed}`);
  });
});
