import type { NodeAddress, SessionAddress } from './address.js';
import type {
  Base64,
  ControlPlane,
  DataPlane,
  Ending,
  JoinFlags,
  JoinId,
  JoinKind,
} from './event.js';
import type { PersistentMap } from './persistent-map.js';
import type { AdmissionPolicy } from './policy.js';
import type { Reservations } from './reservations.js';
import type { Qos } from './qos.js';
import { isMadeByArbiter, type SocketId } from './socket-id.js';

/** An outstanding join. */
export interface Join {
  readonly id: JoinId;
  readonly kind: JoinKind;
  readonly caller: SocketId;
  readonly leafAddress: NodeAddress;
  readonly link: SocketId | null;
  readonly flags: JoinFlags;
  readonly callerData: Base64 | null;
  readonly qos?: Qos;
  readonly deadlineAt: number | null;
  readonly deferred: boolean;
}

/** An admitted leaf. */
export interface Member {
  readonly leaf: SocketId;
  readonly link: SocketId | null;
  readonly address: NodeAddress;
  readonly join: JoinId;
  readonly flags: JoinFlags;
  readonly kind: JoinKind;
  readonly qos?: Qos;
}

/** A rooted session has lost its root, and waits for another one. */
export interface Vacancy {
  readonly lost: SocketId;
  /** The member whose node alone may open the session; null for anybody. */
  readonly heir: SocketId | null;
  /** When the session ends if nobody has come; milliseconds since the Unix epoch. */
  readonly until: number;
}

export interface OpenSession {
  readonly phase: 'open';
  readonly address: SessionAddress;
  readonly incarnation: number;
  readonly control: ControlPlane;
  readonly data: DataPlane;
  /** The c_root; null in a group, and during a vacancy. */
  readonly root: SocketId | null;
  readonly vacancy: Vacancy | null;
  readonly policy: AdmissionPolicy;
  /** Requests that may wait at once; null until the root listens. */
  readonly backlog: number | null;
  /** Joins so far, over all incarnations: the last one's number. */
  readonly joinCount: number;
  /** The root's one outstanding JoinLeaf. */
  readonly invitation: Join | null;
  /** Requests waiting for the root, in arrival order, by join. */
  readonly requests: PersistentMap<Join>;
  /** The same requests, by calling socket. */
  readonly requestsByCaller: PersistentMap<JoinId>;
  /** Members in the order of their admission, by socket. */
  readonly members: PersistentMap<Member>;
  /** Root-side links to their members' sockets. */
  readonly leafByLink: PersistentMap<SocketId>;
  /** Members at one endpoint, oldest first. */
  readonly leavesByAddress: PersistentMap<readonly SocketId[]>;
  /** What members have reserved of the policy's budget. */
  readonly reserved: Reservations;
}

/** What the coordinator believes of one session address, folded from events. */
export type Session =
  | { readonly phase: 'unopened' }
  | OpenSession
  | {
      /** Dismantled by shutdown: the c_root's descriptor and its address are still held (R132). */
      readonly phase: 'shut';
      readonly address: SessionAddress;
      readonly incarnation: number;
      readonly root: SocketId | null;
      readonly joinCount: number;
    }
  | {
      readonly phase: 'closed';
      readonly address: SessionAddress;
      readonly incarnation: number;
      readonly joinCount: number;
      readonly ending: Ending;
    };

export const unopened: Session = { phase: 'unopened' };

/** Every outstanding join of a session: the root's invitation first, then requests in arrival order. */
export function outstanding(session: OpenSession): readonly Join[] {
  const requests = [...session.requests.values()];
  return session.invitation === null ? requests : [session.invitation, ...requests];
}

/** An outstanding join by its id. */
export function joinById(session: OpenSession, id: JoinId): Join | undefined {
  return session.invitation?.id === id ? session.invitation : session.requests.get(id);
}

/** The earliest deadline of a session's outstanding joins and of its vacancy, or null when nothing waits. */
export function nextDeadline(session: Session): number | null {
  if (session.phase !== 'open') return null;
  let earliest: number | null = session.vacancy?.until ?? null;
  for (const { deadlineAt } of outstanding(session)) {
    if (deadlineAt !== null && (earliest === null || deadlineAt < earliest)) earliest = deadlineAt;
  }
  return earliest;
}

/**
 * Whether a socket is spoken for: it is the root, a link, a member or the caller of a waiting join, or
 * its serial is one that the arbiter gives.
 */
export const isTaken = (session: OpenSession, socket: SocketId): boolean =>
  isMadeByArbiter(socket) ||
  session.root === socket ||
  session.invitation?.link === socket ||
  session.requestsByCaller.has(socket) ||
  session.members.has(socket) ||
  session.leafByLink.has(socket);

/** Whether a session knows a socket of this run of a node: as its root, a member or a waiting caller. */
export function holdsNode(session: Session, node: string, incarnation: string): boolean {
  if (session.phase === 'unopened' || session.phase === 'closed') return false;
  const prefix = `${node}/${incarnation}/`;
  if (session.root?.startsWith(prefix)) return true;
  if (session.phase === 'shut') return false;
  for (const leaf of session.members.keys()) if (leaf.startsWith(prefix)) return true;
  return outstanding(session).some((join) => join.caller.startsWith(prefix));
}
