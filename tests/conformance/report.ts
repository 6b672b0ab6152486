// What the reader is told: each failure, what was skipped and why, and the totals.

import type { Result } from './runCase.ts';

const OUTCOMES = ['passed', 'failed', 'skipped'] as const;

/** Levels in the order of their weight; others follow. */
const LEVELS = ['must', 'parity', 'quirk', 'ext'];

/** One line for a case that failed. */
export function failureLine({ testCase, message }: Result): string {
  const { id, level, title } = testCase;
  return `FAIL ${id} (${level}) ${title}: ${message.replaceAll('\n', ' ')}`;
}

/** All lines after those of the failures; the last has the totals. */
export function summary(results: Result[]): string[] {
  return [...skips(results), '', ...table(results), '', inWords(results)];
}

/** One line for each reason. */
function skips(results: Result[]): string[] {
  const skipped = results.filter(({ outcome }) => outcome === 'skipped');
  return [...Map.groupBy(skipped, ({ message }) => message)].map(
    ([reason, cases]) => `skipped ${cases.length}: ${reason}: ${cases.map(({ testCase }) => testCase.id).join(', ')}`,
  );
}

/** A row for each area: passed/failed/skipped of each level. */
function table(results: Result[]): string[] {
  const found = new Set(results.map(({ testCase }) => testCase.level));
  const levels = [...LEVELS.filter((level) => found.has(level)), ...[...found].filter((one) => !LEVELS.includes(one))];
  const areas = [...Map.groupBy(results, ({ testCase }) => testCase.area)];
  const row = (name: string, cases: Result[]) => [
    name,
    ...levels.map((level) => cell(cases.filter(({ testCase }) => testCase.level === level))),
    cell(cases),
  ];
  const rows = [
    ['passed/failed/skipped', ...levels, 'all'],
    ...areas.map(([area, cases]) => row(area, cases)),
    row('all', results),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
  return rows.map((cells) =>
    cells.map((text, at) => (at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0))).join('  '),
  );
}

function cell(cases: Result[]): string {
  return cases.length === 0 ? '-' : counts(cases).join('/');
}

function counts(cases: Result[]): number[] {
  return OUTCOMES.map((wanted) => cases.filter(({ outcome }) => outcome === wanted).length);
}

function inWords(results: Result[]): string {
  return counts(results)
    .map((count, at) => `${count} ${OUTCOMES[at]}`)
    .join(', ');
}
