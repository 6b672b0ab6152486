// How it stands with the connections of a page.

import type { ConnectionEvents } from '../connectionEvents.ts';
import type { ConnectionState } from '../connectionState.ts';
import type { ConduitSignalRService } from '../service.ts';
import { Announcer } from './announcer.ts';
import { ConduitElement, sentence } from './element.ts';
import { duration, languageOf, timeOfDay } from './formats.ts';
import { type HubCondition, watchHub } from './hubWatch.ts';
import { make, setAttribute, setText } from './markup.ts';
import { stylesheet } from './stylesheet.ts';
import { everySecond } from './ticking.ts';

/** From which round trip on a connection is no longer called that, in milliseconds. */
const QUALITIES: [below: number, name: string][] = [
  [50, 'excellent'],
  [150, 'good'],
  [300, 'fair'],
  [Number.POSITIVE_INFINITY, 'poor'],
];

/** Changes that are listed. */
const MOST_CHANGES = 5;

/** Between two round trips, while somebody looks at them: each of them wakes the key's object. */
const PING_EVERY_MILLIS = 10_000;

/** The worst first. */
const RANKS: readonly ConnectionState[] = ['failed', 'disconnected', 'reconnecting', 'connecting', 'connected'];

const TEXTS: Record<ConnectionState, string> = {
  connected: 'Connected',
  connecting: 'Connecting…',
  reconnecting: 'Reconnecting…',
  disconnected: 'Disconnected',
  failed: 'Not connected',
};

const TONES: Record<ConnectionState, string> = {
  connected: 'good',
  connecting: 'quiet',
  reconnecting: 'warn',
  disconnected: 'bad',
  failed: 'bad',
};

const STYLES = stylesheet(`
  :host { display: inline-block; padding: 0; max-inline-size: 100%; }
  :host([open]) { inline-size: min(20rem, 100%); }
  summary {
    display: flex; align-items: center; gap: 0.5rem; padding: 0.375rem 0.75rem; cursor: pointer; list-style: none;
    border-radius: inherit;
  }
  summary::-webkit-details-marker { display: none; }
  summary::after { content: "▾"; content: "▾" / ""; color: var(--_muted); margin-inline-start: auto; }
  details[open] summary::after { content: "▴"; content: "▴" / ""; }
  details { border-radius: inherit; }
  summary:focus-visible { outline-offset: -2px; }
  .hub { padding: 0.5rem 0.75rem; border-block-start: 1px solid var(--_line); }
  dl { display: grid; grid-template-columns: auto 1fr; gap: 0.125rem 0.75rem; margin-block-start: 0.25rem; }
  dt { color: var(--_muted); font-size: 0.875em; }
  dd { font-size: 0.875em; text-align: end; }
  ol { margin-block-start: 0.375rem; }
  .notice { margin: 0; padding: 0.375rem 0.75rem; }
  .hub button { margin-block-start: 0.375rem; }
  @media (prefers-reduced-motion: no-preference) {
    .dot.warn { animation: breathe 1.2s ease-in-out infinite alternate; }
    @keyframes breathe { to { opacity: 0.35; } }
  }
`);

/** A hub as it is listed. */
interface Listed {
  hub: string;
  condition: HubCondition;
  changes: { state: ConnectionState; at: Date }[];
  section: HTMLElement;
  state: HTMLElement;
  cause: HTMLElement;
  figures: HTMLElement;
  list: HTMLElement;
  retry: HTMLElement;
}

/**
 * `<conduit-connection-status hub="tasks">`: a badge; opened, it says more of each hub: latency, transport, how long it
 * has been connected, what happened. It measures the latency only while it is open.
 *
 * @attr hub - which hubs, separated by spaces; `tasks`. It connects them
 * @attr label - what goes before the state
 * @attr open - whether more is shown
 * @slot label - what goes before the state, as content
 * @fires conduit-connection - with a `HubCondition` and `hub` as detail, whenever one of them changes
 * @csspart summary, dot, label, state, hub, cause, figures, changes
 */
