import { checkChain } from '@joinleaf/event-log';
import { basisText, Cast, span, stateAt, steps, timeOfDay, type Step } from '@joinleaf/replay';
import { bad, dim, good, line, logRows, statePage, timeOf, type Line } from '@joinleaf/transcript';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { withoutData } from '../record-json.js';
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
import { plainState } from '@joinleaf/replay';

export interface ShowOptions extends SourceOptions {
  readonly full?: boolean;
}

const departuresMax = 3;
const margin = 13;

/** `joinleaf show SRC`: how a session stands. */
export async function show(
  context: VerbContext,
  source: string,
  options: ShowOptions,
): Promise<ExitCode> {
  const target = parseTarget(source, context.world.cwd);
  const loaded = await load(target, loadingOf(context, options));
  warnOf(context, loaded);
  const all = [...steps(loaded.history)];
  const { terminal } = context;
  if (terminal.format !== 'page') {
    terminal.json(withoutData(summaryOf(loaded, all)));
    return exitCodes.fine;
  }
  const { session, commits } = loaded.history;
  const state = endState(loaded);
  const telling = { ...tellingOf(context, loaded, options), width: terminal.columns };
  const revision = commits.at(-1)?.revision ?? 0;
  terminal.page([
    ...statePage(session, state, { ...telling, all: options.full === true }),
    ...departureLines(all, context.world.now()),
    refusedLine(all, context.world.now()),
    logLine(loaded),
  ]);
  const refused = all.some(({ kind }) => kind === 'refusal');
  suggest(
    context,
    next('ladder', loaded),
    next('log', loaded),
    ...(refused ? [next('why', loaded)] : []),
    next('state', loaded, `@${String(Math.max(0, revision - 1))}`),
    ...(target.kind === 'file' ? [] : [next('export', loaded)]),
  );
  return exitCodes.fine;
}

function endState({ history }: Loaded) {
  const revision = history.commits.at(-1)?.revision ?? 0;
  const state = stateAt(history.commits, { revision, decisions: 0 });
  return state.ok ? state.value : ({ phase: 'unopened' } as const);
}

function summaryOf(loaded: Loaded, all: readonly Step[]) {
  const { history, origin, redaction, trouble } = loaded;
  const chain = checkChain(history.commits);
  return {
    schema: 'joinleaf.show/1',
    session: history.session,
    origin,
    redaction,
    revision: history.commits.at(-1)?.revision ?? 0,
    records: all.length,
    refusals: refusalCounts(all),
    chain: chain.ok ? { fine: true, head: chain.value } : { fine: false, damage: chain.error },
    trouble,
    state: plainState(endState(loaded)),
  };
}

function refusalCounts(all: readonly Step[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const step of all) {
    if (step.kind === 'refusal') counts[step.refusal.code] = (counts[step.refusal.code] ?? 0) + 1;
  }
  return counts;
}

const item = (label: string, ...rest: Line): Line =>
  line(dim(`  ${label}`.padEnd(margin)), ...rest);

const plain = (text: string) => ({ text, tone: 'plain' }) as const;

/** Who left last, and why. */
function departureLines(all: readonly Step[], now: number): readonly Line[] {
  const cast = Cast.of(all);
  const telling = { reveal: false, redacted: false, told: false, state: false, all: true };
  const left = all.filter(
    (step) =>
      step.kind === 'decision' && step.decided.events.some(({ type }) => type === 'MemberLeft'),
  );
  return left.slice(-departuresMax).map((step, index) => {
    const row = logRows(step, cast, telling).find(({ what }) => what === 'MemberLeft');
    return item(
      index === 0 ? 'left' : '',
      plain(`${row?.detail ?? ''} `),
      dim(`${span(now - timeOf(step))} ago (#${String(step.number)})`),
    );
  });
}

function refusedLine(all: readonly Step[], now: number): Line {
  const counts = Object.entries(refusalCounts(all));
  if (counts.length === 0) return item('refused', dim('nothing, in the last days'));
  const last = all.findLast(({ kind }) => kind === 'refusal');
  const ago =
    last === undefined
      ? ''
      : `, the last one ${span(now - timeOf(last))} ago (#${String(last.number)})`;
  const list = counts.map(([code, count]) => `${code}${count === 1 ? '' : ` ×${String(count)}`}`);
  return item('refused', plain(list.join(', ')), dim(ago));
}

function logLine({ history, trouble }: Loaded): Line {
  const { commits } = history;
  const last = commits.at(-1);
  if (last === undefined) return item('log', dim('no commits: nothing was ever accepted'));
  const chain = checkChain(commits);
  const health = !chain.ok
    ? bad(`✗ ${chain.error.kind} at revision ${String(chain.error.revision)}`)
    : trouble === null
      ? good('chain ok')
      : bad('✗ cannot be read to its end');
  const until = `, ${last.arbiter} at ${timeOfDay(last.decidedAt)} UTC, ${last.decider}`;
  return item(
    'log',
    plain(`${basisText({ revision: last.revision, decisions: 0 })}, `),
    health,
    dim(until),
  );
}
