'use strict';

// Writes reports about texts. It knows nothing of events and connections: an order says what is wanted and the URL to post it
// to. It could as well run in another process, or on another machine.

const { wsPostbackFunction } = require('configurapi-runner-ws');
const texts = require('./texts');

let last = 0;

function reportOn(name) {
  const words = texts.wordsOf(name);
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const often = [...counts].sort(([, a], [, b]) => b - a).slice(0, 3).map(([word, count]) => `${word} (${count})`);
  const longest = words.reduce((a, b) => (b.length > a.length ? b : a));
  return { text: name, words: words.length, longest, often };
}

async function deliver(id, { text, replyTo }) {
  const response = { statusCode: 200, headers: { 'x-postback': 'report' }, body: { report: id, ...reportOn(text) } };
  try {
    await wsPostbackFunction(replyTo, response);
  } catch (error) {
    const why = error.statusCode === 410 ? 'who ordered it has left' : error.message;
    console.log(`Report ${id} was not delivered: ${why}.`);
  }
}

// Takes an order and gives its number; the report is there `delay` ms later.
exports.order = (order) => {
  const id = ++last;
  setTimeout(deliver, order.delay, id, order);
  return id;
};
