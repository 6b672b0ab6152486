// axe-core finds nothing wrong with any view, light or dark, full or empty.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { browser } from '../harness/browser.ts';
import { Dashboard } from '../harness/dashboard.ts';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';
import { records } from '../harness/spend.ts';
import { deliver } from '../harness/webhooks.ts';
import { status, webhookTarget } from '../harness/webhookTarget.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const chromium = browser();
const target = webhookTarget();
const front = edge({ pages: true, vars: { ALLOW_PRIVATE_TARGETS: 'true', WEBHOOK_MAX_ATTEMPTS: '1' } });

/** What axe finds, each as a rule and the elements. */
async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => (globalThis as any).axe.run());
  return violations.map(({ id, nodes }: any) => `${id}: ${nodes.map(({ html }: any) => html).join(' ')}`);
}

/** Something in each panel. */
async function fill(key: Key): Promise<void> {
  for (const [taskId, type, data] of [
    ['t1', 'TaskProgress', { percentComplete: 40, message: 'half' }],
    ['t2', 'TaskFailed', { error: 'no answer' }],
    ['t3', 'TaskCompleted', {}],
    ['t4', 'TaskTimedOut', {}],
  ] as const) {
    await front.tell(key, 'TaskStarted', { taskId, taskType: 'x' });
    await front.tell(key, type, { taskId, ...data });
  }
  await front.publish(records(key, 95, 0.1, { model: 'gpt-5-mini' }));
  await deliver(front, key, target.url(status(204)));
  await deliver(front, key, target.url(status(500)));
  for (const severity of ['Low', 'Medium', 'High', 'Critical']) {
    await front.announce('SystemAnnouncement', { title: severity, message: 'words', severity });
  }
  for (const isAvailable of [true, false]) {
    await front.announce('ModelAvailabilityChanged', { model: `model-${isAvailable}`, isAvailable });
  }
  await front.announce('ProviderHealthChanged', { provider: 'openai', status: 'Unhealthy', message: 'down' });
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`a key's view has no fault, ${colorScheme}`, async (context) => {
    // axe measures with styles of its own, which the page would not let in.
    const options = { colorScheme, bypassCSP: true };
    const dashboard = await Dashboard.open(chromium(context), front, options);
    expect(await faults(dashboard.page)).toEqual([]);
    const key = await front.createKey({ budget: { limit: 10, period: 'daily' } });
    await dashboard.signIn(key.key);
    await dashboard.panel('Tasks').getByText('No task was heard of yet').waitFor();
    expect(await faults(dashboard.page)).toEqual([]);
    await fill(key);
    await dashboard.panel('Spend').locator('[data-alert="critical"]').waitFor();
    await dashboard.page.locator('[data-model="model-false"]').waitFor();
    await dashboard.page.locator('[data-state="failed"]').first().waitFor();
    expect(await faults(dashboard.page)).toEqual([]);
    await dashboard.close();
  });

  test(`an operator's views have no fault, ${colorScheme}`, async (context) => {
    const dashboard = await Dashboard.of(chromium(context), front, MASTER_KEY, { colorScheme, bypassCSP: true });
    const key = await front.createKey({ budget: { limit: 10, period: 'daily' } });
    await fill(key);
    await dashboard.panel('Dead letters').locator('[data-letter]').first().waitFor();
    await dashboard.panel('Alerts').locator('[data-system-alert]').first().waitFor();
    expect(await faults(dashboard.page)).toEqual([]);
    await dashboard.goTo('Audit');
    expect(await faults(dashboard.page)).toEqual([]);
    await dashboard.goTo('Keys');
    expect(await faults(dashboard.page)).toEqual([]);
    await dashboard.page.getByRole('button', { name: 'New key' }).click();
    expect(await faults(dashboard.page)).toEqual([]);
    await dashboard.close();
  });
}
