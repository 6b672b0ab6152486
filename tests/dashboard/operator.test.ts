// What the holder of the master key sees and does.

import type { Locator } from 'playwright-core';
import { afterEach, expect, type TestContext, test } from 'vitest';
import { browser } from '../harness/browser.ts';
import { Dashboard } from '../harness/dashboard.ts';
import { edge, MASTER_KEY } from '../harness/edge.ts';
import { localProvider } from '../harness/localProvider.ts';
import { records } from '../harness/spend.ts';
import { deliver } from '../harness/webhooks.ts';
import { status, webhookTarget } from '../harness/webhookTarget.ts';

const chromium = browser();
const target = webhookTarget();
const provider = localProvider();
const front = edge({ pages: true, vars: { ALLOW_PRIVATE_TARGETS: 'true', WEBHOOK_MAX_ATTEMPTS: '1' } });

let opened: Dashboard | undefined;
afterEach(async () => {
  expect(opened?.faults ?? []).toEqual([]);
  await opened?.close();
  opened = undefined;
});

async function open(context: TestContext, view?: string): Promise<Dashboard> {
  opened = await Dashboard.of(chromium(context), front, MASTER_KEY);
  if (view !== undefined) await opened.goTo(view);
  return opened;
}

const shows = (place: Locator, text: string | RegExp) => place.getByText(text).first().waitFor();

test('a key is made, given a budget, disabled, enabled and deleted', async (context) => {
  const dashboard = await open(context, 'Keys');
  const { page } = dashboard;
  await page.getByRole('button', { name: 'New key' }).click();
  const making = page.getByRole('dialog', { name: 'New virtual key' });
  await making.getByLabel('Name').fill('made by hand');
  await making.getByLabel('Budget').fill('50');
  await making.getByLabel('For').selectOption('daily');
  await making.getByRole('button', { name: 'Make it' }).click();
  const made = page.getByRole('dialog', { name: 'The new key' });
  const secret = await made.locator('code').innerText();
  await made.getByRole('button', { name: 'Done' }).click();
  const spend = await fetch(`${front.url}/v1/spend`, { headers: { authorization: `Bearer ${secret}` } });
  expect(await spend.json()).toMatchObject({ budget: 50 });

  const line = page.getByRole('row').filter({ hasText: 'made by hand' });
  await shows(line, /of 50\.00 a day/);
  await line.getByRole('button', { name: 'Budget of made by hand' }).click();
  const budget = page.getByRole('dialog', { name: 'Budget of made by hand' });
  await budget.getByLabel('Budget').fill('80.5');
  await budget.getByRole('button', { name: 'Set it' }).click();
  await shows(line, /of 80\.50 a day/);

  await dashboard.press(line, 'Disable: made by hand', 'Disable it?');
  await shows(line, 'Disabled');
  expect((await fetch(`${front.url}/v1/spend`, { headers: { authorization: `Bearer ${secret}` } })).status).toBe(401);
  await dashboard.press(line, 'Enable: made by hand');
  await shows(line, 'Enabled');
  await dashboard.press(line, 'Delete: made by hand', 'Delete for good?');
  await line.waitFor({ state: 'detached' });
  // The secret was shown once, and is nowhere on the page any more.
  expect(await page.content()).not.toContain(secret);
});

test('what other operators do is seen at once', async (context) => {
  const dashboard = await open(context, 'Keys');
  const key = await front.createKey({ name: 'from elsewhere' });
  await shows(dashboard.panel('Virtual keys').locator(`[data-key="${key.id}"]`), 'from elsewhere');
  await dashboard.goTo('Audit');
  await shows(dashboard.panel('Audit trail').locator('[data-audit="key.created"]').first(), 'operator');
});

test('who is online is listed, watched and disconnected', async (context) => {
  const key = await front.createKey({ name: 'the watched one' });
  const dashboard = await open(context);
  const client = await front.official(key);
  const online = dashboard.panel('Online').locator(`[data-online="${key.id}"]`);
  await shows(online, '1 connection');
  await online.getByRole('button', { name: 'Watch the watched one' }).click();
  await dashboard.page.getByRole('heading', { level: 1, name: 'Activity of the watched one' }).waitFor();
  await dashboard.live();
  await front.tell(key, 'TaskStarted', { taskId: 't1', taskType: 'x' });
  await shows(dashboard.panel('Tasks').locator('[data-task="t1"]'), 'Running');

  await dashboard.goTo('Keys');
  const line = dashboard.page.getByRole('row').filter({ hasText: 'the watched one' });
  await dashboard.press(line, 'Disconnect: the watched one');
  await shows(line, /connections? closed/);
  await dashboard.page.getByRole('button', { name: 'Stop watching the watched one' }).click();
  await client.stop();
});

test('dead letters are seen, replayed one by one and all at once', async (context) => {
  const key = await front.createKey();
  const dashboard = await open(context);
  const letters = dashboard.panel('Dead letters');
  const url = target.url(status(503));
  for (const attempt of [1, 2, 3]) {
    await deliver(front, key, url, { eventType: `lost.${attempt}` });
  }
  await expect.poll(() => letters.locator('[data-letter]').count(), { timeout: 15_000 }).toBe(3);
  await shows(dashboard.panel('Alerts'), /ago|now/);
  target.answer(url, status(204));
  await dashboard.press(letters.locator('[data-letter]').first(), 'Replay');
  await expect.poll(() => letters.locator('[data-letter]').count(), { timeout: 15_000 }).toBe(2);
  await dashboard.press(letters, 'Replay all', 'Replay all?');
  await shows(letters, 'Everything that was accepted was delivered.');
  await shows(letters, '2 letters sent again.');
  await target.at(url).take(6);
});

test('the health of providers is seen, and asked for', async (context) => {
  const dashboard = await open(context);
  const providers = dashboard.panel('Providers');
  await front.announce('ProviderHealthChanged', { provider: 'openai', status: 'Degraded', message: 'slow' });
  await shows(providers.locator('[data-provider="openai"]'), 'Degraded');
  provider.status = 500;
  await front.admin('PUT', '/v1/admin/providers/local', { healthUrl: provider.url() });
  await dashboard.press(providers, 'Check now');
  await shows(providers.locator('[data-provider="local"][data-status="Degraded"]'), 'local');
  provider.status = 200;
  await dashboard.press(providers, 'Check now');
  await shows(providers.locator('[data-provider="local"][data-status="Healthy"]'), 'local');
});

test('the figures of the system follow what happens', async (context) => {
  const dashboard = await open(context);
  const key = await front.createKey({ name: 'counted', budget: { limit: 1, period: 'none' } });
  const client = await front.official(key);
  const hub = dashboard.panel('Hubs').locator('[data-hub-figures="TaskHub"]');
  await expect
    .poll(
      () =>
        hub
          .getByRole('cell')
          .first()
          .innerText()
          .catch(() => ''),
      { timeout: 20_000 },
    )
    .toBe('1');
  await front.publish(records(key, 1, 0.95));
  await shows(dashboard.panel('Alerts').locator('[data-system-alert]'), `Key ${key.id}`);
  await client.stop();
});
