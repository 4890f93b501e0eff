// The same conversation with the program and with the reference, compared message by message; and with the program once more
// where it logs no traces, for then it takes shorter ways.

import assert from 'node:assert/strict';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { guarded, referencePath, runnerPath, startRunner } from '../../e2e/support/runner.mjs';
import { differences } from '../differences.mjs';
import { normalize } from './normalize.mjs';
import { Session } from './session.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const appPath = (name) => path.join(here, '../apps', name);

// With the reference in the program's place the cases themselves are tried.
const isReferenceItself = runnerPath === referencePath;

/**
 * The cases of one file. `name` is the file's, for differences.mjs. A case is told as
 *
 *   ask          one message, or an array of them asked one after another on one connection; or instead
 *   talk         async (session) => { … }: any conversation
 *   app          the folder in apps/ to run
 *   fresh        true: start all anew, for cases that need or leave a state
 *   status       the statusCode of every reply (200), or one of each in an array; null where that is not the point. It keeps a case honest
 *   engineMessage  true: a message is worded by the engine
 *   pick         what of every reply is compared, (reply) => anything
 *   contract     for a case in differences.mjs: the replies that the contract asks for, or a function that makes them of the reference's
 *   env          added to the environment
 */
export class Comparison {
  #name;
  #defaults;
  #running = new Map(); // by application
  #seen = new Set();

  constructor(name, defaults = {}) {
    this.#name = name;
    this.#defaults = defaults;
    after(() => this.#stopAll());
  }

  case(name, definition) {
    const id = `${this.#name}: ${name}`;
    this.#seen.add(id);
    test(name, () => this.#run(id, { status: 200, ...this.#defaults, ...definition }));
  }

  cases(definitions) {
    for (const [name, definition] of Object.entries(definitions)) this.case(name, definition);
  }

  /** To be called behind the last case. */
  end() {
    test('all stop cleanly', async () => {
      for (const runners of this.#running.values()) await guarded(Promise.all(runners.map((runner) => runner.stop())));
    });
    test('every difference listed for this file has its case', () => {
      const listed = differences.flatMap(({ cases }) => cases).filter((id) => id.startsWith(`${this.#name}: `));
      assert.deepEqual(listed.filter((id) => !this.#seen.has(id)), []);
    });
  }

  async #run(id, definition) {
    const runners = await this.#start(definition);
    try {
      const [program, reference, quiet] = await Promise.all(runners.map((runner) => guarded(converse(runner, definition))));
      const difference = differences.find(({ cases }) => cases.includes(id));
      check(program, reference, difference, definition);
      if (quiet) assert.deepEqual(prepare(quiet, definition), prepare(program, definition), 'without traces (actual) it answers otherwise');
      if (definition.fresh) await guarded(Promise.all(runners.map((runner) => runner.stop())));
    } catch (error) {
      if (error instanceof Error) error.message += `\n--- the program's stderr\n${runners[0].stderr.slice(-3000)}`;
      throw error;
    } finally {
      if (definition.fresh) await Promise.all(runners.map((runner) => runner.kill()));
    }
  }

  async #start(definition) {
    if (definition.fresh) return start(definition);
    const key = definition.app;
    const running = this.#running.get(key);
    if (running?.every((runner) => !runner.hasExited)) return running;
    const runners = await start(definition);
    this.#running.set(key, runners);
    return runners;
  }

  async #stopAll() {
    for (const runners of this.#running.values()) await Promise.all(runners.map((runner) => runner.kill()));
  }
}

/** The program, the reference, and the program without traces. */
async function start({ app, env }) {
  const common = { cwd: appPath(app), env };
  const all = [{ program: runnerPath }, { program: referencePath }];
  if (!isReferenceItself) all.push({ program: runnerPath, args: ['--log-level', 'info'] });
  const starts = await Promise.allSettled(all.map((each) => startRunner({ ...common, ...each })));
  const failed = starts.find(({ status }) => status === 'rejected');
  const runners = starts.map(({ value }) => value);
  if (!failed) return runners;
  await Promise.all(runners.map((runner) => runner?.kill()));
  throw failed.reason;
}

async function converse(runner, definition) {
  const session = new Session(runner);
  if (definition.talk) {
    await definition.talk(session);
  } else {
    const peer = await session.connect();
    for (const message of [definition.ask].flat()) await peer.ask(message);
  }
  await session.end();
  return session.transcript;
}

const isReply = (entry) => 'message' in entry;
const repliesOf = (transcript) => transcript.filter(isReply).map((entry) => entry.message);

/** What is compared of a transcript. */
function prepare(transcript, definition) {
  const { pick = (reply) => reply } = definition;
  return normalize(transcript, definition).map((entry) => (isReply(entry) ? { ...entry, message: pick(entry.message) } : entry));
}

function check(programTranscript, referenceTranscript, difference, definition) {
  const program = prepare(programTranscript, definition);
  const reference = prepare(referenceTranscript, definition);

  if (process.env.SHOW_TRANSCRIPTS) console.log(JSON.stringify(reference).slice(0, 1500));
  if (!difference) {
    assert.deepEqual(program, reference, 'the program (actual) and the reference (expected) differ');
    checkStatus(referenceTranscript, definition.status);
    return;
  }

  assert.ok(definition.contract, 'a case with a listed difference says what the contract asks for');
  const { contract } = definition;
  const wanted = typeof contract === 'function' ? contract(repliesOf(reference)) : contract;
  assert.notDeepEqual(repliesOf(reference), wanted, `the reference shows no difference: '${difference.name}' is not one`);
  if (!isReferenceItself) assert.deepEqual(repliesOf(program), wanted, `not what the contract asks for in '${difference.name}'`);
}

function checkStatus(transcript, status) {
  if (status === null) return;
  const replies = repliesOf(transcript);
  const expected = Array.isArray(status) ? status : replies.map(() => status);
  assert.deepEqual(replies.map(({ statusCode }) => statusCode), expected, 'the case does not do what it says');
}
