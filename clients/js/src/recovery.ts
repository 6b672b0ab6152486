// A connection that takes the place of a lost one: its subscriptions, and what was missed meanwhile.

import { type HubConnection, HubConnectionState, LogLevel } from '@microsoft/signalr';
import type { Resumed, ResumeToken } from './contract.ts';
import { asError } from './errors.ts';
import type { EventStream } from './eventStream.ts';
import { type Api, argumentsOf, history } from './history.ts';
import type { HubAddress } from './hubNames.ts';
import type { Logger } from './logger.ts';
import type { Relevance } from './relevance.ts';
import type { Subscriptions } from './subscriptions.ts';

interface Surroundings {
  address: HubAddress;
  stream: EventStream;
  subscriptions: Subscriptions;
  relevance: Relevance;
  api: Api;
  logger: Logger;
}

export class Recovery {
  #token: string | undefined;

  constructor(private readonly around: Surroundings) {}

  /** Forgets the connection before: the next one is somebody else's. */
  forget(): void {
    this.#token = undefined;
    this.around.stream.forget();
  }

  /**
   * Resumes, which brings back subscriptions and what was missed. Where that can't be, subscribes again, and reads what
   * was missed from the history. Then it prepares for the next loss.
   *
   * @param isFirst whether there was no connection before
   * @returns whether the server says that nothing was missed
   * @throws where the connection is lost meanwhile
   */
  async recover(connection: HubConnection, isFirst: boolean): Promise<boolean> {
    const { stream } = this.around;
    const since = stream.gap.event;
    const resumed = await this.#resume(connection);
    const isComplete = resumed?.recovered ?? (isFirst && since === undefined);
    if (resumed?.recovered !== true) await this.#begin(connection, isComplete ? undefined : since);
    await this.#prepare(connection);
    stream.closeGap();
    return isComplete;
  }

  /** Subscribes, and reads what came after an event, if one is given; that goes before what subscribing brings. */
  async #begin(connection: HubConnection, since: string | undefined): Promise<void> {
    const { stream, address } = this.around;
    const hasHistory = address.key === 'virtual' && address.hub !== undefined;
    if (since === undefined || !hasHistory) return this.#subscribe(connection);
    stream.hold();
    try {
      await this.#subscribe(connection);
      await this.#catchUp(since);
    } finally {
      stream.release();
    }
  }

  /** What came of a token; nothing where there is none that counts. */
  async #resume(connection: HubConnection): Promise<Resumed | undefined> {
    const token = this.#token;
    if (token === undefined) return undefined;
    // A token counts once: if the connection is lost before the answer, nobody knows whether it still does.
    const lastEventId = this.around.stream.gap.sinceToken ?? null;
    try {
      return await connection.invoke<Resumed>('Resume', token, lastEventId);
    } catch (thrown) {
      if (isRefused(connection)) this.#token = undefined;
      else throw thrown;
      this.#warn('could not resume', thrown);
      return undefined;
    }
  }

  async #subscribe(connection: HubConnection): Promise<void> {
    for (const { method, args } of this.around.subscriptions.confirmed) {
      try {
        await connection.invoke(method, ...args);
      } catch (thrown) {
        if (!isRefused(connection)) throw thrown;
        this.#warn(`${method} was refused after a reconnect`, thrown);
      }
    }
  }

  async #catchUp(since: string): Promise<void> {
    const { stream, relevance, api, address } = this.around;
    try {
      for await (const entry of history(api, address.hub ?? '', since)) {
        if (await relevance.isWanted(entry, api)) stream.receiveFirst(entry.event, argumentsOf(entry));
      }
    } catch (thrown) {
      this.#warn('could not read what was missed', thrown);
    }
  }

  async #prepare(connection: HubConnection): Promise<void> {
    this.#token = undefined;
    this.around.stream.beginToken();
    try {
      this.#token = (await connection.invoke<ResumeToken>('GetResumeToken')).resumeToken;
    } catch (thrown) {
      // A hub that the contract does not have need not know it.
      if (!isRefused(connection)) throw thrown;
      this.#warn('got no resume token', thrown);
    }
  }

  #warn(what: string, thrown: unknown): void {
    this.around.logger.log(LogLevel.Warning, `${this.around.address.route}: ${what}: ${asError(thrown).message}`);
  }
}

/** Whether an invocation failed because the server said no, and not because the connection was lost. */
export function isRefused(connection: HubConnection): boolean {
  return connection.state === HubConnectionState.Connected;
}
