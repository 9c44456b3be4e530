import { damageAfter, UnreadableCommit, type StoredCommit } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { isCheckpointDue, nothingCounted, type Counted } from '@joinleaf/replay';
import type { Cache } from '../cache/cache.js';
import type { Live } from '../live.js';
import { troubleOf } from '../sources.js';
import { CheckpointStore } from './checkpoint-store.js';

/** Takes a session's commits, and folds those that it does not keep. */
export interface Folding {
  readonly folded: Counted;
  /** False when a commit is not needed, and none after it. */
  take(commit: StoredCommit): boolean;
}

/** Where to begin. */
export interface Beginning {
  /** The latest revision to begin after. */
  readonly latest: number;
  readonly isGood?: (from: Counted) => boolean;
}

export interface LiveReading {
  readonly cache: Cache;
  readonly signal: AbortSignal;
}

/**
 * Reads a live session from the nearest checkpoint before a revision on, until no more is needed. Checkpoints are left on the
 * way, of what is a whole chain; those that the log does not bear out are thrown away.
 *
 * @returns What was folded, and why the log ends before its end, if it does.
 */
export async function foldLive<F extends Folding>(
  live: Live,
  session: SessionAddress,
  {
    beginning,
    begin,
    cache,
    signal,
  }: LiveReading & {
    readonly beginning: Beginning;
    readonly begin: (from: Counted) => F;
  },
): Promise<{ readonly fold: F; readonly trouble: string | null }> {
  const { servers, realm } = live.settings;
  const folder = cache.folder(`${servers.join(',')} ${realm}`, session);
  const store = new CheckpointStore(folder, session);
  const fold = begin(await soundCheckpoint(live, store, session, beginning));
  const keep = keeping(store, session, fold);
  let trouble: string | null = null;
  const afterSequence = fold.folded.head.sequence;
  try {
    for await (const commit of live.events.read(session, { afterSequence, signal })) {
      if (!(await keep(commit))) break;
    }
  } catch (error) {
    if (!(error instanceof UnreadableCommit)) throw error;
    trouble = troubleOf(error);
  }
  signal.throwIfAborted();
  return { fold, trouble };
}

/** Hands commits on, and leaves checkpoints of what was folded. */
function keeping(store: CheckpointStore, session: SessionAddress, fold: Folding) {
  let since = 0;
  let isWhole = true;
  return async (commit: StoredCommit): Promise<boolean> => {
    const before = fold.folded.head;
    isWhole &&= damageAfter(before, commit, session) === null;
    if (!fold.take(commit)) return false;
    if (fold.folded.head === before) return true; // It is kept as it is.
    since += 1;
    if (!isWhole || !isCheckpointDue(since, fold.folded)) return true;
    since = 0;
    await store.keep(fold.folded);
    return true;
  };
}

async function soundCheckpoint(
  live: Live,
  store: CheckpointStore,
  session: SessionAddress,
  { latest, isGood }: Beginning,
): Promise<Counted> {
  const kept = await store.latest(latest, isGood);
  if (kept === null) return nothingCounted;
  const { head } = kept;
  const commit = await live.events.commitAt(head.sequence);
  const stands =
    commit?.session === session && commit.revision === head.revision && commit.hash === head.hash;
  if (stands) return kept;
  await store.discard();
  return nothingCounted;
}
