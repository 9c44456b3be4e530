import type { Basis } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { Cache } from '../cache/cache.js';
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
  const cache = await Cache.open(context);
  if (target.kind === 'file') return CaptureStates.of(target, options.session, cache);
  const live = await connectLive(settings(), { role: 'auditor', signal: world.interrupted });
  return new LiveStates(live, target.session, { cache, signal: world.interrupted });
}

class LiveStates implements States {
  #trouble: string | null = null;

  constructor(
    private readonly live: Live,
    readonly session: SessionAddress,
    private readonly reading: { readonly cache: Cache; readonly signal: AbortSignal },
  ) {}

  get source(): States['source'] {
    const { servers } = this.live.settings;
    const again = quoted(this.session);
    return { origin: servers.join(', '), again, redaction: null, trouble: this.#trouble };
  }

  async at(basis: Basis | null): Promise<Placed> {
    const { found, folded, trouble } = await foldLive(this.live, this.session, basis, this.reading);
    this.#trouble = trouble;
    const { revision } = folded.head;
    // Perhaps there is no such session; who may be meant is known there.
    if (revision === 0 && trouble === null) {
      await loadSession(this.live, this.session, this.reading.signal);
    }
    if (basis === null) return { basis: { revision, decisions: 0 }, state: folded.session };
    return placed(this.session, basis, found);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.live[Symbol.asyncDispose]();
    await this.reading.cache.shrink();
  }
}
