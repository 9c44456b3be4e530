import {
  damageAfter,
  emptyHead,
  foldDecisions,
  headOf,
  type ChainedCommit,
  type Head,
} from '@joinleaf/event-log';
import type { JetStreamLog } from '@joinleaf/jetstream-log';
import { unopened, type Session, type SessionAddress } from '@joinleaf/multipoint';

interface Seen {
  readonly head: Head;
  readonly state: Session;
}

export interface Expected {
  readonly sessions: number;
  /** Members of all sessions together. */
  readonly members?: number;
  /** Joins that were answered with success, by `joinKey`. */
  readonly joins?: ReadonlySet<string>;
}

export const joinKey = (session: SessionAddress, join: string): string => `${session} ${join}`;

/** Reads the whole log: every session's chain is whole, all are open, and what was answered is in it. */
export async function checkAll(log: JetStreamLog, expected: Expected): Promise<string | null> {
  const seen = new Map<SessionAddress, Seen>();
  const decided = new Set<string>();
  const missing = new Set(expected.joins);
  const over = new AbortController();
  for await (const item of log.follow({ signal: over.signal })) {
    if (item.kind === 'unreadable') return `message ${String(item.sequence)}: ${item.reason}`;
    if (item.kind === 'caught-up') break;
    const problem = take(item.commit, seen) ?? repeatedIn(item.commit, decided);
    if (problem !== null) return problem;
    for (const join of admittedIn(item.commit)) missing.delete(join);
  }
  over.abort();
  const [first] = missing;
  if (first !== undefined) return `${first} was answered, and is not in the log`;
  return differenceFrom(expected, seen);
}

function take(commit: ChainedCommit, seen: Map<SessionAddress, Seen>): string | null {
  const { session, decisions } = commit;
  const { head, state } = seen.get(session) ?? { head: emptyHead, state: unopened };
  const damage = damageAfter(head, commit, session);
  if (damage !== null) return `${session}: ${damage.kind}, ${damage.detail}`;
  seen.set(session, { head: headOf(commit), state: foldDecisions(state, decisions) });
  return null;
}

function repeatedIn({ session, decisions }: ChainedCommit, decided: Set<string>): string | null {
  for (const { commandId } of decisions) {
    const key = `${session} ${commandId}`;
    if (decided.has(key)) return `${session}: ${commandId} was decided twice`;
    decided.add(key);
  }
  return null;
}

const admittedIn = ({ session, decisions }: ChainedCommit): readonly string[] =>
  decisions.flatMap(({ events }) =>
    events.flatMap((event) =>
      event.type === 'LeafAdmitted' ? [joinKey(session, event.join)] : [],
    ),
  );

function differenceFrom(
  { sessions, members }: Expected,
  seen: ReadonlyMap<SessionAddress, Seen>,
): string | null {
  let found = 0;
  for (const [address, { state }] of seen) {
    if (state.phase !== 'open') return `${address} is ${state.phase}`;
    found += state.members.size;
  }
  if (seen.size !== sessions)
    return `${String(seen.size)} sessions, and ${String(sessions)} were opened`;
  return members === undefined || found === members
    ? null
    : `${String(found)} members, and ${String(members)} joins that were answered`;
}
