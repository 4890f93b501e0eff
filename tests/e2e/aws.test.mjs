// The AWS SDK's own client of API Gateway's management API, with this server for its endpoint.

import assert from 'node:assert/strict';
import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  ForbiddenException,
  GetConnectionCommand,
  GoneException,
  LimitExceededException,
  PayloadTooLargeException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import { runnerTest } from './support/runner.mjs';

const app = {
  routes: { on_disconnect: 'disconnectHandler', who: 'whoHandler' },
  handlers: {
    disconnectHandler(event) {
      console.log(`gone: ${event.request.headers['connection-id']} ${event.payload.code}`);
    },
    whoHandler(event) {
      event.response = new Response(event.request.headers['connection-id']);
    },
  },
};

const withArgs = (...args) => ({ ...app, args });
const unknownId = '0f8fad5b-d9cb-469f-a165-70867728950e';

function makeClient(endpoint) {
  return new ApiGatewayManagementApiClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    maxAttempts: 1,
  });
}

/** A test with the SDK's client, once without and once with a stage. */
function awsTest(name, app, body) {
  for (const stage of ['', '/prod']) {
    runnerTest(`${name}${stage && `, at ${stage}`}`, app, async (runner) => {
      const aws = makeClient(runner.management + stage);
      try {
        await body(runner, aws);
      } finally {
        aws.destroy();
      }
    });
  }
}

async function connectWithId(runner, options) {
  const client = await runner.connect(options);
  client.id = (await client.ask({ name: 'who' })).body;
  return client;
}

const post = (aws, client, Data) => aws.send(new PostToConnectionCommand({ ConnectionId: client.id, Data }));
const statusOf = ({ $metadata }) => $metadata.httpStatusCode;

/** That `sending` fails with the SDK's own class for it, which has the server's words. */
function rejectsAs(ErrorClass, status, sending) {
  return assert.rejects(sending, (error) => {
    assert.ok(error instanceof ErrorClass, `${error.name}: ${error.message}`);
    assert.equal(error.name, ErrorClass.name);
    assert.equal(statusOf(error), status);
    assert.ok(error.message.length > 0 && error.message !== 'UnknownError', error.message);
    return true;
  });
}

async function assertAllGone(aws, ConnectionId) {
  await rejectsAs(GoneException, 410, aws.send(new PostToConnectionCommand({ ConnectionId, Data: 'too late' })));
  await rejectsAs(GoneException, 410, aws.send(new GetConnectionCommand({ ConnectionId })));
  await rejectsAs(GoneException, 410, aws.send(new DeleteConnectionCommand({ ConnectionId })));
}

awsTest('PostToConnection', app, async (runner, aws) => {
  const client = await connectWithId(runner);
  for (const text of ['hello', JSON.stringify({ a: [1, null] }), 'é € 😀 \0 "\\', ' \r\n', 'x'.repeat(1_000_000)]) {
    for (const data of [text, Buffer.from(text), new TextEncoder().encode(text)]) {
      assert.equal(statusOf(await post(aws, client, data)), 200);
      const { data: received, isBinary } = await client.nextFrame();
      assert.equal(isBinary, false);
      assert.equal(received.toString(), text);
    }
  }
  assert.equal(statusOf(await post(aws, client, new Uint8Array([0, 0xff, 1]))), 200);
  const { data, isBinary } = await client.nextFrame();
  assert.equal(isBinary, true);
  assert.deepEqual([...data], [0, 0xff, 1]);
});

for (const end of ['/', '/prod/']) {
  runnerTest(`an endpoint that ends in ${end}`, app, async (runner) => {
    const aws = makeClient(runner.management + end);
    const client = await connectWithId(runner);
    assert.equal(statusOf(await post(aws, client, 'hello')), 200);
    assert.equal(await client.nextText(), 'hello');
    aws.destroy();
  });
}

awsTest('PostToConnection, many at once', app, async (runner, aws) => {
  const clients = await Promise.all(Array.from({ length: 10 }, () => connectWithId(runner)));
  await Promise.all(clients.flatMap((client, i) => Array.from({ length: 20 }, (_, j) => post(aws, client, `${i} ${j}`))));
  for (const [i, client] of clients.entries()) {
    const received = [];
    for (let j = 0; j < 20; j++) received.push(await client.nextText());
    assert.deepEqual(received.sort(), Array.from({ length: 20 }, (_, j) => `${i} ${j}`).sort());
  }
});

