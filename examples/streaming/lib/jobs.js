'use strict';

// The jobs under way: connection id -> its jobs.
const jobs = new Map();
let last = 0;

function end(job) {
  clearTimeout(job.timer);
  job.ended = true;
  const own = jobs.get(job.connection);
  own?.delete(job);
  if (own?.size === 0) jobs.delete(job.connection);
}

// For a job that nobody watches any more: its connection has closed, or a push has failed.
function stop(job) {
  if (job.ended) return;
  end(job);
  console.log(`Job ${job.id} stopped after ${job.done} of ${job.steps} steps.`);
}

// A step, and the timer for the next one. It waits for the push: a client that is slow to read slows its own jobs down, and
// one that is gone (410) ends them.
async function step(job) {
  job.done++; // the work itself would be here
  try {
    await job.push({ job: job.id, done: job.done, of: job.steps });
  } catch (error) {
    if (error.statusCode !== 410) console.error(error);
    stop(job);
    return;
  }
  if (job.done === job.steps) end(job);
  else if (!job.ended) job.timer = setTimeout(step, job.delay, job);
}

// Starts a job for a connection and gives its number. `push` is called with {job, done, of} after every step.
exports.start = (connection, { steps, delay }, push) => {
  const job = { id: ++last, connection, steps, delay, push, done: 0, ended: false };
  if (!jobs.has(connection)) jobs.set(connection, new Set());
  jobs.get(connection).add(job);
  job.timer = setTimeout(step, delay, job);
  return job.id;
};

exports.stopAll = (connection) => {
  for (const job of [...(jobs.get(connection) ?? [])]) stop(job);
};
