'use strict';

// require('stream') and its promises: readable-stream, which is Node's own, with the way to and from the web's streams.

const Stream = require('./vendor_stream');
const adapters = require('./stream_adapters');

const { Readable, Writable, Duplex } = Stream;

const method = (value) => ({ value, writable: true, enumerable: false, configurable: true });

for (const Class of [Readable, Writable, Duplex]) {
  const { fromWeb, toWeb } = adapters.of(Stream, Class);
  Object.defineProperties(Class, { fromWeb: method(fromWeb), toWeb: method(toWeb) });
}

require.ifLoaded('./late_stream')?.loaded(Stream);

module.exports = Stream;
