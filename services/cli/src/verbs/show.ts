import { checkChain, fold, type RefusalRecord } from '@joinleaf/event-log';
import type { Session } from '@joinleaf/multipoint';
import {
  basedOn,
  basisText,
  compareBases,
  PartCast,
  plainState,
  revisionsBetween,
  span,
  stepsOfPart,
  timeOfDay,
  type Step,
} from '@joinleaf/replay';
import { bad, dim, good, line, logRows, statePage, timeOf, type Line } from '@joinleaf/transcript';
import type { LoadedPart, Parts } from '../checkpoints/loaded-part.js';
import { openParts } from '../checkpoints/parts.js';
import type { ExitCode } from '../exit-codes.js';
import { withoutData } from '../record-json.js';
import { parseTarget } from '../targets.js';
import { suggest, tellingOf, warnOf, type SourceOptions, type VerbContext, next } from '../verb.js';

export interface ShowOptions extends SourceOptions {
  readonly full?: boolean;
}

const departuresMax = 3;
/** A session no longer than that is looked at as a whole. */
const commitsMin = 10_000;
/** Of a longer one most often enough. */
const commitsBack = 1_000;
const margin = 13;

/** `joinleaf show SRC`: how a session stands. */
export async function show(
  context: VerbContext,
  source: string,
  options: ShowOptions,
): Promise<ExitCode> {
  const target = parseTarget(source, context.world.cwd);
  await using parts = await openParts(context, target, options);
  const shown = await shownOf(parts);
  const { source: from } = shown;
  const exitCode = warnOf(context, from);
  const { terminal } = context;
  if (terminal.format !== 'page') {
    terminal.json(withoutData(summaryOf(shown)));
    return exitCode;
  }
  const telling = { ...tellingOf(context, from, options), width: terminal.columns };
  terminal.page([
    ...statePage(shown.session, shown.state, { ...telling, all: options.full === true }),
    ...departureLines(shown, context.world.now()),
    refusedLine(shown, context.world.now()),
    logLine(shown),
  ]);
  suggest(
    context,
    next('ladder', from),
    next('log', from),
    ...(shown.refusals.length > 0 ? [next('why', from)] : []),
    next('state', from, `@${String(Math.max(0, shown.revision - 1))}`),
    ...(target.kind === 'file' ? [] : [next('export', from)]),
  );
  return exitCode;
}

/** The end of a history, as far back as it has to be known. */
interface Shown extends LoadedPart {
  readonly state: Session;
  readonly revision: number;
  /** Of the whole history. */
  readonly records: number;
  readonly departures: readonly Step[];
  readonly cast: PartCast;
  /** The last refusal, as a record. */
  readonly lastRefusal: Step | undefined;
}

/** Goes back until there are as many departures as are told, ten times as far each time. */
async function shownOf(parts: Parts): Promise<Shown> {
  const end = await parts.lastRevision();
  for (let back = end > commitsMin ? commitsBack : end; ; back *= 10) {
    const shown = await shownFrom(parts, Math.max(0, end - back));
    const { start, departures, cast } = shown;
    const isEnough = departures.length === departuresMax && !cast.isAtLoss;
    if (start.head.revision === 0 || (isEnough && start.isWhole)) return shown;
    if (!start.isWhole) return await shownFrom(parts, 0); // The damage is told where it is.
  }
}

async function shownFrom(parts: Parts, after: number) {
  const part = await parts.part(revisionsBetween(after, Infinity));
  const all = stepsOfPart(part);
  const { start, commits, refusals } = part;
  const { session: state, head } = fold(commits, start);
  const decided = commits.reduce((sum, { decisions }) => sum + decisions.length, start.decisions);
  const departures = all.filter(isDeparture).slice(-departuresMax);
  const cast = new PartCast(part, all);
  for (const step of departures) logRows(step, cast, departureTelling);
  return {
    ...part,
    state,
    revision: head.revision,
    records: decided + refusals.length,
    departures,
    cast,
    lastRefusal: all.findLast(({ kind }) => kind === 'refusal') ?? (await lastRefusalIn(parts)),
  };
}

async function lastRefusalIn(parts: Parts): Promise<Step | undefined> {
  const last = (await parts.refusals())
    .toSorted((a, b) => compareBases(a.basedOn, b.basedOn))
    .at(-1);
  if (last === undefined) return undefined;
  return stepsOfPart(await parts.part(basedOn(last.basedOn))).findLast(
    ({ kind }) => kind === 'refusal',
  );
}

const isDeparture = (step: Step): boolean =>
  step.kind === 'decision' && step.decided.events.some(({ type }) => type === 'MemberLeft');

function summaryOf(shown: Shown) {
  const { session, source, revision, records, refusals, start, state } = shown;
  const { origin, redaction, trouble } = source;
  const chain = chainOf(shown);
  return {
    schema: 'joinleaf.show/1',
    session,
    origin,
    redaction,
    revision,
    records,
    refusals: refusalCounts(refusals),
    chain: {
      ...(chain.ok ? { fine: true, head: chain.value } : { fine: false, damage: chain.error }),
      // What lies before was a whole chain when it was folded.
      since: start.head.revision,
    },
    trouble,
    state: plainState(state),
  };
}

const chainOf = ({ start, commits }: Shown) => checkChain(commits, start.head);

function refusalCounts(refusals: readonly RefusalRecord[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { code } of refusals) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

const item = (label: string, ...rest: Line): Line =>
  line(dim(`  ${label}`.padEnd(margin)), ...rest);

const plain = (text: string) => ({ text, tone: 'plain' }) as const;

const departureTelling = { reveal: false, redacted: false, told: false, state: false, all: true };

/** Who left last, and why. */
function departureLines({ departures, cast }: Shown, now: number): readonly Line[] {
  return departures.map((step, index) => {
    const row = logRows(step, cast, departureTelling).find(({ what }) => what === 'MemberLeft');
    return item(
      index === 0 ? 'left' : '',
      plain(`${row?.detail ?? ''} `),
      dim(`${span(now - timeOf(step))} ago (#${String(step.number)})`),
    );
  });
}

function refusedLine({ refusals, lastRefusal: last }: Shown, now: number): Line {
  const counts = Object.entries(refusalCounts(refusals));
  if (counts.length === 0) return item('refused', dim('nothing, in the last days'));
  const ago =
    last === undefined
      ? ''
      : `, the last one ${span(now - timeOf(last))} ago (#${String(last.number)})`;
  const list = counts.map(([code, count]) => `${code}${count === 1 ? '' : ` ×${String(count)}`}`);
  return item('refused', plain(list.join(', ')), dim(ago));
}

function logLine(shown: Shown): Line {
  const { commits, start, source } = shown;
  const last = commits.at(-1);
  if (last === undefined) return item('log', dim('no commits: nothing was ever accepted'));
  const chain = chainOf(shown);
  const since = start.head.revision;
  const health = !chain.ok
    ? bad(`✗ ${chain.error.kind} at revision ${String(chain.error.revision)}`)
    : source.trouble === null
      ? good(since === 0 ? 'chain ok' : `chain ok since @${String(since)}`)
      : bad('✗ cannot be read to its end');
  const until = `, ${last.arbiter} at ${timeOfDay(last.decidedAt)} UTC, ${last.decider}`;
  return item(
    'log',
    plain(`${basisText({ revision: last.revision, decisions: 0 })}, `),
    health,
    dim(until),
  );
}
