import type { Report } from './report.js';
import type { StageOptions } from './stage.js';

/** Says what is going on, to whoever waits. */
export type Tell = (message: string) => void;

export interface BenchOptions extends StageOptions {
  readonly rounds: number;
  /** Length of one round of one row. */
  readonly seconds: number;
  /** Rows whose id contains it; null for all. */
  readonly only: string | null;
  /** How many operations are under way together, in each run of the rows. */
  readonly atOnce: readonly number[];
  /** Whether to go on to sizes that take many minutes. */
  readonly large: boolean;
}

/** One thing that `npm run bench` measures. */
export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** Rounds when nobody says otherwise. */
  readonly rounds: number;
  /** Whether it is measured only when it is named: it installs what the project does not need. */
  readonly onlyByName?: boolean;
  readonly measure: (options: BenchOptions, tell: Tell) => Promise<Report>;
}
