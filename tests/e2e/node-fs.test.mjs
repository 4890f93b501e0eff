// Node's fs in handlers, beside Node's own: the same script in a folder of its own, in all three forms.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { runnerTest } from './support/runner.mjs';
import { snippetTests } from './support/snippets.mjs';

const prelude = `
const fs = require('node:fs');
const { promises } = fs;
const { join } = require('path');
const at = (...parts) => join(folder, ...parts);
const called = (name) => (...args) => new Promise((resolve, reject) => fs[name](...args, (error, value) => (error ? reject(error) : resolve(value))));
// The three forms of an operation, under one signature.
const forms = {
  sync: (name) => async (...args) => fs[name + 'Sync'](...args),
  callback: called,
  promise: (name) => async (...args) => promises[name](...args),
};
`;

/** Runs for each form; what they give is a list of three. */
const inEachForm = (text) => `
  const results = [];
  for (const form of ['sync', 'callback', 'promise']) {
    const fs3 = new Proxy({}, { get: (_, name) => forms[form](name) });
    const at = (...parts) => join(folder, form, ...parts);
    fs.mkdirSync(at());
    const one = await (async () => { ${text} })();
    results.push(JSON.parse(JSON.stringify(one ?? null).replaceAll(at(), '<form>')));
  }
  return results;`;

