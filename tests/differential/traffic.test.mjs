// Many messages, and replies that overtake each other.

import { Comparison } from './support/compare.mjs';

const traffic = new Comparison('traffic', { app: 'traffic' });

const numbers = (count) => Array.from({ length: count }, (_, i) => i);
const numbered = (name) => (i) => ({ name, payload: i, headers: { 'message-id': i } });

/** `count` messages at once; the replies in whatever order. */
const burst = (name, count) => ({
  talk: async (session) => {
    const client = await session.connect();
    for (const message of numbers(count).map(numbered(name))) client.send(message);
    await client.receive(count, { inAnyOrder: true });
  },
});

const hold = (key) => ({ name: 'hold', params: { key }, headers: { 'message-id': key } });
const letGo = (key) => ({ name: 'letGo', params: { key }, headers: { 'message-id': `let go ${key}` } });

traffic.cases({
  '500 messages in a row': { ask: numbers(500).map(numbered('echo')) },
  '500 messages at once': burst('echo', 500),
  '500 messages at once, answered later': burst('echoLater', 500),
  '200 messages at once through a chain': burst('chain', 200),
  'messages start in their order': {
    talk: async (session) => {
      const client = await session.connect();
      for (const message of numbers(100).map(numbered('order'))) client.send(message);
      await client.receive(100, { inAnyOrder: true });
      await client.ask({ name: 'take' });
    },
  },
  'replies as their handlers finish': {
    talk: async (session) => {
      const client = await session.connect();
      for (const key of ['a', 'b', 'c']) client.send(hold(key));
      for (const key of ['c', 'a', 'b']) {
        client.send(letGo(key));
        await client.receive(2, { inAnyOrder: true });
      }
    },
  },
  'one that waits does not hold up others': {
    talk: async (session) => {
      const client = await session.connect();
      client.send(hold('x'));
      for (const message of numbers(20).map(numbered('echo'))) await client.ask(message);
      client.send(letGo('x'));
      await client.receive(2, { inAnyOrder: true });
    },
  },
  'connections do not wait for each other': {
    talk: async (session) => {
      const one = await session.connect('one');
      const two = await session.connect('two');
      one.send(hold('one'));
      await one.ask({ name: 'echo', payload: 'the other is held' });
      await two.ask({ name: 'echo', payload: 'not held' });
      await two.ask(letGo('one'));
      await one.receive();
    },
  },
  'ten connections, fifty messages each': {
    talk: async (session) => {
      const clients = [];
      for (const i of numbers(10)) clients.push(await session.connect(`client ${i}`));
      for (const message of numbers(50).map(numbered('echoLater'))) clients.forEach((client) => client.send(message));
      for (const client of clients) await client.receive(50, { inAnyOrder: true });
    },
  },
});

traffic.end();
