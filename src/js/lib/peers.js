'use strict';

// The connections that are known, by C's numbers for them. One that is silent is not kept: most have nothing to be
// remembered, and get another Peer when they say something again. Until it is collected the old one is found, for who
// still holds its push function has to hear that the connection is gone.
//
//   known  --silent for a sweep or two, and plain-->  weak  --collected-->  nothing
//     ^                                                 |                      |
//     +-----------------says something------------------+----------------------+

const { Peer } = require('./peer');

const MOST_LOOKED_AT = 4096; // weak ones, in a sweep

let known = []; // Peers
let knownCount = 0;
let weak = []; // WeakRefs, those of the connections that are in `silent`
let recent = []; // Peers that were met since the last sweep
let earlier = []; // and before that; those that are to be kept are in neither
let silent = []; // numbers of those that are weak, or were when they were looked at last
const GONE = { deref() {} };

// The connection, which is there. `runner` is that of it.
exports.meet = (slot, runner) => {
  const peer = known[slot];
  if (peer === undefined) return meetAgain(slot, runner);
  peer.met = true;
  return peer;
};

function meetAgain(slot, runner) {
  const peer = weak[slot]?.deref() ?? new Peer(slot, runner);
  peer.met = true;
  remember(peer);
  recent.push(peer);
  return peer;
}

// undefined where there is nothing to be told
function find(slot) {
  return known[slot] ?? weak[slot]?.deref();
}

exports.find = find;

// There is something to be remembered of it.
exports.keep = (peer) => {
  if (!peer.gone) remember(peer);
};

exports.identify = (peer, identity) => {
  peer.identity = identity;
  if (identity !== undefined) exports.keep(peer);
};

function remember(peer) {
  if (known[peer.slot] === undefined) knownCount++;
  put(known, peer.slot, peer);
}

// Without holes: the engine would make a slow table of it.
function put(list, slot, value) {
  while (list.length < slot) list.push(undefined);
  list[slot] = value;
}

function drop(slot) {
  if (known[slot] === undefined) return;
  known[slot] = undefined;
  knownCount--;
}

exports.forget = (slot) => {
  find(slot)?.closed();
  drop(slot);
  if (weak[slot] !== undefined) weak[slot] = GONE;
};

// To be called now and then; returns how many are not kept any more, or not even known.
exports.sweep = () => {
  let givenUp = 0;
  const candidates = earlier;
  earlier = recent;
  recent = [];
  for (const peer of candidates) {
    if (known[peer.slot] !== peer || !peer.isPlain) continue;
    if (peer.met) {
      earlier.push(peer);
    } else {
      weaken(peer);
      givenUp++;
    }
  }
  for (const peer of earlier) peer.met = false;
  if (knownCount === 0 && known.length > 0) known = []; // as long as it was it held memory
  return givenUp + lookAtSilent();
};

function weaken(peer) {
  drop(peer.slot);
  if (weak[peer.slot] === undefined) silent.push(peer.slot);
  put(weak, peer.slot, new WeakRef(peer));
}

function lookAtSilent() {
  let ended = 0;
  for (const slot of silent.splice(0, MOST_LOOKED_AT)) {
    if (known[slot] !== undefined || weak[slot].deref() === undefined) {
      weak[slot] = undefined;
      ended++;
    } else {
      silent.push(slot); // behind the others
    }
  }
  if (ended > 0 && silent.length === 0) [silent, weak] = [[], []]; // likewise
  return ended;
}
