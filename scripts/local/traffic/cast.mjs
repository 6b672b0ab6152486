// Who takes part in the demo on this machine: a receiver of webhooks and a provider of voice sessions.

import { once } from 'node:events';
import { createServer } from 'node:http';

/** How long a receiver takes to answer. */
const ANSWER_MILLIS = [20, 160];

/** Of what is delivered to `/flaky`, so much is refused at first. */
const REFUSED_PART = 0.35;

/** Starts both, and says what the Worker must be told of them. */
export async function assemble() {
  const { WebSocketServer } = await import('ws');
  const server = createServer((request, response) => {
    const [least, most] = ANSWER_MILLIS;
    setTimeout(() => response.writeHead(statusOf(request.url)).end(), least + Math.random() * (most - least));
    request.resume();
  });
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    const session = { type: 'realtime', object: 'realtime.session', id: 'sess_demo', model: 'gpt-realtime' };
    socket.send(JSON.stringify({ type: 'session.created', event_id: 'event_demo', session }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${server.address().port}`;
  return {
    receiver: `http://${host}`,
    vars: {
      ALLOW_PRIVATE_TARGETS: 'true',
      REALTIME_PROVIDERS: JSON.stringify({ openai: { WebSocketUrl: `ws://${host}/`, Models: ['gpt-realtime'] } }),
      PROVIDER_KEY_OPENAI: 'made-up',
    },
    dismiss() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

function statusOf(path) {
  if (path === '/gone') return 410;
  return path === '/flaky' && Math.random() < REFUSED_PART ? 503 : 204;
}
