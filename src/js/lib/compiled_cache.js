'use strict';

// What was compiled once is kept on disk, for later starts: one file for each source, named by a hash of it and of what
// compiles. The file has the source itself, so that no hash has to be believed.

let compilers; // a hash of theirs: another build compiles anew
let pruned = false;

function read(name, source) {
  const text = native.cacheRead(name);
  if (text === undefined) return undefined;
  try {
    const entry = JSON.parse(text);
    return entry.source === source ? entry.result : undefined;
  } catch {
    return undefined; // half written when the power went
  }
}

function write(name, source, result) {
  if (!pruned) native.cachePrune();
  pruned = true;
  native.cacheWrite(name, JSON.stringify({ source, result }));
}

// The result of `make()`, which depends on the kind and the source only, and is JSON.
exports.through = (kind, source, make) => {
  compilers ??= native.embeddedHash();
  const name = `${native.contentHash(`${compilers}\0${kind}\0${source}`)}.json`;
  const known = read(name, source);
  if (known !== undefined) return known;
  const result = make();
  write(name, source, result);
  return result;
};
