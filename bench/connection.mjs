// One client: a WebSocket that keeps what it receives, and counts records the moment they arrive.
//
// What is Socket.IO's is made like the rest: a record is an event as it stands in its frame, with a separator after it.

import { once } from 'node:events';
import WebSocket from 'ws';

const SEPARATOR = 0x1e;
const PING = '{"type":6}\u001e';

export class Connection {
  /** Is told how many records a frame brought. Pings are none. @type {(records: number) => void} */
  onRecords = () => {};

  /** @type {Buffer[]} */
  #frames = [];
  #closing = false;
  #socket;

  #isSocketIo;

  /**
   * @param {WebSocket} socket
   * @param {boolean} isSocketIo
   */
  constructor(socket, isSocketIo) {
    this.#socket = socket;
    this.#isSocketIo = isSocketIo;
    socket.on('message', (/** @type {Buffer} */ frame) => {
      const received = isSocketIo ? this.#socketIo(frame) : frame;
      if (received === undefined) return;
      this.#frames.push(received);
      const records = countRecords(received);
      if (records > 0) this.onRecords(records);
    });
    socket.on('close', (code, reason) => {
      if (!this.#closing) throw new Error(`a connection was closed: ${code} ${reason}`);
    });
  }

  /**
   * @param {string} url
   * @param {boolean} isSocketIo
   */
  static async open(url, isSocketIo = false) {
    // Its messages are small, and both sides would spend more on compression than on all the rest.
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const connection = new Connection(socket, isSocketIo);
    await once(socket, 'open');
    return connection;
  }

  /** A frame of Engine.IO 4: its pings are answered (type 2, by type 3). @param {Buffer} frame */
  #socketIo(frame) {
    if (frame.length !== 1 || frame[0] !== 0x32) return Buffer.concat([frame, Buffer.of(SEPARATOR)]);
    this.#socket.send('3');
    return undefined;
  }

  /** Settles when something other than a ping arrives. @returns {Promise<void>} */
  nextRecord() {
    return new Promise((resolve) => {
      this.onRecords = () => resolve();
    });
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

  /** Says that the client lives: of whom it hears nothing for half a minute, a server may close the connection. */
  ping() {
    if (!this.#isSocketIo) this.#socket.send(PING);
  }

  close() {
    this.#closing = true;
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
