import type { Folded } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { checkpointOf, foldedIn } from '@joinleaf/replay';
import { fitsAsItStands } from '@joinleaf/wire';
import type { CacheFolder } from '../cache/cache-folder.js';
import { keepJson, keptJson } from '../cache/text-file.js';
import { checkpointSchema } from './checkpoint-schema.js';

// Checkpoints are files in the session's folder of the cache, one for each, named by its revision. Whatever goes wrong with them
// is no reason for a verb to fail: it reads the log instead.

const named = /^(\d{12})\.json$/;
/** Of a session with a million members. */
const bytesMax = 400_000_000;

/** What a session was folded to, at some of its revisions. */
export class CheckpointStore {
  constructor(
    private readonly folder: CacheFolder,
    private readonly session: SessionAddress,
  ) {}

  /** The last one at or before a revision; null when there is none. One that cannot be read takes all others with it. */
  async latest(revision: number): Promise<Folded | null> {
    const last = (await this.#revisions()).findLast((one) => one <= revision);
    if (last === undefined) return null;
    const folded = await this.#read(last);
    if (folded === null) await this.discard();
    else await this.folder.use();
    return folded;
  }

  keep(folded: Folded): Promise<boolean> {
    const { revision } = folded.head;
    return keepJson(this.folder, fileOf(revision), checkpointOf(this.session, folded));
  }

  discard(): Promise<void> {
    return this.folder.discard();
  }

  async #revisions(): Promise<readonly number[]> {
    return (await this.folder.names())
      .flatMap((name) => named.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  }

  async #read(revision: number): Promise<Folded | null> {
    const checkpoint = await keptJson(this.folder, fileOf(revision), bytesMax);
    if (!fitsAsItStands(checkpointSchema, checkpoint)) return null;
    const folded = foldedIn(checkpoint as never, this.session);
    return folded?.head.revision === revision ? folded : null;
  }
}

const fileOf = (revision: number): string => `${String(revision).padStart(12, '0')}.json`;
