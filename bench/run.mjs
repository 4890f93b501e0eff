// Asks every question and prints the answers as Markdown, the table of goals last. See README.md.
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chartOf } from './chart.mjs';
import { goal, stop, tableOf, whole } from './figures.mjs';
import { makeBench } from './rounds.mjs';
import { listServers } from './servers.mjs';

const bench = dirname(fileURLToPath(import.meta.url));
const QUESTIONS = ['messages', 'sizes', 'latency', 'idle', 'crowd', 'routes', 'handshakes', 'workers', 'startup', 'streams'];
const ON_DEMAND = ['slow', 'tls']; // these alone take two minutes

const options = readOptions();

function readArguments() {
  try {
    return parseArgs({
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        servers: { type: 'string' },
        runs: { type: 'string' },
        build: { type: 'string', default: join(dirname(bench), 'build/bench') },
        runner: { type: 'string' },
        chart: { type: 'string' },
      },
    }).values;
  } catch (error) {
    return stop(error.message);
  }
}

function readOptions() {
  const values = readArguments();
  const build = resolve(values.build);
  const questions = values.only?.split(',') ?? QUESTIONS;
  const unknown = questions.find((name) => ![...QUESTIONS, ...ON_DEMAND].includes(name));
  if (unknown) stop(`--only: no question '${unknown}'; there are ${[...QUESTIONS, ...ON_DEMAND].join(', ')}`);
  const built = join(build, 'bench');
  if (!existsSync(join(built, 'load'))) stop('no load generator: build the preset "bench" first, or say --build FOLDER');
  return {
    questions,
    built,
    quick: values.quick,
    runs: whole('runs', values.runs ?? (values.quick ? 1 : 5), 1, 100),
    servers: chosen(listServers(values.runner ? resolve(values.runner) : join(build, 'src/configurapi-runner-ws'), built), values),
    chart: values.chart ?? (values.quick || values.only || values.servers ? undefined : join(bench, 'chart.svg')),
  };
}

function chosen(servers, values) {
  const names = values.servers?.split(',') ?? Object.keys(servers);
  const unknown = names.find((name) => !servers[name]);
  if (unknown) stop(`--servers: no server '${unknown}'; there are ${Object.keys(servers).join(', ')}`);
  for (const server of Object.values(servers)) if (!names.includes(server.name)) server.missing = 'not asked for';
  return servers;
}

async function answer(name, harness) {
  const began = Date.now();
  try {
    const { measure } = await import(`./questions/${name}.mjs`);
    return await measure(harness);
  } catch (error) {
    return { goals: [goal(name, '–', error.message, '–', [[undefined]])], details: `Not measured: ${name} (${error.message}).` };
  } finally {
    process.stderr.write(`${name}: ${Math.round((Date.now() - began) / 1000)} s\n`);
  }
}

const answers = [];
for (const name of options.questions) {
  const said = await answer(name, makeBench(options));
  console.log(`${said.details}\n`);
  if (said.bars && options.chart) writeFileSync(options.chart, chartOf(said.bars));
  answers.push(said);
}
const goals = answers.flatMap((said) => said.goals);
if (goals.length > 0) console.log(`${tableOf(['what', 'goal', 'measured', 'peer', 'met'], goals, { text: true })}\n`);
console.log(
  [
    'One core for the server, another for the load, where nothing else is said.',
    options.runs === 1 ? 'One round.' : `Medians of ${options.runs} rounds or more, ratios of each round's own.`,
  ].join(' '),
);
