import type { SessionAddress } from '@joinleaf/multipoint';
import { Cast, PartCast, revisionsBetween, steps, stepsOfPart, type Step } from '@joinleaf/replay';
import { concerns, hidden, isWanted, logPage, logRows, type Extract } from '@joinleaf/transcript';
import { counted } from '../counted.js';
import { BadWord, type ExitCode } from '../exit-codes.js';
import { whole } from '../flag-values.js';
import { checkType, isOfType, isThere, noSuchLeaf } from '../log-filters.js';
import { recordJson } from '../record-json.js';
import type { LoadedPart, Parts } from '../checkpoints/loaded-part.js';
import { openParts } from '../checkpoints/parts.js';
import { parseTarget } from '../targets.js';
import { suggest, tellingOf, warnOf, type SourceOptions, type VerbContext, next } from '../verb.js';

export interface LogOptions extends SourceOptions {
  readonly from?: string;
  readonly to?: string;
  readonly last?: string;
  readonly type?: string;
  readonly leaf?: string;
  readonly told?: boolean;
  readonly state?: boolean;
  readonly full?: boolean;
}

/** `joinleaf log SRC`: a history, one record after the other. */
export async function log(
  context: VerbContext,
  source: string,
  options: LogOptions,
): Promise<ExitCode> {
  const target = parseTarget(source, context.world.cwd);
  extractOf(options);
  lastIn(options);
  checkType(options.type);
  await using parts = await openParts(context, target, options);
  const shown = (await inPart(parts, options)) ?? (await inWhole(parts, options));
  const exitCode = warnOf(context, shown.source);
  show(context, shown, options);
  if (context.terminal.format === 'page') {
    if (shown.wanted.length === 0) context.terminal.remark(await whyNothing(parts, shown, options));
    footnotes(context, shown, options);
    const { source: from } = shown;
    suggest(context, next('ladder', from), next('why', from, '#NUMBER'), next('show', from));
  }
  return exitCode;
}

interface Shown {
  readonly source: LoadedPart['source'];
  readonly session: SessionAddress;
  readonly cast: Cast;
  readonly wanted: readonly Step[];
  /** How many records there are; null where nobody has counted them. */
  readonly records: number | null;
}

/** Null where what is wanted may lie anywhere, or speaks of somebody whom only the whole history knows. */
async function inPart(parts: Parts, options: LogOptions): Promise<Shown | null> {
  const extract = extractOf(options);
  const last = lastIn(options);
  const { from, to = Infinity } = extract;
  if (last === undefined && from === undefined && to === Infinity) return null;
  if (last !== undefined && (options.type ?? options.leaf) !== undefined) return null;
  const begin = last === undefined ? (from ?? 0) : (await parts.lastRevision()) - last;
  // What was refused on the last state, or on one within the next commit, is told with it.
  const part = await parts.part(revisionsBetween(Math.max(0, begin), to + 1));
  const all = stepsOfPart(part);
  const cast = new PartCast(part, all);
  if (!isThere(options.leaf, all, cast)) return null;
  const matching = all.filter((step) => matches(step, cast, options));
  const wanted = last === undefined ? matching : lastOf(matching, last);
  for (const step of wanted) logRows(step, cast, { ...hidden, ...rowsOf(options) });
  if (cast.isAtLoss) return null;
  const { source, session } = part;
  return { source, session, cast, wanted, records: null };
}

async function inWhole(parts: Parts, options: LogOptions): Promise<Shown> {
  const loaded = await parts.whole();
  const all = [...steps(loaded.history)];
  const cast = Cast.of(all);
  const { session } = loaded.history;
  if (!isThere(options.leaf, all, cast) && loaded.trouble === null) {
    throw noSuchLeaf(options.leaf ?? '', session, cast);
  }
  const matching = all.filter((step) => matches(step, cast, options));
  const wanted = lastOf(matching, lastIn(options) ?? Infinity);
  return { source: loaded, session, cast, wanted, records: all.length };
}

const lastOf = (wanted: readonly Step[], last: number): readonly Step[] =>
  wanted.slice(Math.max(0, wanted.length - last));

const rowsOf = ({ told = false, state = false, full = false }: LogOptions) => ({
  told,
  state,
  all: full,
});

function show(context: VerbContext, shown: Shown, options: LogOptions): void {
  const { source, session, cast, wanted } = shown;
  const { terminal } = context;
  const { reveal = false } = options;
  switch (terminal.format) {
    case 'page': {
      const telling = { ...tellingOf(context, source, options), ...rowsOf(options) };
      terminal.page(logPage(wanted, cast, telling));
      return;
    }
    case 'json':
      terminal.json({
        schema: 'joinleaf.log/1',
        session,
        origin: source.origin,
        redaction: source.redaction,
        records: wanted.map((step) => recordJson(step, cast, reveal)),
      });
      return;
    case 'ndjson':
      for (const step of wanted) terminal.record(recordJson(step, cast, reveal));
      return;
    case 'plain':
      for (const step of wanted) plainRows(context, step, cast);
      return;
  }
}

/** Tab-separated: number, revision, time in ISO 8601, who, what, detail. */
export function plainRows({ terminal }: VerbContext, step: Step, cast: Cast): void {
  const telling = { ...hidden, told: false, state: false, all: true };
  for (const { number, revision, at, who, what, detail } of logRows(step, cast, telling)) {
    const time = at === null ? '' : new Date(at).toISOString();
    terminal.fields([number ?? '', revision, time, who, what, detail]);
  }
}

function matches(step: Step, cast: Cast, options: LogOptions): boolean {
  return (
    isWanted(step, extractOf(options)) &&
    isOfType(step, options.type) &&
    concerns(step, cast, options.leaf)
  );
}

/** `--from` and `--to`, as revisions. */
export function extractOf({ from, to }: Pick<LogOptions, 'from' | 'to'>): Extract {
  const extract = { from: revisionIn(from, '--from'), to: revisionIn(to, '--to') };
  if (extract.from !== undefined && extract.to !== undefined && extract.from > extract.to) {
    throw new BadWord(
      '--from',
      `--from ${String(extract.from)} is after --to ${String(extract.to)}`,
    );
  }
  return extract;
}

const lastIn = ({ last }: LogOptions): number | undefined =>
  last === undefined ? undefined : whole('--last', last);

function revisionIn(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new BadWord(flag, `${flag} is a revision such as 12`);
  return Number(text);
}

/** Why no record is shown. */
async function whyNothing(parts: Parts, shown: Shown, options: LogOptions): Promise<string> {
  const { from = 0, to } = extractOf(options);
  const end = shown.source.trouble === null ? await parts.lastRevision() : Infinity;
  if (from > end) return `there is no revision ${String(from)}: the last one is ${String(end)}`;
  if (to === 0) return 'nothing was refused before revision 1';
  const all = shown.records === null ? 'this part' : counted(shown.records, 'record');
  return `no record of ${all} is of that kind`;
}

function footnotes(
  { terminal }: VerbContext,
  { source: { redaction, origin }, wanted, records }: Shown,
  { reveal }: LogOptions,
): void {
  const shown = wanted.length;
  const part =
    records === null || shown === records
      ? counted(shown, 'record')
      : `${String(shown)} of ${counted(records, 'record')}`;
  const data = reveal === true ? '' : ' · ■■■ = hidden (--reveal)';
  const from = redaction === null ? '' : ` · from ${origin}`;
  terminal.remark(`${part}${data}${from} · times by the arbiter, order by revision`);
}
