// A chart over time, drawn by uPlot. What it shows is said in words too.

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Columns } from '../stores/spend.ts';
import { colours } from './theme.ts';

interface Props {
  /** What it shows, in words: for those who don't see it. */
  label: string;
  columns: Columns;
  kind: 'area' | 'bars';
  format: (value: number) => string;
  /** Whether there is a second line, which is a limit. */
  hasLimit?: boolean;
  /** Where it begins, as `Date.now()` gives it; where its figures do, without it. */
  from?: number;
}

const HEIGHT = 132;
const MINUTE_SECONDS = 60;

/** Between two figures beside a chart that counts. */
const WHOLE_STEPS = [1, 10, 100, 1_000, 10_000, 100_000].flatMap((power) => [power, 2 * power, 5 * power]);

/** Between two times below the chart: whole minutes, so that no two look the same. */
const STEPS_SECONDS = [1, 2, 5, 10, 15, 30, 60, 120].map((minutes) => minutes * MINUTE_SECONDS);
const FONT = '11px system-ui, sans-serif';

export function Chart({ label, columns, kind, format, hasLimit = false, from }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const shown = useRef(columns);
  shown.current = columns;
  const begin = useRef(from);
  begin.current = from;
  const scheme = colours.value;

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = new uPlot(options(element, kind, format, hasLimit, begin), data(shown.current), element);
    chart.current = made;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) made.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [scheme, kind, hasLimit]);

  useEffect(() => {
    chart.current?.setData(data(columns));
  }, [columns]);

  return <div class="chart" role="img" aria-label={label} ref={place} />;
}

function data(columns: Columns): uPlot.AlignedData {
  return columns as uPlot.AlignedData;
}

function options(
  element: HTMLElement,
  kind: Props['kind'],
  format: Props['format'],
  hasLimit: boolean,
  begin: { current: number | undefined },
): uPlot.Options {
  const colour = colourOf(element);
  const axis = {
    stroke: colour('--quiet'),
    font: FONT,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const series: uPlot.Series = {
    stroke: colour('--accent'),
    width: 1.5,
    fill: colour('--accent-soft'),
    points: { show: false },
  };
  const bars = uPlot.paths.bars?.({ size: [0.7, 40], align: 1, radius: 0.15 });
  const counted = kind === 'bars' ? { incrs: WHOLE_STEPS } : {};
  const limit: uPlot.Series = { stroke: colour('--bad'), width: 1, dash: [4, 4], points: { show: false } };
  return {
    width: element.clientWidth || 300,
    height: HEIGHT,
    padding: [10, 18, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_chart, min, max) => reach(kind, begin.current, min, max) },
      y: { range: (_chart, _min, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    axes: [
      { ...axis, size: 26, space: 70, incrs: STEPS_SECONDS, values: (_chart, splits) => splits.map(timeOfDay) },
      { ...axis, ...counted, size: 58, space: 32, values: (_chart, splits) => splits.map((value) => format(value)) },
    ],
    series: [
      {},
      kind === 'bars' && bars ? { ...series, fill: colour('--accent-mid'), width: 0, paths: bars } : series,
      ...(hasLimit ? [limit] : []),
    ],
  };
}

/** From where to where a chart goes, in seconds: a bar stands for the minute that it begins with. */
function reach(kind: Props['kind'], begin: number | undefined, min: number, max: number): [number, number] {
  const end = kind === 'bars' ? max + MINUTE_SECONDS : max;
  return [begin === undefined ? min : begin / 1_000, Math.max(end, min + 1)];
}

/** What a property of the style sheet comes to here: a canvas knows neither properties nor `light-dark()`. */
function colourOf(element: HTMLElement): (name: string) => string {
  return (name) => {
    const probe = document.createElement('span');
    probe.style.color = `var(${name})`;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}

function timeOfDay(seconds: number): string {
  return new Date(seconds * 1_000).toLocaleTimeString('en', { hour: '2-digit', minute: '2-digit', hour12: false });
}
