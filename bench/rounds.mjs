// What every question needs: the load generator, and rounds in which everything is measured once.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { median, ratio } from './figures.mjs';
import { LOAD_CORE, resultOf, scratchFolder, serve, start } from './processes.mjs';

export const CONNECTIONS = 64;
const LOAD_TIMEOUT_MS = 90_000;

// `settings`: servers (servers.mjs), built (a folder), runs, quick.
export function makeBench(settings) {
  const loadCommand = (port, args) => [join(settings.built, 'load'), '--port', port, ...args];
  return {
    ...settings,
    connections: CONNECTIONS,

    // Starts the load generator, to be talked to.
    startLoad: (port, ...args) =>
      start(LOAD_CORE, loadCommand(port, args), { timeoutMs: LOAD_TIMEOUT_MS, input: 'pipe' }),

    // Runs it, and returns what it measured.
    load: (port, ...args) => resultOf(start(LOAD_CORE, loadCommand(port, args), { timeoutMs: LOAD_TIMEOUT_MS })),

    // The closed loop against a server that is known by its first replies.
    closedLoop(port, server, { inFlight = 1, connections = CONNECTIONS, seconds = 1, warmup = 0.5, message, expected } = {}) {
      return this.load(
        port,
        ...['--connections', connections, '--in-flight', inFlight, '--seconds', seconds, '--warmup', warmup],
        ...(message ? ['--message', message] : []),
        ...(expected ?? server.expected).flatMap((text) => ['--expect', text]),
      );
    },

    // One round after another, everything in each: what disturbs the machine for a while disturbs them all. Whoever
    // fails once is out.
    async rounds(contestants, measure, { runs = settings.runs } = {}) {
      const results = Object.fromEntries(contestants.filter(({ missing }) => !missing).map(({ name }) => [name, []]));
      const missing = Object.fromEntries(contestants.filter(({ missing }) => missing).map((one) => [one.name, one.missing]));
      for (let run = 1; run <= runs; ++run) {
        for (const contestant of contestants.filter(({ name }) => results[name])) {
          try {
            results[contestant.name].push(await measure(contestant));
          } catch (error) {
            missing[contestant.name] = error.message;
            delete results[contestant.name];
          }
        }
      }
      return new Outcome(results, missing);
    },

    // The same where what is measured is a server that runs.
    serverRounds(contestants, measure, options = {}) {
      return this.rounds(contestants, (one) => serve(one, (port, child) => measure(one, port, child), options), options);
    },
  };
}

// What rounds() measured: arrays of one result a round.
class Outcome {
  constructor(results, missing) {
    Object.assign(this, { results, missing });
  }

  median(name, of) {
    return this.results[name] && median(this.results[name].map(of));
  }

  ratio(name, other, of) {
    return ratio(this.results[name], this.results[other], of);
  }

  // A line below a table.
  get notes() {
    return Object.entries(this.missing).map(([name, reason]) => `Not measured: ${name} (${reason}).`);
  }
}

export function messageFile(name, message) {
  const path = join(scratchFolder(), name);
  writeFileSync(path, JSON.stringify(message));
  return path;
}

// The application's message with exactly so many bytes.
export function sizedMessageFile(size) {
  const payload = { from: 'some one', n: 41, text: '' };
  const message = { name: 'getData', params: { id: 123 }, payload, headers: { 'message-id': 'abc-123' } };
  payload.text = 'x'.repeat(size - JSON.stringify(message).length);
  return messageFile(`${size}.json`, message);
}
