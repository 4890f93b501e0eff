'use strict';

// Node's streams as the web's, and the web's as Node's (https://nodejs.org/api/stream.html#streamreadablefromwebreadablestream-options).

const { invalidType } = require('./arguments');

const asBytes = (chunk) => (typeof chunk === 'string' ? Buffer.from(chunk)
  : chunk instanceof Uint8Array ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength) : chunk);

const aborted = () => new DOMException('The operation was aborted', 'AbortError');

function readableFromWeb(Stream, source, options = {}) {
  if (!(source instanceof ReadableStream)) throw invalidType('readableStream', 'an instance of ReadableStream', source);
  const reader = source.getReader();
  let isClosed = false;
  const readable = new Stream.Readable({
    ...options,
    read() {
      reader.read().then(({ value, done }) => readable.push(done ? null : value), (error) => readable.destroy(error));
    },
    destroy(error, callback) {
      const done = () => callback(error);
      if (isClosed) done();
      else reader.cancel(error).then(done, done);
    },
  });
  reader.closed.then(() => { isClosed = true; }, (error) => {
    isClosed = true;
    readable.destroy(error);
  });
  return readable;
}

function writableFromWeb(Stream, sink, options = {}) {
  if (!(sink instanceof WritableStream)) throw invalidType('writableStream', 'an instance of WritableStream', sink);
  const writer = sink.getWriter();
  let isClosed = false;
  const writable = new Stream.Writable({
    ...options,
    write(chunk, encoding, callback) {
      writer.ready.then(() => writer.write(chunk)).then(() => callback(), callback);
    },
    final(callback) {
      isClosed = true;
      writer.close().then(() => callback(), callback);
    },
    destroy(error, callback) {
      const done = () => callback(error);
      if (isClosed) done();
      else if (error) writer.abort(error).then(done, done);
      else writer.close().then(done, done);
    },
  });
  writer.closed.then(() => { isClosed = true; }, (error) => {
    isClosed = true;
    writable.destroy(error);
  });
  return writable;
}

function duplexFromWeb(Stream, pair, options = {}) {
  const { readable, writable } = pair ?? {};
  return Stream.Duplex.from({
    readable: readableFromWeb(Stream, readable, options),
    writable: writableFromWeb(Stream, writable, options),
  });
}

function readableToWeb(Stream, source, options = {}) {
  if (typeof source?.read !== 'function') throw invalidType('streamReadable', 'an instance of stream.Readable', source);
  const strategy = options.strategy ?? (source.readableObjectMode
    ? new CountQueuingStrategy({ highWaterMark: source.readableHighWaterMark })
    : new ByteLengthQueuingStrategy({ highWaterMark: source.readableHighWaterMark }));
  let isOver = false;
  source.pause();
  return new ReadableStream({
    start(controller) {
      source.on('data', (chunk) => {
        if (isOver) return;
        controller.enqueue(source.readableObjectMode ? chunk : asBytes(chunk));
        if (controller.desiredSize <= 0) source.pause();
      });
      source.pause();
      Stream.finished(source, { writable: false }, (error) => {
        if (isOver) return;
        isOver = true;
        if (error?.code === 'ERR_STREAM_PREMATURE_CLOSE') error = Object.assign(aborted(), { cause: error });
        if (error) controller.error(error);
        else controller.close();
        source.on('error', () => {});
      });
    },
    pull() {
      source.resume();
    },
    cancel(reason) {
      isOver = true;
      source.on('error', () => {});
      source.destroy(reason);
    },
  }, strategy);
}

function writableToWeb(Stream, sink) {
  if (typeof sink?.write !== 'function') throw invalidType('streamWritable', 'an instance of stream.Writable', sink);
  const strategy = sink.writableObjectMode
    ? new CountQueuingStrategy({ highWaterMark: sink.writableHighWaterMark })
    : new ByteLengthQueuingStrategy({ highWaterMark: sink.writableHighWaterMark });
  let isOver = false;
  let room; // while the sink is full
  return new WritableStream({
    start(controller) {
      sink.on('drain', () => {
        room?.resolve();
        room = undefined;
      });
      Stream.finished(sink, { readable: false }, (error) => {
        if (error?.code === 'ERR_STREAM_PREMATURE_CLOSE') error = Object.assign(aborted(), { cause: error });
        room?.reject(error ?? aborted());
        if (isOver) return;
        isOver = true;
        controller.error(error ?? aborted());
      });
      sink.on('error', () => {});
    },
    write(chunk) {
      if (sink.write(chunk)) return undefined;
      room = Promise.withResolvers();
      return room.promise;
    },
    close() {
      isOver = true;
      return new Promise((resolve, reject) => {
        Stream.finished(sink, { readable: false }, (error) => (error ? reject(error) : resolve()));
        sink.end();
      });
    },
    abort(reason) {
      isOver = true;
      sink.destroy(reason);
    },
  }, strategy);
}

// What fromWeb and toWeb are for one of the three classes.
exports.of = (Stream, Class) => {
  switch (Class) {
    case Stream.Readable:
      return { fromWeb: (source, options) => readableFromWeb(Stream, source, options), toWeb: (source, options) => readableToWeb(Stream, source, options) };
    case Stream.Writable:
      return { fromWeb: (sink, options) => writableFromWeb(Stream, sink, options), toWeb: (sink) => writableToWeb(Stream, sink) };
    default:
      return {
        fromWeb: (pair, options) => duplexFromWeb(Stream, pair, options),
        toWeb: (duplex) => ({ readable: readableToWeb(Stream, duplex), writable: writableToWeb(Stream, duplex) }),
      };
  }
};
