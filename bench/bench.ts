import type { Profiles } from './profiles.js';
import type { Findings } from './report.js';
import type { StageOptions } from './stage.js';

/** Says what is going on, to whoever waits. */
export type Tell = (message: string) => void;

export interface BenchOptions extends StageOptions {
  readonly rounds: number;
  /** Length of one round of one row. */
  readonly seconds: number;
  /** What of the bench's choices is measured, by their ids. */
  readonly chosen: ReadonlySet<string>;
  /** How many operations are under way together, in each run of the rows. */
  readonly atOnce: readonly number[];
  /** Whether to go on to sizes that take many minutes. */
  readonly large: boolean;
  /** Where services leave CPU profiles; null for none. */
  readonly profiles: Profiles | null;
}

/** What tables say of their rounds, such as `3 rounds of 1 s`. */
export const inRounds = ({ rounds, seconds }: Pick<BenchOptions, 'rounds' | 'seconds'>): string =>
  `${String(rounds)} ${rounds === 1 ? 'round' : 'rounds'} of ${String(seconds)} s`;

export const inTimes = (count: number): string =>
  `${String(count)} ${count === 1 ? 'time' : 'times'}`;

/** Options that not every bench has a use for. */
export type OwnOption =
  'durability' | 'seconds' | 'only' | 'at-once' | 'large' | 'no-notifier' | 'profile';

/** Something that `--only` leaves out or keeps. */
export interface Choice {
  readonly id: string;
  readonly title: string;
  /** It is there with `--large` only, or not with `--no-notifier`. */
  readonly needs?: 'large' | 'notifier';
}

/** One thing that `npm run bench` measures. */
export interface Bench {
  readonly name: string;
  readonly summary: string;
  /** Rounds when nobody says otherwise. */
  readonly rounds: number;
  /** Whether it is measured only when it is named: it installs what the project does not need. */
  readonly onlyByName?: boolean;
  /** Which options mean something to it, beside `--rounds` and `--json`. */
  readonly options: readonly OwnOption[];
  /** What `--only` chooses from; nothing where all is measured at once. */
  readonly choices: readonly Choice[];
  readonly measure: (options: BenchOptions, tell: Tell) => Promise<Findings>;
}
