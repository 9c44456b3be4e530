import type { SessionAddress } from '@joinleaf/multipoint';
import { checkpointOf, foldedIn, type Counted } from '@joinleaf/replay';
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

  /**
   * The last one at or before a revision that is as it should be; null when there is none. One that cannot be read takes all
   * others with it.
   */
  async latest(
    revision: number,
    isGood: (folded: Counted) => boolean = () => true,
  ): Promise<Counted | null> {
    const revisions = (await this.#revisions()).filter((one) => one <= revision);
    let [from, to] = [0, revisions.length - 1];
    let found: Counted | null = null;
    // Most often the last one is good; else the earlier half is looked at, and so on.
    for (let at = to; from <= to; at = Math.floor((from + to) / 2)) {
      const folded = await this.#read(revisions[at] ?? 0);
      if (folded === null) {
        await this.discard();
        return null;
      }
      if (isGood(folded)) [from, found] = [at + 1, folded];
      else to = at - 1;
    }
    if (found !== null) await this.folder.use();
    return found;
  }

  keep(folded: Counted): Promise<boolean> {
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

  async #read(revision: number): Promise<Counted | null> {
    const checkpoint = await keptJson(this.folder, fileOf(revision), bytesMax);
    if (!fitsAsItStands(checkpointSchema, checkpoint)) return null;
    const folded = foldedIn(checkpoint as never, this.session);
    return folded?.head.revision === revision ? folded : null;
  }
}

const fileOf = (revision: number): string => `${String(revision).padStart(12, '0')}.json`;
