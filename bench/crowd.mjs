// Thousands of clients of one key, from several loopback addresses: one has ports for about 28,000 (Linux).

import { once } from 'node:events';
import WebSocket from 'ws';

/** So many connect at a time. */
const AT_ONCE = 64;

const PORTS_OF_AN_ADDRESS = 16_000;

const HANDSHAKE = '{"protocol":"json","version":1}\u001e';
const SUBSCRIBE = '{"type":1,"invocationId":"1","target":"SubscribeToTaskType","arguments":["*"]}\u001e';

/** Clients that each expect the events of tasks in the order of `arrival`. */
export class Crowd {
  /** @type {WebSocket[]} */
  #sockets = [];
  #begun = 0;
  /** @type {string[]} */
  #expected = [];
  /** How many events each socket has got. @type {number[]} */
  #got = [];
  #missing = 0;
  #whenAll = () => {};
  #hasLeft = false;

  /**
   * @param {string} url
   * @param {string} key
   * @param {number} size
   */
  constructor(url, key, size) {
    this.url = url;
    this.size = size;
    this.headers = { authorization: `Bearer ${key}` };
  }

  async connect() {
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#connectSome()));
  }

  async #connectSome() {
    while (this.#begun < this.size) {
      const place = this.#begun++;
      const localAddress = `127.0.0.${2 + Math.floor(place / PORTS_OF_AN_ADDRESS)}`;
      const socket = new WebSocket(this.url, { headers: this.headers, perMessageDeflate: false, localAddress });
      this.#sockets.push(socket);
      this.#got[place] = 0;
      await once(socket, 'open');
      socket.on('close', (code) => {
        if (!this.#hasLeft) throw new Error(`a connection was closed with ${code}`);
      });
      const subscribed = new Promise((resolve) => {
        socket.on('message', (/** @type {Buffer} */ frame) => {
          for (const record of frame.toString().split('\u001e')) {
            if (record.startsWith('{"type":3')) resolve(undefined);
            if (record.startsWith('{"type":1,')) this.#take(place, JSON.parse(record).arguments[0]);
          }
        });
      });
      socket.send(HANDSHAKE + SUBSCRIBE);
      await subscribed;
    }
  }

  /**
   * @param {number} place
   * @param {string} taskId
   */
  #take(place, taskId) {
    const got = this.#got[place] ?? 0;
    if (taskId !== this.#expected[got]) throw new Error(`${taskId} where ${this.#expected[got]} was due`);
    this.#got[place] = got + 1;
    this.#missing -= 1;
    if (this.#missing === 0) this.#whenAll();
  }

  /**
   * Settles when everybody has an event.
   *
   * @param {string} taskId
   * @returns {Promise<void>}
   */
  arrival(taskId) {
    this.#expected.push(taskId);
    this.#missing = this.size;
    return new Promise((resolve) => {
      this.#whenAll = () => resolve();
    });
  }

  leave() {
    this.#hasLeft = true;
    for (const socket of this.#sockets) socket.terminate();
  }
}
