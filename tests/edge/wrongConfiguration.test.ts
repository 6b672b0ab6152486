// A variable that says something it cannot mean stops all service: better than serving by a guess.

import { describe, expect, test } from 'vitest';
import { RawClient } from '../harness/rawClient.ts';
import { WorkerInstance } from '../harness/workerInstance.ts';

/** Runs the Worker with these variables. */
async function withVars(
  vars: Record<string, string>,
  look: (instance: WorkerInstance) => Promise<void>,
): Promise<void> {
  const instance = await WorkerInstance.start('edge', 'conduit-edge', { vars });
  try {
    await look(instance);
  } finally {
    await instance.stop();
  }
}

const logOf = (instance: WorkerInstance) => instance.log.map(({ message }) => message).join('\n');

describe('all service stops, and the log names the variable,', () => {
  test.each([
    ['MAX_MESSAGE_BYTES', '1', 'a whole number from 1024 to 33554432'],
    ['HANDSHAKE_TIMEOUT_SECONDS', '1.5', 'a whole number from 1 to 300'],
    ['MAX_CONNECTIONS_TOTAL', '0', 'a whole number from 1 to 100000000'],
    ['INVOCATIONS_PER_MINUTE', '-1', 'a whole number from 0 to 1000000'],
    ['HUB_LIMITS', '{"TaskHub":{"TaskProgres":5}}', 'JSON of events a minute by hub and event'],
    ['HUB_LIMITS', 'nonsense', 'JSON of events a minute by hub and event'],
    ['COALESCE_MILLISECONDS', '1001', 'a whole number from 0 to 1000'],
    ['BUDGET_THRESHOLDS', '90,50', 'whole numbers from 1 to 1000 in ascending order'],
    ['ALLOWED_ORIGINS', 'https://app.example.com/page', 'origins such as'],
    ['ALLOW_PRIVATE_TARGETS', 'yes', '`true` or `false`'],
    ['DISABLED_HUBS', 'TaskHub,ChatHub', 'names or routes of hubs'],
    ['ENABLE_DEBUG_HUB', 'True', '`true` or `false`'],
    ['JOURNAL_RETENTION_HOURS', '9'.repeat(30), 'a whole number from 1 to 8760'],
  ])('where %s is %s', async (name, value, expected) => {
    await withVars({ [name]: value }, async (instance) => {
      for (const [method, path] of [
        ['GET', '/health/live'],
        ['GET', '/metrics'],
        ['GET', '/asyncapi.json'],
        ['GET', '/v1/admin/keys'],
        ['POST', '/v1/events'],
        ['POST', '/v1/tokens'],
        ['POST', '/hubs/tasks/negotiate'],
        ['GET', '/nowhere'],
      ] as const) {
        const response = await fetch(instance.url + path, { method });
        expect([path, response.status]).toEqual([path, 500]);
        expect(response.headers.get('content-type')).toBe('application/problem+json');
        expect(response.headers.get('x-request-id')).toMatch(/./);
        const body = await response.text();
        expect(JSON.parse(body)).toMatchObject({ type: 'urn:conduit:problem:internal', status: 500 });
        // Whoever asks need not know how the Worker is set up.
        expect(body).not.toContain(name);
      }
      await expect(RawClient.refusal(`${instance.url}/hubs/tasks`)).resolves.toMatchObject({ status: 500 });
      const log = logOf(instance);
      expect(log).toContain(`${name} must be `);
      expect(log).toContain(JSON.stringify(expected).slice(1, -1));
    });
  });
});

describe('all is served', () => {
  test('where variables are blank: they have their defaults', async () => {
    const names = ['MAX_CONNECTIONS_TOTAL', 'HUB_LIMITS', 'BUDGET_THRESHOLDS', 'ENABLE_DEBUG_HUB', 'DISABLED_HUBS'];
    await withVars(Object.fromEntries(names.map((name) => [name, ' '])), async (instance) => {
      expect((await fetch(`${instance.url}/health`)).status).toBe(200);
      expect((await fetch(`${instance.url}/hubs/debug`)).status).toBe(404);
    });
  });

  test('where a variable is one that nobody knows', async () => {
    await withVars({ MAX_CONECTIONS: 'many' }, async (instance) => {
      expect((await fetch(`${instance.url}/health`)).status).toBe(200);
    });
  });
});
