// What a handler may use of the language's surroundings, as functions whose results are JSON. The same file runs in the program and in
// Node, and both must say the same.

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const thrown = (action) => {
  try {
    return { returned: String(action()) };
  } catch (error) {
    return { name: error.name, isError: error instanceof Error };
  }
};
const hex = (bytes) => Buffer.from(bytes.buffer ?? bytes, bytes.byteOffset, bytes.byteLength).toString('hex');

module.exports = {
  // Timers and queues

  async timersByDelay() {
    const order = [];
    const add = (name) => () => order.push(name);
    setTimeout(add('30 ms'), 30);
    setTimeout(add('1 ms'), 1);
    setTimeout(add('15 ms'), 15);
    await wait(60);
    return order;
  },

  async timersOfOneDelayInOrder() {
    const order = [];
    for (let i = 0; i < 20; i++) setTimeout(() => order.push(i), 5);
    await wait(30);
    return order;
  },

  async timerArguments() {
    return Promise.all([
      new Promise((resolve) => setTimeout((...args) => resolve(args), 1, 'a', 2, null)),
      new Promise((resolve) => setImmediate((...args) => resolve(args), 'b', 3)),
      new Promise((resolve) => {
        const interval = setInterval((...args) => {
          clearInterval(interval);
          resolve(args);
        }, 1, 'c', 4);
      }),
    ]);
  },

  async clearedTimers() {
    const ran = [];
    const timeout = setTimeout(() => ran.push('timeout'), 1);
    const interval = setInterval(() => ran.push('interval'), 1);
    const immediate = setImmediate(() => ran.push('immediate'));
    clearTimeout(timeout);
    clearInterval(interval);
    clearImmediate(immediate);
    const crossed = setInterval(() => ran.push('crossed'), 1);
    clearTimeout(crossed);
    for (const nothing of [undefined, null, 0, 12345, 'x', {}]) {
      clearTimeout(nothing);
      clearInterval(nothing);
    }
    clearImmediate(undefined);
    await wait(20);
    return ran;
  },

  async clearedWhileRunning() {
    const ran = [];
    const second = [];
    setTimeout(() => {
      ran.push('first');
      clearTimeout(second[0]);
    }, 1);
    second.push(setTimeout(() => ran.push('second'), 1));
    await wait(20);
    return ran;
  },

  async intervals() {
    let count = 0;
    await new Promise((resolve) => {
      const interval = setInterval(() => {
        if (++count < 4) return;
        clearInterval(interval);
        resolve();
      }, 2);
    });
    await wait(10);
    return count;
  },

  async timerObjects() {
    const timeout = setTimeout(() => {}, 1000);
    const interval = setInterval(() => {}, 1000);
    const immediate = setImmediate(() => {});
    const described = [timeout, interval, immediate].map((timer) => [typeof timer, typeof timer.ref, typeof timer.unref, typeof timer.hasRef]);
    const same = timeout.unref() === timeout && timeout.ref() === timeout && timeout.refresh() === timeout;
    const ran = [];
    const byNumber = setTimeout(() => ran.push('cleared by number'), 1);
    clearTimeout(+byNumber);
    [timeout, interval].forEach((timer) => clearTimeout(timer));
    clearImmediate(immediate);
    await wait(10);
    return { described, same, ran };
  },

  async oddDelays() {
    const ran = [];
    for (const delay of [0, -5, undefined, null, NaN, '1', 1.5]) setTimeout(() => ran.push(String(delay)), delay);
    await wait(30);
    return ran.sort();
  },

  timersThatAreNoFunctions() {
    return [thrown(() => setTimeout('code', 1)), thrown(() => setInterval(undefined, 1)), thrown(() => setImmediate(5)), thrown(() => queueMicrotask('x'))];
  },

  async immediatesInOrder() {
    const order = [];
    await new Promise((resolve) => {
      setImmediate(() => {
        order.push('one');
        queueMicrotask(() => order.push('microtask of one'));
        setImmediate(() => {
          order.push('nested');
          resolve();
        });
      });
      setImmediate(() => order.push('two'));
      Promise.resolve().then(() => order.push('promise'));
      order.push('now');
    });
    return order;
  },

  async ticksMicrotasksTimers() {
    const order = [];
    await new Promise((resolve) => {
      setTimeout(() => {
        setTimeout(() => {
          order.push('timer');
          resolve();
        }, 5);
        setImmediate(() => order.push('immediate'));
        Promise.resolve().then(() => order.push('promise')).then(() => order.push('promise of a promise'));
        queueMicrotask(() => order.push('microtask'));
        process.nextTick((...args) => order.push(`tick ${args}`), 1, 2);
        order.push('now');
      }, 1);
    });
    return order;
  },

  async microtasksBeforeTimers() {
    let turns = 0;
    let fired = false;
    setTimeout(() => (fired = true), 0);
    while (turns < 1000) {
      await null;
      turns++;
    }
    return { turns, fired };
  },

  async awaitInLoops() {
    const values = [];
    for await (const value of [1, Promise.resolve(2), wait(1).then(() => 3)]) values.push(value);
    async function* generate() {
      yield 4;
      await wait(1);
      yield 5;
    }
    for await (const value of generate()) values.push(value);
    const settled = await Promise.allSettled([wait(1), Promise.reject(new Error('no'))]);
    values.push(settled.map(({ status }) => status), await Promise.race([wait(50).then(() => 'slow'), wait(1).then(() => 'fast')]));
    values.push(await Promise.any([Promise.reject(1), wait(1).then(() => 'any')]));
    return values;
  },

  // structuredClone

  clones() {
    const original = {
      date: new Date(5),
      expression: /a+/gi,
      map: new Map([['k', { v: 1 }], [{ object: 'key' }, 2]]),
      set: new Set([1, 'two', [3]]),
      bytes: new Uint8Array([1, 2, 3]),
      floats: new Float64Array([1.5, NaN]),
      buffer: new Uint8Array([9, 8]).buffer,
      view: new DataView(new ArrayBuffer(4), 1, 2),
      big: 10n,
      undef: undefined,
      nothing: null,
      numbers: [NaN, -0, Infinity],
      sparse: [1, , 3],
      boxed: [new String('s'), new Number(1), new Boolean(false)],
      error: new RangeError('an error'),
    };
    const copy = structuredClone(original);
    return {
      date: [copy.date instanceof Date, copy.date.getTime()],
      expression: [copy.expression instanceof RegExp, String(copy.expression)],
      map: [copy.map instanceof Map, [...copy.map.entries()]],
      set: [copy.set instanceof Set, [...copy.set]],
      bytes: [copy.bytes instanceof Uint8Array, [...copy.bytes], copy.bytes.buffer !== original.bytes.buffer],
      floats: [copy.floats instanceof Float64Array, String([...copy.floats])],
      buffer: [copy.buffer instanceof ArrayBuffer, copy.buffer.byteLength],
      view: [copy.view instanceof DataView, copy.view.byteOffset, copy.view.byteLength],
      big: [typeof copy.big, String(copy.big)],
      undef: ['undef' in copy, copy.undef === undefined],
      numbers: copy.numbers.map((number) => (Object.is(number, -0) ? '-0' : String(number))),
      sparse: [copy.sparse.length, 1 in copy.sparse],
      boxed: copy.boxed.map((value) => [typeof value, String(value)]),
      error: [copy.error instanceof RangeError, copy.error.name, copy.error.message],
      apart: copy.map.get('k') !== original.map.get('k'),
    };
  },

  clonesOfShapes() {
    const circular = { name: 'c' };
    circular.self = circular;
    const shared = { s: 1 };
    const copy = structuredClone({ circular, one: shared, two: shared });
    class Point {
      x = 1;
      get sum() {
        return this.x;
      }
    }
    const point = structuredClone(new Point());
    return {
      circular: copy.circular.self === copy.circular,
      shared: copy.one === copy.two && copy.one !== shared,
      point: [Object.getPrototypeOf(point) === Object.prototype, point],
      getter: structuredClone({ get a() { return 1; } }),
      primitives: [structuredClone(1), structuredClone('s'), structuredClone(null), structuredClone(undefined) === undefined],
      refused: [() => {}, Symbol('s'), { deep: [() => {}] }, new WeakMap(), Promise.resolve()].map((value) => thrown(() => structuredClone(value)).name),
    };
  },

  // Text

  encodes() {
    const encoder = new TextEncoder();
    const target = new Uint8Array(5);
    return {
      encoding: encoder.encoding,
      texts: ['', 'a', 'é', '€', '😀', '\0', '\ud800', 'x\udc00y', '\u2028'].map((text) => hex(encoder.encode(text))),
      isBytes: encoder.encode('x') instanceof Uint8Array,
      nothing: hex(encoder.encode()),
      into: [encoder.encodeInto('aé😀', target), hex(target)],
    };
  },

  decodes() {
    const decode = (bytes, ...args) => thrown(() => JSON.stringify(new TextDecoder(...args).decode(new Uint8Array(bytes))));
    return {
      names: ['utf8', 'UTF-8', ' unicode-1-1-utf-8 '].map((label) => new TextDecoder(label).encoding),
      unknown: thrown(() => new TextDecoder('no-such-encoding')),
      good: decode([0x61, 0xc3, 0xa9, 0xf0, 0x9f, 0x98, 0x80]),
      bom: [decode([0xef, 0xbb, 0xbf, 0x61]), decode([0xef, 0xbb, 0xbf, 0x61], 'utf-8', { ignoreBOM: true })],
      bad: [[0xff], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98, 0x61], [0xed, 0xa0, 0x80], [0xc0, 0xaf]].map((bytes) => decode(bytes)),
      fatal: [[0x61], [0xff], [0xe2, 0x82]].map((bytes) => decode(bytes, 'utf-8', { fatal: true })),
      nothing: new TextDecoder().decode(),
      ofBuffers: [new TextDecoder().decode(Buffer.from('b')), new TextDecoder().decode(new Uint8Array([97, 98, 99]).subarray(1)), new TextDecoder().decode(new Uint16Array([0x6261]).buffer)],
    };
  },

  decodesOtherEncodings() {
    const decode = (label, bytes) => [new TextDecoder(label).encoding, new TextDecoder(label).decode(new Uint8Array(bytes))];
    return [decode('utf-16le', [0x3d, 0xd8, 0x00, 0xde, 0x41, 0x00]), decode('utf-16', [0x41, 0x00]), decode('latin1', [0xe9, 0xff, 0x41]), decode('ascii', [0x41])];
  },

  decodesStreams() {
    const bytes = [...Buffer.from('aé€😀')];
    const decoder = new TextDecoder();
    const pieces = bytes.map((byte) => decoder.decode(new Uint8Array([byte]), { stream: true }));
    return [pieces, decoder.decode()];
  },

  base64() {
    return {
      btoa: ['', 'a', 'ab', 'abc', '\xff\xfe'].map((text) => btoa(text)),
      atob: ['', 'YQ==', 'YQ', 'YWI=', 'YWJj', ' Y W J j \n'].map((text) => atob(text)),
      refused: [() => btoa('€'), () => atob('a'), () => atob('@@@@'), () => atob('YQ=')].map((action) => thrown(action).name),
    };
  },

  // URL

  urls() {
    const parts = ['href', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash', 'origin'];
    const describe = (...args) => thrown(() => {
      const url = new URL(...args);
      return JSON.stringify(parts.map((part) => url[part]));
    });
    return [
      ['https://user:pa%20ss@example.com:8443/a/b/../c;d?x=1&y=é#frag ment'],
      ['HTTP://EXAMPLE.com:80/%7Efoo/./bar//baz/'],
      ['http://münchen.example/straße?q=ü'],
      ['http://[::1]:3000/x'],
      ['http://192.168.0.1.:1/'],
      ['http://0x7f.1/'],
      ['ws://localhost:9100/@connections/a%2Fb'],
      ['../up?q', 'http://host/a/b/c'],
      ['//other/x', 'https://host/a'],
      ['?only', 'http://host/a?old#h'],
      ['data:text/plain,hello world'],
      ['mailto:some@one.example'],
      ['file:///C:/a/../b'],
      ['not a url'],
      ['http://'],
      ['http://a b/'],
      ['http://host:99999/'],
      ['/relative'],
    ].map((args) => describe(...args));
  },

  urlChanges() {
    const url = new URL('http://a.example/x');
    url.protocol = 'https:';
    url.port = '444';
    url.pathname = '/new path';
    url.search = '?a=b c';
    url.hash = 'h';
    url.searchParams.append('added', '&=');
    url.username = 'me';
    return [url.href, String(url), JSON.stringify({ url }), url.searchParams.get('a'), URL.canParse('x:'), URL.canParse('nothing')];
  },

  searchParams() {
    const params = new URLSearchParams('?a=1&b=2&a=3&empty&plus=a+b&enc=%C3%A9%20%26');
    params.append('c', 'x y&z=ü');
    params.delete('b');
    params.set('new', 'n');
    const sorted = new URLSearchParams(params);
    sorted.sort();
    return {
      text: params.toString(),
      all: params.getAll('a'),
      has: [params.has('a'), params.has('b'), params.get('none')],
      entries: [...params],
      size: params.size,
      keys: [...params.keys()],
      sorted: sorted.toString(),
      fromObject: new URLSearchParams({ x: '1', y: 'ü' }).toString(),
      fromPairs: new URLSearchParams([['p', '1'], ['p', '2']]).toString(),
      forEach: (() => {
        const seen = [];
        params.forEach((value, name) => seen.push(`${name}:${value}`));
        return seen;
      })(),
    };
  },

  // Buffer

  buffersFrom() {
    return [
      Buffer.from('héllo 😀'),
      Buffer.from('68656c6c6f', 'hex'),
      Buffer.from('aGVsbG8=', 'base64'),
      Buffer.from('aGVsbG8', 'base64'),
      Buffer.from('é€', 'latin1'),
      Buffer.from('é', 'binary'),
      Buffer.from('aé', 'ascii'),
      Buffer.from('a😀', 'utf16le'),
      Buffer.from([1, 256, -1, 3.7]),
      Buffer.from(new Uint8Array([1, 2, 3]).buffer, 1, 1),
      Buffer.from(new Uint16Array([1, 513])),
      Buffer.from(Buffer.from('copy')),
      Buffer.from({ type: 'Buffer', data: [7, 8] }),
      Buffer.from('\ud800'),
      Buffer.alloc(3),
      Buffer.alloc(5, 'ab'),
      Buffer.alloc(3, 1),
      Buffer.concat([Buffer.from('a'), new Uint8Array([98]), Buffer.from('c')]),
      Buffer.concat([Buffer.from('abc')], 2),
    ].map((buffer) => [hex(buffer), buffer.length, Buffer.isBuffer(buffer), buffer instanceof Uint8Array]);
  },

  buffersToText() {
    const buffer = Buffer.from([0x00, 0x61, 0xc3, 0xa9, 0xff, 0xfb, 0xf0]);
    const texts = ['utf8', 'hex', 'base64', 'latin1', 'binary', 'ascii', 'utf16le', 'UTF-8', undefined].map((encoding) => buffer.toString(encoding));
    return [texts, buffer.toString('utf8', 1, 4), JSON.stringify(buffer), `${Buffer.from('template')}`, Buffer.from('x') + 'y', thrown(() => buffer.toString('no-such'))];
  },

  base64url() {
    return [Buffer.from([0xff, 0xfb, 0xf0]).toString('base64url'), hex(Buffer.from('__vw', 'base64url')), hex(Buffer.from('__vw', 'base64'))];
  },

  buffersCompared() {
    const [a, b] = [Buffer.from('abc'), Buffer.from('abd')];
    return {
      compare: [a.compare(b), Buffer.compare(b, a), a.equals(Buffer.from('abc')), a.equals(b)],
      find: [a.indexOf('c'), a.indexOf(Buffer.from('bc')), a.indexOf(0x62), a.lastIndexOf('a'), a.indexOf('z'), a.includes('b')],
      sizes: [Buffer.byteLength('é😀'), Buffer.byteLength('aGVsbG8=', 'base64'), Buffer.byteLength(new ArrayBuffer(5))],
      encodings: ['utf8', 'hex', 'no-such'].map((encoding) => Buffer.isEncoding(encoding)),
      not: [Buffer.isBuffer(new Uint8Array(1)), Buffer.isBuffer('x'), Buffer.isBuffer(null)],
    };
  },

  buffersReadAndWritten() {
    const buffer = Buffer.alloc(64);
    let at = 0;
    at = buffer.writeUInt8(250, at);
    at = buffer.writeInt16LE(-2, at);
    at = buffer.writeUInt16BE(65534, at);
    at = buffer.writeInt32BE(-70000, at);
    at = buffer.writeUInt32LE(4000000000, at);
    at = buffer.writeDoubleBE(1.5, at);
    at = buffer.writeFloatLE(-0.25, at);
    at = buffer.writeBigUInt64LE(2n ** 63n, at);
    at = buffer.writeBigInt64BE(-5n, at);
    at = buffer.writeUIntBE(0x123456, at, 3);
    const written = buffer.write('é!', at);
    return {
      bytes: hex(buffer.subarray(0, at + written)),
      read: [buffer.readUInt8(0), buffer.readInt16LE(1), buffer.readUInt16BE(3), buffer.readInt32BE(5), buffer.readUInt32LE(9), buffer.readDoubleBE(13), buffer.readFloatLE(21)],
      big: [String(buffer.readBigUInt64LE(25)), String(buffer.readBigInt64BE(33))],
      odd: buffer.readUIntBE(41, 3),
      outside: [thrown(() => buffer.readUInt8(64)).name, thrown(() => buffer.writeUInt8(300, 0)).name],
    };
  },

  buffersCut() {
    const buffer = Buffer.from('0123456789');
    const part = buffer.subarray(2, 5);
    part[0] = 0x78;
    const slice = buffer.slice(-3);
    const copied = Buffer.alloc(4, '.');
    const count = buffer.copy(copied, 1, 0, 2);
    return {
      texts: [String(buffer), String(part), String(slice), String(copied), count],
      isBuffer: [Buffer.isBuffer(part), Buffer.isBuffer(slice)],
      filled: [String(Buffer.alloc(4).fill('ab')), String(Buffer.from('xxxx').fill('-', 1, 3))],
      swapped: [hex(Buffer.from('01020304', 'hex').swap16()), hex(Buffer.from('01020304', 'hex').swap32())],
      iterated: [[...Buffer.from('ab')], [...Buffer.from('ab').entries()], Buffer.from('cab').sort().toString(), Buffer.from('abc').map((byte) => byte + 1).toString()],
    };
  },

  buffersAreMade() {
    return [thrown(() => Buffer.from()).name, thrown(() => Buffer.from(5)).name, thrown(() => Buffer.alloc(-1)).name, thrown(() => Buffer.alloc('5')).name, Buffer.allocUnsafe(10).length];
  },

  // Process, crypto, performance, the rest

  processValues() {
    return {
      types: ['argv', 'env', 'cwd', 'exit', 'nextTick', 'hrtime', 'memoryUsage', 'uptime', 'version', 'versions'].map((name) => [name, typeof process[name]]),
      cwd: process.cwd().length > 0,
      argv: [Array.isArray(process.argv), process.argv.length >= 1, typeof process.argv[0]],
      uptime: process.uptime() > 0,
      memory: ['rss', 'heapTotal', 'heapUsed'].map((name) => process.memoryUsage()[name] > 0),
    };
  },

  processEnvironment() {
    process.env.CHECK_SET = 'set';
    process.env.CHECK_NUMBER = 5;
    const before = [process.env.CHECK_SET, process.env.CHECK_NUMBER, 'CHECK_SET' in process.env, Object.keys(process.env).includes('CHECK_SET')];
    delete process.env.CHECK_SET;
    return [before, process.env.CHECK_SET === undefined, 'CHECK_SET' in process.env, process.env.CHECK_NEVER === undefined, typeof process.env.PATH, process.env.toString === Object.prototype.toString];
  },

  processClocks() {
    const start = process.hrtime();
    const since = process.hrtime(start);
    const [one, two] = [process.hrtime.bigint(), process.hrtime.bigint()];
    const [first, second] = [performance.now(), performance.now()];
    return {
      hrtime: [start.length, start.every(Number.isInteger), since[0] >= 0 && since[1] >= 0 && since[1] < 1e9],
      bigint: [typeof one, two >= one],
      now: [typeof first, second >= first, first > 0],
    };
  },

  randomness() {
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    const uuids = Array.from({ length: 100 }, () => crypto.randomUUID());
    const bytes = new Uint8Array(1000);
    const returned = crypto.getRandomValues(bytes);
    const words = crypto.getRandomValues(new Uint32Array(4));
    return {
      uuids: [uuids.every((id) => uuid.test(id)), new Set(uuids).size],
      bytes: [returned === bytes, new Set(bytes).size > 100],
      words: [words instanceof Uint32Array, words.length],
      part: (() => {
        const whole = new Uint8Array(100);
        crypto.getRandomValues(whole.subarray(50));
        return [whole.subarray(0, 50).every((byte) => byte === 0), whole.subarray(50).some((byte) => byte !== 0)];
      })(),
      refused: [() => crypto.getRandomValues(new Float64Array(1)), () => crypto.getRandomValues(new Uint8Array(65537))].map((action) => thrown(action).name),
    };
  },

  globalNames() {
    const names = ['Buffer', 'URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'atob', 'btoa', 'clearImmediate', 'clearInterval', 'clearTimeout', 'console', 'crypto', 'performance', 'process', 'queueMicrotask', 'setImmediate', 'setInterval', 'setTimeout', 'structuredClone'];
    return {
      types: names.map((name) => [name, typeof globalThis[name]]),
      global: global === globalThis,
      notHere: ['window', 'document', 'self'].map((name) => typeof globalThis[name]),
      moduleScope: [typeof require, typeof module, typeof exports, typeof __filename, typeof __dirname],
      leaks: ['require', 'module', 'exports', '__filename'].filter((name) => name in globalThis),
    };
  },

  consoleMethods() {
    return ['log', 'info', 'debug', 'warn', 'error', 'trace', 'dir', 'table', 'group', 'groupEnd', 'time', 'timeEnd', 'assert', 'count'].map((name) => [name, typeof console[name]]);
  },

  language() {
    class Base {
      #secret = 1;
      static made = 0;
      static {
        Base.made = 5;
      }
      get secret() {
        return this.#secret;
      }
      has(other) {
        return #secret in other;
      }
    }
    const { a = 1, ...rest } = { b: 2, c: 3 };
    return [
      new Base().secret,
      Base.made,
      new Base().has(new Base()),
      a,
      rest,
      null ?? 'default',
      rest?.missing?.deeper === undefined,
      [1, 2, 3].at(-1),
      [1, [2, [3]]].flat(Infinity),
      Object.fromEntries([['k', 'v']]),
      'aXbX'.replaceAll('X', '-'),
      /(?<year>\d{4})/.exec('in 2026').groups.year,
      'a1b2'.replace(/(?<=b)\d/, '#'),
      [...'é😀'].length,
      'ß'.toUpperCase(),
      'e\u0301'.normalize('NFC').length,
      [3, 1, 2].sort().concat([..."xy"]),
      String(2n ** 70n),
      [..."a-b"].findLast((c) => c === '-'),
      Object.hasOwn({ x: 1 }, 'x'),
      new Error('m', { cause: 'c' }).cause,
      Number('0x10') + parseInt('12px', 10),
      new Date(Date.UTC(2026, 0, 2)).toISOString(),
      (1234.5678).toFixed(2),
      encodeURIComponent('é &'),
      typeof WeakRef,
      typeof FinalizationRegistry,
      [1, 2, 3].includes(2),
      `${[1, 2]}`,
      Array.from({ length: 3 }, (_, i) => i * i),
    ];
  },
};