snippetTests('fs', {
  'files are written and read': inEachForm(`
    await fs3.writeFile(at('a'), 'héllo');
    await fs3.appendFile(at('a'), ' wörld');
    await fs3.writeFile(at('b'), Buffer.from([0, 255, 10]), { mode: 0o600 });
    await fs3.writeFile(at('c'), 'ff00', 'hex');
    await fs3.writeFile(at('d'), new Uint16Array([1, 2]));
    await fs3.writeFile(at('e'), 'x', { flag: 'ax' });
    return [await fs3.readFile(at('a'), 'utf8'), [...await fs3.readFile(at('b'))], [...await fs3.readFile(at('c'))],
      (await fs3.readFile(at('d'))).length, await fs3.readFile(at('a'), { encoding: 'base64' }),
      (await fs3.stat(at('b'))).mode.toString(8),
      await attempt(() => fs3.writeFile(at('e'), 'x', { flag: 'wx' }))];`),

  'large and special files are read whole': inEachForm(`
    const large = Buffer.alloc(300_000, 'abc');
    await fs3.writeFile(at('large'), large);
    const proc = await fs3.readFile('/proc/self/status', 'utf8');
    await fs3.writeFile(at('empty'), '');
    return [(await fs3.readFile(at('large'))).equals(large), /^Name:/.test(proc), (await fs3.readFile(at('empty'))).length,
      (await fs3.readFile('/dev/null')).length];`),

  'what is not there': inEachForm(`
    await fs3.writeFile(at('file'), '');
    const nothing = at('nothing');
    const calls = [['readFile', nothing], ['stat', nothing], ['lstat', nothing], ['access', nothing], ['readdir', nothing], ['unlink', nothing],
      ['rmdir', nothing], ['rename', nothing, at('x')], ['copyFile', nothing, at('x')], ['link', nothing, at('x')], ['readlink', nothing],
      ['chmod', nothing, 0o600], ['chown', nothing, 1, 1], ['lchown', nothing, 1, 1], ['utimes', nothing, 1, 1], ['lutimes', nothing, 1, 1],
      ['truncate', nothing, 0], ['mkdir', at('nothing/x')], ['writeFile', at('nothing/x'), ''], ['rm', nothing], ['cp', nothing, at('x')],
      ['open', nothing, 'r'], ['statfs', nothing], ['readFile', at('file/x')], ['stat', at('file/x')], ['rm', at('file/x')],
      ['readdir', at('file')], ['rmdir', at('file')], ['mkdir', at('file')], ['symlink', 'x', at('file')], ['readlink', at('file')],
      ['readFile', at()], ['writeFile', at(), ''], ['unlink', at()], ['rm', at()], ['copyFile', at('file'), at('file'), 1]];
    const all = [];
    for (const [name, ...args] of calls) all.push([name, await attempt(() => fs3[name](...args))]);
    return all;`),

  'stat and its kin': inEachForm(`
    await fs3.writeFile(at('file'), 'four');
    await fs3.symlink('file', at('link'));
    await fs3.utimes(at('file'), 1700000000.123, new Date(1600000000000));
    await fs3.lutimes(at('link'), 5, '6.5');
    const kinds = (stats) => ['isFile', 'isDirectory', 'isSymbolicLink', 'isFIFO', 'isSocket', 'isBlockDevice', 'isCharacterDevice'].map((name) => stats[name]());
    const file = await fs3.stat(at('file'));
    const link = await fs3.lstat(at('link'));
    const big = await fs3.stat(at('file'), { bigint: true });
    return [kinds(file), kinds(link), kinds(await fs3.stat(at('link'))), kinds(await fs3.stat(at())), kinds(await fs3.stat('/dev/null')), kinds(big),
      Object.keys(file), Object.keys(big), file.size, file.atimeMs, file.mtime, link.atimeMs, link.mtimeMs, typeof big.size, String(big.mtimeNs),
      String(big.atimeMs), file.constructor.name, file instanceof fs.Stats, [file.nlink, file.uid, file.mode.toString(8)],
      (await fs3.statfs(at())).bsize > 0];`),
  'stat without an entry': "[fs.statSync(at('no'), { throwIfNoEntry: false }) === undefined, fs.lstatSync(at('no/x'), { throwIfNoEntry: false }) === undefined]",
  'stat says what the system says': `
    fs.writeFileSync(at('x'), 'y');
    const { ino, dev, blksize, blocks, ctimeMs, birthtimeMs, rdev, gid } = fs.statSync('/etc/passwd');
    return [ino, dev, blksize, blocks, ctimeMs, birthtimeMs, rdev, gid, fs.statSync('/dev/null').rdev];`,

  exists: `
    fs.writeFileSync(at('x'), '');
    return [fs.existsSync(at('x')), fs.existsSync(at('y')), fs.existsSync(5), fs.existsSync(),
      await new Promise((resolve) => fs.exists(at('x'), resolve)), await new Promise((resolve) => fs.exists(at('y'), resolve))];`,

  access: inEachForm(`
    await fs3.writeFile(at('x'), '', { mode: 0o644 });
    return [await fs3.access(at('x')), await fs3.access(at('x'), fs.constants.R_OK | fs.constants.W_OK), await attempt(() => fs3.access(at('x'), fs.constants.X_OK)),
      await attempt(() => fs3.access(at('x'), 99))];`),

  directories: inEachForm(`
    const first = await fs3.mkdir(at('a/b/c'), { recursive: true });
    const again = await fs3.mkdir(at('a/b/c'), { recursive: true });
    await fs3.mkdir(at('d'), 0o700);
    await fs3.writeFile(at('a/one'), '');
    await fs3.writeFile(at('a/b/two'), '');
    await fs3.symlink('a', at('link'));
    await fs3.mkdir(at('e/f/'), { recursive: true });
    const entries = await fs3.readdir(at(), { withFileTypes: true });
    return [first, again, await fs3.readdir(at()), (await fs3.readdir(at(), { recursive: true })).sort(), (await fs3.readdir(at(), { encoding: 'buffer' })).map((name) => name.toString('hex')),
      entries.map((entry) => [entry.name, entry.path, entry.parentPath, entry.isDirectory(), entry.isSymbolicLink(), entry.isFile(), entry.constructor.name]),
      (await fs3.readdir(at('a'), { recursive: true, withFileTypes: true })).map(({ name, parentPath }) => [parentPath, name]).sort(),
      await attempt(() => fs3.mkdir(at('a/one/x/y'), { recursive: true })), await attempt(() => fs3.mkdir(at('a/one'), { recursive: true })),
      await attempt(() => fs3.rmdir(at('a'))), await fs3.rmdir(at('d')), (await fs3.stat(at('e'))).isDirectory(), await attempt(() => fs3.mkdir(at('q'), { recursive: 5 }))];`),
  'a relative path': `
    process.chdir(folder);
    return [fs.mkdirSync('a/b', { recursive: true }), fs.mkdirSync('./c/../d/e', { recursive: true }), fs.readdirSync('.'), fs.realpathSync('a'), fs.readdirSync('.', { recursive: true })];`,

  mkdtemp: inEachForm(`
    const made = await fs3.mkdtemp(at('pre-'));
    return [made.replace(/.{6}$/, ''), (await fs3.stat(made)).isDirectory(), (await attempt(() => fs3.mkdtemp(at('no/x')))).code, Buffer.isBuffer(await fs3.mkdtemp(at('b'), 'buffer'))];`),

  removing: inEachForm(`
    await fs3.mkdir(at('tree/one/two'), { recursive: true });
    await fs3.writeFile(at('tree/one/file'), '');
    await fs3.writeFile(at('kept'), '');
    await fs3.symlink(at('kept'), at('tree/link'));
    await fs3.symlink(at(), at('tree/up'));
    const refused = await attempt(() => fs3.rm(at('tree')));
    await fs3.rm(at('tree'), { recursive: true });
    await fs3.rm(at('tree'), { recursive: true, force: true });
    const left = await fs3.readdir(at());
    await fs3.rm(at('kept'));
    return [refused, left, await fs3.readdir(at()), await attempt(() => fs3.rm(at('x'), { force: 1 }))];`),

  'renaming, linking, copying': inEachForm(`
    await fs3.writeFile(at('a'), 'text', { mode: 0o640 });
    await fs3.rename(at('a'), at('b'));
    await fs3.link(at('b'), at('hard'));
    await fs3.symlink('b', at('soft'));
    await fs3.copyFile(at('b'), at('copy'));
    await fs3.copyFile(at('soft'), at('copy'), fs.constants.COPYFILE_FICLONE);
    return [await fs3.readlink(at('soft')), (await fs3.readlink(at('soft'), 'buffer')).toString(), (await fs3.stat(at('hard'))).nlink, await fs3.readFile(at('copy'), 'utf8'),
      (await fs3.stat(at('copy'))).mode.toString(8), await fs3.realpath(at('soft')), await attempt(() => fs3.copyFile(at('b'), at('copy'), fs.constants.COPYFILE_EXCL)),
      await attempt(() => fs3.rename(at('no'), at('b'))), await fs3.readdir(at())];`),

  'copying trees': inEachForm(`
    await fs3.mkdir(at('from/deep'), { recursive: true });
    await fs3.writeFile(at('from/deep/file'), 'x');
    await fs3.writeFile(at('from/skipped'), '');
    await fs3.symlink('deep', at('from/link'));
    await fs3.cp(at('from'), at('to'), { recursive: true, filter: (name) => !name.endsWith('skipped') });
    await fs3.cp(at('from/deep/file'), at('new/place/file'));
    const errors = [];
    for (const args of [[at('from'), at('x')], [at('from'), at('from/deep/y'), { recursive: true }], [at('from/deep/file'), at('to')],
      [at('from'), at('to/deep/file'), { recursive: true }], [at('from/deep/file'), at('to/deep/file'), { force: false, errorOnExist: true }], [at('from'), at('from'), { recursive: true }]]) {
      const { name, code, message, syscall, path } = (await attempt(() => fs3.cp(...args))) ?? {};
      errors.push({ name, code, message, syscall, path });
    }
    return [(await fs3.readdir(at('to'), { recursive: true })).sort(), await fs3.readFile(at('to/deep/file'), 'utf8'), await fs3.readlink(at('to/link')), await fs3.readFile(at('new/place/file'), 'utf8'), errors];`),

  'permissions and lengths': inEachForm(`
    await fs3.writeFile(at('x'), '0123456789');
    await fs3.chmod(at('x'), '600');
    const one = (await fs3.stat(at('x'))).mode.toString(8);
    await fs3.chmod(at('x'), 0o755);
    await fs3.truncate(at('x'), 4);
    const two = await fs3.readFile(at('x'), 'latin1');
    await fs3.truncate(at('x'));
    return [one, (await fs3.stat(at('x'))).mode.toString(8), two, (await fs3.stat(at('x'))).size, await attempt(() => fs3.chmod(at('x'), 'zz')), await attempt(() => fs3.chown(at('x'), -5, 1)),
      await fs3.chown(at('x'), process.getuid(), process.getgid())];`),

  descriptors: `
    const file = at('x');
    const fd = fs.openSync(file, 'w+', 0o600);
    const write = called('write');
    const written = [fs.writeSync(fd, 'héllo'), fs.writeSync(fd, Buffer.from('0123456789'), 2, 3), fs.writeSync(fd, Buffer.from('XY'), { position: 0 }), await write(fd, Buffer.from('ab'), 0, 1, 4), await write(fd, 'zz', null, 'latin1'),
      fs.writevSync(fd, [Buffer.from('v1'), Buffer.from('v2')])];
    const buffer = Buffer.alloc(20, '.');
    const read = [fs.readSync(fd, buffer, 0, 5, 0), buffer.toString(), fs.readSync(fd, buffer, { position: 3, length: 4, offset: 10 }), buffer.toString(), await called('read')(fd, buffer, 0, 3, 1), buffer.toString(),
      await new Promise((resolve) => fs.read(fd, { buffer: Buffer.alloc(4), position: 0 }, (error, count, into) => resolve([count, into.toString()]))),
      fs.readvSync(fd, [Buffer.alloc(3), Buffer.alloc(3)], 0), fs.readSync(fd, buffer), fs.readFileSync(fd, 'utf8')];
    fs.ftruncateSync(fd, 3);
    fs.fchmodSync(fd, 0o644);
    fs.futimesSync(fd, 10, 20);
    fs.fsyncSync(fd);
    fs.fdatasyncSync(fd);
    const stats = fs.fstatSync(fd);
    fs.closeSync(fd);
    const viaDescriptor = fs.openSync(file, 'r+');
    fs.writeFileSync(viaDescriptor, 'NEW');
    await called('close')(viaDescriptor);
    return [written, read, stats.size, stats.mtimeMs, stats.mode.toString(8), fs.readFileSync(file, 'utf8'), await attempt(() => fs.closeSync(fd + 500)), await attempt(() => fs.writeSync(fd + 500, 'x')),
      await attempt(() => called('read')(fd + 500, buffer, 0, 1, 0)), await attempt(() => fs.fstatSync(fd + 500))];`,

  'every flag': `
    fs.writeFileSync(at('there'), 'old');
    const all = {};
    for (const flag of ['r', 'rs', 'r+', 'rs+', 'sr', 'w', 'wx', 'w+', 'wx+', 'a', 'ax', 'a+', 'ax+', 'as', 'as+', 'xw', 'zz', '', 'W', null, 0, fs.constants.O_RDWR]) {
      fs.writeFileSync(at('there'), 'old');
      const [there, fresh] = [at('there'), at('new-' + flag)];
      all[flag] = await Promise.all([there, fresh].map((file) => attempt(() => {
        const fd = fs.openSync(file, flag);
        const gone = [];
        try { gone.push(fs.writeSync(fd, 'N')); } catch (error) { gone.push(error.code); }
        try { gone.push(fs.readSync(fd, Buffer.alloc(8), 0, 8, 0)); } catch (error) { gone.push(error.code); }
        fs.closeSync(fd);
        return [gone, fs.readFileSync(file, 'utf8')];
      })));
    }
    return all;`,

  'lines of a FileHandle': `
    fs.writeFileSync(at('x'), 'a\\r\\nb\\nc\\rd\\u2028e\\n\\nlast');
    const all = async (options) => { const lines = []; const handle = await promises.open(at('x')); for await (const line of handle.readLines(options)) lines.push(line); return [lines, handle.fd]; };
    const told = async () => { const told = []; const lines = (await promises.open(at('x'))).readLines(); lines.on('line', (line) => told.push(line)); await new Promise((resolve) => lines.once('close', resolve)); return told; };
    const handle = await promises.open(at('x'));
    const parts = [];
    for await (const part of handle.readableWebStream()) parts.push(part.constructor.name, Buffer.from(part).toString());
    parts.push(handle.fd > 0);
    await handle.close();
    fs.writeFileSync(at('y'), 'é\\n'.repeat(100000));
    let count = 0;
    for await (const line of (await promises.open(at('y'))).readLines({ highWaterMark: 7 })) { if (line !== 'é') throw new Error(line); if (++count === 5000) break; }
    return [await all(), await all({ start: 3, end: 6 }), await all({ highWaterMark: 2 }), await told(), parts, count];`,
  FileHandle: `
    const handle = await promises.open(at('x'), 'w+');
    const results = [typeof handle.fd, handle.constructor.name];
    results.push((await handle.write('hello ')).bytesWritten, (await handle.write(Buffer.from('world'))).bytesWritten, (await handle.write('J', 0)).bytesWritten);
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(5), 0, 5, 0);
    results.push(bytesRead, buffer.toString(), (await handle.read({ buffer: Buffer.alloc(3), position: 6 })).buffer.toString());
    results.push((await handle.writev([Buffer.from('!'), Buffer.from('?')])).bytesWritten, (await handle.readv([Buffer.alloc(2), Buffer.alloc(2)], 0)).bytesRead);
    await handle.appendFile('more');
    await handle.chmod(0o600);
    await handle.utimes(1, 2);
    await handle.sync();
    await handle.datasync();
    const stats = await handle.stat();
    results.push(stats.size, stats.mtimeMs, stats.mode.toString(8), await promises.readFile(at('x'), 'utf8'));
    await handle.truncate(4);
    const closing = new Promise((resolve) => handle.once('close', resolve));
    await handle.close();
    await closing;
    await handle.close();
    results.push(handle.fd, await promises.readFile(at('x'), 'utf8'));
    for (const action of [() => handle.read(Buffer.alloc(1)), () => handle.stat(), () => handle.write('x'), () => handle.chmod(1), () => handle.truncate(), () => handle.appendFile('x')]) {
      const { code, syscall } = await attempt(action);
      results.push([code, syscall]);
    }
    const again = await promises.open(at('x'));
    results.push(await again.readFile('utf8'), await again.readFile({ encoding: 'utf8' }));
    await again.close();
    const third = await promises.open(at('x'), 'w');
    await promises.writeFile(third, 'by handle');
    await third.writeFile('!');
    await third.close();
    results.push(await promises.readFile(at('x'), 'utf8'));
    return results;`,

  'what is iterated is written': `
    async function* pieces() { yield 'one '; yield Buffer.from('two '); yield new Uint8Array([51]); }
    await promises.writeFile(at('x'), pieces());
    await promises.writeFile(at('y'), ['a', 'b']);
    await promises.appendFile(at('y'), 'c');
    return [fs.readFileSync(at('x'), 'utf8'), fs.readFileSync(at('y'), 'utf8'), (await attempt(() => promises.writeFile(at('z'), (function* () { yield 5; })()))).code];`,

  opendir: `
    fs.mkdirSync(at('d'));
    fs.writeFileSync(at('f'), '');
    const seen = [];
    for await (const entry of await promises.opendir(folder)) seen.push([entry.name, entry.isFile(), entry.path]);
    const dir = fs.opendirSync(folder);
    const path = dir.path;
    const read = [dir.readSync().name, (await dir.read()).name, dir.readSync()].sort();
    dir.closeSync();
    return [seen.sort(), path, read, await attempt(() => dir.readSync()), (await attempt(() => promises.opendir(at('no')))).code, dir.constructor.name];`,

  'streams that read': `
    fs.writeFileSync(at('x'), '0123456789'.repeat(20_000));
    const collect = async (stream) => {
      const chunks = [];
      for await (const chunk of stream) chunks.push(chunk);
      return typeof chunks[0] === 'string' ? chunks.join('') : Buffer.concat(chunks).toString();
    };
    const whole = fs.createReadStream(at('x'));
    const events = [];
    for (const name of ['open', 'ready', 'end', 'close']) whole.on(name, () => events.push(name));
    const text = await collect(whole);
    await new Promise((resolve) => (whole.closed ? resolve() : whole.once('close', resolve)));
    const handle = await promises.open(at('x'));
    const first = new Promise((resolve) => fs.createReadStream(at('x')).once('data', (chunk) => resolve(chunk.length)));
    return [text.length, events, whole.bytesRead, whole.path, whole.flags, whole.pending, await collect(fs.createReadStream(at('x'), { start: 3, end: 6 })),
      await collect(fs.createReadStream(at('x'), { start: 199_997, encoding: 'utf8' })), (await collect(handle.createReadStream({ end: 2 }))), handle.fd,
      await first, (await collect(fs.createReadStream(at('x'), { highWaterMark: 7, end: 20 }))), (await collect(fs.createReadStream(null, { fd: fs.openSync(at('x')), end: 4 }))),
      await attempt(() => collect(fs.createReadStream(at('no')))), await attempt(() => collect(fs.createReadStream(folder))),
      await attempt(() => fs.createReadStream(5)), await attempt(() => fs.createReadStream(at('x'), { start: 'a' })), await attempt(() => fs.createReadStream(at('x'), { start: 5, end: 2 }))];`,

  'streams that write': `
    const finish = (stream) => new Promise((resolve, reject) => stream.on('error', reject).on('close', resolve));
    const stream = fs.createWriteStream(at('x'));
    const events = [];
    for (const name of ['open', 'ready', 'finish', 'close']) stream.on(name, () => events.push(name));
    for (let i = 0; i < 1000; i++) stream.write('line ' + i + '\\n');
    stream.end(Buffer.from('end'));
    await finish(stream);
    const appended = fs.createWriteStream(at('x'), { flags: 'a' });
    appended.end('!');
    await finish(appended);
    const inside = fs.createWriteStream(at('x'), { flags: 'r+', start: 5 });
    inside.end('Z');
    await finish(inside);
    const copy = fs.createReadStream(at('x')).pipe(fs.createWriteStream(at('copy'), { mode: 0o600 }));
    await finish(copy);
    const failing = fs.createWriteStream(at('no/x'));
    const text = fs.readFileSync(at('x'), 'utf8');
    return [events, stream.bytesWritten, stream.path, text.length, text.slice(0, 20), text.slice(-5), fs.readFileSync(at('copy'), 'utf8') === text, fs.statSync(at('copy')).mode.toString(8), await attempt(() => finish(failing))];`,

  'paths in every form': `
    fs.writeFileSync(Buffer.from(at('buf')), 'b');
    const { pathToFileURL } = { pathToFileURL: (path) => new URL('file://' + encodeURI(path)) };
    fs.writeFileSync(pathToFileURL(at('ü rl')), 'u');
    fs.writeFileSync(Buffer.concat([Buffer.from(folder + '/'), Buffer.from([0xff, 0xfe])]), 'not UTF-8');
    return [fs.readFileSync(at('buf'), 'utf8'), fs.readFileSync(at('ü rl'), 'utf8'), fs.readdirSync(folder, 'buffer').map((name) => name.toString('hex')), await attempt(() => fs.statSync(Buffer.from('/nope'))),
      await attempt(() => fs.readFileSync(new URL('http://x/y'))), await attempt(() => fs.readFileSync(new URL('file://h/y'))), await attempt(() => fs.readFileSync(new URL('file:///a%2fb'))),
      await attempt(() => fs.readFileSync('a\\0b')), await attempt(() => promises.readFile('a\\0b')), await attempt(() => fs.readFile('a\\0b', () => {}))];`,

  'wrong arguments': `
    const calls = {
      readFileSync: [[], [{}], ['x', 5], ['x', 'zz'], [3.5], [-1]], openSync: [['x', {}], ['x', 'r', '9x'], ['x', -5.5]], writeFileSync: [[at('x')], [at('x'), 5], [at('x'), {}], [at('x'), 'x', { mode: {} }]],
      closeSync: [[], ['a'], [1.5], [-1]], readSync: [[3.5, Buffer.alloc(1)], [3, 'x'], [3, Buffer.alloc(4), -1], [3, Buffer.alloc(4), 0, 9, 0], [3, Buffer.alloc(4), 5, 1, 0], [3, Buffer.alloc(0), 0, 1]],
      writeSync: [[1, 5], [1, Buffer.alloc(2), 3], [1, Buffer.alloc(2), 0, 5]], mkdtempSync: [[5]], utimesSync: [['x', {}, 1], ['x', 1, NaN]], symlinkSync: [['a', 'b', 'c'], [5, 'b'], ['a', 5]],
      renameSync: [[5, 'x'], ['x', 5]], copyFileSync: [['a', 'b', 'x'], ['a', 'b', 99], [1, 'b'], ['a', 1]], chmodSync: [['x'], ['x', 'zz'], ['x', -1]], readdirSync: [['x', 5], [5]], rmSync: [['x', 5]], mkdirSync: [['x', { mode: 'zz' }], [5]],
      ftruncateSync: [[1, 'x'], ['a']], truncateSync: [[at('no'), 'x']], existsSync: [[5], [null]], writevSync: [[1, 5], [1, [5]]], accessSync: [['x', 'y']], linkSync: [[5, 'x']], readlinkSync: [[5]], appendFileSync: [['x', 5], ['x', 'y', 5]],
    };
    const all = {};
    for (const [name, list] of Object.entries(calls)) all[name] = await Promise.all(list.map((args) => attempt(() => { fs[name](...args); return 'fine'; })));
    return all;`,
  'a missing callback': "Promise.all(['readFile', 'stat', 'writeFile', 'open', 'mkdir', 'readdir', 'unlink', 'close', 'exists'].map((name) => attempt(() => fs[name]('x'))))",
  'options may be left out before a callback': `
    fs.writeFileSync(at('x'), 'y');
    return [String(await called('readFile')(at('x'))), await called('readFile')(at('x'), 'utf8'), await called('mkdir')(at('d')) ?? null, await called('writeFile')(at('z'), 'z') ?? null, (await called('readdir')(folder)).length, typeof await called('open')(at('x'))];`,
  'callbacks come later, in order': `
    const order = [];
    await new Promise((resolve) => {
      fs.stat(folder, () => { order.push('callback'); process.nextTick(() => order.push('tick')); Promise.resolve().then(() => { order.push('job'); resolve(); }); });
      order.push('after the call');
    });
    return order;`,
  'what an aborted signal rejects with': `
    const signal = AbortSignal.abort(new Error('why'));
    const classOf = (error) => [error.constructor.name, error.constructor === Error, error instanceof Error, error.name, error.code, error.message, error.cause.message, Object.keys(error)];
    return await Promise.all([promises.readFile(at('x'), { signal }), promises.writeFile(at('x'), 'x', { signal }),
      new Promise((resolve, reject) => fs.readFile(at('x'), { signal }, reject)), require('timers/promises').setTimeout(1, 0, { signal })]
      .map((promise) => promise.then(() => 'fine', classOf)));`,
  'what a signal ends': `
    const controller = { aborted: true, reason: 'why' };
    fs.writeFileSync(at('x'), 'x');
    return typeof AbortSignal === 'undefined' ? [{ name: 'AbortError', code: 'ABORT_ERR', message: 'The operation was aborted' }] : [await attempt(() => promises.readFile(at('x'), { signal: AbortSignal.abort() }))];`,
  'constants and names': `
    const names = Object.keys(fs).filter((name) => !['openAsBlob', 'lchmod', 'lchmodSync'].includes(name)).sort();
    const { EXTENSIONLESS_FORMAT_JAVASCRIPT, EXTENSIONLESS_FORMAT_WASM, ...constants } = fs.constants;
    return [constants, names, Object.keys(promises).sort(), require('fs/promises') === promises, require('node:fs') === require('fs'), fs.promises.constants === fs.constants, fs.F_OK, fs.X_OK, fs.readFile.name, fs.readFileSync.name];`,
}, { prelude });

