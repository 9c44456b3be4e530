import type { Basis } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Cache } from '../cache/cache.js';
import { loadSession } from '../live-sources.js';
import { connectLive, type Live } from '../live.js';
import { quoted } from '../targets.js';
import type { VerbContext } from '../verb.js';
import { foldLive } from './fold-live.js';
import { placed, type Placed, type States } from './placed.js';

/** The states of a session that lives. */
export class LiveStates implements States {
  #trouble: string | null = null;

  private constructor(
    private readonly live: Live,
    readonly session: SessionAddress,
    private readonly reading: { readonly cache: Cache; readonly signal: AbortSignal },
  ) {}

  /** Connects. Throws Trouble. */
  static async of(
    session: SessionAddress,
    { settings, world: { interrupted: signal } }: VerbContext,
    cache: Cache,
  ): Promise<LiveStates> {
    const live = await connectLive(settings(), { role: 'auditor', signal });
    return new LiveStates(live, session, { cache, signal });
  }

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
