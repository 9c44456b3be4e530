import type { SessionAddress } from '@joinleaf/multipoint';
import type { ChainedCommit, Commit, Head, StoredCommit } from './commit.js';

/** Bytes of one commit at most, as stored. Whoever groups decisions stays below it. */
export const commitBytesMax = 524_288;

/** A commit that its writer wants stored after `head`. */
export type Draft = Omit<Commit, 'schema' | 'session' | 'revision' | 'prevHash'>;

export type AppendOutcome =
  /** Stored: now, or by an earlier try of ours. When, only the broker knows: see `read`. */
  | { readonly kind: 'ok'; readonly commit: ChainedCommit }
  /** Another writer was first, and this draft is not stored and never will be. `tail` is what came after `head`. */
  | { readonly kind: 'conflict'; readonly tail: readonly StoredCommit[] }
  /** The log refused the draft (too large, log full): it is not stored. */
  | { readonly kind: 'refused'; readonly reason: 'too-large' | 'log-full' }
  /**
   * Definitely not stored, and the log could not be asked again in time. Never said of a draft that
   * was unknown before: such a draft stays unknown until it is ok or in conflict.
   */
  | { readonly kind: 'unavailable'; readonly cause: unknown }
  /** Nobody can say yet: it may even be stored later. Repeat it with the same head until somebody can. */
  | { readonly kind: 'unknown'; readonly cause: unknown };

export interface ReadOptions {
  /** Leaves out commits up to this stream sequence. */
  readonly afterSequence?: number;
  readonly signal?: AbortSignal;
}

export interface FollowOptions extends ReadOptions {
  /** Leaves out, unread, what the reader knows: the commits that it wrote itself, for one. */
  readonly known?: (session: SessionAddress, sequence: number) => boolean;
}

/** What a follower receives, in the order of the stream. */
export type Followed =
  | { readonly kind: 'commit'; readonly commit: StoredCommit }
  /** Everything that was stored when the reading began has been delivered. */
  | { readonly kind: 'caught-up'; readonly sequence: number }
  /** A stored message that is no commit we can read: it is named, and reading goes on. */
  | {
      readonly kind: 'unreadable';
      readonly sequence: number;
      readonly subject: string;
      readonly reason: string;
    };

/** The event log: one append-only list of commits for each session, all in one order. */
export interface EventLog {
  /**
   * Stores a commit after `head`. At most one of all drafts for the same head is ever stored, and a
   * draft that is repeated with the head it was made for is stored once.
   * Waits at most `deadlineMs` (default 5 000) before it says that it does not know.
   *
   * @throws BadDraft for a name or an id outside the grammar, before anything is sent.
   * @throws UnreadableCommit when what lies after `head` is no commit: nothing of ours is stored.
   * @throws LogRegressed when the log has lost the commit that `head` names; a log whose leader may be behind says
   *   `unavailable` instead.
   */
  append(
    session: SessionAddress,
    head: Head,
    draft: Draft,
    options?: { readonly deadlineMs?: number },
  ): Promise<AppendOutcome>;

  /**
   * One session's commits, oldest first, read so that an acknowledged append is always seen, unless `readsMayLag`.
   *
   * @throws UnreadableCommit at a stored message that is no commit of this session.
   */
  read(session: SessionAddress, options?: ReadOptions): AsyncIterable<StoredCommit>;

  /**
   * Whether a read may miss what was acknowledged: for a while after whoever leads the log may have changed, because a new
   * leader answers before it has caught up with itself. What is then answered from a read alone had better be appended.
   */
  readsMayLag(): boolean;

  /**
   * All sessions' commits, in the order of the stream; goes on with new ones until the signal.
   *
   * @throws LogRegressed when the log ends before `afterSequence`, or is no longer the same log.
   */
  follow(options?: FollowOptions): AsyncIterable<Followed>;
}

/** The digest that chains commits: SHA-256 in hexadecimal. Handed in, so that pure code needs no crypto. */
export type Sha256 = (bytes: Uint8Array) => string;
