// What all elements have in common: a service, a life that begins and ends with being in a page, and a line that says so
// when the connection is not there.

import type { ConduitSignalRService } from '../service.ts';
import { duration } from './formats.ts';
import { type HubCondition, watchHub } from './hubWatch.ts';
import { make, setText } from './markup.ts';
import { sharedService } from './serviceSource.ts';
import { COMMON } from './stylesheet.ts';
import { everySecond } from './ticking.ts';

// Where there is no page, as when a server renders one, the classes are there and are not used.
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

const STATES = ['connecting', 'connected', 'reconnecting', 'disconnected', 'failed'] as const;

/** How long it may take to connect before that is said. */
const UNSAID_MILLIS = 1_000;

/**
 * An element on a service.
 *
 * It works while it is in a document: taken out, it stops listening; moved, it goes on. The hub's connection stays, as
 * others may use it.
 *
 * @cssstate connecting | connected | reconnecting | disconnected | failed - how its connection stands
 * @csspart notice - the line about a connection that is not there
 * @csspart button - every button
 */
export abstract class ConduitElement extends Base {
  #service: ConduitSignalRService | undefined;
  /** Ends with being in the page, and with each change of what it is about. */
  #life: AbortController | undefined;
  #subject = '';
  #isBuilt = false;
  #isSettling = false;
  readonly #internals: ElementInternals | undefined;
  readonly #root: ShadowRoot | undefined;
  #noticeText!: HTMLElement;
  #notice!: HTMLElement;
  #retry!: HTMLElement;
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    if (globalThis.HTMLElement === undefined) return;
    this.#root = this.attachShadow({ mode: 'open' });
    this.#internals = this.attachInternals();
  }

  /** The service that it uses; the page's, unless one is set. */
  get service(): ConduitSignalRService | undefined {
    return this.#service;
  }

  set service(service: ConduitSignalRService | undefined) {
    this.#service = service;
    if (this.isConnected) this.restart();
  }

  connectedCallback(): void {
    this.#settle();
  }

  disconnectedCallback(): void {
    this.#settle();
  }

  /** Moved as it is: nothing to do. */
  connectedMoveCallback(): void {}

  attributeChangedCallback(): void {
    this.#settle();
    if (this.#isBuilt) this.render();
  }

  /** Begins anew, as after an error. */
  restart(): void {
    this.#end();
    this.#settle();
  }

  /** Its sheets, besides the common one. */
  protected abstract get styles(): (CSSStyleSheet | undefined)[];

  /** What it is about: it begins anew where that changes. */
  protected abstract get subject(): string;

  /** Its content, made once. */
  protected abstract build(): Node[];

  /** Begins to listen, with nothing known. */
  protected abstract follow(service: ConduitSignalRService, life: AbortSignal): void;

  /** Shows what is known. */
  protected abstract render(): void;

  /** Whether nothing more can come, so that the connection makes no difference. */
  protected get isOver(): boolean {
    return false;
  }

  /** Is told how the connection stands. */
  protected conditionChanged(_condition: HubCondition): void {}

  /** Listens to an event of a hub for as long as this life lasts. */
  protected hear(
    service: ConduitSignalRService,
    hub: string,
    event: string,
    life: AbortSignal,
    handler: (...args: any[]) => void,
  ): void {
    service.on(hub, event, handler);
    life.addEventListener('abort', () => service.off(hub, event, handler));
  }

  /** Connects a hub, and shows how that stands. */
  protected watch(service: ConduitSignalRService, hub: string, life: AbortSignal): void {
    let known: HubCondition | undefined;
    const tell = (condition: HubCondition) => {
      known = condition;
      this.#show(condition);
      this.conditionChanged(condition);
    };
    watchHub({ service, hub, signal: life, tell, begin: () => this.restart() });
    everySecond(life, () => known?.nextRetryTime !== undefined && this.#show(known));
  }

  /** Tells the page of something. Says whether the page wants the usual to be done as well. */
  protected dispatch(name: string, detail: unknown, isCancelable = false): boolean {
    const options = { bubbles: true, composed: true, cancelable: isCancelable };
    return this.dispatchEvent(new CustomEvent(name, { ...options, detail }));
  }

  /** A line about something that went wrong, or nothing. */
  protected complain(text: string | undefined, canRetry = true): void {
    this.#notice.hidden = text === undefined;
    if (text !== undefined) setText(this.#noticeText, text);
    this.#retry.hidden = !canRetry;
  }

  /** Shows how its connection stands, for style sheets. */
  protected showState(current: HubCondition['state']): void {
    for (const state of STATES) this.setState(state, state === current);
  }

  /** Sets one of its states for style sheets, or takes it away. */
  protected setState(state: string, isOn: boolean): void {
    if (isOn) this.#internals?.states.add(state);
    else this.#internals?.states.delete(state);
  }

  #settle(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    // Moving takes it out and puts it back at once.
    queueMicrotask(() => {
      this.#isSettling = false;
      if (!this.isConnected) this.#end();
      else if (this.#life === undefined || this.#subject !== this.subject) void this.#begin();
    });
  }

  #end(): void {
    clearTimeout(this.#soon);
    this.#life?.abort();
    this.#life = undefined;
  }

  async #begin(): Promise<void> {
    this.#end();
    this.#makeContent();
    const life = new AbortController();
    this.#life = life;
    this.#subject = this.subject;
    this.#show({ state: 'connecting', isPolling: false });
    try {
      const service = this.#service ?? (await sharedService());
      if (!life.signal.aborted) this.follow(service, life.signal);
    } catch (thrown) {
      if (life.signal.aborted) return;
      const condition: HubCondition = { state: 'failed', reason: saidBy(thrown), isPolling: false };
      this.#show(condition);
      this.conditionChanged(condition);
    }
    if (!life.signal.aborted) this.render();
  }

  #makeContent(): void {
    if (this.#isBuilt || this.#root === undefined) return;
    this.#isBuilt = true;
    // What was set before the element was defined hides the accessor.
    if (Object.hasOwn(this, 'service')) {
      const { service } = this;
      delete (this as { service?: unknown }).service;
      this.#service = service;
    }
    this.#root.adoptedStyleSheets = [COMMON, ...this.styles].filter((sheet) => sheet !== undefined);
    this.#noticeText = make('span', { class: 'grow' });
    this.#retry = make('button', { type: 'button', part: 'button' }, 'Try again');
    this.#retry.addEventListener('click', () => this.restart());
    this.#notice = make('div', { class: 'notice muted', part: 'notice' }, this.#noticeText, this.#retry);
    this.#notice.hidden = true;
    this.#root.append(...this.build(), this.#notice);
  }

  #show(condition: HubCondition): void {
    clearTimeout(this.#soon);
    this.showState(condition.state);
    const text = this.isOver ? undefined : sentence(condition);
    const tell = () => this.complain(text, condition.state === 'failed' || condition.state === 'disconnected');
    if (condition.state !== 'connecting' || condition.nextRetryTime !== undefined || condition.isPolling) {
      tell();
      return;
    }
    // Nothing should move in a page because it connects as it should.
    this.complain(undefined);
    this.#soon = setTimeout(tell, UNSAID_MILLIS);
  }
}

/** What is wrong with a connection, and what happens next; nothing where all is well. */
export function sentence({ state, reason, nextRetryTime, isPolling }: HubCondition): string | undefined {
  const left = nextRetryTime === undefined ? 0 : nextRetryTime - Date.now();
  const wait = left > 1_500 ? ` Next attempt in ${duration(left)}.` : '';
  switch (state) {
    case 'connected':
      return undefined;
    case 'connecting':
      if (isPolling) return 'Not connected; updates come every few seconds.';
      return nextRetryTime === undefined ? 'Connecting…' : `Cannot connect.${wait || ' Trying again…'}`;
    case 'reconnecting':
      return isPolling
        ? 'Connection lost; updates come every few seconds.'
        : `Connection lost.${wait || ' Reconnecting…'}`;
    case 'disconnected':
      return 'Disconnected.';
    case 'failed':
      return FAILURES[reason ?? ''] ?? `Could not connect: ${reason ?? 'unknown cause'}`;
  }
}

/** What a server said to an invocation, without what the official client puts before it. */
export function saidBy(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return /HubException: (.+)$/s.exec(message)?.[1] ?? message;
}

const FAILURES: Record<string, string> = {
  Unauthorized: 'Could not connect: the key is missing or not valid here.',
  'No such hub': 'Could not connect: the server has no such hub.',
  'Max attempts reached': 'Could not connect: the server does not answer.',
};
