// `conduit keys` against the real Worker.

import { expect, test } from 'vitest';
import { conduit, failure, json } from '../harness/commandLine.ts';
import { edge, MASTER_KEY } from '../harness/edge.ts';

const front = edge();
const keys = (...args: string[]) =>
  conduit(['keys', ...args], { CONDUIT_URL: front.url, CONDUIT_MASTER_KEY: MASTER_KEY });

interface KeyView {
  id: string;
  name: string;
  enabled: boolean;
  key?: string;
  budget?: { limit: number; period: string };
  limits: object;
  allowedModels?: string[];
}

const create = async (...args: string[]) => json<KeyView>(await keys('create', 'made', '--json', ...args));

test('a key is made with all that is said of it, shown, changed and listed', async () => {
  const made = await create('--budget', '12.5', '--period', 'weekly', '--max-connections', '7', '--models', 'a,b*');
  expect(made).toMatchObject({
    name: 'made',
    enabled: true,
    key: expect.stringMatching(/^condt_/),
    budget: { limit: 12.5, period: 'weekly' },
    limits: { connections: 7 },
    allowedModels: ['a', 'b*'],
  });
  const shown = await keys('show', made.id);
  expect(shown.code).toBe(0);
  expect(shown.stdout).toMatch(/budget +12\.5 weekly/);
  expect(shown.stdout).not.toContain(made.key);

  const changed = json<KeyView>(
    await keys('update', made.id, '--name', 'other', '--budget', 'none', '--max-connections', 'none', '--json'),
  );
  expect(changed).toMatchObject({ name: 'other', limits: {} });
  expect(changed.budget).toBeUndefined();

  const list = await keys('list');
  expect(list.stdout).toMatch(new RegExp(`${made.id} +other +yes`));
  expect(list.stdout + list.stderr).not.toContain(MASTER_KEY);
  expect(json<{ items: KeyView[] }>(await keys('list', '--json')).items.map(({ id }) => id)).toContain(made.id);
});

test('a key of elsewhere is taken over, and once', async () => {
  const sha256 = 'ab'.repeat(32);
  const made = await create('--id', 'from-elsewhere', '--sha256', sha256, '--disabled');
  expect(made).toMatchObject({ id: 'from-elsewhere', enabled: false });
  const again = await keys('create', 'made', '--id', 'from-elsewhere', '--sha256', sha256, '--json');
  expect([again.code, failure(again).kind]).toEqual([6, 'rejected']);
});

test('a secret is exchanged, and the old one ends when it is said', async () => {
  const made = await create();
  const rotated = json<KeyView>(await keys('rotate', made.id, '--grace', '0', '--json'));
  expect(rotated.key).toMatch(/^condt_/);
  const spend = (key: string | undefined) =>
    fetch(`${front.url}/v1/spend`, { headers: { authorization: `Bearer ${key}` } });
  expect((await spend(rotated.key)).status).toBe(200);
  expect((await spend(made.key)).status).toBe(401);
});

test('connections end when their key is disconnected, disabled or deleted', async () => {
  const made = await create();
  const key = { id: made.id, key: made.key ?? '' };
  const first = await front.official(key);
  const said = await keys('disconnect', made.id);
  expect([said.code, said.stdout]).toEqual([0, 'closed 1 connections\n']);
  await first.stop();

  const second = await front.official(key);
  expect(json<KeyView>(await keys('disable', made.id, '--json')).enabled).toBe(false);
  await expect(second.life.next()).resolves.toBeDefined();
  expect(json<KeyView>(await keys('enable', made.id, '--json')).enabled).toBe(true);

  // Where nobody can be asked, deleting must be said twice.
  const unasked = await keys('delete', made.id);
  expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('--yes')]);
  expect((await keys('delete', made.id, '--yes')).code).toBe(0);
  expect((await keys('show', made.id)).code).toBe(5);
});

test('what is wrong has its exit code, its words, and no secret', async () => {
  const wrong = await conduit(['keys', 'list', '--json'], {
    CONDUIT_URL: front.url,
    CONDUIT_MASTER_KEY: 'condt_master_wrong-secret',
  });
  expect([wrong.code, failure(wrong).kind]).toEqual([4, 'refused']);
  expect(wrong.stdout + wrong.stderr).not.toContain('wrong-secret');

  const without = await conduit(['keys', 'list'], { CONDUIT_URL: front.url });
  expect([without.code, without.stderr]).toEqual([4, expect.stringContaining('CONDUIT_MASTER_KEY')]);

  expect((await keys('show', 'nobody', '--json')).code).toBe(5);
  expect((await keys('create', 'made', '--budget', 'much')).code).toBe(6);
  expect((await keys('create', 'made', '--max-connections', 'many')).code).toBe(2);
  expect((await keys('update', 'x')).code).toBe(2);
  expect((await keys('update', 'x', '--period', 'daily')).code).toBe(2);
  expect((await keys('no-such-command')).code).toBe(2);
  const nowhere = await conduit(['keys', 'list'], { CONDUIT_URL: 'http://127.0.0.1:1', CONDUIT_MASTER_KEY: 'x' });
  expect([nowhere.code, nowhere.stderr]).toEqual([3, expect.stringContaining('127.0.0.1:1')]);
  for (const url of ['nonsense', 'ftp://host', 'http://user:password@host']) {
    expect((await conduit(['keys', 'list'], { CONDUIT_URL: url, CONDUIT_MASTER_KEY: 'x' })).code).toBe(2);
  }
});

test('there is colour only where it is wanted', async () => {
  const settings = { CONDUIT_URL: front.url, CONDUIT_MASTER_KEY: MASTER_KEY };
  await create();
  expect((await conduit(['keys', 'list'], settings)).stdout).not.toContain('\u001b');
  expect((await conduit(['keys', 'list', '--color', 'always'], settings)).stdout).toContain('\u001b[');
  const quiet = await conduit(['keys', 'list', '--color', 'auto'], { ...settings, NO_COLOR: '1' });
  expect(quiet.stdout).not.toContain('\u001b');
});
