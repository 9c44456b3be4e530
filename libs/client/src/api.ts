import type {
  AdmissionPolicy,
  Facts,
  Flow,
  JoinFlags,
  JoinId,
  Qos,
  RetryClass,
  Rule,
  SocketId,
  WsaCode,
} from '@joinleaf/multipoint';

// What a program sees. Refusals of joins are values, misuse and transport are thrown: see `errors.ts`.

/** Every call can be aborted, and has a time of its own. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** The time for the call with all its repetitions, in milliseconds; 10 000 without it. */
  readonly timeoutMs?: number | undefined;
}

/** The one shape of every "no". */
export interface Refused {
  readonly ok: false;
  readonly code: WsaCode;
  /** The value of `code` in Winsock2.h. */
  readonly number: number;
  readonly rule: Rule;
  /** Whether asking again can help. */
  readonly retry: RetryClass;
  readonly message: string;
  readonly session: string | null;
  readonly join: JoinId | null;
  readonly commandId: string | null;
  /** The state that a refused command was decided on. */
  readonly basedOn: { readonly revision: number; readonly decisions: number } | null;
  /** The notification (`conf-7.12.0`) that ended a join which was on record. */
  readonly event: string | null;
  readonly facts: Facts | null;
}

/** What the log says of a command. */
export type Settled =
  | { readonly ok: true; readonly rule: Rule; readonly revision: number; readonly answer: object }
  | Refused;

export type ConnectData = Uint8Array | string;

export interface JoinOptions extends CallOptions {
  /** At most 4 096 bytes (R97); text travels as UTF-8. */
  readonly callerData?: ConnectData | undefined;
  /** What the joining socket will do with session data; `both` without it. */
  readonly flags?: JoinFlags | undefined;
  /** The flow that the joining socket asks for; WSAEOPNOTSUPP if the session cannot give it (R102). */
  readonly qos?: Qos | undefined;
  /** Time for the outcome, in milliseconds; at most the session's own, and that without it. */
  readonly deadlineMs?: number | undefined;
}

export interface LeafOptions extends JoinOptions {
  /** The leaf's port; without it one is drawn. */
  readonly port?: number | undefined;
}

export interface RootOptions extends CallOptions, Partial<AdmissionPolicy> {
  /** Who hears whom: `rooted` (mp-rooted) or everybody everybody (mp-conference, without it). */
  readonly data?: 'rooted' | 'nonrooted' | undefined;
  /** Requests that may wait at once, 128 without it; null does not listen: a root that only invites. */
  readonly backlog?: number | null | undefined;
}

/** How a root that takes a session over begins; the session's policy and data plane stay. */
export type SuccessionOptions = Pick<RootOptions, 'signal' | 'timeoutMs' | 'backlog'>;

export type MessageData = Uint8Array | string;

export interface SendOptions {
  /** To the other end of this membership alone, and not to the session (R161). */
  readonly chat?: boolean | undefined;
}

/** A message of session data or of a side chat. */
export interface ReceivedMessage {
  readonly bytes: Uint8Array;
  /** The socket that sent it; the broker vouches for its node. */
  readonly from: SocketId;
  readonly node: string;
  readonly isChat: boolean;
  /** Messages that were lost before this one: on the way, or because nobody took them in time (H15). */
  readonly lostBefore: number;
  /** The bytes as UTF-8. */
  text(): string;
}

/** What every socket of a session can do with data; what of it is refused depends on its role (R151–R162). */
export interface Talking {
  /**
   * Sends one message of at most 524 288 bytes, and waits for room while too much is under way. That it was
   * sent does not mean that anybody has it. Throws JoinleafRefusal.
   */
  send(data: MessageData, options?: SendOptions & CallOptions): Promise<void>;
  /** The same without waiting: WSAEWOULDBLOCK when there is no room (R124). */
  trySend(data: MessageData, options?: SendOptions): Done;
  /**
   * What comes in: what waits, then what comes. It ends with the socket, after what was sent before. Each
   * message goes to one reader; what nobody reads waits in a buffer of 1 MiB, and is lost beyond it (H15).
   */
  messages(): AsyncGenerator<ReceivedMessage, undefined>;
}

export interface AcceptOptions extends CallOptions {
  /** At most 4 096 bytes; the joining side finds it in its outcome. */
  readonly calleeData?: ConnectData | undefined;
}

interface Event {
  /** `conf-7.12.0`: session, revision, index; empty when the node itself brought the news. */
  readonly id: string;
  readonly session: string;
  readonly revision: number;
}

