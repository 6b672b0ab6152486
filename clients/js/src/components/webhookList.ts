// Deliveries of webhooks as they happen.

import type { CircuitBreakerStateChangedEvent, WebhookStatistics } from '../contract.ts';
import type { ConduitSignalRService } from '../service.ts';
import { Announcer } from './announcer.ts';
import { Deliveries, type Delivery } from './deliveries.ts';
import { ConduitElement, saidBy } from './element.ts';
import { duration, languageOf, timeOfDay } from './formats.ts';
import { make, setAttribute, setText } from './markup.ts';
import { stylesheet } from './stylesheet.ts';
import { everySecond } from './ticking.ts';
import { listenTo } from './webhookSubscriptions.ts';

const EVENTS = ['DeliveryAttempted', 'DeliverySucceeded', 'DeliveryFailed', 'RetryScheduled'];

const MOST_ROWS = 20;

const TONES: Record<Delivery['status'], string> = {
  attempting: 'quiet',
  succeeded: 'good',
  waiting: 'warn',
  failed: 'bad',
};

const STYLES = stylesheet(`
  li { display: flex; gap: 0.625rem; padding-block: 0.5rem; border-block-start: 1px solid var(--_line); }
  li:first-child { border: 0; }
  .held { margin-block-end: 0.5rem; font-size: 0.875em; overflow-wrap: anywhere; }
  time { flex: none; }
`);

interface Row {
  item: HTMLElement;
  dot: HTMLElement;
  url: HTMLElement;
  time: HTMLElement;
  what: HTMLElement;
  outcome: HTMLElement;
}

/**
 * `<conduit-webhook-list>`: deliveries from now on, the latest first, with what came of each attempt and a countdown to the
 * next one.
 *
 * @attr urls - which webhooks, separated by spaces; all of the key
 * @attr limit - deliveries shown; 20
 * @slot empty - shown while there is none
 * @fires conduit-webhook-delivery - with a `Delivery` as detail, at each change
 * @csspart list, item, url, time, type, outcome, held-back, empty
 */
export class ConduitWebhookList extends ConduitElement {
  static readonly observedAttributes = ['urls', 'limit'];

  readonly #announcer = new Announcer();
  readonly #rows = new Map<string, Row>();
  #deliveries = new Deliveries();
  #list!: HTMLElement;
  #empty!: HTMLElement;
  #heldBack!: HTMLElement;

  /** Which webhooks; none named is all. */
  get urls(): string[] {
    return (this.getAttribute('urls') ?? '').split(/\s+/).filter((url) => url !== '' && url !== '*');
  }

  set urls(urls: readonly string[]) {
    this.setAttribute('urls', urls.join(' '));
  }

  get limit(): number {
    const limit = Number.parseInt(this.getAttribute('limit') ?? '', 10);
    return limit > 0 ? Math.min(limit, 500) : MOST_ROWS;
  }

  set limit(limit: number) {
    this.setAttribute('limit', `${limit}`);
  }

  /** What it shows, the latest first. */
  get deliveries(): readonly Delivery[] {
    return this.#deliveries.latest;
  }

  protected get styles() {
    return [STYLES];
  }

  protected get subject(): string {
    return this.urls.join(' ');
  }

