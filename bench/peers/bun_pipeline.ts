// What someone would write by hand for this one application on Bun: no configuration, no policies, only a table of
// routes, an async handler and a reply in the runner's format.
interface Message {
  name?: string;
  params?: Record<string, any>;
  payload?: any;
  headers?: Record<string, any>;
}

interface Reply {
  statusCode: number;
  headers: Record<string, any>;
  body: any;
}

type Handler = (message: Message) => Promise<Reply>;

async function getData({ params, payload }: Message): Promise<Reply> {
  await undefined;
  return { statusCode: 200, headers: {}, body: { id: params.id, from: payload.from, n: payload.n + 1 } };
}

const routes = new Map<string, Handler>([['getData', getData]]);

function failure(statusCode: number, message: string): Reply {
  return {
    statusCode,
    headers: { 'Content-Type': 'application/json' },
    body: { statusCode, message, details: '' },
  };
}

async function handle(text: string): Promise<string> {
  let message: Message = {};
  let reply: Reply;
  try {
    message = JSON.parse(text);
    const handler = routes.get(message.name);
    reply = handler ? await handler(message) : failure(501, 'Not Implemented.');
  } catch (error) {
    reply = failure(error instanceof SyntaxError ? 400 : 500, error.message);
  }
  const messageId = message?.headers?.['message-id'];
  if (messageId !== undefined) reply.headers['message-id'] = messageId;
  return JSON.stringify(reply);
}

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  fetch(request, server) {
    return server.upgrade(request) ? undefined : new Response('Upgrade Required', { status: 426 });
  },
  websocket: {
    async message(socket, message) {
      socket.send(await handle(message.toString()));
    },
  },
});
