// What is answered while the objects of keys, and the queue, are out of order: never that something was taken.

import { expect, test } from 'vitest';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { withFailing } from '../harness/failingObjects.ts';

const front = withFailing('VIRTUAL_KEY', { missing: ['EVENTS'] });

test('events are answered with 503, each as unavailable, and the others as what they are', async () => {
  const events = [
    cloudEvent('1', 'TaskStarted', { taskId: 't', taskType: 'test' }),
    cloudEvent('1', 'TaskProgress', { taskId: 't', percentComplete: 101 }),
    cloudEvent('2', 'TaskStarted', { taskId: 't', taskType: 'test' }),
  ];
  const answer = await front.publish(events);
  expect(answer).toMatchObject({ status: 503, type: 'urn:conduit:problem:unavailable' });
  expect(answer.results.map((result) => result.status)).toEqual(['unavailable', 'rejected', 'unavailable']);
});

test('a key is made, and a change to it is answered with 503 until its object knows', async () => {
  const key = await front.createKey();
  const changed = await front.admin('PATCH', `/v1/admin/keys/${key.id}`, { enabled: false });
  expect(changed.status).toBe(503);
  await expect(changed.json()).resolves.toMatchObject({ type: 'urn:conduit:problem:unavailable' });
  const list = await front.admin('GET', '/v1/admin/keys');
  await expect(list.json()).resolves.toMatchObject({ items: [{ id: key.id, enabled: false }] });
});

test('nobody connects, and the health check says why', async () => {
  const key = await front.createKey();
  await expect(front.negotiate(key)).rejects.toThrow('503');
  const health = await fetch(`${front.url}/health`);
  expect(health.status).toBe(503);
  const { status, checks } = (await health.json()) as { status: string; checks: { name: string; status: string }[] };
  expect(status).toBe('unhealthy');
  expect(checks.filter((check) => check.status === 'unhealthy').map((check) => check.name)).toEqual([
    'virtual-key',
    'queue',
  ]);
});
