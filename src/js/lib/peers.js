'use strict';

// The connections that are known, by C's numbers for them. One that is silent is not kept: most have nothing to be
// remembered, and get another Peer when they say something again. Until it is collected the old one is found, for who
// still holds its push function has to hear that the connection is gone.
//
//   known  --silent for a sweep or two, and plain-->  weak  --collected-->  nothing
//     ^                                                 |                      |
//     +-----------------says something------------------+----------------------+

const { Peer } = require('./peer');

const MOST_LOOKED_AT = 1024; // weak ones, in a sweep
const SWEEPS_WORTH = 8; // the engine is asked to collect so often: each time it thinks that a little more may go

const known = []; // Peers
const weak = []; // WeakRefs
let recent = []; // Peers that were met since the last sweep
let earlier = []; // and before that; those that are to be kept are in neither
let silent = []; // numbers of those that are weak
let worth = 0; // sweeps that are still to say so

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
  weak[slot] = undefined;
  known[slot] = peer;
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
  if (peer.gone) return;
  known[peer.slot] = peer;
  weak[peer.slot] = undefined;
};

exports.forget = (slot) => {
  find(slot)?.closed();
  known[slot] = weak[slot] = undefined;
};

// To be called now and then; says whether it is worth collecting what is no longer held.
exports.sweep = () => {
  const candidates = earlier;
  worth = Math.max(worth - 1, 0);
  earlier = recent;
  recent = [];
  for (const peer of candidates) {
    if (known[peer.slot] !== peer || !peer.isPlain) continue;
    if (peer.met) earlier.push(peer);
    else weaken(peer);
  }
  for (const peer of earlier) peer.met = false;
  lookAtSilent();
  return worth > 0;
};

function weaken(peer) {
  known[peer.slot] = undefined;
  weak[peer.slot] = new WeakRef(peer);
  silent.push(peer.slot);
  worth = SWEEPS_WORTH;
}

function lookAtSilent() {
  const looked = silent.splice(0, MOST_LOOKED_AT);
  for (const slot of looked) {
    if (weak[slot] === undefined) continue;
    if (weak[slot].deref() === undefined) weak[slot] = undefined;
    else silent.push(slot);
  }
}