  protected build(): Node[] {
    this.#heldBack = make('p', { class: 'held warn', part: 'held-back' });
    // Where a list has no markers, some readers of the screen take it for none.
    this.#list = make('ol', { part: 'list', role: 'list', 'aria-label': 'Webhook deliveries' });
    this.#empty = make('p', { class: 'muted', part: 'empty' }, 'No deliveries yet.');
    const slot = make('slot', { name: 'empty' }, this.#empty);
    return [this.#heldBack, slot, this.#list, this.#announcer.region];
  }

  protected follow(service: ConduitSignalRService, life: AbortSignal): void {
    this.#deliveries = new Deliveries();
    life.addEventListener('abort', () => this.#announcer.stop());
    for (const event of EVENTS) {
      this.hear(service, 'webhooks', event, life, (told) => {
        if (!this.#isWanted(told.url)) return;
        const delivery = this.#deliveries.note(event, told, this.limit);
        if (delivery.status === 'failed')
          this.#announcer.say(`Delivery to ${delivery.url} failed: ${delivery.error ?? ''}`);
        this.render();
        this.dispatch('conduit-webhook-delivery', delivery);
      });
    }
    const noteBreaker = ({ url, currentState }: Pick<CircuitBreakerStateChangedEvent, 'url' | 'currentState'>) => {
      if (!this.#isWanted(url)) return;
      this.#deliveries.noteBreaker(url, currentState);
      this.render();
    };
    this.hear(service, 'webhooks', 'CircuitBreakerStateChanged', life, noteBreaker);
    this.watch(service, 'webhooks', life);
    this.#subscribe(service, life).catch((thrown: unknown) => {
      if (life.aborted || !service.isConnected('webhooks')) return;
      this.complain(saidBy(thrown));
    });
    const readBreakers = async () => {
      const { items } = await service.read<{ items: WebhookStatistics[] }>('/v1/webhooks?limit=1000');
      if (life.aborted) return;
      for (const { url, circuitBreakerState } of items) noteBreaker({ url, currentState: circuitBreakerState });
    };
    const whenConnected = () => service.isConnected('webhooks') && void readBreakers().catch(() => {});
    service.addEventListener('conduit:webhooks:stateChanged', whenConnected, { signal: life });
    whenConnected();
    everySecond(life, () => this.render());
  }

  protected render(): void {
    const latest = this.#deliveries.latest.slice(0, this.limit);
    const language = languageOf(this);
    const ids = new Set(latest.map(({ deliveryId }) => deliveryId));
    for (const [id, { item }] of this.#rows) {
      if (ids.has(id)) continue;
      item.remove();
      this.#rows.delete(id);
    }
    latest.forEach((delivery, index) => {
      const row = this.#rows.get(delivery.deliveryId) ?? this.#makeRow(delivery.deliveryId);
      if (this.#list.children[index] !== row.item)
        this.#list.insertBefore(row.item, this.#list.children[index] ?? null);
      setAttribute(row.dot, 'class', `dot ${TONES[delivery.status]}`);
      setText(row.url, shortened(delivery.url));
      setAttribute(row.url, 'title', delivery.url);
      setText(row.time, timeOfDay(new Date(delivery.timestamp), language));
      setAttribute(row.time, 'datetime', delivery.timestamp);
      setText(row.what, delivery.eventType);
      setText(row.outcome, outcomeText(delivery));
      setAttribute(row.outcome, 'class', TONES[delivery.status]);
    });
    this.#list.hidden = latest.length === 0;
    this.#empty.parentElement?.toggleAttribute('hidden', latest.length > 0);
    const { heldBack } = this.#deliveries;
    setText(this.#heldBack, heldBack.length === 0 ? '' : `Held back after failures: ${heldBack.join(', ')}`);
    this.#heldBack.hidden = heldBack.length === 0;
  }

  async #subscribe(service: ConduitSignalRService, life: AbortSignal): Promise<void> {
    await listenTo(service, this.urls.length === 0 ? ['*'] : this.urls, life);
  }

  #isWanted(url: string): boolean {
    const { urls } = this;
    const href = (text: string) => (URL.canParse(text) ? new URL(text).href : text);
    return urls.length === 0 || urls.some((wanted) => href(wanted) === href(url));
  }

  #makeRow(deliveryId: string): Row {
    const dot = make('span', { class: 'dot' });
    const url = make('span', { class: 'cut grow', part: 'url' });
    const time = make('time', { class: 'muted', part: 'time' });
    const what = make('span', { class: 'cut', part: 'type' });
    const outcome = make('span', { part: 'outcome' });
    const lines = [
      make('div', { class: 'row' }, url, time),
      make('div', { class: 'row wrap muted' }, what, make('span', { class: 'end' }, outcome)),
    ];
    const row = {
      dot,
      url,
      time,
      what,
      outcome,
      item: make('li', { part: 'item' }, dot, make('div', { class: 'grow' }, ...lines)),
    };
    this.#rows.set(deliveryId, row);
    return row;
  }
}

/** An address without what all of them have. */
function shortened(url: string): string {
  return url.replace(/^https?:\/\//, '');
}

function outcomeText({ status, statusCode, responseTimeMs, error, attempt, retryAt }: Delivery): string {
  const which = attempt > 1 ? `, attempt ${attempt}` : '';
  const why = error ?? (statusCode === undefined ? 'no answer' : `HTTP ${statusCode}`);
  switch (status) {
    case 'attempting':
      return `sending${which}`;
    case 'succeeded':
      return `${statusCode ?? 'delivered'} in ${Math.round(responseTimeMs ?? 0)} ms${which}`;
    case 'waiting': {
      const left = retryAt === undefined ? 0 : Date.parse(retryAt) - Date.now();
      return `${why}; again ${left > 0 ? `in ${duration(Math.max(left, 1_000))}` : 'now'}`;
    }
    case 'failed':
      return `failed: ${why}${which}`;
  }
}
