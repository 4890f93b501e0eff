// What YAML makes of a policy's parameters, as the handler gets them.

import { Comparison } from './support/compare.mjs';

const parameters = new Comparison('parameters', { app: 'parameters' });

for (const name of [
  'strings',
  'block strings',
  'strings that look like others',
  'integers',
  'integers of other bases',
  'sexagesimal',
  'floats',
  'not quite numbers',
  'booleans',
  'nulls',
  'timestamps',
  'binary',
  'binary of nothing',
  'tagged',
  'sets and ordered maps',
  'maps',
  'keys that are no strings',
  'order of keys',
  'lists',
  'anchors',
  'merge keys',
  'names of prototypes',
  'unicode',
  'dollar signs in keys',
  'long form',
  'a map instead of a list',
  'a scalar instead of a list',
  'several policies',
  'assign',
  'identity',
  'identity of every kind',
]) {
  parameters.case(name, { ask: { name } });
}

parameters.case('the same for every event', { ask: [{ name: 'maps' }, { name: 'maps' }, { name: 'timestamps' }, { name: 'timestamps' }] });
parameters.case('identity across events', { ask: [{ name: 'identity' }, { name: 'identity elsewhere' }], fresh: true });
parameters.case('a change by the handler is there for the next event', { ask: [{ name: 'change' }, { name: 'change' }], fresh: true });

parameters.end();
