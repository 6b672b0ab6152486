// The components, each on its page in a real browser: under a strict policy, through a lost connection, and for everybody.

import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { ComponentPages, violations } from '../harness/componentPages.ts';
import { eventually } from '../harness/deadline.ts';

const pages = new ComponentPages();

const seen = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();
const attribute = (page: Page, role: 'progressbar' | 'meter', name: string) =>
  page.getByRole(role).first().getAttribute(name);

/** Waits until an element says that it is connected. */
const connected = (page: Page, tag: string) =>
  page.locator(`${tag}:state(connected)`).first().waitFor({ state: 'attached' });

describe('conduit-task-progress', () => {
  const TASK = 'render-42';

  test('goes with its task to the end, through a lost connection, and for everybody', async (context) => {
    const { page, key, troubles } = await pages.open(context, 'task-progress');
    await seen(page, 'Task not found');
    await expect(violations(page)).resolves.toEqual([]);
    await pages.front.tell(key, 'TaskStarted', { taskId: TASK, taskType: 'video' });
    // The page has two of them.
    const again = page.getByRole('button', { name: 'Try again' });
    await again.last().click();
    await again.first().click();
    await seen(page, 'Running');
    await pages.front.tell(key, 'TaskProgress', { taskId: TASK, percentComplete: 40, message: 'frame 80' });
    await seen(page, 'frame 80');
    await expect(attribute(page, 'progressbar', 'aria-valuenow')).resolves.toBe('40');
    await expect(page.getByRole('progressbar', { name: 'Themed' }).getAttribute('aria-valuetext')).resolves.toBe(
      '40%, Running',
    );
    await expect(violations(page)).resolves.toEqual([]);
    pages.cut();
    await seen(page, /Connection lost/);
    await pages.front.tell(key, 'TaskCompleted', { taskId: TASK, result: 'x' });
    pages.restore();
    await seen(page, 'Completed');
    await page.getByRole('link', { name: 'Watch the video' }).waitFor();
    await expect(attribute(page, 'progressbar', 'aria-valuenow')).resolves.toBe('100');
    await expect(page.getByText('Connection lost').first().isHidden()).resolves.toBe(true);
    await expect(violations(page)).resolves.toEqual([]);
    // A task that has ended needs no connection.
    pages.cut();
    await page.locator('conduit-task-progress:state(reconnecting)').first().waitFor();
    await expect(page.getByText('Connection lost').first().isHidden()).resolves.toBe(true);
    expect(troubles).toEqual([]);
  });

  test('says what ended it, and tells the page of each step', async (context) => {
    const { page, key } = await pages.open(context, 'task-progress');
    const ids = ['failed', 'cancelled', 'timed-out'].map((name) => `${name}-${randomUUID()}`);
    for (const taskId of ids) await pages.front.tell(key, 'TaskStarted', { taskId, taskType: 'x' });
    const events = await page.evaluateHandle((ids) => {
      const { document } = globalThis as any;
      const told: string[] = [];
      const names = ['started', 'progress', 'completed', 'failed', 'cancelled', 'timed-out'];
      for (const name of names) {
        document.addEventListener(`conduit-task-${name}`, ({ detail }: any) => told.push(`${detail.status} ${name}`));
      }
      const elements = ids.map((id) => Object.assign(document.createElement('conduit-task-progress'), { taskId: id }));
      document.querySelector('main').replaceChildren(document.querySelector('h1'), ...elements);
      return told;
    }, ids);
    await eventually(
      'the beginnings',
      () => events.jsonValue(),
      (told) => told.length === 3,
    );
    await pages.front.tell(key, 'TaskFailed', { taskId: ids[0], error: 'the model did not answer' });
    await pages.front.tell(key, 'TaskCancelled', { taskId: ids[1], reason: 'by the user' });
    await pages.front.tell(key, 'TaskTimedOut', { taskId: ids[2] });
    for (const text of ['the model did not answer', 'by the user', 'Timed out']) await seen(page, text);
    const told = await events.jsonValue();
    expect(told.slice(0, 3)).toEqual(['running started', 'running started', 'running started']);
    expect(told.slice(3).sort()).toEqual(['cancelled cancelled', 'failed failed', 'timedOut timed-out']);
    await expect(violations(page)).resolves.toEqual([]);
  });

  test('may be moved, and hears nothing more when it is taken out', async (context) => {
    const { page, key } = await pages.open(context, 'task-progress');
    await pages.front.tell(key, 'TaskStarted', { taskId: TASK, taskType: 'x' });
    await page.evaluate((taskId) => {
      const { document } = globalThis as any;
      const element = Object.assign(document.createElement('conduit-task-progress'), { taskId });
      document.querySelector('main').replaceChildren(document.createElement('section'), element);
    }, TASK);
    await seen(page, 'Running');
    const methods = () =>
      page.evaluate(() =>
        Object.keys((globalThis as any).conduitSignalR.getMetrics('tasks')).filter((name) => /ubscribe/.test(name)),
      );
    await eventually('the old ones to leave', methods, (names) => names.includes('invoke.SubscribeToTask'));
    await page.evaluate(() => {
      const { document } = globalThis as any;
      document.querySelector('section').append(document.querySelector('conduit-task-progress'));
    });
    await pages.front.tell(key, 'TaskProgress', { taskId: TASK, percentComplete: 30, message: 'moved' });
    await seen(page, 'moved');
    const left = await page.evaluateHandle(() => {
      const element = (globalThis as any).document.querySelector('conduit-task-progress');
      element.remove();
      return element;
    });
    const isUnsubscribed = () =>
      page.evaluate(() => 'invoke.UnsubscribeFromTask' in (globalThis as any).conduitSignalR.getMetrics('tasks'));
    await eventually('the end of the subscription', isUnsubscribed, (is) => is);
    await pages.front.tell(key, 'TaskProgress', { taskId: TASK, percentComplete: 60, message: 'unheard' });
    await page.evaluate(() => (globalThis as any).conduitSignalR.ping('tasks'));
    await expect(left.evaluate((element: any) => element.task.percentComplete)).resolves.toBe(30);
    // Put back, it knows everything again.
    await left.evaluate((element: any) => element.ownerDocument.querySelector('section').append(element));
    await seen(page, 'unheard');
  });
});

