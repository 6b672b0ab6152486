// From the figures of single rounds to what is reported.

import { MEASURES, SERIES } from './series.mjs';
import { median, quantile, spread, sum } from './statistics.mjs';

/** @import { Figures, Measure, Plan } from './series.mjs' */

/**
 * @typedef {object} Row
 * @property {Measure} measure
 * @property {string} contender
 * @property {{ median: number, p10: number, p90: number, p99: number }} millis from POST to the last receipt: median and
 *   p99 of all events, p10 and p90 of the rounds' medians
 * @property {number} deliveriesPerSecond deliveries of an event, or a batch, by that median
 * @property {number} serverMicros processor time of the server for an event
 * @property {number} loadMicros processor time of the load generator for an event
 * @property {Ratio} [ratio] to the series that is the limit; none for the limit itself
 */

/**
 * @typedef {object} Ratio
 * @property {string} to
 * @property {{ median: number, p10: number, p90: number }} millis of the medians, round by round
 * @property {number} serverMicros
 */

/**
 * @param {Figures[]} figures
 * @param {Plan} plan
 * @returns {Row[]}
 */
export function rows(figures, plan) {
  return MEASURES.flatMap((measure) => {
    /** @param {string} id */
    const of = (id) => figures.filter((each) => each.series === id && each.measure === measure);
    return SERIES.map(({ id, title, limit }) => {
      const own = of(id);
      const events = own.flatMap(({ millis }) => millis);
      const middle = median(events);
      return {
        measure,
        contender: title,
        millis: { ...spread(medians(own)), median: middle, p99: quantile(events, 0.99) },
        deliveriesPerSecond: (deliveries(measure, plan) * 1_000) / middle,
        serverMicros: serverMicros(own),
        loadMicros: sum(own.map(({ loadMicros }) => loadMicros)) / events.length,
        ...(limit === id ? {} : { ratio: ratio(own, of(limit), limit) }),
      };
    });
  });
}

/**
 * What a time is of.
 *
 * @param {Measure} measure
 * @param {Plan} plan
 */
function deliveries(measure, { connections, events }) {
  if (measure === 'lone') return 1;
  return measure === 'batch' ? connections * events.batch : connections;
}

/**
 * @param {Figures[]} own
 * @param {Figures[]} limit of the same rounds
 * @param {string} to
 * @returns {Ratio}
 */
function ratio(own, limit, to) {
  const limits = medians(limit);
  const ratios = medians(own).map((each, round) => each / (limits[round] ?? Number.NaN));
  return { to, millis: spread(ratios), serverMicros: serverMicros(own) / serverMicros(limit) };
}

/** Of each round. @param {Figures[]} figures */
function medians(figures) {
  return figures.map(({ millis }) => median(millis));
}

/** Of an event. @param {Figures[]} figures */
function serverMicros(figures) {
  return sum(figures.map(({ serverMicros }) => serverMicros)) / figures.flatMap(({ millis }) => millis).length;
}
