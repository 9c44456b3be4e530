import type { RefusalRecord } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { PartTaker, type Counted, type Wanted } from '@joinleaf/replay';
import type { Cache } from '../cache/cache.js';
import { lastRevision, loadSession, refusalsOf } from '../live-sources.js';
import { connectLive, type Live } from '../live.js';
import type { Loaded } from '../sources.js';
import { quoted } from '../targets.js';
import type { VerbContext } from '../verb.js';
import { foldLive, type LiveReading } from './fold-live.js';
import type { LoadedPart, Parts } from './loaded-part.js';

/** The history of a session that lives. */
export class LiveParts implements Parts {
  #refusals: Promise<readonly RefusalRecord[]> | null = null;

  private constructor(
    private readonly live: Live,
    private readonly session: SessionAddress,
    private readonly reading: LiveReading,
  ) {}

  /** Connects. Throws Trouble. */
  static async of(
    session: SessionAddress,
    { settings, world: { interrupted: signal } }: VerbContext,
    cache: Cache,
  ): Promise<LiveParts> {
    const live = await connectLive(settings(), { role: 'auditor', signal });
    return new LiveParts(live, session, { cache, signal });
  }

  refusals(): Promise<readonly RefusalRecord[]> {
    this.#refusals ??= refusalsOf(this.live, this.session, this.reading.signal);
    return this.#refusals;
  }

  lastRevision(): Promise<number> {
    return lastRevision(this.live, this.session);
  }

  async part(wanted: Wanted): Promise<LoadedPart> {
    const refusals = await this.refusals();
    const isGood = ({ head, decisions }: Counted) =>
      wanted.isBefore({ revision: head.revision, decisions });
    const { fold, trouble } = await foldLive(this.live, this.session, {
      ...this.reading,
      beginning: { latest: wanted.latestStart, isGood },
      begin: (from) => new PartTaker(wanted, from),
    });
    const part = fold.part(refusals);
    // Perhaps there is no such session; who may be meant is known there.
    const isNothing = part.commits.length === 0 && part.start.head.revision === 0;
    if (isNothing && refusals.length === 0 && trouble === null) await this.whole();
    const origin = this.live.settings.servers.join(', ');
    const again = quoted(this.session);
    const { session } = this;
    return { ...part, session, source: { origin, again, redaction: null, trouble } };
  }

  whole(): Promise<Loaded> {
    return loadSession(this.live, this.session, this.reading.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.live[Symbol.asyncDispose]();
    await this.reading.cache.shrink();
  }
}
