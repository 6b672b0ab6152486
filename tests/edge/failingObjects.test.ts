// What is answered while the objects of keys are out of order: never that something was taken.

import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { miniflareOptions } from '../../miniflare.config.js';
import { cloudEvent } from '../harness/cloudEvents.ts';
import { FrontDoor } from '../harness/edge.ts';

/** A class in the place of `VirtualKey` that fails as an object does whose storage is gone. */
const FAILING = `
  import { DurableObject } from 'cloudflare:workers';
  export class Failing extends DurableObject {
    fetch() { throw new Error('out of order'); }
  }
  export default {};
`;

const front = new FrontDoor('');
let miniflare: Miniflare;

beforeAll(async () => {
  const options = miniflareOptions();
  const [{ config }] = options.workers as [{ config: Record<string, unknown> & { env: Record<string, unknown> } }];
  config.env.VIRTUAL_KEY = { type: 'durable-object', worker: 'failing', exportName: 'Failing' };
  const modules = { 'index.js': { type: 'esm', contents: FAILING } };
  const failing = {
    name: 'failing',
    compatibilityDate: config.compatibilityDate,
    manifest: { mainModule: 'index.js', modulesRoot: '/', modules },
    exports: { Failing: { type: 'durable-object', storage: 'sqlite' } },
  };
  const workers = [{ config }, { config: failing }] as typeof options.workers;
  // What they log of it is not for here.
  miniflare = new Miniflare({ ...options, workers, handleStructuredLogs: () => {} });
  front.url = (await miniflare.ready).toString().replace(/\/$/, '');
});

afterAll(() => miniflare.dispose());

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
  expect(checks.filter((check) => check.status === 'unhealthy').map((check) => check.name)).toEqual(['virtual-key']);
});
