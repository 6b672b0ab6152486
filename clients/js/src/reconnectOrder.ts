// Who may try first when several hubs lost their connections together.

import type { HubPriority } from './options.ts';
import { pause } from './pause.ts';

const RANKS: Record<HubPriority, number> = { critical: 2, normal: 1, low: 0 };

/** How long the others wait at the most for those that go first. */
const LONGEST_WAIT_MILLIS = 5_000;

interface Waiting {
  rank: number;
  /** Ends when it had its turn. */
  over: AbortController;
}

export class ReconnectOrder {
  readonly #waiting = new Map<object, Waiting>();

  /** A connection was lost, or is to be started: it wants a turn. */
  wants(who: object, priority: HubPriority): void {
    this.#waiting.get(who)?.over.abort();
    this.#waiting.set(who, { rank: RANKS[priority], over: new AbortController() });
  }

  /** Its attempt succeeded or failed, or it needs none any more. */
  had(who: object): void {
    this.#waiting.get(who)?.over.abort();
    this.#waiting.delete(who);
  }

  /** Resolves when nobody of a higher priority is still to try, or after a while. */
  async turn(who: object, priority: HubPriority, signal: AbortSignal): Promise<void> {
    const end = Date.now() + LONGEST_WAIT_MILLIS;
    for (;;) {
      const first = [...this.#waiting].find(([other, { rank }]) => other !== who && rank > RANKS[priority]);
      const millis = end - Date.now();
      if (first === undefined || millis <= 0 || signal.aborted) return;
      await pause(millis, AbortSignal.any([signal, first[1].over.signal]));
    }
  }
}