runnerTest('fs: what watches files says that it cannot', {
  routes: { run: 'runHandler' },
  prelude: "const fs = require('fs');",
  handlers: {
    runHandler(event) {
      const told = ['watch', 'watchFile', 'unwatchFile'].map((name) => {
        try {
          return fs[name]('x');
        } catch ({ code, message }) {
          return [code, message];
        }
      });
      event.response = new Response(told);
    },
  },
}, async (runner) => {
  const { body } = await runner.ask({ name: 'run' });
  for (const [i, name] of ['watch', 'watchFile', 'unwatchFile'].entries()) {
    assert.equal(body[i][0], 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM');
    assert.match(body[i][1], new RegExp(`fs\\.${name} is not available`));
  }
});

/** A named pipe that nobody writes to keeps whoever opens it. */
const pipeApp = {
  routes: { wait: 'waitHandler', ping: 'pingHandler', top: 'topHandler' },
  prelude: "const fs = require('fs');",
  handlers: {
    async waitHandler(event) {
      event.response = new Response(await fs.promises.readFile(event.params.pipe, 'utf8'));
    },
    pingHandler(event) {
      event.response = new Response('pong');
    },
    topHandler(event) {
      fs.readFile(event.params.pipe, () => {});
      event.response = new Response('begun');
    },
  },
};

runnerTest('fs: a read that waits keeps no other event waiting', pipeApp, async (runner, directory) => {
  const pipe = path.join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const client = await runner.connect();
  const waiting = client.ask({ name: 'wait', params: { pipe }, headers: { 'message-id': 'w' } });
  const other = await runner.connect();
  assert.equal((await other.ask({ name: 'ping' })).body, 'pong');
  execFileSync('sh', ['-c', `printf 'at last' > '${pipe}'`]);
  assert.equal((await waiting).body, 'at last');
  await client.close();
  await other.close();
});

runnerTest('fs: a stop does not wait for a read that nobody awaits', pipeApp, async (runner, directory) => {
  const pipe = path.join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  assert.equal((await runner.ask({ name: 'top', params: { pipe } })).body, 'begun');
});

snippetTests('fs', {
  'a stack begins with what happened': `
    const first = (error) => error.stack.split('\\n')[0];
    const failed = [];
    try { fs.readFileSync('/nope/x'); } catch (error) { failed.push(first(error)); }
    await promises.readFile('/nope/x').catch((error) => failed.push(first(error)));
    try { fs.rmSync(folder); } catch (error) { failed.push(/^\\w*Error.*: Path is a directory/.test(first(error))); }
    return failed;`,
}, { prelude });
