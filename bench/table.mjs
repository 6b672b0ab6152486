// The rows as a table that reads well on a terminal and is Markdown as well.

/** @import { Row } from './rows.mjs' */
/** @import { Measure, Plan } from './series.mjs' */

/**
 * @param {Row[]} rows
 * @param {Plan} plan
 */
export function table(rows, plan) {
  const head = [
    '',
    'median',
    'rounds p10–p90',
    'p99',
    'deliveries/s',
    'CPU/event',
    '× raw',
    'rounds p10–p90',
    '× raw CPU',
  ];
  const lines = rows.map((row) => [
    `${audience(row.measure, plan)}: ${row.contender}`,
    millis(row.millis.median),
    range(row.millis),
    millis(row.millis.p99),
    row.measure === 'lone' ? '' : Math.round(row.deliveriesPerSecond).toLocaleString('en'),
    Number.isNaN(row.serverMicros) ? '' : `${Math.round(row.serverMicros).toLocaleString('en')} µs`,
    ...(row.ratio === undefined
      ? ['1', '', '1']
      : [fixed(row.ratio.millis.median), range(row.ratio.millis), fixed(row.ratio.serverMicros)]),
  ]);
  const widths = head.map((title, column) =>
    Math.max(...[head, ...lines].map((line) => (line[column] ?? title).length)),
  );
  const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [head, rule, ...lines]
    .map((line) => `| ${line.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`)
    .join('\n');
}

/**
 * @param {Measure} measure
 * @param {Plan} plan
 */
function audience(measure, { connections, events }) {
  return {
    lone: 'to 1',
    fanOut: `to ${connections}`,
    burst: `burst to ${connections}`,
    batch: `${events.batch} at once to ${connections}`,
  }[measure];
}

/**
 * @param {string} cell
 * @param {number} width
 * @param {number} column
 */
function pad(cell, width, column) {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

/** @param {number} number */
function fixed(number) {
  return Number.isNaN(number) ? '' : number.toFixed(2);
}

/** @param {{ p10: number, p90: number }} spread */
function range({ p10, p90 }) {
  return `${fixed(p10)}–${fixed(p90)}`;
}

/** @param {number} number */
function millis(number) {
  return `${fixed(number)} ms`;
}
