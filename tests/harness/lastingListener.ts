// A client that wants every state change of a key's tasks, whatever happens to its connection: it resumes, and where that
// cannot be it reads what it missed from the history.

import { type FrontDoor, type Key, TASK_EVENTS } from './edge.ts';
import { Inbox } from './inbox.ts';
import { OfficialClient } from './officialClient.ts';

/** A state change of a task, under the id that its event has. */
export interface StateChange {
  eventId: string;
  name: string;
  taskId: string;
}

interface HistoryPage {
  items: { eventId: string; event: string; arguments: unknown[] }[];
  next?: string;
}

/** Delays of reconnects in milliseconds: often, and for longer than any restart takes. */
const RECONNECT = Array.from({ length: 2_000 }, () => 50);

export class LastingListener {
  /** Each state change once, in the order in which it came. */
  readonly changes: Inbox<StateChange>;
  readonly #seen = new Set<string>();
  /** What comes while the history is read. */
  #held: StateChange[] | undefined;
  #token: string | undefined;

  private constructor(
    private readonly front: FrontDoor,
    private readonly key: Key,
    private readonly client: OfficialClient,
  ) {
    this.changes = new Inbox(`the listener of ${key.id}`);
    for (const name of TASK_EVENTS) {
      if (name === 'TaskProgress') continue;
      client.connection.on(name, (taskId: string, ...rest: unknown[]) => {
        const { eventId } = rest.at(-1) as { eventId: string };
        this.#take({ eventId, name, taskId });
      });
    }
    client.connection.onreconnected(() => {
      this.#comeBack().catch(() => {
        // The connection was lost again: the next one comes back.
      });
    });
  }

  static async start(front: FrontDoor, key: Key): Promise<LastingListener> {
    const client = new OfficialClient(front.hub('meta=1'), {
      accessTokenFactory: () => key.key,
      reconnect: RECONNECT,
    });
    const listener = new LastingListener(front, key, client);
    await client.connection.start();
    await listener.#begin();
    return listener;
  }

  stop(): Promise<void> {
    return this.client.stop();
  }

  async #begin(): Promise<void> {
    await this.client.connection.invoke('SubscribeToTaskType', '*');
    await this.#askForToken();
  }

  async #askForToken(): Promise<void> {
    const { resumeToken } = await this.client.connection.invoke<{ resumeToken: string }>('GetResumeToken');
    this.#token = resumeToken;
  }

  async #comeBack(): Promise<void> {
    const last = this.changes.all.at(-1)?.eventId;
    const resumed = await this.#resume(last);
    // A token counts once: it may have been used by a connection that was lost before it had another.
    if (resumed) await this.#askForToken();
    else await this.#catchUp(last);
  }

  async #resume(last: string | undefined): Promise<boolean> {
    if (this.#token === undefined) return false;
    const resume = this.client.connection.invoke<{ recovered: boolean }>('Resume', this.#token, last ?? null);
    const { recovered } = await resume.catch((error: Error) => {
      if (error.message.includes('token')) return { recovered: false };
      throw error;
    });
    return recovered;
  }

  async #catchUp(last: string | undefined): Promise<void> {
    this.#held = [];
    await this.#begin();
    let after = last;
    for (;;) {
      const query = new URLSearchParams({ hub: 'TaskHub', limit: '1000', ...(after === undefined ? {} : { after }) });
      const page = await this.front.read<HistoryPage>(this.key, `/v1/history?${query}`);
      for (const item of page.items) {
        this.#add({ eventId: item.eventId, name: item.event, taskId: String(item.arguments[0]) });
      }
      if (page.next === undefined) break;
      after = page.next;
    }
    const held = this.#held;
    this.#held = undefined;
    for (const change of held) this.#add(change);
  }

  #take(change: StateChange): void {
    if (this.#held === undefined) this.#add(change);
    else this.#held.push(change);
  }

  #add(change: StateChange): void {
    if (this.#seen.has(change.eventId)) return;
    this.#seen.add(change.eventId);
    this.changes.push(change);
  }
}
