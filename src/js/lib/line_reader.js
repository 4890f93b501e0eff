'use strict';

// FileHandle.readLines(): a stream's lines, by `for await` or by 'line' events, as Node's readline gives them.

const { EventEmitter } = require('./node_events');

const END = /\r\n|[\n\r]/;

class LineReader extends EventEmitter {
  #input;
  #lines;
  #isOpen = true;

  constructor(input) {
    super();
    this.#input = input;
    input.setEncoding('utf8');
    this.#lines = this.#read();
    this.on('newListener', (name) => {
      if (name === 'line') process.nextTick(() => this.#tell());
    });
  }

  async* #read() {
    try {
      yield* linesOf(this.#input);
    } finally {
      this.#end();
    }
  }

  #end() {
    if (this.#isOpen) this.emit('close');
    this.#isOpen = false;
  }

  async #tell() {
    try {
      for await (const line of this.#lines) this.emit('line', line);
    } catch (error) {
      this.emit('error', error);
    }
  }

  close() {
    this.#input.destroy();
    this.#end();
  }

  [Symbol.asyncIterator]() {
    return this.#lines;
  }
}

async function* linesOf(input) {
  let held = '';
  for await (const text of input) {
    const pieces = (held + text).split(END);
    held = pieces.pop();
    if (text.endsWith('\r')) { // whose '\n' may be still to come
      held = `${pieces.pop()}\r`;
    }
    yield* pieces;
  }
  if (held !== '') yield held.replace(/\r$/, '');
}

exports.LineReader = LineReader;
