import type { NodeAddress, SessionAddress } from './address.js';
import type { Base64, ControlPlane, DataPlane, JoinFlags, JoinId } from './event.js';
import type { AdmissionPolicy } from './policy.js';
import type { Qos } from './qos.js';
import type { SocketId } from './socket-id.js';

/** What somebody asks for. Imperative, and free to be refused. */
export type SessionCommand =
  | OpenSession
  | Listen
  | ChangePolicy
  | InviteLeaf
  | RequestJoin
  | AcceptJoin
  | RejectJoin
  | DeferJoin
  | CloseSocket
  | ShutdownSession
  | CloseGroup
  | ExpireJoins
  | LoseNode
  | SettleCommand;

export type CommandOf<T extends SessionCommand['type']> = Extract<SessionCommand, { type: T }>;

/** A c_root binds a session's address, or somebody sets up a group. */
interface OpenSession {
  readonly type: 'OpenSession';
  readonly address: SessionAddress;
  /** The c_root; null sets up a group. */
  readonly root: SocketId | null;
  readonly control: ControlPlane;
  readonly data: DataPlane;
  readonly policy: AdmissionPolicy;
}

interface Listen {
  readonly type: 'Listen';
  readonly root: SocketId;
  readonly backlog: number;
}

interface ChangePolicy {
  readonly type: 'ChangePolicy';
  /** The c_root; null for a group. */
  readonly root: SocketId | null;
  /** What is left out stays as it is. */
  readonly changes: Partial<AdmissionPolicy>;
}

/** JoinLeaf on a c_root: one leaf is invited. */
interface InviteLeaf {
  readonly type: 'InviteLeaf';
  readonly caller: SocketId;
  readonly leafAddress: NodeAddress;
  readonly link: SocketId;
  readonly flags: JoinFlags;
  readonly callerData: Base64 | null;
  readonly qos?: Qos;
  readonly now: number;
  /** At most the policy's; null for exactly the policy's. */
  readonly deadlineMs: number | null;
  /** What the arbiter knew of the invited node when the call arrived. */
  readonly leafNode: 'up' | 'unknown' | 'lost';
}

/** JoinLeaf on a c_leaf: it asks a rooted session, or joins a group. */
interface RequestJoin {
  readonly type: 'RequestJoin';
  readonly caller: SocketId;
  /** Where the asking socket is bound. */
  readonly leafAddress: NodeAddress;
  readonly flags: JoinFlags;
  readonly callerData: Base64 | null;
  readonly qos?: Qos;
  readonly now: number;
  readonly deadlineMs: number | null;
}

interface AcceptJoin {
  readonly type: 'AcceptJoin';
  readonly join: JoinId;
  /** The listening socket: the c_root, or the invited leaf's listener. */
  readonly acceptor: SocketId;
  /** The socket that accept returns; null at the root lets the arbiter make the link. */
  readonly accepted: SocketId | null;
  readonly calleeData: Base64 | null;
}

interface RejectJoin {
  readonly type: 'RejectJoin';
  readonly join: JoinId;
  /** The listening socket; null when the invited node has none at that port. */
  readonly acceptor: SocketId | null;
  /** The node that answers. */
  readonly node: string;
  readonly reason: 'rejected' | 'nobody-listens' | 'backlog-full';
}

interface DeferJoin {
  readonly type: 'DeferJoin';
  readonly join: JoinId;
  readonly acceptor: SocketId;
}

interface CloseSocket {
  readonly type: 'CloseSocket';
  readonly socket: SocketId;
  /** An abortive close (SO_LINGER of zero): the other side hears WSAECONNRESET (R142). */
  readonly abortive?: boolean;
}

interface ShutdownSession {
  readonly type: 'ShutdownSession';
  readonly root: SocketId;
  /** SD_RECEIVE, SD_SEND or SD_BOTH. */
  readonly how: 'receive' | 'send' | 'both';
}

/** An operator ends a group. */
interface CloseGroup {
  readonly type: 'CloseGroup';
}

/** A timer at the edge noticed that deadlines may have passed. */
interface ExpireJoins {
  readonly type: 'ExpireJoins';
  readonly now: number;
}

/** The arbiter concluded that a run of a node is gone. */
interface LoseNode {
  readonly type: 'LoseNode';
  readonly node: string;
  readonly incarnation: string;
  readonly evidence: LossEvidence;
  /** Absent in what was recorded before a session could outlive its root. */
  readonly now?: number;
}

/** A node asks what became of a command that is not on record: from now on it never will be. */
interface SettleCommand {
  readonly type: 'SettleCommand';
  /** Who asks. */
  readonly node: string;
}

export type LossEvidence =
  | { readonly kind: 'silent'; readonly silentMs: number; readonly boundMs: number }
  | { readonly kind: 'superseded'; readonly by: string }
  | { readonly kind: 'stopped' };
