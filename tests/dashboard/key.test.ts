// What the holder of a virtual key sees: each panel shows what happens as it happens.

import type { Locator } from 'playwright-core';
import { afterEach, expect, type TestContext, test } from 'vitest';
import { browser } from '../harness/browser.ts';
import { Dashboard } from '../harness/dashboard.ts';
import { edge, type Key, MASTER_KEY } from '../harness/edge.ts';
import { OpenAiProvider } from '../harness/realtime/openAiProvider.ts';
import { running } from '../harness/realtime/providerDouble.ts';
import { VoiceClient } from '../harness/realtime/voiceClient.ts';
import { records } from '../harness/spend.ts';
import { deliver } from '../harness/webhooks.ts';
import { status, webhookTarget } from '../harness/webhookTarget.ts';

const chromium = browser();
const target = webhookTarget();
const provider = running(new OpenAiProvider());
Object.assign(provider.vars, { ALLOW_PRIVATE_TARGETS: 'true', WEBHOOK_RETRY_SECONDS: '60' });
const front = edge({ pages: true, vars: provider.vars });

let opened: Dashboard | undefined;
afterEach(async () => {
  // No test reloads the page, and none has anything stopped.
  expect(opened?.faults ?? []).toEqual([]);
  await opened?.close();
  opened = undefined;
});

async function open(context: TestContext, fields: object = {}): Promise<{ key: Key; dashboard: Dashboard }> {
  const key = await front.createKey(fields);
  opened = await Dashboard.of(chromium(context), front, key.key);
  return { key, dashboard: opened };
}

const shows = (place: Locator, text: string | RegExp) => place.getByText(text).first().waitFor();

test('tasks appear, go on and end, videos and images too', async (context) => {
  const { key, dashboard } = await open(context);
  const tasks = dashboard.panel('Tasks');
  await shows(tasks, 'No task was heard of yet');
  await front.tell(key, 'TaskStarted', { taskId: 't1', taskType: 'transcription' });
  const line = tasks.locator('[data-task="t1"]');
  await shows(line, 'Running');
  await front.tell(key, 'TaskProgress', { taskId: 't1', percentComplete: 40, message: 'minute 4 of 10' });
  await shows(line, '40 %');
  await shows(line, 'minute 4 of 10');
  expect(await line.getByRole('progressbar', { name: 'Progress of t1' }).getAttribute('value')).toBe('40');
  await front.tell(key, 'VideoStarted', { requestId: 'v1' });
  await shows(tasks.locator('[data-task="v1"]'), 'video');
  await front.tell(key, 'TaskFailed', { taskId: 't1', error: 'the model did not answer' });
  await shows(line, 'Failed');
  await shows(line, 'the model did not answer');
  await front.tell(key, 'VideoCompleted', { requestId: 'v1', videoUrl: 'https://media.example.com/v1.mp4' });
  await shows(tasks.locator('[data-task="v1"]'), 'Completed');
  await shows(tasks, '0 running');
});

test('the command of an empty panel makes it show something', async (context) => {
  const { dashboard } = await open(context);
  const command = await dashboard.panel('Tasks').locator('pre').innerText();
  const [url, event] = [/https?:\S+/.exec(command)?.[0] ?? '', /-d '(.*)'/s.exec(command)?.[1] ?? ''];
  const headers = { 'x-master-key': MASTER_KEY, 'content-type': 'application/cloudevents+json' };
  const response = await fetch(url, { method: 'POST', headers, body: event });
  expect(await response.json()).toMatchObject({ results: [{ status: 'delivered', recipients: 1 }] });
  await shows(dashboard.panel('Tasks').locator('[data-task="task-1"]'), 'Running');
});

test('spend goes up against its budget, with alerts and requests a minute', async (context) => {
  const { key, dashboard } = await open(context, { budget: { limit: 10, period: 'monthly' } });
  const spend = dashboard.panel('Spend');
  await shows(spend, 'Nothing was spent in this period');
  await front.publish(records(key, 4, 1, { provider: 'openai', model: 'gpt-5-mini' }));
  await shows(spend, '4.00');
  await shows(spend, '40 % of 10.00');
  await shows(spend, 'gpt-5-mini');
  await front.publish(records(key, 2, 1));
  await shows(spend, '6.00');
  await shows(spend.locator('[data-alert="info"]'), '50');
  await dashboard.page.getByText('6 in the last 60 s').waitFor();
  await expect(spend.getByRole('img').getAttribute('aria-label')).resolves.toContain('6.00 now');
});