describe('conduit-spend-meter', () => {
  test('shows what is spent of a budget, what was spent while it was away, and alerts', async (context) => {
    const { page, key, troubles } = await pages.open(context, 'spend-meter', {
      budget: { limit: 10, period: 'monthly' },
    });
    await seen(page, '$0.00');
    await seen(page, /0 requests · until/);
    await pages.front.tell(key, 'SpendRecorded', { amount: 4.5 });
    await seen(page, '$4.50');
    await expect(attribute(page, 'meter', 'aria-valuetext')).resolves.toBe('$4.50 of $10.00, 45%');
    await expect(violations(page)).resolves.toEqual([]);
    pages.cut();
    await seen(page, /Connection lost/);
    await pages.front.tell(key, 'SpendRecorded', { amount: 5 });
    pages.restore();
    await seen(page, '$9.50');
    await seen(page, '2 requests');
    await seen(page, /90/);
    await expect(page.locator('conduit-spend-meter [part=bar]').getAttribute('class')).resolves.toContain('bad');
    await pages.front.tell(key, 'SpendRecorded', { amount: 0.25 });
    await seen(page, '$9.75');
    // A larger budget makes the alert untrue.
    await page
      .locator('conduit-spend-meter [part=alert]')
      .getByText(/90% of the budget/)
      .waitFor();
    await pages.front.patchKey(key, { budget: { limit: 100, period: 'monthly' } });
    await pages.front.tell(key, 'SpendRecorded', { amount: 0.25 });
    await seen(page, 'of $100.00');
    await expect(page.locator('conduit-spend-meter [part=alert]').isVisible()).resolves.toBe(false);
    await expect(violations(page)).resolves.toEqual([]);
    expect(troubles).toEqual([]);
  });

  test('shows a second one the same, and no bar without a budget', async (context) => {
    const { page, key } = await pages.open(context, 'spend-meter');
    await pages.front.tell(key, 'SpendRecorded', { amount: 0.0125 });
    await seen(page, '$0.0125');
    await page.evaluate(() => {
      const { document } = globalThis as any;
      const second = document.createElement('conduit-spend-meter');
      second.setAttribute('currency', 'EUR');
      document.querySelector('main').append(second);
    });
    await seen(page, '€0.0125');
    await expect(page.getByRole('meter').count()).resolves.toBe(0);
  });
});

