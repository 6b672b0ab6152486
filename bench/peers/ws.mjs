// A broadcast server as one writes it with `ws` on Node.js: a set of sockets for each room, and a loop.

import { WebSocketServer } from 'ws';
import { nodeServer, roomOf } from './nodeServer.mjs';

/** @type {Map<string, Set<import('ws').WebSocket>>} */
const rooms = new Map();

const { server, start } = nodeServer((room, body) => {
  for (const record of body.split('\n')) {
    for (const socket of rooms.get(room) ?? []) socket.send(record);
  }
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on('connection', (socket, request) => {
  const room = roomOf(request.url);
  const members = rooms.get(room) ?? new Set();
  rooms.set(room, members.add(socket));
  socket.on('close', () => members.delete(socket));
});
await start();
