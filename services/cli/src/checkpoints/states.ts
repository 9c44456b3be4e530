import type { Basis } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { connectLive, type Live } from '../live.js';
import { loadSession } from '../sources.js';
import { quoted, type Target } from '../targets.js';
import type { SourceOptions, VerbContext } from '../verb.js';
import { CaptureStates } from './capture-states.js';
import { foldLive } from './fold-live.js';
import { placed, type Placed, type States } from './placed.js';

/** Opens the states of what a target names. Throws Trouble. */
export async function openStates(
  context: VerbContext,
  target: Target,
  options: SourceOptions,
): Promise<States> {
  const { settings, world } = context;
  if (target.kind === 'file') return CaptureStates.of(target, options.session, world);
  const live = await connectLive(settings(), { role: 'auditor', signal: world.interrupted });
  return new LiveStates(context, live, target.session);
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
