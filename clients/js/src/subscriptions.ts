// What a program has subscribed to at a hub, by the invocations that it made for it.

import type { HubAddress } from './hubNames.ts';

/** An invocation that subscribes to one thing. */
export interface Subscription {
  method: string;
  args: unknown[];
  /** What kind of thing, such as `Task`. */
  topic: string;
  /** Which one. */
  id: string;
  /** Whether the server has accepted it. */
  isConfirmed: boolean;
}

/** Other names of one method. */
const SAME_TOPIC: Record<string, string> = { VideoGeneration: 'Request' };
const SAME_TOPIC_OF_VIDEOS: Record<string, string> = { ...SAME_TOPIC, Task: 'Request' };

export class Subscriptions {
  readonly #all = new Map<string, Subscription>();

  constructor(private readonly address: HubAddress) {}

  /** Whether a method subscribes to something. */
  static isSubscribing(method: string): boolean {
    return /^SubscribeTo./.test(method);
  }

  /** Whether it may be invoked twice without harm. */
  static isRepeatable(method: string): boolean {
    return /^(Subscribe|Unsubscribe)(To|From)./.test(method);
  }

  /** Notes an invocation that is to be sent. */
  intend(method: string, args: unknown[]): void {
    for (const subscription of this.#of(method, args, 'SubscribeTo')) {
      const key = keyOf(subscription);
      if (!this.#all.has(key)) this.#all.set(key, subscription);
    }
  }

  /** Notes that an invocation was accepted. */
  confirm(method: string, args: unknown[]): void {
    for (const subscription of this.#of(method, args, 'SubscribeTo')) {
      this.#all.set(keyOf(subscription), { ...subscription, isConfirmed: true });
    }
    for (const subscription of this.#of(method, args, 'UnsubscribeFrom')) this.#all.delete(keyOf(subscription));
  }

  /** Notes that an invocation failed: what was accepted before stays. */
  refuse(method: string, args: unknown[]): void {
    for (const subscription of this.#of(method, args, 'SubscribeTo')) {
      const key = keyOf(subscription);
      if (this.#all.get(key)?.isConfirmed === false) this.#all.delete(key);
    }
  }

  /** What the server has accepted. */
  get confirmed(): Subscription[] {
    return this.wanted.filter(({ isConfirmed }) => isConfirmed);
  }

  /** What the program has asked for, accepted already or not. */
  get wanted(): Subscription[] {
    return [...this.#all.values()];
  }

  #of(method: string, args: unknown[], prefix: 'SubscribeTo' | 'UnsubscribeFrom'): Subscription[] {
    if (!method.startsWith(prefix) || method.length === prefix.length) return [];
    const name = method.slice(prefix.length);
    const same = this.address.hub === 'VideoGenerationHub' ? SAME_TOPIC_OF_VIDEOS : SAME_TOPIC;
    const topic = same[name] ?? name;
    const [first, ...others] = args;
    // A list is as many subscriptions, which may end one by one.
    const each = Array.isArray(first) ? first.map((item) => [[item], item]) : [[first, first]];
    return each.map(([argument, id]) => ({
      method,
      args: [argument, ...others],
      topic,
      id: String(id),
      isConfirmed: false,
    }));
  }
}

function keyOf({ topic, id }: Subscription): string {
  return `${topic} ${id}`;
}
