import { damageAfter, emptyHead, foldDecisions, headOf, type Head } from '@joinleaf/event-log';
import type { JetStreamLog } from '@joinleaf/jetstream-log';
import { unopened, type Session, type SessionAddress } from '@joinleaf/multipoint';

interface Seen {
  readonly head: Head;
  readonly state: Session;
}

export interface Expected {
  readonly sessions: number;
  /** Members of all sessions together. */
  readonly members: number;
}

/** Reads the whole log: every session's chain is whole, all are open, and as many members are in as were answered. */
export async function checkAll(log: JetStreamLog, expected: Expected): Promise<string | null> {
  const seen = new Map<SessionAddress, Seen>();
  const over = new AbortController();
  for await (const item of log.follow({ signal: over.signal })) {
    if (item.kind === 'unreadable') return `message ${String(item.sequence)}: ${item.reason}`;
    if (item.kind === 'caught-up') break;
    const { session, decisions } = item.commit;
    const { head, state } = seen.get(session) ?? { head: emptyHead, state: unopened };
    const damage = damageAfter(head, item.commit, session);
    if (damage !== null) return `${session}: ${damage.kind}, ${damage.detail}`;
    seen.set(session, { head: headOf(item.commit), state: foldDecisions(state, decisions) });
  }
  over.abort();
  return differenceFrom(expected, seen);
}

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
  return found === members
    ? null
    : `${String(found)} members, and ${String(members)} joins that were answered`;
}
