// An event is known by its source and its id, and has its effect once, however often it is sent.

import { describe, expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { edge } from '../harness/edge.ts';

const front = edge();

const started = { taskId: 't', taskType: 'test' };

describe('an event that was seen', () => {
  test('is a duplicate, and nobody hears of it again', async () => {
    const key = await front.createKey();
    const client = await front.official(key);
    await client.invoke('SubscribeToTaskType', '*');
    const event = cloudEvent(key.id, 'TaskStarted', started);
    for (const status of ['delivered', 'duplicate', 'duplicate']) {
      await expect(front.publish([event])).resolves.toEqual({
        status: 200,
        results: [expect.objectContaining({ id: event.id, status })],
      });
    }
    await client.invoke('UnsubscribeFromTask', 'x');
    expect(client.events.all).toHaveLength(1);
    await client.stop();
  });

  test('is a duplicate within one batch, too', async () => {
    const key = await front.createKey();
    const event = cloudEvent(key.id, 'TaskStarted', started);
    const { results } = await front.publish([event, event, event]);
    expect(results.map((result) => result.status)).toEqual(['delivered', 'duplicate', 'duplicate']);
  });

  test('is a duplicate though its content is another', async () => {
    const key = await front.createKey();
    const event = cloudEvent(key.id, 'TaskStarted', started);
    await front.publish([event]);
    const other = { ...event, type: 'TaskCompleted', data: { taskId: 't' } };
    await expect(front.publish([other])).resolves.toMatchObject({ results: [{ status: 'duplicate' }] });
  });

  test('is a duplicate after its object slept', async () => {
    const key = await front.createKey();
    const event = cloudEvent(key.id, 'TaskStarted', started);
    await front.publish([event]);
    await front.sleep(key);
    await expect(front.publish([event])).resolves.toMatchObject({ results: [{ status: 'duplicate' }] });
  });

  test('is a duplicate though it was ignored the first time', async () => {
    const key = await front.createKey();
    await front.tell(key, 'TaskTimedOut', { taskId: 't' });
    const event = cloudEvent(key.id, 'TaskProgress', { taskId: 't', percentComplete: 1 });
    await expect(front.publish([event])).resolves.toMatchObject({ results: [{ status: 'ignored' }] });
    await expect(front.publish([event])).resolves.toMatchObject({ results: [{ status: 'duplicate' }] });
  });

  test('is delivered once though it is sent many times at once', async () => {
    const key = await front.createKey();
    const event = cloudEvent(key.id, 'TaskStarted', started);
    const answers = await Promise.all(Array.from({ length: 20 }, () => front.publish([event])));
    const statuses = answers.map((answer) => answer.results[0]?.status).sort();
    expect(statuses).toEqual(['delivered', ...Array.from({ length: 19 }, () => 'duplicate')]);
  });
});

describe('an event is another', () => {
  test('when its source is, or the case of its id', async () => {
    const key = await front.createKey();
    const event = cloudEvent(key.id, 'TaskProgress', { taskId: 't', percentComplete: 1 }, { id: 'a' });
    const progress = (percentComplete: number) => ({ data: { taskId: 't', percentComplete } });
    const { results } = await front.publish([
      event,
      { ...event, ...progress(2), source: 'urn:other' },
      { ...event, ...progress(3), id: 'A' },
    ]);
    expect(results.map((result) => result.status)).toEqual(['delivered', 'delivered', 'delivered']);
  });

  test('when it is another key’s', async () => {
    const [key, other] = await Promise.all([front.createKey(), front.createKey()]);
    const event = cloudEvent(key.id, 'TaskStarted', started);
    const { results } = await front.publish([event, { ...event, virtualkeyid: other.id }]);
    expect(results.map((result) => result.status)).toEqual(['delivered', 'delivered']);
  });

  test('when the one before was rejected', async () => {
    const key = await front.createKey();
    const event = cloudEvent(key.id, 'TaskStarted', { taskId: 't' });
    await expect(front.publish([event])).resolves.toMatchObject({ status: 400 });
    await expect(front.publish([{ ...event, data: started }])).resolves.toMatchObject({
      results: [{ status: 'delivered' }],
    });
  });
});
