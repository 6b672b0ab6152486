// Where each task, video or image stands, as it was told last. A server that tells somebody who comes back where a task
// stands gives that an id of its own, so that only its content says that it was told before.

import { eventIdOf } from './eventIds.ts';
import type { HubAddress } from './hubNames.ts';

/** States that are remembered: of as many tasks as a page looks at. */
const MOST_STATES = 2_000;

const META = ['eventId', 'timestamp', 'correlationId'];

export class LatestStates {
  readonly #states = new Map<string, string>();
  /** Whether the hub tells states, which may be told twice, and not happenings, which may not be dropped. */
  readonly #tellsStates: boolean;

  constructor({ hub }: HubAddress) {
    this.#tellsStates = hub === 'TaskHub' || hub === 'VideoGenerationHub' || hub === 'ImageGenerationHub';
  }

  /** Notes an event, and says whether it tells what was told already. */
  isKnown(event: string, args: readonly unknown[]): boolean {
    if (!this.#tellsStates) return false;
    const [first] = args;
    const told = typeof first === 'object' && first !== null ? (first as Record<string, unknown>) : undefined;
    const subject = `${event} ${told === undefined ? first : (told.requestId ?? told.taskId)}`;
    const content = JSON.stringify(withoutMeta(args), (name, value) => (META.includes(name) ? undefined : value));
    const isKnown = this.#states.get(subject) === content;
    this.#states.delete(subject);
    this.#states.set(subject, content);
    if (this.#states.size > MOST_STATES) {
      const [oldest] = this.#states.keys();
      if (oldest !== undefined) this.#states.delete(oldest);
    }
    return isKnown;
  }

  forget(): void {
    this.#states.clear();
  }
}

/** The arguments of an event without the one that has its metadata. */
function withoutMeta(args: readonly unknown[]): readonly unknown[] {
  return args.length > 1 && eventIdOf(args) !== undefined ? args.slice(0, -1) : args;
}
