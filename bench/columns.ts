import type { Figures } from './figures.js';
import type { Column } from './report.js';

// Columns that several benches have, and the figures for them.

export const perSecondColumn: Column = { key: 'perSecond', title: 'per second', digits: 0 };
export const spreadColumn: Column = {
  key: 'spreadPercent',
  title: 'spread %',
  digits: 0,
  means: 'from the slowest round to the fastest, in percent of the median',
};
export const p50Column: Column = { key: 'p50Ms', title: 'p50 ms', digits: 2 };
export const p99Column: Column = { key: 'p99Ms', title: 'p99 ms', digits: 2 };
export const maxColumn: Column = { key: 'maxMs', title: 'max ms', digits: 2 };

export const rateColumns = [perSecondColumn, spreadColumn, p50Column, p99Column] as const;

/** The figures of `rateColumns`. */
export const rateFigures = ({ perSecond, spread, p50Ms, p99Ms }: Figures) => ({
  perSecond,
  spreadPercent: spread * 100,
  p50Ms,
  p99Ms,
});

/** The same in whole milliseconds, for what takes many. */
export const coarse = (column: Column): Column => ({ ...column, digits: 0 });
