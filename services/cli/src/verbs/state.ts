import type { Basis } from '@joinleaf/event-log';
import type { Session } from '@joinleaf/multipoint';
import {
  basisText,
  differenceText,
  diffStates,
  parseBasis,
  plainState,
  stateAt,
  type History,
} from '@joinleaf/replay';
import { line, statePage } from '@joinleaf/transcript';
import { counted } from '../counted.js';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { withoutData } from '../record-json.js';
import { load, type Loaded } from '../sources.js';
import { parsePlace } from '../targets.js';
import {
  loadingOf,
  suggest,
  tellingOf,
  warnOf,
  type SourceOptions,
  type VerbContext,
  next,
} from '../verb.js';

export interface StateOptions extends SourceOptions {
  readonly diff?: string;
  readonly full?: boolean;
}

/** `joinleaf state SRC@N`: what was believed at a position. */
export async function state(
  context: VerbContext,
  source: string,
  options: StateOptions,
): Promise<ExitCode> {
  const { target, place } = parsePlace(source, context.world.cwd);
  const wanted = place === '' ? null : basisIn(place);
  const loaded = await load(target, loadingOf(context, options));
  warnOf(context, loaded);
  const { history } = loaded;
  const basis = wanted ?? endOf(history);
  const session = stateOf(history, basis);
  const { terminal } = context;
  const title = `${history.session}${basisText(basis)}`;
  if (options.diff !== undefined) {
    return showDifference(context, history, { basis, session }, options.diff);
  }
  if (terminal.format !== 'page') {
    const plain = plainState(session);
    const at = { schema: 'joinleaf.state/1', session: history.session, position: basisText(basis) };
    terminal.json({ ...at, state: options.reveal === true ? plain : withoutData(plain) });
    return exitCodes.fine;
  }
  const telling = { ...tellingOf(context, loaded, options), all: options.full === true };
  terminal.page(statePage(title, session, telling));
  suggestAround(context, loaded, basis);
  return exitCodes.fine;
}

const endOf = ({ commits }: History): Basis => ({
  revision: commits.at(-1)?.revision ?? 0,
  decisions: 0,
});

function basisIn(place: string): Basis {
  const basis = place.startsWith('@') ? parseBasis(place.slice(1)) : null;
  if (basis === null) {
    throw new Trouble(exitCodes.usage, `${JSON.stringify(place)} is no position`, [
      'a position is @12 (after commit 12) or @12.2 (after its second decision)',
    ]);
  }
  return basis;
}

function stateOf(history: History, basis: Basis): Session {
  const found = stateAt(history.commits, basis);
  if (found.ok) return found.value;
  const end = basisText(found.error);
  throw new Trouble(exitCodes.notFound, `${history.session} has no ${basisText(basis)}`, [
    `as far as it goes: ${history.session}${end}`,
  ]);
}

function showDifference(
  { terminal }: VerbContext,
  history: History,
  after: { readonly basis: Basis; readonly session: Session },
  from: string,
): ExitCode {
  const basis = basisIn(from.startsWith('@') ? from : `@${from}`);
  const changed = diffStates(stateOf(history, basis), after.session);
  const [a, b] = [basisText(basis), basisText(after.basis)];
  if (terminal.format !== 'page') {
    const between = { session: history.session, from: a, to: b };
    terminal.json({ schema: 'joinleaf.diff/1', ...between, changed: withoutData(changed) });
    return exitCodes.fine;
  }
  terminal.page(
    changed.length === 0
      ? [line(`nothing changed from ${a} to ${b}`)]
      : changed.map((difference) =>
          line(differenceText({ ...difference, ...hiddenSides(difference) })),
        ),
  );
  terminal.remark(`${counted(changed.length, 'difference')} from ${a} to ${b}`);
  return exitCodes.fine;
}

const hiddenSides = ({ before, after }: { readonly before: unknown; readonly after: unknown }) => ({
  before: withoutData(before),
  after: withoutData(after),
});

function suggestAround(context: VerbContext, loaded: Loaded, { revision }: Basis): void {
  const around =
    revision === 0
      ? []
      : [
          next('state', loaded, `@${String(revision - 1)}`),
          `${next('state', loaded, `@${String(revision)}`)} --diff ${String(revision - 1)}`,
        ];
  suggest(context, ...around, next('log', loaded));
}
