// What one case works with: its room at the server, its variables, connections and open requests.

import type { Case, Step } from './cases.ts';
import { Connection, type Place } from './connection.ts';
import { Exchange, urlOf } from './http.ts';
import { Skip } from './problems.ts';
import type { Transcript } from './transcript.ts';
import { Variables } from './variables.ts';

/**
 * Deadlines of the cases are for a machine that has nothing else to do. They only say when to give up, so a busy
 * machine gets more.
 */
export const PATIENCE = 3;

const DEFAULT_MILLIS = 5_000;

export class World {
  readonly testCase: Case;
  readonly variables = new Variables();
  readonly connections = new Map<string, Connection>();
  /** Requests that a case left open, by name. */
  readonly exchanges = new Map<string, Exchange>();
  /** Runs further steps, for steps that hold some. */
  readonly runSteps: (steps: Step[]) => Promise<void>;
  readonly #room: string;
  readonly #base: string;
  readonly #transcript: Transcript;
  readonly #cleanup: (() => Promise<void> | void)[] = [];

  constructor(
    testCase: Case,
    base: string,
    transcript: Transcript,
    runSteps: (world: World, steps: Step[]) => Promise<void>,
  ) {
    this.testCase = testCase;
    this.#base = base;
    this.#transcript = transcript;
    // Each case has an object of its own at the server, so that none hears another one's broadcasts.
    this.#room = `/@${testCase.id.toLowerCase().replace(/[^a-z0-9-]/g, '-')}`;
    this.runSteps = (steps) => runSteps(this, steps);
  }

  /** Where a path of the case is. */
  url(path: string, query?: Record<string, unknown>): string {
    if (/^https?:/.test(path)) return urlOf('', path, query);
    return urlOf(path.startsWith('/@') ? this.#base : this.#base + this.#room, path, query);
  }

  /** Asks the test Worker itself. */
  control(method: string, path: string, query: Record<string, unknown>): Exchange {
    return new Exchange(this.url(`/-/${path}`, query), { method });
  }

  /** A new connection, known by its name from now on. */
  connection(place: Place): Connection {
    const connection = new Connection(place);
    this.connections.set(place.name, connection);
    this.#transcript.add(this.testCase.id, connection);
    this.finally(() => connection.dispose());
    return connection;
  }

  recordNegotiation(body: Buffer): void {
    this.#transcript.addNegotiation(this.testCase.id, body);
  }

  /** The connection that a step is about. */
  on(step: Step, field = 'on'): Connection {
    const name = step[field] ?? (this.connections.size === 1 ? this.connections.keys().next().value : undefined);
    const connection = this.connections.get(name);
    if (connection === undefined) throw new Skip(`${step.op} on a connection that no step opened: ${name}`);
    return connection;
  }

  /** The open request that a step is about: a named one, or the only one. */
  exchange(step: Step): Exchange {
    const name = [step.name, step.stream, step.of, step.from, step.on].find((one) => this.exchanges.has(one));
    const only = this.exchanges.size === 1 ? this.exchanges.values().next().value : undefined;
    const exchange = name === undefined ? only : this.exchanges.get(name);
    if (exchange === undefined) throw new Skip(`${step.op} of a request that no step left open`);
    return exchange;
  }

  /** When to give up waiting for what a step expects. */
  until(step: Step): number {
    return Date.now() + Number(step.withinMs ?? step.timeoutMs ?? DEFAULT_MILLIS) * PATIENCE;
  }

  /** Done when the case is over. */
  finally(cleanup: () => Promise<void> | void): void {
    this.#cleanup.push(cleanup);
  }

  async dispose(): Promise<void> {
    for (const exchange of this.exchanges.values()) exchange.abort();
    await Promise.allSettled(this.#cleanup.map(async (cleanup) => cleanup()));
  }
}