test('conduit-spend-listener tells the page of everything, also after a lost connection', async (context) => {
  const { page, key, troubles } = await pages.open(context, 'spend-listener', { budget: { limit: 1, period: 'none' } });
  await connected(page, 'conduit-spend-listener');
  const events = await page.evaluateHandle(() => {
    const told: [string, number][] = [];
    for (const name of ['conduit-spend-update', 'conduit-budget-alert']) {
      (globalThis as any).addEventListener(name, ({ detail }: any) => told.push([name, detail.currentSpend]));
    }
    return told;
  });
  const until = (count: number) =>
    eventually(
      'events',
      () => events.jsonValue(),
      (told) => told.length >= count,
    );
  await pages.front.tell(key, 'SpendRecorded', { amount: 0.25 });
  await expect(until(1)).resolves.toEqual([['conduit-spend-update', 0.25]]);
  pages.cut();
  await page.locator('conduit-spend-listener:state(reconnecting)').waitFor({ state: 'attached' });
  await pages.front.tell(key, 'SpendRecorded', { amount: 0.3 });
  pages.restore();
  // On connecting it is told the sum, and then what led to it.
  const isOver = (all: [string, number][]) => {
    const last = all.map(([name]) => name).lastIndexOf('conduit-budget-alert');
    return last >= 0 && all.slice(last).some(([name]) => name === 'conduit-spend-update');
  };
  const told = await eventually('what was missed', () => events.jsonValue(), isOver);
  expect(told.filter(([name]) => name === 'conduit-budget-alert')).toEqual([['conduit-budget-alert', 0.55]]);
  await seen(page, /conduit-(spend-update|connection|budget-alert)/);
  await expect(violations(page)).resolves.toEqual([]);
  expect(troubles).toEqual([]);
});

