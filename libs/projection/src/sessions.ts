import {
  damageAfter,
  nothingFolded,
  type Damage,
  type Folded,
  type StoredCommit,
} from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { tell, type Told } from './told.js';

/** Why a session is not folded any further. */
export type Stopped =
  | Damage
  | {
      readonly kind: 'unreadable';
      readonly session: SessionAddress;
      readonly sequence: number;
      readonly detail: string;
    };

/** What taking a commit did. */
export type Taken =
  | {
      readonly kind: 'folded';
      readonly before: Folded;
      readonly after: Folded;
      readonly told: readonly Told[];
    }
  /** The commit does not follow what was there: the session stops here, and the others go on. */
  | { readonly kind: 'stopped'; readonly stopped: Stopped }
  /** A commit of a session that stopped before. */
  | { readonly kind: 'ignored' };

/**
 * Every session's state, folded from the log in the order of the stream, and how far: a fold with a
 * checkpoint. A session whose commits are not a chain stops there; what comes after could be wrong.
 */
export class Sessions {
  readonly #folded = new Map<SessionAddress, Folded>();
  readonly #stopped = new Map<SessionAddress, Stopped>();
  #sequence = 0;

  /** The stream position up to which the log has been taken. */
  get sequence(): number {
    return this.#sequence;
  }

  get count(): number {
    return this.#folded.size;
  }

  get stopped(): ReadonlyMap<SessionAddress, Stopped> {
    return this.#stopped;
  }

  /** A session as far as it was folded; nothing when it was never opened, or stopped. */
  of(session: SessionAddress): Folded {
    return this.#folded.get(session) ?? nothingFolded;
  }

  /** Takes the next commit of the stream. */
  take(commit: StoredCommit): Taken {
    this.#sequence = Math.max(this.#sequence, commit.sequence);
    const { session } = commit;
    if (this.#stopped.has(session)) return { kind: 'ignored' };
    const before = this.of(session);
    const damage = damageAfter(before.head, commit);
    if (damage !== null) return { kind: 'stopped', stopped: this.#stop(session, damage) };
    const { after, told } = tell(before, commit);
    this.#folded.set(session, after);
    return { kind: 'folded', before, after, told };
  }

  /**
   * Takes note of a stored message that is no commit we can read. `session` is the one it belongs to;
   * null when nobody can say, and then the next commit of that session shows the gap.
   */
  skip(sequence: number, session: SessionAddress | null, detail: string): Stopped | null {
    this.#sequence = Math.max(this.#sequence, sequence);
    if (session === null || this.#stopped.has(session)) return null;
    return this.#stop(session, { kind: 'unreadable', session, sequence, detail });
  }

  #stop(session: SessionAddress, stopped: Stopped): Stopped {
    this.#stopped.set(session, stopped);
    this.#folded.delete(session);
    return stopped;
  }
}