test('a webhook is seen to fail, to wait for its retry with a countdown, and to arrive', async (context) => {
  const { key, dashboard } = await open(context);
  const webhooks = dashboard.panel('Webhooks');
  await shows(webhooks, 'No webhook was delivered yet');
  const [flaky, well] = [target.url(status(503)), target.url(status(204))];
  await deliver(front, key, flaky);
  const line = webhooks.locator('li[data-state="waiting"]');
  await shows(line, 'HTTP 503');
  await shows(line, /attempt 2 in \d+ s/);
  const countdown = async () => Number(/in (\d+) s/.exec(await line.innerText())?.[1]);
  const first = await countdown();
  expect(first).toBeGreaterThan(30);
  await expect.poll(countdown, { timeout: 15_000 }).toBeLessThan(first);
  await deliver(front, key, well);
  await shows(webhooks.locator('li[data-state="delivered"]'), /204 in \d+ ms/);
  const row = webhooks.getByRole('row').filter({ hasText: well.replace('http://', '') });
  await shows(row, '100 %');
});

test('notifications and what becomes of models appear', async (context) => {
  const { key, dashboard } = await open(context);
  const [notices, models] = [dashboard.panel('Notifications'), dashboard.panel('Models')];
  await front.announce('SystemAnnouncement', { title: 'Maintenance', message: 'At two.', severity: 'High' });
  await shows(notices, 'Maintenance');
  await shows(notices, /At two\./);
  const resetTime = new Date(Date.now() + 60_000).toISOString();
  await front.tell(key, 'RateLimitWarning', { endpoint: '/v1/chat', remaining: 3, resetTime });
  await shows(notices, '3 requests left for /v1/chat');
  const capabilities = [{ model: 'gpt-realtime', capabilities: ['chat', 'audio'] }];
  await front.announce('ModelCapabilitiesDiscovered', { provider: 'openai', capabilities });
  await shows(models.locator('[data-model="gpt-realtime"]'), 'Discovered');
  await front.announce('ModelAvailabilityChanged', { model: 'gpt-realtime', isAvailable: false });
  await shows(models.locator('[data-model="gpt-realtime"]'), 'Gone');
});

test('realtime sessions are listed, and ended', async (context) => {
  const { key, dashboard } = await open(context, { realtime: true });
  const sessions = dashboard.panel('Realtime sessions');
  const caller = await VoiceClient.connect(front, key);
  await caller.hear('session.created');
  const line = sessions.locator('[data-session]');
  await shows(line, 'gpt-realtime');
  await dashboard.press(line, 'End', 'End it?');
  await caller.closed;
  await shows(sessions, '0 open');
});

test('every hub is connected, and its health is told', async (context) => {
  const { key, dashboard } = await open(context);
  const hubs = dashboard.panel('Connections');
  await shows(hubs, '7 of 7 hubs');
  const tasks = hubs.locator('[data-hub="tasks"]');
  await shows(tasks, 'Connected');
  await shows(tasks, 'WebSockets');
  await shows(tasks, /^\d+ ms$/);
  await front.tell(key, 'TaskStarted', { taskId: 't1', taskType: 'x' });
  await tasks.getByRole('cell', { name: '1', exact: true }).waitFor();
});

test('what happened before the page was there is shown as well', async (context) => {
  const key = await front.createKey({ budget: { limit: 10, period: 'monthly' } });
  await front.tell(key, 'TaskStarted', { taskId: 't1', taskType: 'x' });
  await front.tell(key, 'TaskProgress', { taskId: 't1', percentComplete: 70 });
  await front.publish(records(key, 9, 1));
  await deliver(front, key, target.url(status(503)));
  opened = await Dashboard.of(chromium(context), front, key.key);
  await shows(opened.panel('Tasks').locator('[data-task="t1"]'), '70 %');
  await shows(opened.panel('Spend').locator('[data-alert="critical"]'), '90');
  await shows(opened.page.locator('body'), '9 in the last 60 s');
  await shows(opened.panel('Webhooks'), /attempt 2 in/);
});
