// One client: a WebSocket that keeps what it receives, and counts records the moment they arrive.

import { once } from 'node:events';
import WebSocket from 'ws';

const SEPARATOR = 0x1e;
const PING = '{"type":6}\u001e';

export class Connection {
  /** @type {Buffer[]} */
  #frames = [];
  /** @type {(records: number) => void} */
  #onRecords = () => {};
  /** @type {WebSocket} */
  #socket;

  /** @param {WebSocket} socket an open one */
  constructor(socket) {
    this.#socket = socket;
    socket.on('message', (/** @type {Buffer} */ frame) => {
      this.#frames.push(frame);
      this.#onRecords(countRecords(frame));
    });
  }

  /** @param {string} url */
  static async open(url) {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const connection = new Connection(socket);
    await once(socket, 'open');
    socket.on('close', (code, reason) => {
      if (!connection.closing) connection.onLost(new Error(`a connection was closed: ${code} ${reason}`));
    });
    return connection;
  }

  closing = false;

  /** What happens when the connection is lost. @param {Error} error */
  onLost(error) {
    throw error;
  }

  /** Calls back with how many records a frame brought; pings are none. @param {(records: number) => void} callback */
  set onRecords(callback) {
    this.#onRecords = callback;
  }

  /** What came since this was last asked, without pings. */
  take() {
    const text = Buffer.concat(this.#frames).toString();
    this.#frames = [];
    return text.replaceAll(PING, '');
  }

  /** @param {string} text */
  send(text) {
    this.#socket.send(text);
  }

  /** Says that the client lives; a server may close a connection of which it hears nothing for half a minute. */
  ping() {
    this.#socket.send(PING);
  }

  close() {
    this.closing = true;
    this.#socket.terminate();
  }
}

/**
 * Several records may share a frame.
 *
 * @param {Buffer} frame
 */
function countRecords(frame) {
  let records = 0;
  let start = 0;
  for (let end = frame.indexOf(SEPARATOR); end !== -1; end = frame.indexOf(SEPARATOR, start)) {
    if (end + 1 - start !== PING.length) records += 1;
    start = end + 1;
  }
  return records;
}
