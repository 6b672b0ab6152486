// All clients of one object: posts an event, takes the time until the last of them has it, and checks what they got.

import { Connection } from './connection.mjs';
import { POSTED_AT_ONCE } from './series.mjs';

/** @import { BenchEvent } from './events.mjs' */
/** @import { Place } from './places.mjs' */

/** An event that has not arrived everywhere by then is lost. */
const DELIVERY_TIMEOUT_MILLIS = 10_000;

/** Connections opened at once. */
const OPENING = 25;

export class Audience {
  #place;
  #connections;
  /** What each connection must have received since the last check. */
  #expected = '';
  #missing = 0;
  #allReceived = () => {};

  /**
   * @param {Place} place
   * @param {Connection[]} connections
   */
  constructor(place, connections) {
    this.#place = place;
    this.#connections = connections;
    for (const connection of connections) {
      connection.onRecords = (records) => {
        this.#missing -= records;
        if (this.#missing === 0) this.#allReceived();
      };
    }
  }

  /**
   * @param {Place} place
   * @param {number} count
   */
  static async open(place, count) {
    /** @type {Connection[]} */
    const connections = [];
    while (connections.length < count) {
      const opening = Array.from({ length: Math.min(OPENING, count - connections.length) }, async () => {
        const connection = await Connection.open(place.socketUrl, place.isSocketIo);
        await place.greet(connection);
        return connection;
      });
      connections.push(...(await Promise.all(opening)));
    }
    return new Audience(place, connections);
  }

  /**
   * Posts events in one request, and returns the milliseconds from then to the receipt of the last at the last connection.
   *
   * @param {BenchEvent[]} events
   */
  async deliver(...events) {
    const received = this.#expect(events);
    const posted = performance.now();
    await this.#place.post(...events);
    return (await received) - posted;
  }

  /**
   * Posts events, so many at a time, and returns the milliseconds from the first POST to the receipt of the last event at
   * the last connection.
   *
   * @param {BenchEvent[]} events
   */
  async deliverAll(events) {
    const received = this.#expect(events);
    const posted = performance.now();
    const rest = events.values();
    const poster = async () => {
      for (const event of rest) await this.#place.post(event);
    };
    await Promise.all(Array.from({ length: POSTED_AT_ONCE }, poster));
    return (await received) - posted;
  }

  /** @param {BenchEvent[]} events @returns the time of the last receipt */
  #expect(events) {
    this.#expected += events.map((event) => this.#place.record?.(event) ?? event.record).join('');
    this.#missing = this.#connections.length * events.length;
    return this.#received();
  }

  /** The time at which nothing is missing any more. @returns {Promise<number>} */
  #received() {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`${this.#missing} of ${this.#connections.length} connections did not get an event`));
      }, DELIVERY_TIMEOUT_MILLIS);
      this.#allReceived = () => {
        resolve(performance.now());
        clearTimeout(late);
      };
    });
  }

  /**
   * Throws unless every connection received each event since the last check once, to the byte, and in order, if they were
   * not posted at once.
   */
  check({ isOrdered = true } = {}) {
    const inOrder = (/** @type {string} */ text) => (isOrdered ? text : records(text).sort().join('\u001e'));
    const expected = inOrder(this.#expected);
    for (const connection of this.#connections) {
      const received = inOrder(connection.take());
      if (received !== expected) throw new Error(difference(received, expected));
    }
    this.#expected = '';
  }

  ping() {
    for (const connection of this.#connections) connection.ping();
  }

  close() {
    for (const connection of this.#connections) connection.close();
  }
}

/**
 * @param {string} received
 * @param {string} expected
 */
function difference(received, expected) {
  const [got, wanted] = [records(received), records(expected)];
  const at = wanted.findIndex((record, index) => record !== got[index]);
  const where = at === -1 ? wanted.length : at;
  return [
    `a connection received ${got.length} records instead of ${wanted.length}; number ${where + 1} is`,
    `  ${got[where] ?? 'missing'}`,
    'and should be',
    `  ${wanted[where] ?? 'none'}`,
  ].join('\n');
}

/** @param {string} text */
function records(text) {
  return text.split('\u001e').slice(0, -1);
}
