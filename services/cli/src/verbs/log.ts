import { Cast, steps, type Step } from '@joinleaf/replay';
import { concerns, hidden, isWanted, logPage, logRows, type Extract } from '@joinleaf/transcript';
import { counted } from '../counted.js';
import { BadWord, exitCodes, type ExitCode } from '../exit-codes.js';
import { recordJson } from '../record-json.js';
import { load } from '../load.js';
import type { Loaded } from '../sources.js';
import { parseTarget } from '../targets.js';
import {
  loadingOf,
  suggest,
  tellingOf,
  warnOf,
  type SourceOptions,
  type VerbContext,
  next,
} from '../verb.js';

export interface LogOptions extends SourceOptions {
  readonly from?: string;
  readonly to?: string;
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
  const loaded = await load(target, loadingOf(context, options));
  warnOf(context, loaded);
  const all = [...steps(loaded.history)];
  const cast = Cast.of(all);
  const wanted = all.filter((step) => matches(step, cast, options));
  show(context, { loaded, cast, wanted }, options);
  if (context.terminal.format === 'page') {
    footnotes(context, loaded, { shown: wanted.length, all: all.length }, options);
    suggest(context, next('ladder', loaded), next('why', loaded, '#NUMBER'), next('show', loaded));
  }
  return exitCodes.fine;
}

interface Shown {
  readonly loaded: Loaded;
  readonly cast: Cast;
  readonly wanted: readonly Step[];
}

function show(context: VerbContext, { loaded, cast, wanted }: Shown, options: LogOptions): void {
  const { terminal } = context;
  const { reveal = false, told = false, state = false, full = false } = options;
  switch (terminal.format) {
    case 'page': {
      const telling = tellingOf(context, loaded, options);
      terminal.page(logPage(wanted, cast, { ...telling, told, state, all: full }));
      return;
    }
    case 'json':
      terminal.json({
        schema: 'joinleaf.log/1',
        session: loaded.history.session,
        origin: loaded.origin,
        redaction: loaded.redaction,
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
  return { from: revisionIn(from, '--from'), to: revisionIn(to, '--to') };
}

function revisionIn(text: string | undefined, flag: string): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new BadWord(flag, `${flag} is a revision such as 12`);
  return Number(text);
}

function isOfType(step: Step, type: string | undefined): boolean {
  if (type === undefined) return true;
  const wanted = type.toLowerCase();
  if (step.kind === 'refusal') {
    const { code, command } = step.refusal;
    return ['refusal', code.toLowerCase(), command.type.toLowerCase()].includes(wanted);
  }
  const { command, events } = step.decided;
  return [command.type, ...events.map((event) => event.type)].some(
    (t) => t.toLowerCase() === wanted,
  );
}

function footnotes(
  { terminal }: VerbContext,
  { redaction, origin }: Loaded,
  counts: { readonly shown: number; readonly all: number },
  { reveal }: LogOptions,
): void {
  const { shown, all } = counts;
  if (shown === 0) terminal.remark(`none of the ${counted(all, 'record')} is of that kind`);
  const part =
    shown === all ? counted(all, 'record') : `${String(shown)} of ${counted(all, 'record')}`;
  const data = reveal === true ? '' : ' · ■■■ = hidden (--reveal)';
  const from = redaction === null ? '' : ` · from ${origin}`;
  terminal.remark(`${part}${data}${from} · times by the arbiter, order by revision`);
}
