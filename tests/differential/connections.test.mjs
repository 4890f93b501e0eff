// on_connect, on_disconnect, identities, subprotocols and the push function.

import { Comparison } from './support/compare.mjs';

const connections = new Comparison('connections', { app: 'connections' });

let labels = 0;

/** Connects with a label of its own and the rest of `query`. The label is the same for both runners: it is made per case. */
const url = (label, query = {}) => ({ path: `/?${new URLSearchParams({ label, ...query })}` });

/** A case with a label that no other case has. */
const labelled = (talk, more = {}) => {
  const label = `case-${++labels}`;
  return { talk: (session) => talk(session, label), ...more };
};

/** A connection that is refused: closed with 1008, and nothing else. */
const refused = (mode, query = {}) =>
  labelled(async (session, label) => {
    const client = await session.connect('refused', url(label, { mode, ...query }));
    await client.closed();
  });

/** A connection that is accepted; then one message. */
const accepted = (mode, query = {}) =>
  labelled(async (session, label) => {
    const client = await session.connect('client', url(label, { mode, ...query }));
    await client.ask({ name: 'whoAmI' });
  });

/** What a client gets that offers `protocols` while on_connect names `choose`. */
const protocols = (offered, choose) =>
  labelled(async (session, label) => {
    const query = choose === undefined ? {} : { mode: 'protocol', choose };
    const client = await session.connect('client', { ...url(label, query), protocols: offered });
    await client.ask({ name: 'whoAmI' });
  });

/** What on_connect saw of a connection. */
const greeting = (options) =>
  labelled(async (session, label) => {
    const { path, headers } = options(label);
    const client = await session.connect('client', { path, headers });
    await client.ask({ name: 'greeting', params: { label } });
  });

/** What on_disconnect sees when the first client goes in some way. */
const gone = (leave, query = {}) =>
  labelled(async (session, label) => {
    const watcher = await session.connect('watcher', url(`${label}-watcher`));
    const client = await session.connect('client', url(label, query));
    await client.ask({ name: 'whoAmI' });
    await leave(client);
    await watcher.ask({ name: 'disconnects', params: { label } });
  });

/** A message after which a push comes, and then the reply. */
const push = (kind) =>
  labelled(
    async (session, label) => {
      const client = await session.connect('client', url(label));
      client.send({ name: 'push', params: { kind }, headers: { 'message-id': 'not for the push' } });
      await client.receive(2);
    },
    { status: null },
  );