awsTest('GetConnection', app, async (runner, aws) => {
  const client = await connectWithId(runner, { headers: { 'User-Agent': 'Tester/1.0 "x"' } });
  const answer = await aws.send(new GetConnectionCommand({ ConnectionId: client.id }));
  assert.equal(statusOf(answer), 200);
  for (const date of [answer.ConnectedAt, answer.LastActiveAt]) {
    assert.ok(date instanceof Date);
    assert.ok(Math.abs(date - Date.now()) < 10_000, `${date} is near now`);
  }
  assert.ok(answer.LastActiveAt >= answer.ConnectedAt);
  assert.deepEqual(answer.Identity, { SourceIp: '127.0.0.1', UserAgent: 'Tester/1.0 "x"' });
});

awsTest('DeleteConnection', app, async (runner, aws) => {
  const client = await connectWithId(runner);
  assert.equal(statusOf(await aws.send(new DeleteConnectionCommand({ ConnectionId: client.id }))), 204);
  assert.deepEqual(await client.closed, { code: 1000, reason: 'Connection Closed Normally' });
  await runner.output('stdout', new RegExp(`gone: ${client.id} 1000`));
  await assertAllGone(aws, client.id);
});

awsTest('GoneException', app, async (runner, aws) => {
  for (const leave of [(client) => client.close(1000), (client) => client.terminate()]) {
    const client = await connectWithId(runner);
    await leave(client);
    await runner.output('stdout', new RegExp(`gone: ${client.id} `));
    await assertAllGone(aws, client.id);
  }
  for (const id of [unknownId, 'x', 'é 😀', 'a=b&c?', 'L0SM9cOFvHcCIhw=']) await assertAllGone(aws, id);
});

awsTest('PayloadTooLargeException', withArgs('--max-payload', '64k'), async (runner, aws) => {
  const client = await connectWithId(runner);
  for (const length of [65537, 3_000_000]) await rejectsAs(PayloadTooLargeException, 413, post(aws, client, 'x'.repeat(length)));
  assert.equal(statusOf(await post(aws, client, 'x'.repeat(65536))), 200);
  assert.equal((await client.nextText()).length, 65536);
});

awsTest('LimitExceededException', withArgs('--high-water-mark', '64k', '--max-buffered', '1m'), async (runner, aws) => {
  const client = await runner.connectRaw();
  await client.upgrade();
  const [id] = await (await fetch(`${runner.management}/@connections`)).json();
  client.socket.pause();
  let taken = 0;
  let failure;
  for (let i = 0; i < 200 && !failure; i++) {
    await post(aws, { id }, 'x'.repeat(500_000)).then(
      () => taken++,
      (error) => (failure = error),
    );
  }
  await rejectsAs(LimitExceededException, 429, Promise.reject(failure));
  client.socket.resume();
  for (let i = 0; i < taken; i++) assert.equal((await client.frame()).payload.length, 500_000);
  assert.equal(statusOf(await post(aws, { id }, 'after')), 200);
  assert.equal((await client.frame()).payload.toString(), 'after');
  await client.destroy();
});

// The SDK signs with an Authorization of its own, so that a server with a token keeps it out.
awsTest('an error that the SDK does not know by name', withArgs('--management-port', '0', '--management-token', 'secret'), async (runner, aws) => {
  await assert.rejects(aws.send(new GetConnectionCommand({ ConnectionId: unknownId })), (error) => statusOf(error) === 401);
});

runnerTest('ForbiddenException', app, async (runner) => {
  const aws = makeClient(runner.management);
  aws.middlewareStack.add(
    (next) => (args) => {
      args.request.headers.origin = 'http://evil.example';
      return next(args);
    },
    { step: 'build' },
  );
  try {
    await rejectsAs(ForbiddenException, 403, aws.send(new GetConnectionCommand({ ConnectionId: unknownId })));
  } finally {
    aws.destroy();
  }
});
