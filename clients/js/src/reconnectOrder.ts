// Who may try first when several hubs lost their connections together.

import type { HubPriority } from './options.ts';
import { pause } from './pause.ts';

const RANKS: Record<HubPriority, number> = { critical: 2, normal: 1, low: 0 };

/** How long the others wait at the most for those that go first. */
const LONGEST_WAIT_MILLIS = 5_000;

interface Waiting {
  rank: number;
  /** When it is going to try, as `Date.now()` gives it. */
  dueAt: number;
  /** Ends when it needs no turn any more, or later. */
  over: AbortController;
}

export class ReconnectOrder {
  readonly #waiting = new Map<object, Waiting>();

  /** A connection is to be started, or was lost, or failed to: it tries after so long. */
  wants(who: object, priority: HubPriority, delayMillis: number): void {
    const before = this.#waiting.get(who);
    this.#waiting.set(who, { rank: RANKS[priority], dueAt: Date.now() + delayMillis, over: new AbortController() });
    before?.over.abort();
  }

  /** It is connected, or is not going to be. */
  had(who: object): void {
    const before = this.#waiting.get(who);
    this.#waiting.delete(who);
    before?.over.abort();
  }

  /** Resolves when nobody of a higher priority is about to try, or after a while. */
  async turn(who: object, priority: HubPriority, signal: AbortSignal): Promise<void> {
    const end = Date.now() + LONGEST_WAIT_MILLIS;
    for (;;) {
      const goesFirst = ({ rank, dueAt }: Waiting) => rank > RANKS[priority] && dueAt < end;
      const first = [...this.#waiting].find(([other, waiting]) => other !== who && goesFirst(waiting));
      const millis = end - Date.now();
      if (first === undefined || millis <= 0 || signal.aborted) return;
      await pause(millis, AbortSignal.any([signal, first[1].over.signal]));
    }
  }
}
