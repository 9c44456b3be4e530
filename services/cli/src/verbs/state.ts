import type { Basis } from '@joinleaf/event-log';
import { basisText, differenceText, diffStates, parseBasis, plainState } from '@joinleaf/replay';
import { line, statePage } from '@joinleaf/transcript';
import { counted } from '../counted.js';
import { exitCodes, Trouble, type ExitCode } from '../exit-codes.js';
import { withoutData } from '../record-json.js';
import type { Placed, States } from '../checkpoints/placed.js';
import { openStates } from '../checkpoints/states.js';
import type { Loaded } from '../sources.js';
import { parsePlace } from '../targets.js';
import { suggest, tellingOf, warnOf, type SourceOptions, type VerbContext, next } from '../verb.js';

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
  await using states = await openStates(context, target, options);
  const { basis, state: session } = await states.at(wanted);
  if (options.diff !== undefined) {
    return await showDifference(context, states, { basis, state: session }, options.diff);
  }
  const { source: loaded } = states;
  const exitCode = warnOf(context, loaded);
  const { terminal } = context;
  const title = `${states.session}${basisText(basis)}`;
  if (terminal.format !== 'page') {
    const plain = plainState(session);
    const at = { schema: 'joinleaf.state/1', session: states.session, position: basisText(basis) };
    terminal.json({ ...at, state: options.reveal === true ? plain : withoutData(plain) });
    return exitCode;
  }
  const telling = { ...tellingOf(context, loaded, options), all: options.full === true };
  terminal.page(statePage(title, session, telling));
  suggestAround(context, loaded, basis);
  return exitCode;
}

function basisIn(place: string): Basis {
  const basis = place.startsWith('@') ? parseBasis(place.slice(1)) : null;
  if (basis === null) {
    throw new Trouble(exitCodes.usage, `${JSON.stringify(place)} is no position`, [
      'a position is @12 (after commit 12) or @12.2 (after its second decision)',
    ]);
  }
  return basis;
}

async function showDifference(
  context: VerbContext,
  states: States,
  after: Placed,
  from: string,
): Promise<ExitCode> {
  const { terminal } = context;
  const { basis, state } = await states.at(basisIn(from.startsWith('@') ? from : `@${from}`));
  const exitCode = warnOf(context, states.source);
  const changed = diffStates(state, after.state);
  const [a, b] = [basisText(basis), basisText(after.basis)];
  if (terminal.format !== 'page') {
    const between = { session: states.session, from: a, to: b };
    terminal.json({ schema: 'joinleaf.diff/1', ...between, changed: withoutData(changed) });
    return exitCode;
  }
  terminal.page(
    changed.length === 0
      ? [line(`nothing changed from ${a} to ${b}`)]
      : changed.map((difference) =>
          line(differenceText({ ...difference, ...hiddenSides(difference) })),
        ),
  );
  terminal.remark(`${counted(changed.length, 'difference')} from ${a} to ${b}`);
  return exitCode;
}

const hiddenSides = ({ before, after }: { readonly before: unknown; readonly after: unknown }) => ({
  before: withoutData(before),
  after: withoutData(after),
});

function suggestAround(
  context: VerbContext,
  loaded: Pick<Loaded, 'again'>,
  { revision }: Basis,
): void {
  const around =
    revision === 0
      ? []
      : [
          next('state', loaded, `@${String(revision - 1)}`),
          `${next('state', loaded, `@${String(revision)}`)} --diff ${String(revision - 1)}`,
        ];
  suggest(context, ...around, next('log', loaded));
}
