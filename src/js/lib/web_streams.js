'use strict';

// The streams of the web (https://streams.spec.whatwg.org/), a port's, and those over TextEncoder and TextDecoder
// (https://encoding.spec.whatwg.org/#interface-textencoderstream).

const port = require('./vendor_web_streams');

const { TransformStream } = port;
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

class TextEncoderStream {
  #transform;

  constructor() {
    const encoder = new TextEncoder();
    let high = ''; // half of a pair, whose other half is in the next chunk
    this.#transform = new TransformStream({
      transform(chunk, controller) {
        let text = high + String(chunk);
        high = /[\ud800-\udbff]$/.test(text) ? text.slice(-1) : '';
        text = text.slice(0, text.length - high.length);
        if (text) controller.enqueue(encoder.encode(text));
      },
      flush(controller) {
        if (high) controller.enqueue(encoder.encode(high));
      },
    });
  }

  get encoding() {
    return 'utf-8';
  }

  get readable() {
    return this.#transform.readable;
  }

  get writable() {
    return this.#transform.writable;
  }
}

class TextDecoderStream {
  #decoder;
  #transform;

  constructor(encoding = 'utf-8', options = {}) {
    const decoder = this.#decoder = new TextDecoder(encoding, options);
    this.#transform = new TransformStream({
      transform(chunk, controller) {
        const text = decoder.decode(chunk, { stream: true });
        if (text) controller.enqueue(text);
      },
      flush(controller) {
        const text = decoder.decode();
        if (text) controller.enqueue(text);
      },
    });
  }

  get encoding() {
    return this.#decoder.encoding;
  }

  get fatal() {
    return this.#decoder.fatal;
  }

  get ignoreBOM() {
    return this.#decoder.ignoreBOM;
  }

  get readable() {
    return this.#transform.readable;
  }

  get writable() {
    return this.#transform.writable;
  }
}

for (const Class of [TextEncoderStream, TextDecoderStream])
  Object.defineProperty(Class.prototype, Symbol.toStringTag, { value: Class.name, configurable: true });

// As Node prints them.
function describe(Class, show) {
  Object.defineProperty(Class.prototype, INSPECT, {
    value(depth, options, inspect) {
      return depth < 0 ? `[${Class.name}]` : `${Class.name} ${inspect(show(this), { ...options, depth: options.depth === null ? null : options.depth - 1 })}`;
    },
    configurable: true,
    writable: true,
  });
}
describe(port.ReadableStream, (stream) => ({ locked: stream.locked }));
describe(port.WritableStream, (stream) => ({ locked: stream.locked }));
describe(TransformStream, ({ readable, writable }) => ({ readable, writable }));

const { ByteLengthQueuingStrategy, CountQueuingStrategy, ReadableByteStreamController, ReadableStream, ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest, ReadableStreamDefaultController, ReadableStreamDefaultReader, TransformStreamDefaultController,
  WritableStream, WritableStreamDefaultController, WritableStreamDefaultWriter } = port;

const classes = {
  ByteLengthQueuingStrategy, CountQueuingStrategy, ReadableByteStreamController, ReadableStream, ReadableStreamBYOBReader,
  ReadableStreamBYOBRequest, ReadableStreamDefaultController, ReadableStreamDefaultReader, TextDecoderStream, TextEncoderStream,
  TransformStream, TransformStreamDefaultController, WritableStream, WritableStreamDefaultController, WritableStreamDefaultWriter,
};

module.exports = { ...classes, NAMES: Object.keys(classes) };
