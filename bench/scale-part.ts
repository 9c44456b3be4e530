import type { BenchOptions, Tell } from './bench.js';
import type { Goal, Table } from './report.js';
import type { ScaleStage } from './scale-stage.js';

/** What one part of the bench measured, and what it left in the log. */
export interface Measured {
  readonly table: Table;
  readonly goals: readonly Goal[];
  readonly notes: readonly string[];
  /** Sessions that it opened. */
  readonly sessions: number;
  /** Members that they have, by what was answered. */
  readonly members: number;
}

export type Part = (stage: ScaleStage, options: BenchOptions, tell: Tell) => Promise<Measured>;
