import type { Basis } from '@joinleaf/event-log';
import type { Result, Session, SessionAddress } from '@joinleaf/multipoint';
import { basisText, stateAt } from '@joinleaf/replay';
import { exitCodes, Trouble } from '../exit-codes.js';
import { connectLive, type Live } from '../live.js';
import { load, loadSession, type Loaded } from '../sources.js';
import { quoted, type Target } from '../targets.js';
import { loadingOf, type SourceOptions, type VerbContext } from '../verb.js';
import { foldLive } from './fold-live.js';

/** A state, and where it was. */
export interface Placed {
  readonly basis: Basis;
  readonly state: Session;
}

/** The states of one session. What is asked of them is what is read: of a long history not all of it. */
export interface States extends AsyncDisposable {
  readonly session: SessionAddress;
  /** As far as it was read. */
  readonly source: Pick<Loaded, 'origin' | 'again' | 'redaction' | 'trouble'>;
  /**
   * The state at a position, or at the end where none is given.
   *
   * @throws Trouble (not found) for a position that the session does not have, or a session that is not there.
   */
  at(basis: Basis | null): Promise<Placed>;
}

/** Opens the states of what a target names. Throws Trouble. */
export async function openStates(
  context: VerbContext,
  target: Target,
  options: SourceOptions,
): Promise<States> {
  if (target.kind === 'file') return statesOf(await load(target, loadingOf(context, options)));
  const { settings, world } = context;
  const live = await connectLive(settings(), { role: 'auditor', signal: world.interrupted });
  return new LiveStates(context, live, target.session);
}

function statesOf(loaded: Loaded): States {
  const { session, commits } = loaded.history;
  const end = { revision: commits.at(-1)?.revision ?? 0, decisions: 0 };
  const at = (basis: Basis | null) =>
    Promise.resolve(placed(session, basis ?? end, stateAt(commits, basis ?? end)));
  return { session, source: loaded, at, [Symbol.asyncDispose]: () => Promise.resolve() };
}

class LiveStates implements States {
  #trouble: string | null = null;

  constructor(
    private readonly context: VerbContext,
    private readonly live: Live,
    readonly session: SessionAddress,
  ) {}

  get source(): States['source'] {
    const { servers } = this.live.settings;
    const again = quoted(this.session);
    return { origin: servers.join(', '), again, redaction: null, trouble: this.#trouble };
  }

  async at(basis: Basis | null): Promise<Placed> {
    const { world } = this.context;
    const { found, folded, trouble } = await foldLive(this.live, this.session, basis, world);
    this.#trouble = trouble;
    const { revision } = folded.head;
    // Perhaps there is no such session; who may be meant is known there.
    if (revision === 0 && trouble === null) {
      await loadSession(this.live, this.session, world.interrupted);
    }
    if (basis === null) return { basis: { revision, decisions: 0 }, state: folded.session };
    return placed(this.session, basis, found);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.live[Symbol.asyncDispose]();
  }
}

function placed(session: SessionAddress, basis: Basis, found: Result<Session, Basis>): Placed {
  if (found.ok) return { basis, state: found.value };
  throw new Trouble(exitCodes.notFound, `${session} has no ${basisText(basis)}`, [
    `as far as it goes: ${session}${basisText(found.error)}`,
  ]);
}
