import { closedLoop } from './closed-loop.js';
import { figuresOf, type Round } from './figures.js';
import { goalsOf, type Report } from './report.js';
import { prepareRows } from './rows.js';
import { setStage, type StageOptions } from './stage.js';

const concurrencies = [1, 64];
const warmUpSeconds = 0.7;

export interface JoinOptions extends StageOptions {
  readonly rounds: number;
  readonly seconds: number;
}

export interface Measured {
  readonly report: Report;
  /** What is wrong with what the joins left behind; null when nothing is. */
  readonly problem: string | null;
}

/**
 * Measures joins and their floors. Rounds go over all rows in turn, so that what else the machine does
 * falls on every row alike; sessions grow from round to round, as they do in life.
 */
export async function measureJoins(
  options: JoinOptions,
  tell: (message: string) => void,
): Promise<Measured> {
  const { rounds, seconds } = options;
  await using stage = await setStage(options);
  await using prepared = await prepareRows(stage, { concurrencies, handshakes: options.notifier });
  const { rows } = prepared;

  tell('warming up');
  for (const { operation, concurrency } of rows) {
    await closedLoop(operation, { concurrency, seconds: warmUpSeconds });
  }
  const measured = rows.map((): Round[] => []);
  for (let round = 1; round <= rounds; round += 1) {
    tell(`round ${String(round)} of ${String(rounds)}`);
    for (const [index, { operation, concurrency }] of rows.entries()) {
      measured[index]?.push(await closedLoop(operation, { concurrency, seconds }));
    }
  }
  tell('checking what the joins left behind');
  const figured = rows.map(({ id, title, concurrency }, index) => ({
    id,
    title,
    concurrency,
    figures: figuresOf(measured[index] ?? []),
  }));
  const report: Report = {
    schema: 'joinleaf.bench/1',
    bench: 'join',
    conditions: stage.conditions,
    rounds,
    secondsPerRound: seconds,
    rows: figured,
    goals: goalsOf(figured),
  };
  return { report, problem: await prepared.check() };
}
