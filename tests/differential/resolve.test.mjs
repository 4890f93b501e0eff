// event.resolve() and what stands between $( and ).

import { Comparison } from './support/compare.mjs';

const resolve = new Comparison('resolve', { app: 'resolve', env: { RESOLVE_TEST: 'from the environment', RESOLVE_EMPTY: '' } });

const params = {
  id: 123,
  name: 'some one',
  zero: 0,
  no: false,
  nothing: null,
  empty: '',
  object: { a: 1, inner: { list: [{ x: 'deep' }, 'second'], 'a b': 'blank' } },
  list: ['zero', 'one', { two: 2 }],
  again: '$(id)',
  other: '$(name)',
  ampersand: '[$&]',
  dollars: '$$1',
  before: "$`|$'",
  'with.dot': 'dotted name',
  'with blank': 'blank name',
  '': 'no name',
  ünï: 'çödé 😀',
};
const payload = { a: { b: ['first', { c: 'deep' }] }, text: 'payload text', nothing: null, zero: 0, 'a.b': 'dotted', list: [[1, 2], [3]] };

/** Resolves one template, with those params and that payload. */
const template = (text, message = {}) => ({ ask: { name: 'payloadTemplate', params, payload, headers: { template: text }, ...message } });

resolve.cases({
  'no placeholder': template('nothing to do, $5 (or so) $ $( $(unclosed'),
  'one param': template('id $(id).'),
  'several': template('$(id) and $(name), $(id) again'),
  'side by side': template('$(id)$(name)$(id)'),
  'a missing one': template('[$(missing)] and [$(id)]'),
  'an empty name': template('[$()]'),
  'zero, false, null and empty': template('[$(zero)] [$(no)] [$(nothing)] [$(empty)]'),
  'names with a dot, a blank, and more than ASCII': template('[$(with.dot)] [$(with blank)] [$(ünï)]'),
  'objects and lists': template('$(object) $(list)'),
  'a path into a param': template('$(object.a) $(object.inner.list[1]) $(object.inner.list[0].x) $(object.inner.a b)'),
  'a path that leads nowhere': template('$(object.missing) $(object.inner.list[9]) $(missing.path) $(object.inner.list[0].y)'),
  'a path into a list': template('$(list[0]) $(list.0) $(list.2.two) $(list.length)'),
  'a path into what is no object': template('$(name.length) $(id.x)'),
  'a path into null': { ...template('$(nothing.x)'), status: 500, engineMessage: true },
  'a path through text': { ...template('$(object.a.b)'), status: 500, engineMessage: true },
  'a value with a placeholder in it': template('$(again) $(id) $(other) $(name)'),
  '$& in a value': template('a $(ampersand) b'),
  '$$ in a value': template('a $(dollars) b'),
  'what stands before and behind, in a value': template('a $(before) b'),
  'nested parentheses': template('$(a(b)c) $((id)) $($(id))'),
  'over line ends': template('$(id\n) $(with\nbreak)'),
  'blanks inside': template('$( id ) $(id )'),

  'the payload': template('$($event.payload)'),
  'a payload that is text': template('$($event.payload)', { payload: 'text' }),
  'a payload that is a list': template('$($event.payload) $($event.payload.1) $($event.payload.[1])', { payload: [1, 'two', null] }),
  'a payload that is 0': template('$($event.payload) $($event.payload.a)', { payload: 0 }),
  'a payload that is null': template('$($event.payload) $($event.payload.a)', { payload: null }),
  'no payload': { ask: { name: 'payloadTemplate', headers: { template: '$($event.payload) $($event.payload.a)' } } },
  'members of the payload': template('$($event.payload.text) $($event.payload.a.b[0]) $($event.payload.a.b[1].c) $($event.payload.zero)'),
  'lists in lists of the payload': template('$($event.payload.list[0][1]) $($event.payload.list[1])'),
  'null in the payload': template('$($event.payload.nothing)'),
  'missing members of the payload': template('$($event.payload.x) $($event.payload.a.x.y) $($event.payload.a.b[7]) $($event.payload.)'),
  'a dotted name in the payload': template('$($event.payload.a.b)'),
  'through null in the payload': { ...template('$($event.payload.nothing.x)'), status: 500, engineMessage: true },
  'through text in the payload': { ...template('$($event.payload.text.x)'), status: 500, engineMessage: true },
  'a payload the handler has set': { ask: { name: 'payloadOnly', payload: 1 } },
  'other members of the event': template('$($event.name) $($event.params.id) $($event)', {}),

  'the environment': template('[$($env.RESOLVE_TEST)] [$($env.RESOLVE_EMPTY)] [$($env.RESOLVE_MISSING)] [$($env.)] [$(env.RESOLVE_TEST)]'),

  'objects of the client': template({ a: '$(id)', b: ['$(name)', { c: '$($event.payload.text)' }], d: 1, e: null, f: true }),
  'resolve and resolveStr': { ask: { name: 'both', params, headers: { template: ['$(id)', 'x', ''] } } },
  'values that are no text': { ask: { name: 'values' } },
  "an object of the handler's own": { ask: { name: 'own', params } },
  'the query over the params': { ask: { name: 'payloadTemplate', params: { id: 'p' }, query: { id: 'q', more: 'm' }, headers: { template: '$(id) $(more)' } } },

  'text in the config': { ask: { name: 'config string', params, payload: { a: 'A' } } },
  'text in the config, twice': {
    ask: [1, 2].map((id) => ({ name: 'config string', params: { id }, payload: { a: `A${id}` } })),
  },
  'no text in the config': { ask: { name: 'config numbers' } },
  'a map in the config': { ask: { name: 'config map', params }, fresh: true },
  'a map in the config, for one policy and the next': { ask: { name: 'config twice', params }, fresh: true },
  'a map in the config, for one event and the next': {
    ask: [1, 2].map((id) => ({ name: 'config map', params: { id, name: `n${id}` } })),
    fresh: true,
    contract: [1, 2].map((id) => ({
      statusCode: 200,
      headers: {},
      body: [{ id: String(id), inner: { list: [String(id), `xn${id}x`] }, number: 5, nothing: null }],
    })),
  },
  "the config's own values afterwards": {
    ask: { name: 'config unchanged', params },
    fresh: true,
    contract: [{ statusCode: 200, headers: {}, body: { resolved: [{ id: '123' }, ['123']], map: { id: '$(id)' }, list: ['$(id)'] } }],
  },
  'params that a policy has set': { ask: { name: 'changing params', params } },

  'names of prototypes': {
    ...template('$(constructor) $(toString) $(__proto__)'),
    contract: [{ statusCode: 200, headers: {}, body: '$(constructor) $(toString) $(__proto__)' }],
  },
  'names of prototypes, and a path': {
    ...template('$(constructor.name) $(toString.a) $(__proto__.constructor.name)'),
    contract: [{ statusCode: 200, headers: {}, body: '$(constructor.name) $(toString.a) $(__proto__.constructor.name)' }],
  },
});

resolve.end();
