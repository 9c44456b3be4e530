import { checkBulletins, untold } from './check-bulletins.js';
import { checkJournal } from './check-journal.js';
import { checkLog, type LogExpectation } from './check-log.js';
import type { Deployment } from './deployment.js';
import { eventually } from './eventually.js';
import type { Journal } from './journal.js';
import type { Records } from './records.js';

export interface HistoryExpectation extends LogExpectation {
  readonly journal?: Journal;
  /** For everything to come to rest: joins to end, notifications to be told and heard. */
  readonly withinMs?: number;
}

/** A history that is not what was promised. */
export class BrokenHistory extends Error {
  override readonly name = 'BrokenHistory';
  constructor(
    readonly findings: readonly string[],
    cause?: unknown,
  ) {
    const shown = findings.slice(0, 20).map((finding) => `- ${finding}`);
    super(`${String(findings.length)} findings\n${shown.join('\n')}`, { cause });
  }
}

/** All that is wrong with a history. */
export function findingsIn(
  records: Records,
  { journal, ...expected }: HistoryExpectation = {},
): string[] {
  return [
    ...checkLog(records, expected),
    ...checkBulletins(records),
    ...(journal === undefined ? [] : checkJournal(records, journal)),
  ];
}

/**
 * Waits until a deployment has come to rest, and checks everything that it has on record and everything that
 * its programs were told: twice, for what is told too often comes late.
 *
 * @returns The records.
 * @throws BrokenHistory with every finding.
 */
export async function checkHistory(
  deployment: Pick<Deployment, 'records'> & Partial<Pick<Deployment, 'unexplained'>>,
  expected: HistoryExpectation = {},
): Promise<Records> {
  const { withinMs = 40_000 } = expected;
  const looks = new Looks(deployment);
  let findings: readonly string[] = ['nothing was read'];
  let soundLooks = 0;
  const look = async () => {
    const records = await looks.next();
    findings = [...findingsIn(records, expected), ...(deployment.unexplained?.(records) ?? [])];
    soundLooks = findings.length === 0 && untold(records) === 0 ? soundLooks + 1 : 0;
    return soundLooks >= 2 && records;
  };
  const what = 'all that is on record has been told and heard';
  try {
    return await eventually(what, look, { withinMs, everyMs: 250 });
  } catch (error) {
    throw findings.length > 0 ? new BrokenHistory(findings, error) : error;
  }
}

/** Looks at records of which each shows at least what those before it showed. */
class Looks {
  #most: readonly number[] = [];

  constructor(private readonly deployment: Pick<Deployment, 'records'>) {}

  /** @throws Error when a copy of a stream answers that has not everything yet. */
  async next(): Promise<Records> {
    const records = await this.deployment.records();
    const { commits, refusals, bulletins, nodes } = records;
    const told = [...bulletins.values()].flat();
    const counts = [commits, refusals, told, nodes].map(({ length }) => length);
    const lags = counts.some((count, index) => count < (this.#most[index] ?? 0));
    if (lags) throw new Error(`read ${counts.join(', ')} after ${this.#most.join(', ')}`);
    this.#most = counts;
    return records;
  }
}
