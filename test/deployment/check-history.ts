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
  constructor(readonly findings: readonly string[]) {
    const shown = findings.slice(0, 20).map((finding) => `- ${finding}`);
    super(`${String(findings.length)} findings\n${shown.join('\n')}`);
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
 * its programs were told.
 *
 * @returns The records.
 * @throws BrokenHistory with every finding.
 */
export async function checkHistory(
  deployment: Pick<Deployment, 'records'> & Partial<Pick<Deployment, 'unexplained'>>,
  expected: HistoryExpectation = {},
): Promise<Records> {
  const { withinMs = 40_000 } = expected;
  await atRest(deployment, expected, withinMs).catch(() => undefined); // The findings say why not.
  const records = await deployment.records();
  const unexplained = deployment.unexplained?.(records) ?? [];
  const findings = [...findingsIn(records, expected), ...unexplained];
  if (findings.length > 0) throw new BrokenHistory(findings);
  return records;
}

async function atRest(
  deployment: Pick<Deployment, 'records'>,
  expected: HistoryExpectation,
  withinMs: number,
): Promise<void> {
  await eventually(
    'all that is on record has been told and heard',
    async () => {
      const records = await deployment.records();
      return untold(records) === 0 && findingsIn(records, expected).length === 0;
    },
    { withinMs, everyMs: 250 },
  );
}
