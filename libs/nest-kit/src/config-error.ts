import { escapeHostile } from './log-line.js';

export interface ConfigProblem {
  readonly source: 'flag' | 'environment' | 'file';
  /** The flag, the variable, or the path in the file; never a value. */
  readonly field: string;
  readonly problem: string;
}

/** Everything that is wrong with a configuration, in one readable list. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly ConfigProblem[]) {
    const rows = problems.map(
      ({ source, field, problem }) => `  ${source}: ${escapeHostile(field)} ${problem}`,
    );
    super(`The configuration has ${counted(problems.length)}:\n${rows.join('\n')}`);
  }
}

const counted = (count: number): string =>
  count === 1 ? '1 problem' : `${String(count)} problems`;
