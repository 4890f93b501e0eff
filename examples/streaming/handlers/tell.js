'use strict';

const { StreamResponse } = require('configurapi-handler-ws');
const texts = require('../lib/texts');

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// As a language model's answer would come: in pieces of words, now faster and now slower.
async function* tell(name, delay) {
  const tokens = texts.tokensOf(name);
  let told = 0;
  try {
    for (const token of tokens) {
      await sleep(delay * (0.5 + Math.random()));
      yield token;
      told++;
    }
  } finally {
    // When the reader goes, the runner calls return(): the generator ends at its yield and comes here.
    if (told < tokens.length) console.log(`The reader of '${name}' left after ${told} of ${tokens.length} tokens.`);
  }
}

exports.tellHandler = function (event) {
  const { text, delay } = event.params;
  event.response = new StreamResponse(tell(text, delay), 200, { 'Content-Type': 'text/plain', 'x-text': text });
  return this.continue();
};
