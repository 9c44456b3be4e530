import type { BenchOptions, Tell } from './bench.js';
import type { Figures } from './figures.js';
import type { Column, Goal, Table } from './report.js';
import type { ScaleStage } from './scale-stage.js';

/** What one part of the bench measured, and what it left in the log. */
export interface Measured {
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
  readonly notes: readonly string[];
  /** Sessions that it opened. */
  readonly sessions: number;
  /** Members that they have, by what was answered. */
  readonly members: number;
}

/** Processor time of one operation, in all arbiters together and in the broker. */
export const cpuColumns: readonly Column[] = [
  { key: 'arbiterUs', title: 'arbiter µs', digits: 0 },
  { key: 'brokerUs', title: 'broker µs', digits: 0 },
];

export function cpuFigures({ cpuUs }: Pick<Figures, 'cpuUs'>): Readonly<Record<string, number>> {
  const { broker = NaN, ...others } = cpuUs;
  return { arbiterUs: Object.values(others).reduce((sum, us) => sum + us, 0), brokerUs: broker };
}

export type Part = (stage: ScaleStage, options: BenchOptions, tell: Tell) => Promise<Measured>;
