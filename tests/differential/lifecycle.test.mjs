// Which routes run for an event, in which order, and where failures and completions lead.

import { Comparison } from './support/compare.mjs';

const lifecycle = new Comparison('lifecycle', { app: 'lifecycle' });

const work = (headers = {}, status = 200) => ({ ask: { name: 'work', headers }, status });
const failing = (step, how, status, more = {}) => work({ fail: [step].flat(), how, ...more }, status);
const fresh = (definition) => ({ ...definition, fresh: true });

lifecycle.cases({
  'everything in its order, the first request and the second': fresh({ ask: [{ name: 'work' }, { name: 'work' }] }),
  'the same with waits': fresh({ ask: [{ name: 'later' }, { name: 'later' }] }),

  'complete() ends on_before_request, not the event': work({ stop: ['before'] }),
  'complete() ends the route': work({ stop: ['work'] }),
  'complete() ends on_success': work({ stop: ['success'] }),
  'complete() everywhere': work({ stop: ['before', 'work', 'success'] }),

  'a failing route': failing('work', 'throw', 502),
  'a failing route behind an await': { ask: { name: 'later', headers: { fail: ['work'] } }, status: 502 },
  'a route that refuses': failing('work', 'ErrorResponse', 403),
  'a route that throws text': failing('work', 'string', 500),
  'a route that calls this.catch': failing('work', 'catch', 500),
  'a route that assigns an ErrorResponse, and it is replaced': failing('work', 'assign', 200),
  'on_before_request fails': failing('before', 'throw', 502),
  'on_before_request refuses': failing('before', 'ErrorResponse', 403),
  'on_before_request calls this.catch': failing('before', 'catch', 500),
  'on_before_request assigns an ErrorResponse, and the route goes on': failing('before', 'assign', 200),
  'on_success fails': failing('success', 'throw', 502),
  'on_success assigns an ErrorResponse': failing('success', 'assign', 409),
  'on_after_request fails': failing('after', 'throw', 502),
  'on_after_request throws text': failing('after', 'string', 500),
  'on_after_request assigns an ErrorResponse': failing('after', 'assign', 409),
  'on_error fails, for a failing route': failing(['work', 'error'], 'throw', 502),
  'on_error refuses, for a failing route': failing(['work', 'error'], 'ErrorResponse', 403),
  'on_error calls this.catch, for a failing route': failing(['work', 'error'], 'catch', 500),
  'the route and on_after_request fail': failing(['work', 'after'], 'throw', 502),
  'the route, on_error and on_after_request fail': failing(['work', 'error', 'after'], 'throw', 502),
  'on_before_request, on_error and on_after_request fail': failing(['before', 'error', 'after'], 'ErrorResponse', 403),
  'on_error replaces the response': failing('work', 'throw', 200, { replace: 'response' }),
  'on_error makes another error of it': failing('work', 'throw', 418, { replace: 'error' }),
  'on_error takes the response away': {
    talk: async (session) => {
      const client = await session.connect();
      client.send({ name: 'work', headers: { fail: ['work'], replace: 'nothing', 'message-id': 'unanswered' } });
      await client.ask({ name: 'work' });
    },
  },

  'on_first_request fails, and is tried again': fresh({
    ask: [{ name: 'work', headers: { fail: ['first'] } }, { name: 'work' }, { name: 'work' }],
    status: [502, 200, 200],
  }),
  'on_first_request refuses': fresh({
    ask: [{ name: 'work', headers: { fail: ['first'], how: 'ErrorResponse' } }, { name: 'work' }],
    status: [403, 200],
  }),
  'on_first_request throws text': fresh({
    ask: [{ name: 'work', headers: { fail: ['first'], how: 'string' } }, { name: 'work' }],
    status: [500, 200],
  }),
  'on_first_request and on_error fail': fresh({ ask: [{ name: 'work', headers: { fail: ['first', 'error'] } }, { name: 'work' }], status: [502, 200] }),

  'another name from on_before_request': work({ rename: 'later' }),
  'a name without a route from on_before_request': work({ rename: 'nobody' }, 501),
  'a name with a route for one that has none': { ask: { name: 'nobody', headers: { rename: 'work' } } },
  'a method from on_before_request': { ask: { name: 'nobody', headers: { method: 'work' } } },
  'the name before the method': work({ method: 'later' }),

  'no route': { ask: { name: 'nobody' }, status: 501 },
  'a route that leaves no response': {
    talk: async (session) => {
      const client = await session.connect();
      client.send({ name: 'silent' });
      await client.ask({ name: 'work' });
    },
  },
  'a message with the name of a step': { ask: ['on_error', 'on_success', 'on_before_request', 'on_after_request'].map((name) => ({ name })) },

  'a known name, with a catchall': { app: 'routes-catchall', ask: { name: 'known' } },
  'an unknown name, with a catchall': { app: 'routes-catchall', ask: { name: 'nobody' } },
  'no name, with a catchall': { app: 'routes-catchall', ask: ['{}', '{"name":""}', '{"name":null}', 'no JSON', '[1]'] },
  'the name catchall': { app: 'routes-catchall', ask: { name: 'catchall' } },
  'the name on_connect in a message': { app: 'routes-catchall', ask: { name: 'on_connect' } },

  'a known name, with a route of no name': { app: 'routes-unnamed', ask: { name: 'known' } },
  'an unknown name, with a route of no name': { app: 'routes-unnamed', ask: { name: 'nobody' } },
  'no name, with a route of no name': { app: 'routes-unnamed', ask: ['{}', '{"name":""}', '{"name":null}', 'no JSON', '[1]'] },

  'on_start, traced': {
    app: 'on-start',
    ask: { name: 'notes' },
    contract: [
      {
        statusCode: 200,
        headers: {},
        body: [{ event: 'undefined', parameters: 0 }, { event: 'undefined', parameters: ['parameter'] }, 'on_first_request'],
      },
    ],
  },
  'on_start, not traced': { app: 'on-start-quiet', ask: [{ name: 'notes' }, { name: 'notes' }] },

  'routes named constructor and toString': { app: 'names', ask: [{ name: 'constructor' }, { name: 'toString' }] },
  'a route named __proto__': {
    app: 'names',
    fresh: true,
    ask: { name: '__proto__' },
    contract: [{ statusCode: 200, headers: {}, body: ['__proto__', '__proto__'] }],
  },
  'no route named as what every object inherits': {
    ask: ['constructor', '__proto__', 'hasOwnProperty', 'valueOf'].map((name) => ({ name, headers: { 'message-id': name } })),
    pick: ({ statusCode, headers, body }) => [statusCode, headers['message-id'], body.message],
    contract: ['constructor', '__proto__', 'hasOwnProperty', 'valueOf'].map((name) => [501, name, 'Not Implemented.']),
  },
});

lifecycle.end();