connections.cases({
  'without on_connect': {
    app: 'no-connect',
    talk: async (session) => {
      const [one, two] = [await session.connect('one'), await session.connect('two')];
      await one.ask({ name: 'whoAmI' });
      await two.ask({ name: 'whoAmI' });
      await one.ask({ name: 'whoAmI' });
    },
  },
  'without on_connect, protocols': {
    app: 'no-connect',
    talk: async (session) => {
      for (const offered of [[], ['one'], ['one', 'two'], ['Two', 'one', 'three.v1']]) {
        const client = await session.connect(offered.join(), { protocols: offered });
        await client.ask({ name: 'whoAmI' });
      }
    },
  },

  'what on_connect sees': greeting((label) => ({ path: `/rooms/7?label=${label}&user=some+one&x=1` })),
  'what on_connect sees: headers': greeting((label) => ({
    path: `/?label=${label}`,
    headers: { Authorization: 'Bearer abc', 'X-Several-Words': 'In Mixed Case', cookie: 'a=b; c=d', 'x-empty': '' },
  })),
  'what on_connect sees: an encoded query': greeting((label) => ({ path: `/?label=${label}&a%20b=c%26d&e=%C3%A9%F0%9F%98%80&f=%3D%3d&g` })),
  'what on_connect sees: an odd query': greeting((label) => ({ path: `/?&&label=${label}&=empty&a==b&c=%zz&d=%ff&e=a%00b&` })),
  'what on_connect sees: names of prototypes': greeting((label) => ({ path: `/?label=${label}&__proto__=x&constructor=y` })),
  'what on_connect sees: a correlation id': greeting((label) => ({ path: `/?label=${label}&correlationid=q`, headers: { 'correlation-id': 'h' } })),
  'what on_connect sees: a correlation id in the headers': greeting((label) => ({ path: `/?label=${label}`, headers: { 'Correlation-Id': 'h' } })),

  'refused with 403': refused('refuse'),
  'refused with 400': refused('status400'),
  'refused with 500': refused('refuse', { status: 500 }),
  'refused with 599': refused('refuse', { status: 599 }),
  'refused with an ErrorResponse': refused('refuseError'),
  'refused by an error': refused('throw'),
  'refused by a SyntaxError': refused('throwSyntaxError'),
  'refused by an error behind an await': refused('throwLater'),
  'refused by this.catch': refused('catch'),
  'refused by an error that says 200': refused('throw200'),
  'refused by an error whose statusCode is no number': refused('throwNoNumber'),
  'refused with an ErrorResponse that says 200': refused('assignError200'),
  'refused by an error, whatever on_error makes of it': refused('throw', { forgive: 1 }),
  'refused by an error, though on_error leaves no response': refused('throw', { forget: 1 }),
  "refused with '401'": refused('statusText', { status: '401' }),
  "refused with ' 4e2 '": refused('statusText', { status: ' 4e2 ' }),
  'refused with more than any status': refused('statusInfinite'),
  'refused with more than 32 bits': refused('statusHuge'),
  'refused with an object that is a number': refused('statusBigInt'),
  'accepted with 399': accepted('status399'),
  "accepted with '399'": accepted('statusText', { status: '399' }),
  'accepted with a statusCode that is no number': accepted('statusText', { status: 'none' }),
  'accepted without a response': accepted('noResponse'),
  'accepted with a response of null': accepted('nullResponse'),
  'accepted, and the body is not sent': accepted('body'),
  'refused, and no on_disconnect': labelled(async (session, label) => {
    const client = await session.connect('refused', url(label, { mode: 'refuse' }));
    await client.closed();
    const other = await session.connect('other', url(label));
    await other.close(1000, 'the first that is noted');
    const watcher = await session.connect('watcher', url(`${label}-watcher`));
    await watcher.ask({ name: 'disconnects', params: { label } });
  }),

  'no protocol': protocols([]),
  'one protocol': protocols(['chat']),
  'two protocols': protocols(['chat', 'other']),
  'two protocols, and the second is chosen': protocols(['chat', 'other'], 'other'),
  'two protocols, and the first is chosen': protocols(['chat', 'other'], 'chat'),
  'a protocol is chosen that nobody offered': protocols(['chat', 'other'], 'third'),
  'a protocol is chosen and none is offered': protocols([], 'chat'),
  'a protocol is chosen in another case': protocols(['chat', 'other'], 'OTHER'),
  'many protocols': protocols(Array.from({ length: 20 }, (_, i) => `p${i}`), 'p17'),
  'refused, with a protocol': labelled(async (session, label) => {
    const client = await session.connect('refused', { ...url(label, { mode: 'refuse' }), protocols: ['chat'] });
    await client.closed();
  }),

  'no identity': labelled(async (session, label) => {
    const client = await session.connect('client', url(label));
    await client.ask({ name: 'whoAmI' });
  }),
  'an Identity with claims': labelled(async (session, label) => {
    const client = await session.connect('client', url(label, { mode: 'identity', user: 'u-1' }));
    await client.ask({ name: 'claims' });
    await client.ask({ name: 'whoAmI' });
  }),
  'a plain object for an identity': accepted('plainIdentity', { user: 'u-2' }),
  'text for an identity': accepted('textIdentity', { user: 'u-3' }),
  'every connection has its own': labelled(async (session, label) => {
    const one = await session.connect('one', url(`${label}-1`, { mode: 'plainIdentity', user: 'one' }));
    const two = await session.connect('two', url(`${label}-2`, { mode: 'plainIdentity', user: 'two' }));
    for (const client of [one, two, one]) await client.ask({ name: 'whoAmI' });
  }),
  'an identity that a message sets is for that message': labelled(async (session, label) => {
    const client = await session.connect('client', url(label, { mode: 'plainIdentity', user: 'u-4' }));
    await client.ask({ name: 'setIdentity' });
    await client.ask({ name: 'whoAmI' });
  }),
  'an identity is one object for all messages': labelled(async (session, label) => {
    const client = await session.connect('client', url(label, { mode: 'plainIdentity', user: 'u-5' }));
    for (let i = 0; i < 3; i++) await client.ask({ name: 'count' });
  }),

  'gone with 1000': gone((client) => client.close(1000)),
  'gone with a reason': gone((client) => client.close(1000, 'enough for today, é 😀')),
  'gone with 1001': gone((client) => client.close(1001, 'away')),
  'gone with a code of its own': gone((client) => client.close(4321, 'own')),
  'gone with 3000': gone((client) => client.close(3000)),
  'gone with the longest reason': gone((client) => client.close(1000, 'r'.repeat(123))),
  'gone without a code': gone((client) => client.close()),
  'gone without a word': gone((client) => client.terminate()),
  'gone with an identity': gone((client) => client.close(1000), { mode: 'identity', user: 'u-6' }),
  'gone while a handler waits': labelled(async (session, label) => {
    const watcher = await session.connect('watcher', url(`${label}-watcher`));
    const client = await session.connect('client', url(label));
    client.send({ name: 'hold', params: { as: label } });
    await client.ask({ name: 'whoAmI' });
    await client.close(1000, 'before the answer');
    await watcher.ask({ name: 'disconnects', params: { label } });
    await watcher.ask({ name: 'letGo', params: { as: label } });
    await watcher.ask({ name: 'whoAmI' });
  }),

  'push: a Response': push('response'),
  'push: an ErrorResponse': push('errorResponse'),
  'push: a plain response': push('plain'),
  'push: a plain response of text': push('plainText'),
  'push: a plain response without a body': push('noBody'),
  'push: a Response of bytes': push('bytesInside'),
  'push: text': push('text'),
  'push: empty text': push('emptyText'),
  'push: text of JSON': push('json'),
  'push: a Buffer': push('buffer'),
  'push: an empty Buffer': push('emptyBuffer'),
  'push: a Uint8Array': push('bytes'),
  'push: a part of a Uint8Array': push('bytesOfPart'),
  'push: 100 KB': push('big'),
  'push: a jsonReplacer': push('replacer'),
  'push: what is no JSON': labelled(async (session, label) => {
    const client = await session.connect('client', url(label));
    await client.ask({ name: 'pushBroken' });
  }),
  'push before the reply and after': labelled(async (session, label) => {
    const client = await session.connect('client', url(label));
    client.send({ name: 'pushAround', headers: { 'message-id': 'm' } });
    await client.receive(4);
  }),
  'three pushes after the reply': labelled(async (session, label) => {
    const client = await session.connect('client', url(label));
    client.send({ name: 'pushLater' });
    await client.receive(4);
  }),
  'push instead of a reply': labelled(async (session, label) => {
    const client = await session.connect('client', url(label));
    await client.ask({ name: 'pushOnly' });
    await client.ask({ name: 'whoAmI' });
  }),
  'push while connecting': labelled(async (session, label) => {
    const client = await session.connect('client', url(label, { mode: 'push' }));
    await client.receive(3);
    await client.ask({ name: 'whoAmI' });
  }),
  'push while connecting, not awaited': labelled(async (session, label) => {
    const client = await session.connect('client', url(label, { mode: 'pushNotAwaited' }));
    await client.receive(2);
  }),
  'push to another connection': labelled(async (session, label) => {
    const one = await session.connect('one', url(`${label}-1`));
    const two = await session.connect('two', url(`${label}-2`));
    await one.ask({ name: 'register', params: { as: label } });
    await two.ask({ name: 'pushTo', params: { to: label } });
    await one.receive();
  }),
  'push to a connection that is gone': labelled(async (session, label) => {
    const one = await session.connect('one', url(`${label}-1`));
    const two = await session.connect('two', url(`${label}-2`));
    await one.ask({ name: 'register', params: { as: label } });
    await one.close(1000);
    await two.ask({ name: 'disconnects', params: { label: `${label}-1` } });
    await two.ask({ name: 'pushTo', params: { to: label } });
  }),
});

connections.end();
