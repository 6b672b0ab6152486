// Notifications of the system.

import type { EventMeta, Severity } from '../contract.ts';
import type { ConduitSignalRService } from '../service.ts';
import { ConduitElement } from './element.ts';
import { languageOf, timeOfDay } from './formats.ts';
import { make } from './markup.ts';
import { NOTICES, type Notice, PRIORITIES } from './notices.ts';
import { stylesheet } from './stylesheet.ts';

const MOST_SHOWN = 5;

const TONES: Record<Severity, string> = { Low: 'quiet', Medium: 'accent', High: 'warn', Critical: 'bad' };

const STYLES = stylesheet(`
  li {
    display: flex; gap: 0.625rem; align-items: flex-start; padding-block: 0.5rem;
    border-block-start: 1px solid var(--_line);
  }
  li:first-child { border: 0; }
  li .dot { align-self: flex-start; margin-block-start: 0.4em; }
  .accent { color: var(--_accent); }
  .title { overflow-wrap: break-word; max-inline-size: 100%; }
  time { flex: none; }
  .dismiss { flex: none; min-inline-size: 1.75rem; padding: 0; line-height: 1.5rem; border-color: transparent; }
  .foot { margin-block-start: 0.5rem; justify-content: flex-end; }
  :host(:state(quiet)) { display: none; }
`);

/**
 * `<conduit-notifications>`: what the system has to say, the latest first: providers, limits, announcements, services and
 * models. What is told later of the same thing takes the place of what was told before.
 *
 * @attr limit - how many are shown; 5
 * @attr types - which types (`provider_health` and so on, see `UpdatePreferences`), separated by spaces; all
 * @attr minimum-priority - `Low`, `Medium`, `High` or `Critical`; `Low`
 * @attr hide-empty - whether it is not there while there is nothing to say
 * @slot empty - shown while there is nothing to say
 * @fires conduit-notification - with a `Notice` as detail; prevented, it is not shown
 * @fires conduit-notification-dismissed - with the `Notice` as detail
 * @csspart list, item, title, text, time, dismiss, clear, empty
 */
export class ConduitNotifications extends ConduitElement {
  static readonly observedAttributes = ['limit', 'types', 'minimum-priority', 'hide-empty'];

  #notices: Notice[] = [];
  #polite!: HTMLElement;
  #urgent!: HTMLElement;
  #list!: HTMLElement;
  #empty!: HTMLElement;
  #clear!: HTMLElement;
  #numbered = 0;

  get limit(): number {
    const limit = Number.parseInt(this.getAttribute('limit') ?? '', 10);
    return limit > 0 ? Math.min(limit, 100) : MOST_SHOWN;
  }

  set limit(limit: number) {
    this.setAttribute('limit', `${limit}`);
  }

  /** What it shows, the latest first. */
  get notices(): readonly Notice[] {
    return this.#notices;
  }

  /** Takes all of them away. */
  clear(): void {
    this.#notices = [];
    this.render();
  }

  protected get styles() {
    return [STYLES];
  }

  protected get subject(): string {
    return '';
  }

  protected build(): Node[] {
    this.#list = make('ol', { part: 'list', role: 'list', 'aria-label': 'Notifications', tabindex: '-1' });
    this.#empty = make('p', { class: 'muted', part: 'empty' }, 'Nothing to report.');
    const button = make('button', { type: 'button', part: 'button clear' }, 'Clear all');
    button.addEventListener('click', () => {
      this.clear();
      this.#list.focus();
    });
    this.#clear = make('div', { class: 'row foot' }, button);
    this.#polite = make('div', { class: 'unseen', role: 'status' });
    this.#urgent = make('div', { class: 'unseen', role: 'alert' });
    return [make('slot', { name: 'empty' }, this.#empty), this.#list, this.#clear, this.#polite, this.#urgent];
  }

  protected follow(service: ConduitSignalRService, life: AbortSignal): void {
    this.#notices = [];
    for (const [event, say] of Object.entries(NOTICES)) {
      this.hear(service, 'notifications', event, life, (...args: unknown[]) => {
        const { timestamp, eventId } = args.at(-1) as EventMeta;
        this.#numbered += 1;
        this.#take({ ...say(...args), id: eventId ?? `${this.#numbered}`, timestamp });
      });
    }
    this.watch(service, 'notifications', life);
  }

  protected render(): void {
    const language = languageOf(this);
    const focused = this.shadowRoot?.activeElement?.getAttribute('data-id');
    this.#list.replaceChildren(...this.#notices.slice(0, this.limit).map((notice) => this.#item(notice, language)));
    if (focused) this.#list.querySelector<HTMLElement>(`[data-id="${CSS.escape(focused)}"]`)?.focus();
    const isEmpty = this.#notices.length === 0;
    this.#empty.parentElement?.toggleAttribute('hidden', !isEmpty);
    this.#clear.hidden = this.#notices.length < 2;
    this.setState('quiet', isEmpty && this.hasAttribute('hide-empty'));
  }

  #take(notice: Notice): void {
    const types = (this.getAttribute('types') ?? '').split(/\s+/).filter(Boolean);
    const minimum = PRIORITIES.indexOf((this.getAttribute('minimum-priority') ?? 'Low') as Severity);
    if (types.length > 0 && !types.includes(notice.type)) return;
    if (PRIORITIES.indexOf(notice.priority) < minimum) return;
    if (!this.dispatch('conduit-notification', notice, true)) return;
    const others = this.#notices.filter(({ subject }) => subject !== notice.subject);
    this.#notices = [notice, ...others].slice(0, this.limit);
    const region = notice.priority === 'Critical' ? this.#urgent : this.#polite;
    region.textContent = [notice.title, notice.text].filter(Boolean).join('. ');
    this.render();
  }

  #item(notice: Notice, language: string | undefined): HTMLElement {
    const { id, title, text, timestamp, priority } = notice;
    const isTime = timestamp !== undefined && !Number.isNaN(Date.parse(timestamp));
    const dismiss = make(
      'button',
      { type: 'button', class: 'dismiss', part: 'button dismiss', 'aria-label': `Dismiss: ${title}`, 'data-id': id },
      '×',
    );
    dismiss.addEventListener('click', () => this.#dismiss(notice));
    const time = isTime
      ? [make('time', { class: 'muted', part: 'time', datetime: timestamp }, timeOfDay(new Date(timestamp), language))]
      : [];
    const lines = [
      make('div', { class: 'row wrap' }, make('span', { class: 'title strong', part: 'title' }, title), ...time),
      ...(text === '' ? [] : [make('div', { class: 'muted', part: 'text' }, text)]),
    ];
    const name = make('span', { class: 'unseen' }, `${priority} priority:`);
    return make(
      'li',
      { part: `item ${priority.toLowerCase()}` },
      make('span', { class: `dot ${TONES[priority]}` }),
      name,
      make('div', { class: 'grow' }, ...lines),
      dismiss,
    );
  }

  #dismiss(notice: Notice): void {
    const index = this.#notices.indexOf(notice);
    this.#notices = this.#notices.filter((other) => other !== notice);
    this.render();
    // Whoever dismisses by keyboard goes on with the next one.
    const next = this.#notices[Math.min(index, this.#notices.length - 1)];
    const button = next && this.#list.querySelector<HTMLElement>(`[data-id="${CSS.escape(next.id)}"]`);
    (button ?? this.#list).focus();
    this.dispatch('conduit-notification-dismissed', notice);
  }
}
