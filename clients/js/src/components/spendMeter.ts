// What a key has spent, of what it may spend.

import type { BudgetAlertEvent, SpendUpdateEvent } from '../contract.ts';
import type { ConduitSignalRService } from '../service.ts';
import { Announcer } from './announcer.ts';
import { ConduitElement } from './element.ts';
import { day, languageOf, money, percent } from './formats.ts';
import { make, setAttribute, setText } from './markup.ts';
import { stylesheet } from './stylesheet.ts';

/** What the element knows; amounts are in the currency of the key. */
export interface Spend {
  currentSpend: number;
  budget?: number;
  budgetPercentage?: number;
  requests: number;
  periodEnd?: string;
}

/** Percentages of the budget from which on it looks different, unless the page says otherwise. */
const WARN_AT = 75;
const CRITICAL_AT = 90;

/** After the end of a period the server knows of it too. */
const GRACE_MILLIS = 1_000;

/** The longest time that a timer takes. */
const LONGEST_TIMER_MILLIS = 2 ** 31 - 1;

const STYLES = stylesheet(`
  .amount { font-size: 1.5em; font-weight: 600; line-height: 1.2; }
  .track { margin-block: 0.5rem 0.375rem; }
  .alert { margin-block-start: 0.5rem; font-size: 0.875em; }
`);

/**
 * `<conduit-spend-meter>`: what the key has spent, of its budget if it has one.
 *
 * @attr label - what to call it; `Spend`
 * @attr currency - of the amounts, as ISO 4217 has it; `USD`
 * @attr warn-at, critical-at - percentages of the budget; 75 and 90
 * @slot label - what to call it, as content
 * @fires conduit-spend-update - with a `SpendUpdateEvent` as detail
 * @fires conduit-budget-alert - with a `BudgetAlertEvent` as detail
 * @csspart label, amount, budget, track, bar, percent, details, alert
 */
export class ConduitSpendMeter extends ConduitElement {
  static readonly observedAttributes = ['label', 'currency', 'warn-at', 'critical-at'];

  readonly #announcer = new Announcer();
  #spend: Spend | undefined;
  #alert: BudgetAlertEvent | undefined;
  #latest = '';
  #label!: HTMLElement;
  #amount!: HTMLElement;
  #budget!: HTMLElement;
  #track!: HTMLElement;
  #bar!: HTMLElement;
  #percent!: HTMLElement;
  #details!: HTMLElement;
  #alertLine!: HTMLElement;

  /** What it shows; nothing before it is known. */
  get spend(): Readonly<Spend> | undefined {
    return this.#spend;
  }

  get currency(): string {
    return this.getAttribute('currency') || 'USD';
  }

  set currency(currency: string) {
    this.setAttribute('currency', currency);
  }

  protected get styles() {
    return [STYLES];
  }

  protected get subject(): string {
    return '';
  }