describe('conduit-webhook-list', () => {
  const HOOK = { url: 'https://shop.example.com/hook', eventType: 'video.completed' };

  test('shows attempts, retries and ends of deliveries, through a lost connection', async (context) => {
    const { page, key, troubles } = await pages.open(context, 'webhook-list');
    await seen(page, 'No deliveries yet.');
    await connected(page, 'conduit-webhook-list');
    await eventually(
      'the subscription',
      () => page.evaluate(() => (globalThis as any).conduitSignalR.getMetrics('webhooks')),
      (metrics) => 'invoke.SubscribeToWebhooks' in metrics,
    );
    await expect(violations(page)).resolves.toEqual([]);
    const scheduledAt = new Date(Date.now() + 600_000).toISOString();
    const tell = (what: string, data: object) => pages.front.tell(key, `WebhookDelivery${what}`, { ...HOOK, ...data });
    await tell('Attempted', { deliveryId: 'a', attempt: 1 });
    await seen(page, 'sending');
    await tell('Succeeded', { deliveryId: 'a', attempt: 1, statusCode: 204, responseTimeMs: 87 });
    await seen(page, '204 in 87 ms');
    await tell('Attempted', { deliveryId: 'b', attempt: 1 });
    await tell('Failed', { deliveryId: 'b', attempt: 1, error: 'HTTP 503', statusCode: 503, isFinal: false });
    await tell('RetryScheduled', { deliveryId: 'b', attempt: 2, delaySeconds: 600, scheduledAt });
    await seen(page, 'HTTP 503; again in 10 min');
    pages.cut();
    await seen(page, /Connection lost/);
    await tell('Failed', { deliveryId: 'b', attempt: 2, error: 'HTTP 410', statusCode: 410, isFinal: true });
    await tell('Attempted', { deliveryId: 'c', attempt: 1 });
    pages.restore();
    await seen(page, 'failed: HTTP 410, attempt 2');
    await seen(page, 'sending');
    const rows = await page.getByRole('listitem').allTextContents();
    expect(rows.map((row) => row.replace(/.*completed/, ''))).toEqual([
      'sending',
      'failed: HTTP 410, attempt 2',
      '204 in 87 ms',
    ]);
    await expect(violations(page)).resolves.toEqual([]);
    expect(troubles).toEqual([]);
  });

  test('shows only what it is to show, and what the server refuses', async (context) => {
    const { page, key } = await pages.open(context, 'webhook-list');
    await page.evaluate(() => {
      (globalThis as any).document.querySelector('conduit-webhook-list').urls = ['https://a.example/x'];
    });
    await connected(page, 'conduit-webhook-list');
    await eventually(
      'its subscription',
      () => page.evaluate(() => (globalThis as any).conduitSignalR.getMetrics('webhooks')),
      (metrics) => metrics['invoke.SubscribeToWebhooks']?.count >= 1,
    );
    const attempt = { ...HOOK, attempt: 1 };
    await pages.front.tell(key, 'WebhookDeliveryAttempted', { ...attempt, deliveryId: '1' });
    await pages.front.tell(key, 'WebhookDeliveryAttempted', {
      ...attempt,
      deliveryId: '2',
      url: 'https://a.example/x',
    });
    await seen(page, 'a.example/x');
    await expect(page.getByRole('listitem').count()).resolves.toBe(1);
    await page.evaluate(() => {
      (globalThis as any).document.querySelector('conduit-webhook-list').urls = ['no-address'];
    });
    await seen(page, /Invalid webhook URL 'no-address'/);
  });
});

describe('conduit-notifications', () => {
  test('shows what the system says, which can be dismissed by keyboard', async (context) => {
    const { page, key, troubles } = await pages.open(context, 'notifications');
    await seen(page, 'Nothing to report.');
    await connected(page, 'conduit-notifications');
    await expect(violations(page)).resolves.toEqual([]);
    await pages.front.announce('ServiceDegraded', { service: 'images', reason: 'the queue is long' });
    await seen(page, 'images is degraded');
    pages.cut();
    await seen(page, /Connection lost/);
    await pages.front.announce('SystemAnnouncement', { title: 'Maintenance', message: 'Sunday', severity: 'Critical' });
    await pages.front.announce('ServiceRestored', { service: 'images' });
    pages.restore();
    await seen(page, 'images works again');
    await pages.front.tell(key, 'RateLimitWarning', {
      endpoint: '/v1/chat',
      remaining: 3,
      resetTime: '2999-01-01T00:00:00Z',
    });
    await seen(page, '3 requests left for /v1/chat');
    const titles = () => page.locator('conduit-notifications [part=title]').allTextContents();
    await expect(titles()).resolves.toEqual(['3 requests left for /v1/chat', 'images works again', 'Maintenance']);
    await expect(page.getByRole('alert').textContent()).resolves.toBe('Maintenance. Sunday');
    await expect(violations(page)).resolves.toEqual([]);
    await page.getByRole('button', { name: 'Dismiss: 3 requests left for /v1/chat' }).focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    await expect(titles()).resolves.toEqual(['Maintenance']);
    await page.keyboard.press('Enter');
    await seen(page, 'Nothing to report.');
    expect(troubles).toEqual([]);
  });

  test('asks the page, and leaves out what it does not want', async (context) => {
    const { page } = await pages.open(context, 'notifications');
    await connected(page, 'conduit-notifications');
    await page.evaluate(() => {
      const element = (globalThis as any).document.querySelector('conduit-notifications');
      element.setAttribute('types', 'system_announcement');
      element.setAttribute('minimum-priority', 'High');
      element.addEventListener('conduit-notification', (event: any) => {
        if (event.detail.title === 'Mine') event.preventDefault();
      });
    });
    const say = (title: string, severity: string) =>
      pages.front.announce('SystemAnnouncement', { title, message: '', severity });
    await pages.front.announce('ServiceDegraded', { service: 'x', reason: '' });
    await say('Little', 'Medium');
    await say('Mine', 'Critical');
    await say('Much', 'High');
    await seen(page, 'Much');
    await expect(page.locator('conduit-notifications [part=title]').allTextContents()).resolves.toEqual(['Much']);
  });
});

