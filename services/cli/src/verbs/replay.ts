import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { bad, dim, good, line, type Line } from '@joinleaf/transcript';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { junitReport } from '../junit.js';
import { deciderFrom } from '../replaying/decider.js';
import { reports } from '../replaying/reports.js';
import { isDamaged, type SessionReport } from '../replaying/session-report.js';
import { suggest, type SourceOptions, type VerbContext, next } from '../verb.js';

export interface ReplayOptions extends SourceOptions {
  readonly all?: boolean;
  readonly against?: string;
  readonly junit?: string;
  readonly threads?: string;
}

/** `joinleaf replay SRC…`: decides everything again and compares. */
export async function replay(
  context: VerbContext,
  sources: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  const { terminal, world } = context;
  const { all = false, against, junit } = options;
  const decider = await deciderFrom(against, world.cwd);
  const threads = threadsIn(options.threads);
  // Of everything there is, what is in order is said in the total.
  const reporting = { format: terminal.format, width: terminal.width, onlyTrouble: all };
  const startedAt = performance.now();
  const replayed: SessionReport[] = [];
  const deciding = { ...options, all, against, decider, reporting, threads };
  for await (const report of reports(context, sources, deciding)) {
    tell(context, report);
    // Said already: of a realm's many sessions not all of it is kept.
    replayed.push(terminal.format === 'json' ? report : { ...report, page: [], json: null });
  }
  if (junit !== undefined) await writeFile(resolve(world.cwd, junit), junitReport(replayed));
  const exitCode = verdictOn(replayed);
  if (terminal.format === 'json') {
    terminal.json({
      schema: 'joinleaf.replay/1',
      sessions: replayed.map(({ json, origin, trouble }) => ({ origin, trouble, ...json })),
      exitCode,
    });
  } else {
    total(context, replayed, performance.now() - startedAt, options);
  }
  return exitCode;
}

function threadsIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,2}$/.test(text)) return Number(text);
  throw new Trouble(exitCodes.usage, '--threads is a number from 0 to 99');
}

function tell({ terminal }: VerbContext, report: SessionReport): void {
  switch (terminal.format) {
    case 'page':
      if (report.page.length > 0) terminal.page(report.page);
      return;
    case 'json':
      return;
    case 'ndjson':
      terminal.record({ origin: report.origin, trouble: report.trouble, ...report.json });
      return;
    case 'plain': {
      const { session, revision, decisions, refusals, diverged, damage, trouble } = report;
      const problem = damage?.kind ?? trouble ?? '';
      terminal.fields([session, revision, decisions, refusals, diverged, problem]);
    }
  }
}

function verdictOn(replayed: readonly SessionReport[]): ExitCode {
  if (replayed.some(isDamaged)) return exitCodes.integrity;
  return replayed.some(({ diverged }) => diverged > 0) ? exitCodes.divergence : exitCodes.fine;
}

function total(
  context: VerbContext,
  replayed: readonly SessionReport[],
  tookMs: number,
  { junit }: ReplayOptions,
): void {
  const { terminal } = context;
  if (terminal.format !== 'page') return;
  const records = replayed.reduce((sum, one) => sum + one.decisions + one.refusals, 0);
  const diverged = replayed.filter((one) => one.diverged > 0);
  const damaged = replayed.filter(isDamaged);
  const fine = replayed.filter((one) => one.diverged === 0 && !isDamaged(one)).length;
  const words: Line = line(
    fine === 0 ? dim('0 same') : good(`${String(fine)} same`),
    ' · ',
    count(diverged.length, 'diverged'),
    ' · ',
    count(damaged.length, 'damaged'),
    dim(` · ${String(records)} records in ${(tookMs / 1_000).toFixed(1)} s`),
  );
  terminal.page([words]);
  if (junit !== undefined) terminal.remark(`report: ${junit}`);
  const [first] = diverged;
  if (first?.first != null) suggest(context, next('why', first, `#${String(first.first.number)}`));
}

const count = (n: number, word: string) =>
  n === 0 ? dim(`0 ${word}`) : bad(`${String(n)} ${word}`);