export type SocketEvent = Event &
  (
    | {
        readonly type: 'FD_ACCEPT';
        readonly join: JoinId;
        readonly from: string;
        readonly flags: JoinFlags;
        readonly callerData: Uint8Array | null;
        readonly deadlineAt: number | null;
      }
    | {
        readonly type: 'FD_CONNECT';
        readonly join: JoinId;
        readonly code: WsaCode | null;
        readonly number: number;
        readonly link: Link | null;
        readonly calleeData: Uint8Array | null;
      }
    | { readonly type: 'FD_CLOSE'; readonly code: WsaCode | null; readonly number: number }
    /** What the network gives this socket has changed (R107). */
    | { readonly type: 'FD_QOS'; readonly flow: Flow }
    /** Messages to this socket were lost (H15). */
    | { readonly type: 'DATA_LOST'; readonly count: number }
    /** A join that waited here is gone. */
    | { readonly type: 'WITHDRAWN'; readonly join: JoinId }
    /** At a root that admits by itself: a member came. */
    | { readonly type: 'LINKED'; readonly join: JoinId; readonly link: Link }
    /**
     * At a leaf: the session has lost its root and waits for another one (H19). `heir` says whether it waits for
     * this leaf's node: then `succeed` makes it the root.
     */
    | { readonly type: 'ROOT_LOST'; readonly heir: boolean; readonly until: number }
    /** At a leaf: another root has come (H20). */
    | { readonly type: 'ROOT_REPLACED'; readonly root: string }
  );

/** How a membership ended: the other side or the session (FD_CLOSE), or an own close. */
export interface Over {
  readonly code: WsaCode | null;
  readonly by: 'peer' | 'self';
}

/** What a leaf's socket and a root's link have in common. */
export interface Member extends AsyncDisposable, Talking {
  readonly session: string;
  readonly join: JoinId | null;
  readonly descriptor: number;
  readonly socket: SocketId;
  readonly isOpen: boolean;
  /** Never rejects. */
  readonly over: Promise<Over>;
  /** From the beginning, whenever it is called, to FD_CLOSE or close. */
  events(): AsyncIterableIterator<SocketEvent, undefined>;
  close(options?: CloseOptions): Promise<void>;
}

export interface CloseOptions extends CallOptions {
  /** Drops what is unsent; the other side hears FD_CLOSE with WSAECONNRESET (R142). */
  readonly abortive?: boolean | undefined;
}

export interface Leaf extends Member {
  /** `ada:49152`. */
  readonly address: string;
  /**
   * Opens this leaf's session again, once it has lost its root (ROOT_LOST). The session stays the same one, with
   * its policy and its members; their links are heard of as LINKED, and found in `links`. Throws JoinleafRefusal:
   * WSAEADDRINUSE where there is a root, or another leaf is the heir.
   */
  succeed(options?: SuccessionOptions): Promise<Root>;
}

export interface Link extends Member {
  /** The leaf's endpoint, `bob:1`. */
  readonly leaf: string;
  readonly flags: JoinFlags;
  /** What the leaf sent along when it asked. */
  readonly callerData: Uint8Array | null;
}

export type JoinOutcome =
  | {
      readonly ok: true;
      readonly join: JoinId;
      readonly link: Link;
      readonly calleeData: Uint8Array | null;
    }
  | Refused;

export type LeafOutcome =
  | {
      readonly ok: true;
      readonly join: JoinId;
      readonly leaf: Leaf;
      readonly calleeData: Uint8Array | null;
    }
  | Refused;

/** A root's JoinLeaf. */
export interface Join {
  /** null when the call itself was refused: `connected` says why. */
  readonly id: JoinId | null;
  /** Usable when the join has succeeded; null when the call itself was refused. */
  readonly link: Link | null;
  readonly leaf: string;
  /** Milliseconds since the Unix epoch. */
  readonly deadlineAt: number | null;
  /** Never rejects. */
  readonly connected: Promise<JoinOutcome>;
  /** Cancels the join, unless it has its outcome: the root may ask again at once (R145). */
  cancel(options?: CallOptions): Promise<void>;
}

/** A leaf's JoinLeaf. */
export interface LeafJoin {
  readonly id: JoinId | null;
  readonly session: string;
  readonly address: string;
  readonly deadlineAt: number | null;
  /** Never rejects. */
  readonly connected: Promise<LeafOutcome>;
  cancel(options?: CallOptions): Promise<void>;
}

export type Done = { readonly ok: true } | Refused;

interface WaitingJoin {
  readonly session: string;
  readonly join: JoinId;
  readonly from: string;
  readonly flags: JoinFlags;
  readonly callerData: Uint8Array | null;
  readonly deadlineAt: number | null;
  /** It was withdrawn, timed out or decided. */
  readonly expired: boolean;
  reject(options?: CallOptions): Promise<Done>;
  /** Leaves it where it is, undecided (R83). */
  defer(options?: CallOptions): Promise<Done>;
}

/** A leaf asks a root: FD_ACCEPT at the c_root. */
export interface JoinRequest extends WaitingJoin {
  accept(
    options?: AcceptOptions,
  ): Promise<{ readonly ok: true; readonly join: JoinId; readonly link: Link } | Refused>;
}

