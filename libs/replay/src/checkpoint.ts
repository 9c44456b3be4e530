import {
  foldCommit,
  foldDecisions,
  nothingFolded,
  type Basis,
  type Folded,
  type Head,
  type StoredCommit,
} from '@joinleaf/event-log';
import {
  err,
  ok,
  PersistentMap,
  type OpenSession,
  type Result,
  type Session,
  type SessionAddress,
} from '@joinleaf/multipoint';

// A checkpoint is what a session was folded to, kept so that nobody has to fold its beginning again. It is a cache: it names the
// commit that it stands on by its hash, which stands for all commits before it, and the version of the fold that made it, and
// whoever does not find both of them throws it away.

/** Of `evolve` and of what it makes. Another one makes every checkpoint worthless. */
export const foldVersion = 'multipoint/1';

const schema = 'joinleaf.checkpoint/2';

/** What a session was folded to, and of how many decisions. */
export interface Counted extends Folded {
  readonly decisions: number;
}

export const nothingCounted: Counted = { ...nothingFolded, decisions: 0 };

/** Folds the next commit. */
export const counted = (before: Counted, commit: StoredCommit): Counted => ({
  ...foldCommit(before, commit),
  decisions: before.decisions + commit.decisions.length,
});

export interface Checkpoint {
  /** What this file calls itself; another one is not ours to read. */
  readonly schema: string;
  readonly fold: string;
  readonly session: SessionAddress;
  readonly head: Head;
  /** Of all commits so far. */
  readonly decisions: number;
  /** As `frozen` writes it. */
  readonly state: unknown;
}

export const checkpointOf = (session: SessionAddress, folded: Counted): Checkpoint => ({
  schema,
  fold: foldVersion,
  session,
  head: folded.head,
  decisions: folded.decisions,
  state: frozen(folded.session),
});

/** What a checkpoint stands for; null when it is not one of this session and this version. */
export function foldedIn(checkpoint: Checkpoint, session: SessionAddress): Counted | null {
  const { fold, head, decisions, state } = checkpoint;
  if (checkpoint.schema !== schema || fold !== foldVersion) return null;
  if (checkpoint.session !== session) return null;
  const folded = thawed(state);
  return agrees(folded) ? { session: folded, head, decisions } : null;
}

/** Whether what a session says of its members and waiting joins in several ways is the same each time. */
function agrees(session: Session): boolean {
  if (session.phase !== 'open') return true;
  const { requests, requestsByCaller, members, leafByLink, leavesByAddress } = session;
  const waiting = [...requests].every(
    ([id, request]) => request.id === id && requestsByCaller.get(request.caller) === id,
  );
  if (!waiting || requestsByCaller.size !== requests.size) return false;
  const seats = [...members];
  const seated = seats.every(
    ([leaf, member]) =>
      member.leaf === leaf && (member.link === null || leafByLink.get(member.link) === leaf),
  );
  if (!seated || leafByLink.size !== seats.filter(([, { link }]) => link !== null).length) {
    return false;
  }
  const placed = [...leavesByAddress].flatMap(([address, leaves]) =>
    leaves.map((leaf) => members.get(leaf)?.address === address),
  );
  return placed.length === seats.length && !placed.includes(false);
}

/** So many commits at least lie between two checkpoints: some 5 MB of a log. */
const commitsMin = 8_192;
/** A member takes about half as much room in a checkpoint as a commit in the log. */
const membersPerCommit = 2;

/**
 * Whether it is time for the next checkpoint, so many commits after the last one. Large states are kept less often: all
 * checkpoints of a session together take no more room than its log.
 */
export function isCheckpointDue(commitsSince: number, { session }: Folded): boolean {
  const size = session.phase === 'open' ? session.members.size + session.requests.size : 0;
  return commitsSince >= Math.max(commitsMin, size / membersPerCommit);
}

const maps = [
  'requests',
  'requestsByCaller',
  'members',
  'leafByLink',
  'leavesByAddress',
] as const satisfies readonly (keyof OpenSession)[];

/** A session as plain data, from which `thawed` makes the same one. */
export function frozen(session: Session): unknown {
  if (session.phase !== 'open') return session;
  return { ...session, ...Object.fromEntries(maps.map((key) => [key, [...session[key]]])) };
}

/** The session that `frozen` wrote: what stands there is believed. */
export function thawed(state: unknown): Session {
  const session = state as Session;
  if (session.phase !== 'open') return session;
  const mapOf = (entries: unknown): PersistentMap<unknown> =>
    (entries as readonly (readonly [string, unknown])[]).reduce(
      (map, [key, value]) => map.set(key, value),
      PersistentMap.empty<unknown>(),
    );
  const folded = Object.fromEntries(maps.map((key) => [key, mapOf(session[key])]));
  return { ...session, ...folded };
}

/** Folds a session's commits to one position and no further; on the way it has been everywhere that a checkpoint could be. */
export class FoldTo {
  readonly #basis: Basis;
  #folded: Counted;
  #found: Session | null = null;
  #decisions = 0;

  /** @param from - At or before `basis`: what checkpoints, or nothing, say of the beginning. */
  constructor(basis: Basis, from: Counted = nothingCounted) {
    this.#basis = basis;
    this.#folded = from;
  }

  /** What was folded so far: whole commits. */
  get folded(): Counted {
    return this.#folded;
  }

  /** Takes the next commit; false when it is not needed, and none after it. */
  take(commit: StoredCommit): boolean {
    const { revision, decisions } = this.#basis;
    if (this.#folded.head.revision !== revision) {
      this.#folded = counted(this.#folded, commit);
      return true;
    }
    this.#decisions = commit.revision === revision + 1 ? commit.decisions.length : 0;
    if (decisions <= commit.decisions.length) {
      this.#found = foldDecisions(this.#folded.session, commit.decisions.slice(0, decisions));
    }
    return false;
  }

  /** The session at the position; where there is none, the last position before it. */
  end(): Result<Session, Basis> {
    const { revision, decisions } = this.#basis;
    const { session, head } = this.#folded;
    if (this.#found !== null) return ok(this.#found);
    if (head.revision === revision && decisions === 0) return ok(session);
    return err({ revision: head.revision, decisions: this.#decisions });
  }
}