describe('conduit-connection-status', () => {
  test('tells of a kill of the Worker and of the return, and more when it is opened by keyboard', async (context) => {
    const { page, troubles } = await pages.open(context, 'connection-status');
    const summary = page.locator('conduit-connection-status summary');
    await seen(page, 'Connected');
    await expect(violations(page)).resolves.toEqual([]);
    await summary.focus();
    await page.keyboard.press('Enter');
    await seen(page, /\d+ ms, (excellent|good|fair|poor)/);
    await seen(page, 'WebSockets');
    await expect(violations(page)).resolves.toEqual([]);
    const killed = pages.restart();
    await seen(page, 'Reconnecting…');
    await expect(violations(page)).resolves.toEqual([]);
    await killed;
    await page.locator('conduit-connection-status:state(connected)').waitFor();
    await seen(page, 'Reconnects');
    // What is said is said with a pause in between.
    await page.getByRole('status').getByText('Connected').waitFor();
    expect(troubles).toEqual([]);
  });

  test('says why there is no connection, and tries again when there is a key', async (context) => {
    const { page } = await pages.open(context, 'connection-status');
    await seen(page, 'Connected');
    await page.evaluate(() => {
      const { document } = globalThis as any;
      const element = document.createElement('conduit-connection-status');
      element.setAttribute('hub', 'no-such-hub');
      element.setAttribute('open', '');
      document.querySelector('main').replaceChildren(document.querySelector('h1'), element);
    });
    await seen(page, 'Could not connect: the server has no such hub.');
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await expect(violations(page)).resolves.toEqual([]);
    await page.evaluate(() => {
      const { document, conduitSignalR } = globalThis as any;
      (globalThis as any).source = () =>
        fetch('/token')
          .then((answer) => answer.json())
          .then(({ token }: any) => token);
      conduitSignalR.setVirtualKey(null);
      document.querySelector('conduit-connection-status').hubs = ['webhooks'];
    });
    await seen(page, 'Could not connect: the key is missing or not valid here.');
    await page.evaluate(() => (globalThis as any).conduitSignalR.setVirtualKey((globalThis as any).source));
    await page.locator('conduit-connection-status:state(connected)').waitFor();
  });
});

test('all of them fit a phone, opened too', async (context) => {
  const { page, troubles } = await pages.open(context, 'all', { budget: { limit: 10, period: 'monthly' } });
  await page.setViewportSize({ width: 320, height: 640 });
  await connected(page, 'conduit-connection-status');
  await connected(page, 'conduit-notifications');
  await pages.front.announce('SystemAnnouncement', { title: 'A rather long title', message: 'x', severity: 'High' });
  await seen(page, 'A rather long title');
  await page.locator('conduit-connection-status summary').click();
  await seen(page, 'WebSockets');
  await expect(page.evaluate(() => (globalThis as any).document.documentElement.scrollWidth)).resolves.toBe(320);
  await expect(violations(page)).resolves.toEqual([]);
  expect(troubles).toEqual([]);
});

test('the buttons of the pages have something happen', async (context) => {
  const { page, troubles } = await pages.open(context, 'all');
  await connected(page, 'conduit-notifications');
  await page.getByRole('button', { name: 'Play a task' }).click();
  await seen(page, 'frame 20 of 200');
  await page.getByRole('button', { name: 'Spend 0.42' }).click();
  await seen(page, '$0.42');
  await page.getByRole('button', { name: 'Deliver one' }).click();
  await seen(page, 'sending');
  await page.getByRole('button', { name: 'Tell something' }).click();
  await page.locator('conduit-notifications [part=title]').waitFor();
  expect(troubles).toEqual([]);
});
