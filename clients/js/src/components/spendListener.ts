// What is told of a key's money, as events of the page.

import type { ConduitSignalRService } from '../service.ts';
import { ConduitElement } from './element.ts';
import type { HubCondition } from './hubWatch.ts';
import { stylesheet } from './stylesheet.ts';

const EVENTS = {
  SpendUpdate: 'conduit-spend-update',
  BudgetAlert: 'conduit-budget-alert',
  SpendSummary: 'conduit-spend-summary',
  UnusualSpendingDetected: 'conduit-unusual-spending',
} as const;

const STYLES = stylesheet(':host { display: contents; } .notice { display: none; }');

/**
 * `<conduit-spend-listener>`: shows nothing of its own, and tells its page what happens to the money of the key. The
 * events rise from it, so that what is around it can listen as well.
 *
 * @slot - content, which is shown as it is
 * @fires conduit-spend-update - with a `SpendUpdateEvent` as detail; the first one says what was spent so far
 * @fires conduit-budget-alert - with a `BudgetAlertEvent` as detail
 * @fires conduit-spend-summary - with a `SpendSummaryEvent` as detail
 * @fires conduit-unusual-spending - with an `UnusualSpendingDetectedEvent` as detail
 * @fires conduit-connection - with a `HubCondition` as detail, whenever that changes
 */
export class ConduitSpendListener extends ConduitElement {
  static readonly observedAttributes: string[] = [];

  protected get styles() {
    return [STYLES];
  }

  protected get subject(): string {
    return '';
  }

  protected build(): Node[] {
    return [document.createElement('slot')];
  }

  protected follow(service: ConduitSignalRService, life: AbortSignal): void {
    for (const [event, name] of Object.entries(EVENTS)) {
      this.hear(service, 'spend', event, life, (told: unknown) => this.dispatch(name, told));
    }
    this.watch(service, 'spend', life);
  }

  protected render(): void {}

  protected override conditionChanged(condition: HubCondition): void {
    this.dispatch('conduit-connection', condition);
  }
}
