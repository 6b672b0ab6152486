// Whether it lives, and whether what it needs does.

import { expect, test } from 'vitest';
import { edge } from '../harness/edge.ts';

const front = edge();
const misconfigured = edge({ vars: { MAX_CONNECTIONS_PER_KEY: 'many' } });

interface Health {
  status: string;
  checks?: { name: string; status: string; durationMs: number }[];
}

test('it is alive without a key', async () => {
  const response = await fetch(`${front.url}/health/live`);
  expect(response.status).toBe(200);
  await expect(response.json()).resolves.toMatchObject({ status: 'healthy' });
});

test.each(['/health', '/health/ready'])('%s names each thing it needs, and how long it took', async (path) => {
  const response = await fetch(front.url + path);
  expect(response.status).toBe(200);
  const health = (await response.json()) as Health;
  expect(health.status).toBe('healthy');
  expect(health.checks?.length).toBeGreaterThanOrEqual(3);
  for (const check of health.checks ?? []) {
    expect(check).toEqual({ name: expect.any(String), status: 'healthy', durationMs: expect.any(Number) });
  }
  expect(health.checks?.map((check) => check.name)).toEqual(
    expect.arrayContaining(['administration', 'virtual-key', 'key-lookup']),
  );
});

test('it is asked by GET or HEAD', async () => {
  expect((await fetch(`${front.url}/health`, { method: 'HEAD' })).status).toBe(200);
  expect((await fetch(`${front.url}/health`, { method: 'POST' })).status).toBe(405);
});

test('a variable that cannot be meant stops all service, and only the log says which it is', async () => {
  const response = await fetch(`${misconfigured.url}/health/live`);
  expect(response.status).toBe(500);
  await expect(response.json()).resolves.toMatchObject({ type: 'urn:conduit:problem:internal' });
  const log = misconfigured.instance.log.map((line) => line.message).join('\n');
  expect(log).toContain('MAX_CONNECTIONS_PER_KEY must be a whole number from 1 to 100000');
});
