// A journal reaches back so far and no further: a client that was away for longer learns that it lost something.

import { describe, expect, test } from 'vitest';
import { edge, type Key } from '../harness/edge.ts';
import { heard } from '../harness/keyHubs.ts';
import type { OfficialClient } from '../harness/officialClient.ts';

const MOST = 8;
const front = edge({ vars: { JOURNAL_MAX_EVENTS: `${MOST}` } });

interface Resumed {
  recovered: boolean;
  restoredGroups: string[];
  replayed: number;
}

const STEPS = 30;

const step = (key: Key, number: number) =>
  front.tell(key, 'TaskStarted', { taskId: 't', taskType: 'x', metadata: { number } });

async function follower(key: Key): Promise<OfficialClient> {
  const client = await front.official(key, { query: 'meta=1' });
  await client.invoke('SubscribeToTask', 't');
  return client;
}

/** The steps that a client heard of. */
const stepsOf = (events: unknown[][]) => events.map(([, , , metadata]) => (metadata as { number: number }).number);

/** A key of which a client went away before the steps, the client's token, and the ids of the steps. */
async function away(): Promise<{ key: Key; token: string; snapshotId: string; ids: string[] }> {
  const key = await front.createKey();
  await step(key, 0);
  const [gone, stayed] = await Promise.all([follower(key), follower(key)]);
  const { resumeToken: token } = await gone.invoke<{ resumeToken: string }>('GetResumeToken');
  const [first] = await heard(gone);
  await gone.stop();
  for (let number = 1; number <= STEPS; number++) await step(key, number);
  const ids = (await heard(stayed)).map((event) => (event.at(-1) as { eventId: string }).eventId);
  await stayed.stop();
  return { key, token, snapshotId: ((first ?? []).at(-1) as { eventId: string }).eventId, ids };
}

describe('who resumes', () => {
  test.each(['from an event that is past the reach', 'without saying from where'])(
    '%s is told that something was lost, gets what is left, and goes on in its groups',
    async (how) => {
      const { key, token, snapshotId } = await away();
      const back = await front.official(key, { query: 'meta=1' });
      const args = how.startsWith('from') ? [token, snapshotId] : [token];
      const resumed = await back.invoke<Resumed>('Resume', ...args);
      expect(resumed.recovered).toBe(false);
      const steps = stepsOf(await heard(back));
      expect(steps.length).toBe(resumed.replayed);
      // A little more than the limit may be kept, but not much: it is the latest, without gaps.
      expect(steps.length).toBeGreaterThanOrEqual(MOST);
      expect(steps.length).toBeLessThanOrEqual(MOST + MOST / 4);
      expect(steps).toEqual(Array.from({ length: steps.length }, (_, index) => STEPS - steps.length + 1 + index));
      await front.tell(key, 'TaskCompleted', { taskId: 't' });
      await back.events.find('what comes next', ([name]) => name === 'TaskCompleted');
      await back.stop();
    },
  );

  test('from an event that is within the reach has lost nothing, also after a sleep', async () => {
    const { key, token, ids } = await away();
    await front.sleep(key);
    const back = await front.official(key, { query: 'meta=1' });
    const resumed = await back.invoke<Resumed>('Resume', token, ids.at(-4));
    expect(resumed).toMatchObject({ recovered: true, replayed: 3 });
    expect(stepsOf(await heard(back))).toEqual([STEPS - 2, STEPS - 1, STEPS]);
    await back.stop();
  });

  test('from the last event has lost nothing, and gets nothing', async () => {
    const { key, token, ids } = await away();
    const back = await front.official(key, { query: 'meta=1' });
    await expect(back.invoke<Resumed>('Resume', token, ids.at(-1))).resolves.toMatchObject({
      recovered: true,
      replayed: 0,
    });
    await expect(heard(back)).resolves.toEqual([]);
    await back.stop();
  });
});
