import type { Session } from '@joinleaf/multipoint';
import { span, stateAt } from '@joinleaf/replay';
import { dim, line, strong, type Line } from '@joinleaf/transcript';
import { outstanding } from '@joinleaf/multipoint';
import { BadWord, exitCodes, type ExitCode } from '../exit-codes.js';
import { histories } from '../histories.js';
import { parseSpan } from '../settings.js';
import type { Loaded } from '../sources.js';
import { quoted } from '../targets.js';
import { suggest, type SourceOptions, type VerbContext, next } from '../verb.js';

export interface LsOptions extends SourceOptions {
  readonly phase?: string;
  readonly since?: string;
}

interface Row {
  readonly session: string;
  readonly phase: Session['phase'];
  readonly members: number;
  readonly capacity: number | null;
  readonly waiting: number;
  readonly revision: number;
  readonly refused: number;
  /** Milliseconds since the Unix epoch; null when nothing was accepted yet. */
  readonly lastAt: number | null;
  readonly trouble: string | null;
  readonly again: string;
}

const phases = ['unopened', 'open', 'shut', 'closed'] as const;

/** `joinleaf ls [SRC…]`: the sessions there are. */
export async function ls(
  context: VerbContext,
  sources: readonly string[],
  options: LsOptions,
): Promise<ExitCode> {
  const { phase, since } = options;
  if (phase !== undefined && !phases.some((one) => one === phase)) {
    throw new BadWord('--phase', `--phase is one of ${phases.join(', ')}`);
  }
  const from = since === undefined ? null : context.world.now() - parseSpan(since, '--since');
  const rows: Row[] = [];
  const all = sources.length === 0;
  for await (const loaded of histories(context, sources, { ...options, all })) {
    const row = rowOf(loaded);
    const recent = from === null || (row.lastAt ?? 0) >= from;
    if ((phase === undefined || row.phase === phase) && recent) rows.push(row);
  }
  const everything = all && phase === undefined && since === undefined;
  print(context, rows, { everything, sources });
  return exitCodes.fine;
}

function rowOf({ history, trouble, again }: Loaded): Row {
  const { session, commits, refusals } = history;
  const last = commits.at(-1);
  const revision = last?.revision ?? 0;
  const found = stateAt(commits, { revision, decisions: 0 });
  const state: Session = found.ok ? found.value : { phase: 'unopened' };
  const open = state.phase === 'open' ? state : null;
  return {
    session,
    phase: state.phase,
    members: open?.members.size ?? 0,
    capacity: open?.policy.capacity ?? null,
    waiting: open === null ? 0 : outstanding(open).length,
    revision,
    refused: refusals.length,
    lastAt: last?.storedAt ?? null,
    trouble,
    again,
  };
}

interface Asked {
  /** Whether nothing was left out. */
  readonly everything: boolean;
  readonly sources: readonly string[];
}

function print(context: VerbContext, rows: readonly Row[], asked: Asked): void {
  const { terminal, world } = context;
  switch (terminal.format) {
    case 'json':
      terminal.json({ schema: 'joinleaf.ls/1', sessions: rows });
      return;
    case 'ndjson':
      for (const row of rows) terminal.record(row);
      return;
    case 'plain':
      for (const { session, phase, members, waiting, revision, refused, lastAt } of rows) {
        const at = lastAt === null ? '' : new Date(lastAt).toISOString();
        terminal.fields([session, phase, members, waiting, revision, refused, at]);
      }
      return;
    case 'page':
      printPage(context, rows, asked, world.now());
  }
}

function printPage(
  context: VerbContext,
  rows: readonly Row[],
  { everything, sources }: Asked,
  now: number,
): void {
  const { terminal } = context;
  const [first] = rows;
  if (first === undefined) {
    terminal.remark(
      everything ? 'no session yet: nothing has been asked of this realm' : 'no such session',
    );
    if (everything) suggest(context, 'npm start', 'joinleaf open conf-7 --node ada');
    return;
  }
  terminal.page([head, ...rows.map((row) => rowLine(row, now))]);
  const checked = sources.length === 0 ? '--all' : sources.map(quoted).join(' ');
  suggest(context, next('show', first), next('ladder', first), `joinleaf verify ${checked}`);
}

const widths = { session: 22, phase: 9, members: 9, waiting: 8, revision: 6, refused: 8 } as const;

const cells = (
  session: string,
  phase: string,
  numbers: readonly [string, string, string, string],
): string => {
  const [members, waiting, revision, refused] = numbers;
  return [
    session.padEnd(widths.session),
    phase.padEnd(widths.phase),
    members.padStart(widths.members),
    waiting.padStart(widths.waiting),
    revision.padStart(widths.revision),
    refused.padStart(widths.refused),
  ].join(' ');
};

const head: Line = line(
  strong(`${cells('session', 'phase', ['members', 'waiting', 'rev', 'refused'])}  last change`),
);

function rowLine(row: Row, now: number): Line {
  const { session, phase, members, capacity, waiting, revision, refused, lastAt, trouble } = row;
  const places = capacity === null ? String(members) : `${String(members)}/${String(capacity)}`;
  const numbers = [places, String(waiting), String(revision), String(refused)] as const;
  const ago = lastAt === null ? '–' : `${span(now - lastAt)} ago`;
  const text = cells(session, phase, numbers);
  const end = trouble === null ? dim(ago) : ({ text: 'DAMAGED', tone: 'bad' } as const);
  return line(phase === 'open' ? { text, tone: 'plain' } : dim(text), '  ', end);
}
