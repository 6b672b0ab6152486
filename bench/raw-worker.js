// The limit: as little as a Durable Object can do to fan an event out, in JavaScript, with nothing of SignalR in it.
//
//     GET  /{object}                       a WebSocket
//     POST /{object}/send                  sends the body to every socket of the object
//     POST /{object}/store-and-send        writes it as one row first: what no durable event can do without
//     POST /{object}/send-each             the same for each line of the body
//     POST /{object}/store-and-send-each
//
// The Worker asks the object by `fetch`, as Conduit Edge does.

import { DurableObject } from 'cloudflare:workers';

export class Raw extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    // The same keep-alive as in Conduit Edge, answered by the platform.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair('{"type":6}\u001e', '{"type":6}\u001e'));
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, record TEXT NOT NULL)');
  }

  async fetch(request) {
    if (request.headers.get('upgrade') === 'websocket') {
      const { 0: client, 1: server } = new WebSocketPair();
      this.ctx.acceptWebSocket(server);
      return new Response(null, { status: 101, webSocket: client });
    }
    const body = await request.text();
    const isStored = request.url.includes('/store-and-');
    const records = request.url.endsWith('-each') ? body.split('\n') : [body];
    for (const record of records) {
      if (isStored) this.ctx.storage.sql.exec('INSERT INTO event (record) VALUES (?)', record);
      for (const socket of this.ctx.getWebSockets()) socket.send(record);
    }
    return Response.json({});
  }
}

export default {
  fetch(request, env) {
    const [, object] = new URL(request.url).pathname.split('/');
    return env.RAW.getByName(object).fetch(request);
  },
};
