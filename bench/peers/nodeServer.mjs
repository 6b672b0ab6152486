// What the peers on Node.js have in common: a server for HTTP that sends what is POSTed, and tells who started it where it is.

import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * @param {(room: string, body: string) => void} send to all connections of a room
 * @returns the server, for WebSockets to be added, and a function that starts it
 */
export function nodeServer(send) {
  const server = createServer(async (request, response) => {
    send(roomOf(request.url), await text(request));
    response.end('{}');
  });
  // Else it would hang up on a connection that is kept for the next round.
  server.keepAliveTimeout = 0;
  const start = async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    process.send?.({ origin: `http://127.0.0.1:${port}`, server: process.pid });
    // Whoever started this is gone.
    process.once('disconnect', () => process.exit(0));
  };
  return { server, start };
}

/** The first part of the path. @param {string | undefined} url */
export function roomOf(url) {
  return new URL(url ?? '/', 'http://peer').pathname.split('/')[1] ?? '';
}
