// docs/verification.md: it names tests that are there, and every event of the contract.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { hubs } from '../../clients/js/src/contract.ts';

const PAGE = resolve(import.meta.dirname, '../../docs/verification.md');
const page = readFileSync(PAGE, 'utf8');

test('every file that the page names is there', () => {
  const links = [...page.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link as string);
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter((link) => !existsSync(resolve(dirname(PAGE), link)))).toEqual([]);
});

test('every event of every hub has a row of that hub', () => {
  const rows = new Map<string, string>();
  let hub = '';
  for (const row of page.split('\n').filter((line) => line.startsWith('|'))) {
    const [, first = '', events = ''] = row.split('|').map((cell) => cell.trim());
    if (first !== '') hub = first;
    rows.set(hub, `${rows.get(hub) ?? ''} ${events}`);
  }
  const missing = Object.values(hubs).flatMap(({ name, events }) =>
    events.filter((event) => !rows.get(name)?.includes(`\`${event}\``)).map((event) => `${name}: ${event}`),
  );
  expect(missing).toEqual([]);
});
