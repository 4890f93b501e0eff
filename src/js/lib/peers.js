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
// When so many have been weakened, the engine is asked to collect, so often in each of so many sweeps (each time it thinks
// that a little more may go), and then not for so many sweeps.
const MANY = 256;
const TIMES = 4;
const SWEEPS = 4;
const PAUSE = 16;

const known = []; // Peers
const weak = []; // WeakRefs, those of the connections that are in `silent`
let recent = []; // Peers that were met since the last sweep
let earlier = []; // and before that; those that are to be kept are in neither
const silent = []; // numbers of those that are weak, or were when they were looked at last
const GONE = { deref() {} };
let weakened = 0; // since collecting was worth it
let phase = 0; // sweeps until it may be again

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
  if (!peer.gone) known[peer.slot] = peer;
};

exports.forget = (slot) => {
  find(slot)?.closed();
  known[slot] = undefined;
  if (weak[slot] !== undefined) weak[slot] = GONE;
};

// To be called now and then; returns how often the engine is to be asked to collect.
exports.sweep = () => {
  const candidates = earlier;
  earlier = recent;
  recent = [];
  for (const peer of candidates) {
    if (known[peer.slot] !== peer || !peer.isPlain) continue;
    if (peer.met) earlier.push(peer);
    else weaken(peer);
  }
  for (const peer of earlier) peer.met = false;
  lookAtSilent();
  return timesToAsk();
};

function timesToAsk() {
  if (phase === 0 && weakened >= MANY) {
    phase = SWEEPS + PAUSE;
    weakened = 0;
  }
  if (phase === 0) return 0;
  phase--;
  return phase >= PAUSE ? TIMES : 0;
}

function weaken(peer) {
  known[peer.slot] = undefined;
  if (weak[peer.slot] === undefined) silent.push(peer.slot);
  weak[peer.slot] = new WeakRef(peer);
  weakened++;
}

function lookAtSilent() {
  for (const slot of silent.splice(0, MOST_LOOKED_AT)) {
    if (known[slot] !== undefined || weak[slot].deref() === undefined) weak[slot] = undefined;
    else silent.push(slot); // behind the others
  }
}
