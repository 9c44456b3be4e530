import {
  damageAfter,
  nothingFolded,
  UnreadableCommit,
  type Basis,
  type Folded,
} from '@joinleaf/event-log';
import type { Result, Session, SessionAddress } from '@joinleaf/multipoint';
import { FoldTo, isCheckpointDue } from '@joinleaf/replay';
import type { Live } from '../live.js';
import { troubleOf } from '../sources.js';
import type { Cache } from '../cache/cache.js';
import { CheckpointStore } from './checkpoint-store.js';
import { noEnd } from './placed.js';

/** A session at one position. */
export interface FoldedTo {
  /** The state there; where the log does not reach, the last position before it. */
  readonly found: Result<Session, Basis>;
  /** Where the folding ended: at the position, or where the log does. */
  readonly folded: Folded;
  /** Why the log ends before its end, if it does. */
  readonly trouble: string | null;
}

/**
 * Folds a live session to a position, or to its end where none is given, from the nearest checkpoint before it. Checkpoints are
 * left on the way, of what is a whole chain; those that the log does not bear out are thrown away.
 */
export async function foldLive(
  live: Live,
  session: SessionAddress,
  basis: Basis | null,
  { cache, signal }: { readonly cache: Cache; readonly signal: AbortSignal },
): Promise<FoldedTo> {
  const { servers, realm } = live.settings;
  const folder = cache.folder(`${servers.join(',')} ${realm}`, session);
  const store = new CheckpointStore(folder, session);
  const fold = new FoldTo(basis ?? noEnd, await soundCheckpoint(live, store, session, basis));
  let since = 0;
  let isWhole = true;
  let trouble: string | null = null;
  const afterSequence = fold.folded.head.sequence;
  try {
    for await (const commit of live.events.read(session, { afterSequence, signal })) {
      isWhole &&= damageAfter(fold.folded.head, commit, session) === null;
      if (!fold.take(commit)) break;
      since += 1;
      if (!isWhole || !isCheckpointDue(since, fold.folded)) continue;
      await store.keep(fold.folded);
      since = 0;
    }
  } catch (error) {
    if (!(error instanceof UnreadableCommit)) throw error;
    trouble = troubleOf(error);
  }
  signal.throwIfAborted();
  return { found: fold.end(), folded: fold.folded, trouble };
}

async function soundCheckpoint(
  live: Live,
  store: CheckpointStore,
  session: SessionAddress,
  basis: Basis | null,
): Promise<Folded> {
  const kept = await store.latest(basis?.revision ?? Infinity);
  if (kept === null) return nothingFolded;
  const { head } = kept;
  const commit = await live.events.commitAt(head.sequence);
  const stands =
    commit?.session === session && commit.revision === head.revision && commit.hash === head.hash;
  if (stands) return kept;
  await store.discard();
  return nothingFolded;
}
