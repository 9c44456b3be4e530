import { coarse, maxColumn, p50Column, p99Column } from './columns.js';
import { quantile } from './figures.js';
import type { Column, Goal, Row } from './report.js';

export const timesColumns: readonly Column[] = [
  { key: 'count', title: 'times', digits: 0 },
  ...[p50Column, p99Column, maxColumn].map(coarse),
];

export interface TimesRow extends Row {
  readonly figures: Readonly<Record<'count' | 'p50Ms' | 'p99Ms' | 'maxMs', number>>;
}

/** How long something took, over all rounds, in milliseconds. */
export function timesRow(id: string, title: string, times: readonly number[]): TimesRow {
  const sorted = times.toSorted((a, b) => a - b);
  return {
    id,
    title,
    figures: {
      count: sorted.length,
      p50Ms: quantile(sorted, 0.5),
      p99Ms: quantile(sorted, 0.99),
      maxMs: sorted.at(-1) ?? NaN,
    },
  };
}

/** What the longest may take. */
export const withinMs = (sentence: string, { figures }: TimesRow, mostMs: number): Goal => ({
  sentence,
  value: figures.maxMs,
  bound: { atMost: mostMs },
  unit: 'ms',
});
