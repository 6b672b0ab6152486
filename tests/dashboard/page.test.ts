// The page itself: who gets in, where the key is, how much is loaded, and that a phone and a keyboard will do.

import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { browser } from '../harness/browser.ts';
import { Dashboard } from '../harness/dashboard.ts';
import { edge, MASTER_KEY } from '../harness/edge.ts';

const chromium = browser();
// As deployed: pages of other origins may not ask, and this one is of the same.
const front = edge({ pages: true, vars: { ALLOWED_ORIGINS: '' } });

/** Of the first load, with everything it takes to show what happens. */
const MOST_BYTES = 150_000;

test('a wrong key is refused in words, and is not kept', async (context) => {
  const dashboard = await Dashboard.open(chromium(context), front);
  const { page } = dashboard;
  await page.getByLabel('Virtual key or master key').fill('condt_wrong');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('This key opens nothing here').waitFor();
  expect(await page.evaluate(() => Object.keys(sessionStorage))).toEqual([]);
  const key = await front.createKey();
  await dashboard.signIn(key.key);
  await dashboard.close();
});

test('the key is in the session of the tab and in no address, and signing out forgets it', async (context) => {
  const key = await front.createKey();
  const dashboard = await Dashboard.open(chromium(context), front);
  const { page } = dashboard;
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  page.on('websocket', (socket) => addresses.push(socket.url()));
  page.on('framenavigated', (frame) => addresses.push(frame.url()));
  await dashboard.signIn(key.key);
  await page.reload();
  await dashboard.live();
  expect(addresses.filter((address) => address.startsWith('ws'))).not.toEqual([]);
  expect(addresses.filter((address) => decodeURIComponent(address).includes(key.key))).toEqual([]);
  // Nobody but the server it is from is asked for anything.
  const { host } = new URL(front.url);
  expect([...new Set(addresses.map((address) => new URL(address).host))]).toEqual([host]);
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(key.key);
  expect(await page.context().cookies()).toEqual([]);

  // Another tab of the same browser knows nothing of it.
  const other = await page.context().newPage();
  await other.goto(`${front.url}/`);
  await other.getByRole('heading', { name: 'Sign in' }).waitFor();

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage, ...localStorage }))).toBe('{}');
  expect(await page.content()).not.toContain(key.key);
  await page.reload();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await dashboard.close();
});

test('a client token signs in too', async (context) => {
  const key = await front.createKey();
  const token = await front.clientToken(key);
  const dashboard = await Dashboard.of(chromium(context), front, token);
  await front.tell(key, 'TaskStarted', { taskId: 't1', taskType: 'x' });
  await dashboard.page.locator('[data-task="t1"]').waitFor();
  await dashboard.close();
});

test('the first load is small, and what is loaded may stay in the browser', async (context) => {
  const page = await (await chromium(context).newContext()).newPage();
  const bodies: Promise<[string, number]>[] = [];
  page.on('response', (response) => {
    bodies.push(response.body().then((body) => [new URL(response.url()).pathname, gzipSync(body).length]));
  });
  await page.goto(`${front.url}/`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  const sizes = await Promise.all(bodies);
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  expect(sizes.map(([path]) => path)).toContain('/');
  expect(total, JSON.stringify(sizes)).toBeLessThan(MOST_BYTES);
  const script = sizes.map(([path]) => path).find((path) => path.endsWith('.js'));
  expect((await fetch(front.url + script)).headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  await page.context().close();
});

test('nobody else may show the page, and nothing else may run on it', async () => {
  const { headers, status } = await fetch(`${front.url}/`);
  expect(status).toBe(200);
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy.split('; ')).toEqual(
    expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]),
  );
  expect(policy).not.toContain('unsafe');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  // Served before the Worker: its answers have an id.
  expect(headers.get('x-request-id')).toBeNull();
  expect((await fetch(`${front.url}/health/live`)).headers.get('x-request-id')).not.toBeNull();
  expect((await fetch(`${front.url}/dashboard/nothing.js`)).status).toBe(404);
});

test('on a phone nothing is wider than the screen', async (context) => {
  const key = await front.createKey();
  await front.tell(key, 'TaskStarted', { taskId: 'a-task-with-a-long-name-'.repeat(5), taskType: 'x'.repeat(80) });
  for (const secret of [key.key, MASTER_KEY]) {
    const phone = { viewport: { width: 360, height: 780 }, isMobile: true, hasTouch: true };
    const dashboard = await Dashboard.of(chromium(context), front, secret, phone);
    const views = secret === MASTER_KEY ? ['System', 'Keys', 'Audit'] : [undefined];
    for (const view of views) {
      if (view !== undefined) await dashboard.goTo(view);
      const width = await dashboard.page.evaluate(() => (globalThis as any).document.documentElement.scrollWidth);
      expect(width, view ?? 'Activity').toBe(360);
    }
    await dashboard.close();
  }
});

test('the keyboard is enough: to sign in, to go from view to view, to make a key and to sign out', async (context) => {
  const { page } = await Dashboard.open(chromium(context), front);
  /** Presses Tab until something with this name has the focus. */
  const tabTo = async (name: RegExp) => {
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const { ariaLabel, textContent } = (globalThis as any).document.activeElement;
        return ariaLabel ?? textContent ?? '';
      });
      if (name.test(focused)) return;
    }
    throw new Error(`nothing called ${name} can be reached`);
  };
  await page.locator('#key:focus').waitFor();
  await page.keyboard.type(MASTER_KEY);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'System' }).waitFor();
  await tabTo(/^Skip to the content$/);
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => (globalThis as any).document.activeElement?.id)).toBe('main');
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'System' }).waitFor();
  await tabTo(/^Keys$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor();
  await tabTo(/^New key$/);
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'New virtual key' });
  await dialog.waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  expect(await page.evaluate(() => (globalThis as any).document.activeElement?.textContent)).toBe('New key');
  await page.keyboard.press('Enter');
  await dialog.waitFor();
  await page.keyboard.type('by keyboard');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'The new key' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('row').filter({ hasText: 'by keyboard' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor();
  await tabTo(/^Sign out$/);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.context().close();
});

test('light or dark is as the system has it, until somebody chooses', async (context) => {
  const { page } = await Dashboard.open(chromium(context), front, { colorScheme: 'dark' });
  const background = await page.evaluate(() => {
    const { document, getComputedStyle } = globalThis as any;
    return getComputedStyle(document.body).backgroundColor as string;
  });
  expect(background).toBe('rgb(13, 18, 20)');
  const dashboard = await Dashboard.of(chromium(context), front, (await front.createKey()).key);
  const button = dashboard.page.getByRole('button', { name: /^Theme/ });
  await button.click();
  await button.click();
  await dashboard.page.getByRole('button', { name: 'Theme: dark' }).waitFor();
  await dashboard.page.reload();
  await dashboard.page.getByRole('button', { name: 'Theme: dark' }).waitFor();
  expect(await dashboard.page.evaluate(() => (globalThis as any).document.documentElement.dataset.theme)).toBe('dark');
  await page.context().close();
  await dashboard.close();
});
