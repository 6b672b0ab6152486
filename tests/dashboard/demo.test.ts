// `npm start -- --demo`: its made-up traffic gives every panel something to show.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { browser } from '../harness/browser.ts';
import { Dashboard } from '../harness/dashboard.ts';
import { edge, MASTER_KEY } from '../harness/edge.ts';

/** The scripts of `npm start` have no types. */
const script = (name: string): Promise<any> =>
  import(new URL(`../../scripts/local/traffic/${name}.mjs`, import.meta.url).href);

const chromium = browser();
const stop = new AbortController();
const vars: Record<string, string> = {};
let cast: { vars: Record<string, string>; dismiss(): void };
beforeAll(async () => {
  const { assemble } = await script('cast');
  cast = await assemble();
  Object.assign(vars, cast.vars);
});
const front = edge({ pages: true, vars });
afterAll(() => {
  stop.abort();
  cast.dismiss();
});

test('every panel of a key shows something', async (context) => {
  const key = await front.createKey({ name: 'demo' });
  const { playTraffic } = await script('play');
  const playing: Promise<void> = playTraffic({
    address: front.url,
    masterKey: MASTER_KEY,
    key,
    cast,
    signal: stop.signal,
  });
  const dashboard = await Dashboard.of(chromium(context), front, key.key);
  for (const [panel, line] of [
    ['Tasks', '[data-state="running"]'],
    ['Webhooks', '[data-delivery]'],
    ['Notifications', '[data-notice]'],
    ['Models', '[data-model]'],
    ['Realtime sessions', '[data-session]'],
    ['Spend', 'meter'],
  ] as const) {
    await dashboard.panel(panel).locator(line).first().waitFor();
  }
  stop.abort();
  await playing;
  expect(dashboard.faults).toEqual([]);
  await dashboard.close();
});
