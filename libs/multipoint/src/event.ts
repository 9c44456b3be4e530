import type { NodeAddress, SessionAddress } from './address.js';
import type { Base64 } from './base64.js';
import type { JoinFlags } from './join-flags.js';
import type { AdmissionPolicy } from './policy.js';
import type { Qos } from './qos.js';
import type { SocketId } from './socket-id.js';
import type { Facts, WsaCode } from './wsa.js';

export type { Base64, JoinFlags };

/** `J7`: the seventh join of a session, counted over all its incarnations. */
export type JoinId = `J${number}`;

/** `rooted`: one c_root keeps the session. `nonrooted`: every member is a c_leaf. */
export type ControlPlane = 'rooted' | 'nonrooted';
export type DataPlane = 'rooted' | 'nonrooted';

export type JoinKind = 'invitation' | 'request' | 'group';

export type JoinFailure =
  'rejected' | 'nobody-listens' | 'backlog-full' | 'backlog-trimmed' | 'timed-out' | 'session-over';

/** Why a member is one no longer, seen from the session. */
export type Departure =
  'leaf-closed' | 'link-closed' | 'leaf-reset' | 'link-reset' | 'replaced' | 'node-lost';

/** Why a session ended. */
export type Ending = 'root-closed' | 'root-reset' | 'root-lost' | 'group-closed';

/** What happened. Past tense, and never refused again. */
export type SessionEvent =
  | SessionOpened
  | ListenStarted
  | PolicyChanged
  | JoinRequested
  | JoinDeferred
  | LeafAdmitted
  | JoinFailed
  | JoinCancelled
  | MemberLeft
  | CommandSettled
  | RootLost
  | HeirElected
  | RootReplaced
  | SessionShutDown
  | SessionClosed;

export type EventOf<T extends SessionEvent['type']> = Extract<SessionEvent, { type: T }>;

interface SessionOpened {
  readonly type: 'SessionOpened';
  readonly address: SessionAddress;
  /** The how-manieth session at this address, from 1. */
  readonly incarnation: number;
  readonly control: ControlPlane;
  readonly data: DataPlane;
  /** The c_root; null in a nonrooted session. */
  readonly root: SocketId | null;
  readonly policy: AdmissionPolicy;
}

interface ListenStarted {
  readonly type: 'ListenStarted';
  /** Requests that may wait for the root at once. */
  readonly backlog: number;
}

interface PolicyChanged {
  readonly type: 'PolicyChanged';
  readonly policy: AdmissionPolicy;
}

interface JoinRequested {
  readonly type: 'JoinRequested';
  readonly join: JoinId;
  readonly kind: JoinKind;
  /** The socket that called JoinLeaf and hears FD_CONNECT. */
  readonly caller: SocketId;
  /** The leaf's endpoint: who is invited, or where the asking leaf is bound. */
  readonly leafAddress: NodeAddress;
  /** The link that JoinLeaf returned at the root, for an invitation. */
  readonly link: SocketId | null;
  readonly flags: JoinFlags;
  readonly callerData: Base64 | null;
  /** Absent when the caller asks for none. */
  readonly qos?: Qos;
  /** Milliseconds since the Unix epoch; null when the outcome is part of the same decision. */
  readonly deadlineAt: number | null;
}

interface JoinDeferred {
  readonly type: 'JoinDeferred';
  readonly join: JoinId;
}

interface LeafAdmitted {
  readonly type: 'LeafAdmitted';
  readonly join: JoinId;
  /** The member's socket: the one that asked, or the one that accept returned at the leaf. */
  readonly leaf: SocketId;
  /** The root's c_leaf for this member; null in a nonrooted session. */
  readonly link: SocketId | null;
  readonly calleeData: Base64 | null;
}

interface JoinFailed {
  readonly type: 'JoinFailed';
  readonly join: JoinId;
  readonly code: WsaCode;
  readonly reason: JoinFailure;
}

interface JoinCancelled {
  readonly type: 'JoinCancelled';
  readonly join: JoinId;
  readonly reason: 'closed' | 'node-lost' | 'session-over';
}

interface MemberLeft {
  readonly type: 'MemberLeft';
  readonly leaf: SocketId;
  readonly departure: Departure;
}

/** The root's run is lost, and the session waits for another root. Its links are gone. */
interface RootLost {
  readonly type: 'RootLost';
  readonly root: SocketId;
  /** The member whose node alone may open the session; null for anybody. */
  readonly heir: SocketId | null;
  /** Milliseconds since the Unix epoch. */
  readonly until: number;
}

/** The heir is gone as well: the next oldest member takes its place. */
interface HeirElected {
  readonly type: 'HeirElected';
  readonly heir: SocketId;
}

/**
 * The session has a root again, which does not listen yet. Each member has a link there, named after its join
 * like every link that the arbiter makes.
 */
interface RootReplaced {
  readonly type: 'RootReplaced';
  readonly root: SocketId;
  /** That of the session, which stays the same one. */
  readonly incarnation: number;
}

/**
 * An answer that changes nothing and is kept in the log all the same: to a command that may have been on its way before.
 * From here on an earlier try of it can no longer be recorded, and every repetition hears the same.
 */
interface CommandSettled {
  readonly type: 'CommandSettled';
  /** Why it was refused; null when it was not, and there was nothing to change. */
  readonly code: WsaCode | null;
  readonly facts: Facts | null;
  /** What it was decided on: that revision, and so many decisions of the commit after it. */
  readonly basedOn: { readonly revision: number; readonly decisions: number };
}

interface SessionShutDown {
  readonly type: 'SessionShutDown';
}

interface SessionClosed {
  readonly type: 'SessionClosed';
  readonly ending: Ending;
}