/** A root invites an endpoint of ours: FD_ACCEPT at the listening c_leaf. */
export interface Invitation extends WaitingJoin {
  accept(
    options?: AcceptOptions,
  ): Promise<{ readonly ok: true; readonly join: JoinId; readonly leaf: Leaf } | Refused>;
}

export interface Root extends AsyncDisposable, Talking {
  readonly session: string;
  /** The how-manieth session at this address. */
  readonly incarnation: number;
  readonly descriptor: number;
  readonly socket: SocketId;
  readonly isOpen: boolean;
  /** The members that are connected now, in the order of their coming. */
  readonly links: readonly Link[];
  joinLeaf(leaf: string, options?: JoinOptions): Promise<Join>;
  /** Those that wait now, then every new one. */
  requests(): AsyncIterableIterator<JoinRequest, undefined>;
  /** Everything from now on; for the first who listens, also what came before, while the session was being opened. */
  events(): AsyncIterableIterator<SocketEvent, undefined>;
  setPolicy(change: Partial<AdmissionPolicy>, options?: CallOptions): Promise<void>;
  listen(backlog: number, options?: CallOptions): Promise<void>;
  shutdown(
    options?: CallOptions & { readonly how?: 'receive' | 'send' | 'both' | undefined },
  ): Promise<void>;
  close(options?: CloseOptions): Promise<void>;
}

export interface Listener extends AsyncIterable<Invitation>, AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly descriptor: number;
  readonly isOpen: boolean;
  /** Those that wait now, then every new one. */
  invitations(): AsyncIterableIterator<Invitation, undefined>;
  /** Refuses those that wait. */
  close(options?: CallOptions): Promise<void>;
}

export interface Group {
  readonly address: string;
  setPolicy(change: Partial<AdmissionPolicy>, options?: CallOptions): Promise<void>;
  /** Ends the group for everybody (H7). */
  close(options?: CallOptions): Promise<void>;
}

export type Status = 'connected' | 'disconnected' | 'fenced' | 'closed';

/** Why a connection is over. */
export interface Closing {
  readonly reason: 'closed' | 'fenced';
  readonly code: WsaCode | null;
  readonly message: string;
}

/** Figures since the start of this run of the node. */
export interface Stats {
  /** Notifications taken in. */
  readonly heard: number;
  readonly duplicatesDropped: number;
  /** Times that notifications were missed, and asked for. */
  readonly gaps: number;
  readonly resumes: number;
  /** Notifications for another run of this node. */
  readonly ignoredIncarnation: number;
  /** Messages that this version cannot read. */
  readonly malformed: number;
  /** Notifications of a kind that this version does not know, which were skipped (H24). */
  readonly unknownNews: number;
  /** Repetitions of requests, under the same command id. */
  readonly retries: number;
  /** Calls that ended without a known outcome. */
  readonly unknown: number;
  readonly reconnects: number;
  readonly beats: number;
  /** Throws of the program's own callbacks. */
  readonly callbackErrors: number;
  /** Events that wait in iterators for somebody to take them. */
  readonly buffered: number;
  /** Messages of session data and side chats. */
  readonly dataSent: number;
  readonly dataHeard: number;
  /** Messages that a full buffer or the way here lost, as far as they were noticed and told. */
  readonly dataLost: number;
  /** Subscriptions to session data that the broker refused. */
  readonly dataDenied: number;
  /** Sockets that are open now. */
  readonly sockets: number;
}

/** A node's connection: what `connect` answers. */
export interface Joinleaf extends AsyncDisposable {
  readonly node: string;
  readonly realm: string;
  readonly incarnation: string;
  /** Silence after which the node counts as lost, as granted, in milliseconds. */
  readonly boundMs: number;
  readonly beatMs: number;
  readonly status: Status;
  readonly stats: Stats;
  /** Never rejects. */
  readonly closed: Promise<Closing>;
  /** Opens a session with a root here, and listens. Throws JoinleafRefusal, for example WSAEADDRINUSE. */
  openRoot(session: string, options?: RootOptions): Promise<Root>;
  /** Joins `conf-7` or `@news`, and waits for the outcome. */
  joinLeaf(session: string, options?: LeafOptions): Promise<LeafOutcome>;
  /** Asks to join, and returns as soon as that is on record. */
  startJoin(session: string, options?: LeafOptions): Promise<LeafJoin>;
  /** Listens for invitations at a port of this node; 0 draws one. Throws JoinleafRefusal. */
  listen(port: number, options?: { readonly backlog?: number | undefined }): Listener;
  /** Sets up a group. With the policy it has, that is done already (R42). Throws JoinleafRefusal. */
  openGroup(
    group: string,
    policy?: Partial<AdmissionPolicy>,
    options?: CallOptions,
  ): Promise<Group>;
  /** A group that exists; asks nobody. */
  group(group: string): Group;
  /** What the log says of a command, by its id. */
  resolve(session: string, commandId: string, options?: CallOptions): Promise<Settled>;
  /** Closes every socket, stops the node and disconnects; bounded in time. Twice is fine. */
  close(): Promise<void>;
}
