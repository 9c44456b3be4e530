import type { JoinId, NodeAddress, SessionAddress, SocketId, WsaCode } from '@joinleaf/multipoint';

// docs/HISTORIES.md says the same of the JSON form, for those who read it with other tools.

/** What the clients of one session did and were told. Sessions do not concern each other. */
export interface History {
  readonly schema: 1;
  /** What the run was drawn from, where it was drawn. */
  readonly seed?: string | number;
  readonly session: SessionAddress;
  readonly operations: readonly Operation[];
}

/** One call, from when it was made until its answer came. A repetition is part of its first call. */
export interface Operation {
  /** Who called. It may have several calls under way. */
  readonly process: string;
  /** Unlike every other of its session. */
  readonly commandId: string;
  /** On the one clock of the history; its unit does not matter. */
  readonly call: number;
  /** On the same clock; null when no answer came. */
  readonly return: number | null;
  readonly input: Input;
  /** Null when no answer came: it may have happened at any time since the call, or never. */
  readonly output: Output | null;
}

/** What was asked for; the requests of docs/PROTOCOL.md, with sockets in full. */
export type Input =
  /** A root opens its session; `root` null sets up a group. */
  | { readonly type: 'open'; readonly root: SocketId | null; readonly policy: Policy }
  | { readonly type: 'listen'; readonly root: SocketId; readonly backlog: number }
  | {
      readonly type: 'policy';
      readonly root: SocketId | null;
      readonly changes: Partial<Policy>;
    }
  /** JoinLeaf on a c_leaf that is bound to `local`. */
  | { readonly type: 'join'; readonly socket: SocketId; readonly local: NodeAddress }
  /** JoinLeaf on the c_root. */
  | {
      readonly type: 'invite';
      readonly root: SocketId;
      readonly leaf: NodeAddress;
      readonly link: SocketId;
    }
  | {
      readonly type: 'accept';
      readonly join: JoinId;
      readonly acceptor: SocketId;
      readonly accepted: SocketId | null;
    }
  | {
      readonly type: 'reject';
      readonly join: JoinId;
      readonly acceptor: SocketId | null;
      readonly node: string;
    }
  | { readonly type: 'defer'; readonly join: JoinId; readonly acceptor: SocketId }
  /** Closes the root, a link, a member, or the caller or link of a waiting join; null ends a group. */
  | { readonly type: 'close'; readonly socket: SocketId | null }
  | {
      readonly type: 'shutdown';
      readonly root: SocketId;
      readonly how: 'receive' | 'send' | 'both';
    }
  /** Joins whose deadline has come. Nobody calls this: a recorder puts it where it may have happened. */
  | { readonly type: 'expire'; readonly joins: readonly JoinId[] }
  /** A run of a node is gone. Nobody calls this either. */
  | { readonly type: 'lose'; readonly node: string; readonly incarnation: string }
  | { readonly type: 'query' };

/** What the model knows of a policy; all else is as in Winsock's own. */
export interface Policy {
  readonly admit: 'ask' | 'auto';
  /** Members at most; null for no bound. */
  readonly capacity: number | null;
}

/** What a caller was told. A `revision` is null where it was not told or not kept. */
export type Output =
  /** Done; `changed` tells whether anything was recorded, null where that is not known. */
  | {
      readonly type: 'accepted';
      readonly changed: boolean | null;
      readonly revision: number | null;
    }
  /** The join is on record, and waits. */
  | { readonly type: 'started'; readonly join: JoinId; readonly revision: number | null }
  /** The leaf is a member: the answer to an acceptance, and to a join that nobody has to answer. */
  | { readonly type: 'admitted'; readonly join: JoinId; readonly revision: number | null }
  /** The members' sockets, in any order. */
  | {
      readonly type: 'members';
      readonly members: readonly SocketId[];
      readonly revision: number | null;
    }
  /** The session said no, based on that state: so many decisions of the commit after the revision. */
  | { readonly type: 'refused'; readonly code: WsaCode; readonly basedOn: Basis | null }
  /** Nothing was decided, for reasons that are not the session's: no log, no room in a queue, an old run. */
  | { readonly type: 'turned-away'; readonly code: WsaCode }
  /** The answer was that nobody knows (WSAEINPROGRESS). It counts as no answer. */
  | { readonly type: 'unknown' };

/** The state that a refusal is based on. */
export interface Basis {
  readonly revision: number;
  readonly decisions: number;
}
