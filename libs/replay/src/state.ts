import type { Basis, StoredCommit } from '@joinleaf/event-log';
import {
  outstanding,
  type AdmissionPolicy,
  type ControlPlane,
  type DataPlane,
  type Ending,
  type Join,
  type Member,
  type Result,
  type Session,
  type SessionAddress,
  type SocketId,
} from '@joinleaf/multipoint';
import { FoldTo } from './checkpoint.js';

/**
 * The session as it stood at a position: after `basis.revision` commits and `basis.decisions`
 * decisions of the next one.
 *
 * @returns The last position that the log reaches, when it does not reach `basis`.
 */
export function stateAt(commits: readonly StoredCommit[], basis: Basis): Result<Session, Basis> {
  const fold = new FoldTo(basis);
  for (const commit of commits) if (!fold.take(commit)) break;
  return fold.end();
}

/** A session as plain data, in the words of docs/SPEC.md: what `joinleaf state --json` prints. */
export interface PlainState {
  readonly phase: Session['phase'];
  readonly address?: SessionAddress;
  readonly incarnation?: number;
  readonly control?: ControlPlane;
  readonly data?: DataPlane;
  readonly root?: SocketId | null;
  readonly policy?: AdmissionPolicy;
  readonly backlog?: number | null;
  readonly joinCount?: number;
  readonly ending?: Ending;
  /** Outstanding joins by id: the root's invitation first, then requests in arrival order. */
  readonly waiting?: Readonly<Record<string, Omit<Join, 'id'>>>;
  /** Members by socket, in the order of their admission. */
  readonly members?: Readonly<Record<string, Omit<Member, 'leaf'>>>;
}

export function plainState(session: Session): PlainState {
  if (session.phase !== 'open') return session;
  const { phase, address, incarnation, control, data, root, policy, backlog, joinCount } = session;
  const waiting = outstanding(session).map(({ id, ...join }) => [id, join] as const);
  const members = [...session.members.values()].map(({ leaf, ...rest }) => [leaf, rest] as const);
  return {
    phase,
    address,
    incarnation,
    control,
    data,
    root,
    policy,
    backlog,
    joinCount,
    waiting: Object.fromEntries(waiting),
    members: Object.fromEntries(members),
  };
}
