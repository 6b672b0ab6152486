// Ten thousand records of one key, as fast as they can be sent: not one is lost, and not one counts twice.

import { expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';
import { PROTOCOLS } from '../harness/protocol.ts';
import { readSpend, SpendClient, spend, spent, sum, units } from '../harness/spend.ts';

const front = edge();

const RECORDS = 10_000;
const PRODUCERS = 8;
const BATCH = 125;
const MODELS = 25;

test('ten thousand records, by several producers at once, are what clients and the ledger say', async () => {
  const key = await front.createKey({ budget: { limit: '400', period: 'none' } });
  const clients = await Promise.all(PROTOCOLS.map((protocol) => SpendClient.connect(front, key, { protocol })));
  // Amounts that floats would get wrong, none like the next.
  const digits = (number: number, count: number) => String(number).padStart(count, '0');
  const amounts = Array.from({ length: RECORDS }, (_, index) => {
    return `0.0${digits((index * 7_919) % 1_000, 3)}${digits(index, 6)}`;
  });
  const events = amounts.map((amount, index) => {
    return spent(key, amount, { provider: `provider ${index % 3}`, model: `model ${index % MODELS}` });
  });
  const batches = Array.from({ length: RECORDS / BATCH }, (_, index) =>
    events.slice(index * BATCH, (index + 1) * BATCH),
  );
  await Promise.all(
    Array.from({ length: PRODUCERS }, async () => {
      for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) await spend(front, batch);
    }),
  );
  const total = sum(amounts);

  const view = await readSpend(front, key);
  expect([units(view.currentSpend), view.requests]).toEqual([total, RECORDS]);
  const shares = view.topProviders as { name: string; spend: number; requestCount: number }[];
  expect(sum(shares.map((share) => share.spend))).toBe(total);
  expect(shares.reduce((count, share) => count + share.requestCount, 0)).toBe(RECORDS);

  for (const client of clients) {
    const updates = await client.toldOf(RECORDS);
    expect(sum(updates.map((update) => update.delta))).toBe(total);
    expect(units(updates.at(-1)?.currentSpend ?? 0)).toBe(total);
    expect(updates.reduce((count, update) => count + update.requests, 0)).toBe(RECORDS);
    // They are summed up: far fewer than records.
    expect(updates.length).toBeLessThan(RECORDS / 10);
    expect(client.alerts.map((alert) => alert.threshold)).toEqual([50, 75, 90, 100]);
  }

  const again = await front.publish(events.slice(-1_000));
  expect(new Set(again.results.map((result) => result.status))).toEqual(new Set(['duplicate']));
  await expect(readSpend(front, key)).resolves.toEqual(view);
  await Promise.all(clients.map((client) => client.stop()));
});
