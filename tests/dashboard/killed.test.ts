// The server goes and comes back, under two tabs.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { browser } from '../harness/browser.ts';
import { Dashboard } from '../harness/dashboard.ts';
import { EdgeProcess } from '../harness/edgeProcess.ts';

const chromium = browser();
let folder: string;
let front: EdgeProcess;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conduit-edge-dashboard-'));
  front = await EdgeProcess.start(folder, 0, {}, true);
});

afterAll(async () => {
  await front?.kill();
  await rm(folder, { recursive: true, force: true });
});

const announce = (title: string) => front.announce('SystemAnnouncement', { title, message: '', severity: 'Low' });

/** The titles of the announcements that are shown, the oldest first. */
async function titles({ page }: Dashboard): Promise<string[]> {
  return (await page.locator('[data-notice] strong').allInnerTexts()).reverse();
}

test('after a kill, two tabs come back by themselves, without holes and without duplicates', async (context) => {
  const key = await front.createKey();
  const first = await Dashboard.of(chromium(context), front, key.key);
  // The other tab of the same browser has a session of its own: its key is not this one's to take.
  const second = await Dashboard.openIn(await first.page.context().newPage(), front);
  await second.signIn(key.key);
  const tabs = [first, second];

  await announce('before');
  await front.tell(key, 'TaskStarted', { taskId: 't1', taskType: 'x' });
  for (const tab of tabs) {
    await tab.panel('Notifications').getByText('before').waitFor();
    await tab.panel('Tasks').locator('[data-task="t1"][data-state="running"]').waitFor();
  }

  const { port } = front;
  await front.kill();
  for (const tab of tabs) {
    await tab.page.locator('[data-hub="tasks"][data-state="reconnecting"]').waitFor();
    await tab.page
      .locator('[data-hub="tasks"]')
      .getByText(/attempt \d+/)
      .waitFor();
    await tab.page.getByRole('status').getByText('7 of 7 hubs away').waitFor();
    // What was known is still there.
    await tab.panel('Tasks').locator('[data-task="t1"]').waitFor();
  }

  front = await EdgeProcess.start(folder, port, {}, true);
  // Before the tabs are back, or while they come.
  for (const title of ['meanwhile 1', 'meanwhile 2']) await announce(title);
  await front.tell(key, 'TaskCompleted', { taskId: 't1' });
  for (const tab of tabs) await tab.live();
  await announce('after');

  for (const tab of tabs) {
    await tab.panel('Notifications').getByText('after').waitFor();
    expect(await titles(tab)).toEqual(['before', 'meanwhile 1', 'meanwhile 2', 'after']);
    await tab.panel('Tasks').locator('[data-task="t1"][data-state="completed"]').waitFor();
    expect(await tab.page.locator('[data-task]').count()).toBe(1);
    expect(await tab.page.locator('[data-hub="tasks"] td').nth(3).innerText()).toBe('1');
    expect(tab.faults).toEqual([]);
  }
  await first.close();
});

test('a tab that was closed for good says so, and asks for a key', async (context) => {
  const key = await front.createKey();
  const dashboard = await Dashboard.of(chromium(context), front, key.key);
  await front.patchKey(key, { enabled: false });
  await dashboard.page.getByText('The key opens nothing any more').waitFor();
  expect(await dashboard.page.evaluate(() => Object.keys(sessionStorage))).toEqual([]);
  await dashboard.close();
});
