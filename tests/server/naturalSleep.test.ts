// No trick here: the platform itself puts an object to sleep that was idle for ten seconds.

import { setTimeout as pass } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { JSON_PING } from '../harness/protocol.ts';
import { type Room, testWorker } from '../harness/testWorker.ts';

const { room } = testWorker();

test('an object falls asleep by itself though a client pings, and an event wakes it', { timeout: 90_000 }, async () => {
  const here = room();
  const [raw, official] = await Promise.all([
    here.raw(),
    here.official({ protocol: 'messagepack', events: ['Event', 'Told'] }),
  ]);
  await official.invoke('Join', 'group');
  const awake = await official.invoke('Instance');
  await fallAsleep(here, async () => {
    raw.send(JSON_PING);
    await raw.records.next();
  });
  const { recipients, instance } = await here.publish('wake up');
  expect(recipients).toBe(2);
  expect(instance).not.toBe(awake);
  await expect(official.events.next()).resolves.toEqual(['Event', 'wake up']);
  await expect(raw.event('Event')).resolves.toEqual(['wake up']);
  await expect(raw.invoke('Tell', 'group', 'still in it')).resolves.toBe(1);
  await expect(official.events.next()).resolves.toEqual(['Told', 'group', 'still in it']);
  await Promise.all([raw.close(1000), official.stop()]);
});

/**
 * Waits until the platform has put the object to sleep. Nobody announces it, and to ask is to put it to sleep; so it is
 * given ten seconds and one more, and on a machine that is busy with other things another chance.
 */
async function fallAsleep(here: Room, ping: () => Promise<void>): Promise<void> {
  for (const seconds of [11, 13, 20]) {
    for (let passed = 0; passed < seconds; passed++) {
      await pass(1_000);
      await ping();
    }
    if (await here.sleeps()) return;
    await ping();
  }
  throw new Error('the object did not fall asleep by itself');
}