export class ConduitConnectionStatus extends ConduitElement {
  static readonly observedAttributes = ['hub', 'label', 'open'];

  readonly #announcer = new Announcer();
  #hubs: Listed[] = [];
  #announced: ConnectionState | undefined;
  #running: ConduitSignalRService | undefined;
  #isWithoutService = false;
  #details!: HTMLDetailsElement;
  #label!: HTMLElement;
  #dot!: HTMLElement;
  #state!: HTMLElement;

  /** Which hubs. */
  get hubs(): string[] {
    const named = (this.getAttribute('hub') ?? '').split(/\s+/).filter(Boolean);
    return named.length > 0 ? [...new Set(named)] : ['tasks'];
  }

  set hubs(hubs: readonly string[]) {
    this.setAttribute('hub', hubs.join(' '));
  }

  /** The worst state of its hubs. */
  get state(): ConnectionState {
    if (this.#isWithoutService) return 'failed';
    return RANKS.find((state) => this.#hubs.some(({ condition }) => condition.state === state)) ?? 'connecting';
  }

  override attributeChangedCallback(name?: string): void {
    super.attributeChangedCallback();
    if (name === 'open' && this.#details !== undefined) this.#details.open = this.hasAttribute('open');
  }

  protected get styles() {
    return [STYLES];
  }

  protected get subject(): string {
    return this.hubs.join(' ');
  }

  protected build(): Node[] {
    this.#label = make('span', { class: 'muted', part: 'label' });
    this.#dot = make('span', { class: 'dot', part: 'dot' });
    this.#state = make('span', { part: 'state' });
    const summary = make(
      'summary',
      { part: 'summary' },
      this.#dot,
      make('slot', { name: 'label' }, this.#label),
      this.#state,
    );
    this.#details = make('details', { open: this.hasAttribute('open') }, summary);
    this.#details.addEventListener('toggle', () => {
      setAttribute(this, 'open', this.#details.open);
      if (this.#details.open && this.#running) this.#ping(this.#running);
    });
    return [this.#details, this.#announcer.region];
  }

  protected follow(service: ConduitSignalRService, life: AbortSignal): void {
    this.#running = service;
    this.#isWithoutService = false;
    // Each hub says how it stands by itself.
    this.complain(undefined);
    this.#announced = undefined;
    for (const { section } of this.#hubs) section.remove();
    this.#hubs = this.hubs.map((hub) => this.#list(hub));
    this.#details.append(...this.#hubs.map(({ section }) => section));
    for (const listed of this.#hubs) this.#followHub(listed, service, life);
    everySecond(life, () => this.#details.open && this.render());
    const timer = setInterval(() => {
      if (this.#details.open && !document.hidden) this.#ping(service);
    }, PING_EVERY_MILLIS);
    life.addEventListener('abort', () => {
      clearInterval(timer);
      this.#announcer.stop();
      this.#running = undefined;
    });
    if (this.#details.open) this.#ping(service);
  }

  protected render(): void {
    const { state } = this;
    setText(this.#label, this.getAttribute('label') ?? '');
    this.#label.hidden = this.#label.textContent === '';
    setText(
      this.#state,
      this.#hubs.some(({ condition }) => condition.isPolling) ? 'Updates every few seconds' : TEXTS[state],
    );
    setAttribute(this.#state, 'class', state === 'connected' ? undefined : TONES[state]);
    setAttribute(this.#dot, 'class', `dot ${TONES[state]}`);
    for (const listed of this.#hubs) this.#renderHub(listed);
    // That it connects at first is what everybody expects.
    if (state === 'connecting' || state === this.#announced) return;
    if (this.#announced !== undefined || state !== 'connected') this.#announcer.say(TEXTS[state]);
    this.#announced = state;
  }

  /** There is no service: of what its hubs are, it is told itself. */
  protected override conditionChanged({ state }: HubCondition): void {
    this.#isWithoutService = state === 'failed';
  }

  #followHub(listed: Listed, service: ConduitSignalRService, life: AbortSignal): void {
    const { hub } = listed;
    service.addEventListener(
      `conduit:${hub}:stateChanged`,
      (event) => {
        const { currentState, timestamp } = (event as CustomEvent<ConnectionEvents['stateChanged']>).detail;
        listed.changes = [{ state: currentState, at: new Date(timestamp) }, ...listed.changes].slice(0, MOST_CHANGES);
        if (currentState === 'connected' && this.#details.open) this.#ping(service);
      },
      { signal: life },
    );
    const tell = (condition: HubCondition) => {
      const isNews = JSON.stringify(condition) !== JSON.stringify(listed.condition);
      listed.condition = condition;
      this.showState(this.state);
      this.render();
      if (isNews) this.dispatch('conduit-connection', { hub, ...condition });
    };
    // The list of what happened outlives a hub that begins anew.
    const begin = () => service.connectToHub(hub).catch(() => {});
    watchHub({ service, hub, signal: life, tell, begin });
  }

  #ping(service: ConduitSignalRService): void {
    for (const { hub } of this.#hubs) {
      if (service.isConnected(hub))
        service.ping(hub).then(
          () => this.render(),
          () => {},
        );
    }
  }

  #list(hub: string): Listed {
    const state = make('span');
    const cause = make('p', { class: 'muted', part: 'cause' });
    const figures = make('dl', { part: 'figures' });
    const list = make('ol', { class: 'muted', part: 'changes', role: 'list', 'aria-label': 'Latest changes' });
    const retry = make('button', { type: 'button', part: 'button' }, 'Try again');
    retry.addEventListener('click', () => void this.#running?.connectToHub(hub).catch(() => {}));
    const head = make('div', { class: 'row' }, make('span', { class: 'strong' }, hub), state);
    const section = make('div', { class: 'hub', part: 'hub' }, head, cause, figures, list, retry);
    return {
      hub,
      condition: { state: 'connecting', isPolling: false },
      changes: [],
      section,
      state,
      cause,
      figures,
      list,
      retry,
    };
  }

  #renderHub({ hub, condition, changes, state, cause, figures, list, retry }: Listed): void {
    const language = languageOf(this);
    const what = sentence(condition);
    setText(state, TEXTS[condition.state]);
    setText(cause, what ?? '');
    cause.hidden = what === undefined || condition.state === 'connecting';
    setAttribute(state, 'class', TONES[condition.state]);
    retry.hidden = condition.state !== 'failed' && condition.state !== 'disconnected';
    const shown = this.#figures(hub, condition).flatMap(([name, value]) => [
      make('dt', {}, name),
      make('dd', {}, value),
    ]);
    figures.replaceChildren(...shown);
    const items = changes.map(({ state, at }) =>
      make('li', {}, `${timeOfDay(at, language)}  ${TEXTS[state].replace('…', '')}`),
    );
    list.replaceChildren(...items);
    list.hidden = items.length === 0;
  }

  #figures(hub: string, { state }: HubCondition): [string, string][] {
    const service = this.#running;
    if (service === undefined) return [];
    const { latency, reconnects = 0, connectedAt } = service.getMetrics(hub);
    const transport = service.getTransport(hub);
    const figures: [string, string][] = [];
    if (state === 'connected' && latency !== undefined) {
      const quality = QUALITIES.find(([below]) => latency.last < below)?.[1] ?? '';
      figures.push(['Latency', `${Math.round(latency.last)} ms, ${quality}`]);
    }
    if (transport !== null) figures.push(['Transport', transport]);
    if (state === 'connected' && connectedAt !== undefined)
      figures.push(['Connected for', duration(Date.now() - connectedAt)]);
    if (reconnects > 0) figures.push(['Reconnects', `${reconnects}`]);
    return figures;
  }
}
