// Socket.IO on Node.js, with rooms, over WebSockets only: `emit` of an event with its arguments.

import { Server } from 'socket.io';
import { nodeServer } from './nodeServer.mjs';

const { server, start } = nodeServer((room, body) => {
  for (const [event, ...args] of JSON.parse(body)) io.to(room).emit(event, ...args);
});
const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false, serveClient: false });
io.on('connection', (socket) => {
  socket.join(String(socket.handshake.query.room));
});
await start();