  protected build(): Node[] {
    this.#label = make('span', { class: 'muted', part: 'label', id: 'label' });
    this.#amount = make('span', { class: 'amount', part: 'amount' });
    this.#budget = make('span', { class: 'muted', part: 'budget' });
    this.#bar = make('div', { class: 'bar', part: 'bar' });
    this.#track = make('div', {
      class: 'track',
      part: 'track',
      role: 'meter',
      'aria-labelledby': 'label',
      'aria-valuemin': '0',
    });
    this.#track.append(this.#bar);
    this.#percent = make('span', { part: 'percent' });
    this.#details = make('span', { part: 'details' });
    this.#alertLine = make('p', { class: 'alert', part: 'alert' });
    return [
      make('slot', { name: 'label' }, this.#label),
      make('div', { class: 'row' }, this.#amount, this.#budget),
      this.#track,
      make('div', { class: 'row muted' }, this.#details, this.#percent),
      this.#alertLine,
      this.#announcer.region,
    ];
  }

  protected follow(service: ConduitSignalRService, life: AbortSignal): void {
    this.#spend = undefined;
    this.#alert = undefined;
    this.#latest = '';
    life.addEventListener('abort', () => this.#announcer.stop());
    let updates = 0;
    this.hear(service, 'spend', 'SpendUpdate', life, (event: SpendUpdateEvent) => {
      updates += 1;
      // Who comes back is told the sum first, and then what led to it.
      if (event.eventId >= this.#latest) {
        this.#latest = event.eventId;
        const { currentSpend, budget, budgetPercentage, requests } = event;
        this.#spend = {
          currentSpend,
          requests,
          ...(budget === undefined ? {} : { budget }),
          ...(budgetPercentage === undefined ? {} : { budgetPercentage }),
          ...(this.#spend?.periodEnd === undefined ? {} : { periodEnd: this.#spend.periodEnd }),
        };
        this.render();
      }
      this.dispatch('conduit-spend-update', event);
    });
    this.hear(service, 'spend', 'BudgetAlert', life, (event: BudgetAlertEvent) => {
      this.#alert = event;
      this.#announcer.say(event.message);
      this.render();
      this.dispatch('conduit-budget-alert', event);
    });
    this.watch(service, 'spend', life);
    let nextPeriod: ReturnType<typeof setTimeout> | undefined;
    life.addEventListener('abort', () => clearTimeout(nextPeriod));
    const read = async () => {
      const before = updates;
      const view = await service.read<Spend>('/v1/spend');
      if (life.aborted) return;
      // What the hub told meanwhile is newer; it does not say when the period ends.
      const isNewer = updates !== before && this.#spend !== undefined;
      const period = view.periodEnd === undefined ? {} : { periodEnd: view.periodEnd };
      this.#spend = isNewer && this.#spend ? { ...this.#spend, ...period } : view;
      this.render();
      clearTimeout(nextPeriod);
      const millis = Date.parse(view.periodEnd ?? '') - Date.now() + GRACE_MILLIS;
      if (millis > 0 && millis < LONGEST_TIMER_MILLIS)
        nextPeriod = setTimeout(() => void read().catch(() => {}), millis);
    };
    // A token for the hub alone may not read; the hub tells what was spent.
    const whenConnected = () => service.isConnected('spend') && void read().catch(() => {});
    service.addEventListener('conduit:spend:stateChanged', whenConnected, { signal: life });
    whenConnected();
  }

  protected render(): void {
    const language = languageOf(this);
    setText(this.#label, this.getAttribute('label') ?? 'Spend');
    const { currentSpend, budget, budgetPercentage, requests = 0, periodEnd } = this.#spend ?? {};
    setText(this.#amount, currentSpend === undefined ? '–' : money(currentSpend, this.currency, language));
    const hasBudget = budget !== undefined && budget > 0;
    setText(this.#budget, hasBudget ? `of ${money(budget, this.currency, language)}` : '');
    const end = periodEnd === undefined ? '' : ` · until ${day(new Date(periodEnd), language)}`;
    const count = new Intl.NumberFormat(language).format(requests);
    const told = `${count} ${requests === 1 ? 'request' : 'requests'}${end}`;
    setText(this.#details, this.#spend === undefined ? '' : told);
    this.#track.hidden = !hasBudget;
    const used = hasBudget && currentSpend !== undefined ? (budgetPercentage ?? (100 * currentSpend) / budget) : 0;
    const tone =
      used >= this.#figure('critical-at', CRITICAL_AT) ? 'bad' : used >= this.#figure('warn-at', WARN_AT) ? 'warn' : '';
    // In the next period, or with a larger budget, it is no longer true.
    const alert = this.#alert !== undefined && used >= this.#alert.threshold ? this.#alert.message : undefined;
    setText(this.#alertLine, alert ?? '');
    this.#alertLine.hidden = alert === undefined;
    setText(this.#percent, hasBudget ? percent(used, language) : '');
    setAttribute(this.#percent, 'class', tone || undefined);
    setAttribute(this.#alertLine, 'class', `alert ${tone || 'warn'}`);
    setAttribute(this.#bar, 'class', `bar ${tone}`);
    this.#bar.style.inlineSize = `${Math.min(100, used)}%`;
    if (!hasBudget || currentSpend === undefined) return;
    setAttribute(this.#track, 'aria-valuemax', `${Math.max(budget, currentSpend)}`);
    setAttribute(this.#track, 'aria-valuenow', `${currentSpend}`);
    const value = `${this.#amount.textContent} ${this.#budget.textContent}, ${this.#percent.textContent}`;
    setAttribute(this.#track, 'aria-valuetext', value);
  }

  #figure(attribute: string, usual: number): number {
    const value = Number.parseFloat(this.getAttribute(attribute) ?? '');
    return Number.isFinite(value) ? value : usual;
  }
}
