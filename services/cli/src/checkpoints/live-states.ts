import type { Basis } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { FoldTo } from '@joinleaf/replay';
import type { Cache } from '../cache/cache.js';
import { loadSession } from '../live-sources.js';
import { connectLive, type Live } from '../live.js';
import { quoted } from '../targets.js';
import type { VerbContext } from '../verb.js';
import { foldLive, type LiveReading } from './fold-live.js';
import { noEnd, placed, type Placed, type States } from './placed.js';

/** The states of a session that lives. */
export class LiveStates implements States {
  #trouble: string | null = null;

  private constructor(
    private readonly live: Live,
    readonly session: SessionAddress,
    private readonly reading: LiveReading,
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
    const { fold, trouble } = await foldLive(this.live, this.session, {
      ...this.reading,
      beginning: { latest: basis?.revision ?? Infinity },
      begin: (from) => new FoldTo(basis ?? noEnd, from),
    });
    this.#trouble = trouble;
    const { head, session } = fold.folded;
    const { revision } = head;
    // Perhaps there is no such session; who may be meant is known there.
    if (revision === 0 && trouble === null) {
      await loadSession(this.live, this.session, this.reading.signal);
    }
    if (basis === null) return { basis: { revision, decisions: 0 }, state: session };
    return placed(this.session, basis, fold.end());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.live[Symbol.asyncDispose]();
    await this.reading.cache.shrink();
  }
}
