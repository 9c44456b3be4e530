import type { NodeAddress, SessionAddress } from '../address.js';
import type { Base64, DataPlane, JoinFlags, JoinId } from '../event.js';
import type { AdmissionPolicy } from '../policy.js';
import type { Flow, Qos } from '../qos.js';
import type { Result } from '../result.js';
import type { SocketId } from '../socket-id.js';
import type { Refusal, WsaCode } from '../wsa.js';
import type { Broadcast, Datum } from './traffic.js';
import type { EventObject } from './watch.js';

/** A socket's number on its node; not given to another socket within a run of the node. */
export type Descriptor = number;

/** A command that the node asked the arbiter, counted from 1 within a run of the node. */
export type CallId = number;

/** What a node asks of a session. Sockets are named by their serials. */
export type NodeCommand =
  | {
      readonly verb: 'open';
      readonly socket: string;
      readonly data: DataPlane;
      readonly policy: Partial<AdmissionPolicy>;
    }
  | { readonly verb: 'listen'; readonly socket: string; readonly backlog: number }
  | {
      readonly verb: 'join';
      readonly as: 'root';
      readonly socket: string;
      readonly leaf: NodeAddress;
      readonly link: string;
      readonly flags: JoinFlags;
      readonly callerData: Base64 | null;
      readonly qos?: Qos;
      readonly deadlineMs: number | null;
    }
  | {
      readonly verb: 'join';
      readonly as: 'leaf';
      readonly socket: string;
      readonly local: NodeAddress;
      readonly flags: JoinFlags;
      readonly callerData: Base64 | null;
      readonly qos?: Qos;
      readonly deadlineMs: number | null;
    }
  | {
      readonly verb: 'accept';
      readonly join: JoinId;
      readonly socket: string;
      readonly accepted: string;
      readonly calleeData: Base64 | null;
    }
  | {
      readonly verb: 'reject';
      readonly join: JoinId;
      readonly socket: string | null;
      readonly reason: 'rejected' | 'nobody-listens' | 'backlog-full';
    }
  | { readonly verb: 'defer'; readonly join: JoinId; readonly socket: string }
  | { readonly verb: 'close'; readonly socket: string; readonly abortive?: boolean }
  | { readonly verb: 'shutdown'; readonly socket: string; readonly how: 'send' | 'both' };

/** What a socket heard, whether or not a registration nominates it. */
export type Heard =
  | {
      readonly kind: 'FD_ACCEPT';
      readonly session: SessionAddress;
      readonly join: JoinId;
      readonly from: NodeAddress | SocketId;
      readonly flags: JoinFlags;
      readonly callerData: Base64 | null;
      readonly qos?: Qos;
      readonly deadlineAt: number | null;
    }
  | {
      readonly kind: 'FD_CONNECT';
      readonly join: JoinId;
      readonly code: WsaCode | null;
      readonly link: Descriptor | null;
      readonly calleeData: Base64 | null;
    }
  | { readonly kind: 'FD_CLOSE'; readonly code: WsaCode | null }
  | { readonly kind: 'FD_QOS'; readonly flow: Flow }
  /** Messages wait to be received. */
  | { readonly kind: 'FD_READ' }
  /** A send that was refused for want of room may be tried again. */
  | { readonly kind: 'FD_WRITE' }
  /** A request that waited here is gone. */
  | { readonly kind: 'WITHDRAWN'; readonly session: SessionAddress; readonly join: JoinId }
  /** The arbiter admitted a leaf over a link of its own making: here is its descriptor. */
  | {
      readonly kind: 'LINKED';
      readonly join: JoinId;
      readonly link: Descriptor;
      readonly leafAddress: NodeAddress;
      readonly flags: JoinFlags;
      readonly callerData: Base64 | null;
    }
  /** The session has lost its root; the heir's node may open it again (H21). */
  | { readonly kind: 'ROOT_LOST'; readonly heir: boolean; readonly until: number }
  | { readonly kind: 'ROOT_REPLACED'; readonly root: SocketId };

/** How a JoinLeaf ended: each that was sent has one end, and hears it once. */
export type JoinEnd = Result<
  {
    readonly join: JoinId;
    readonly link: Descriptor | null;
    readonly calleeData: Base64 | null;
  },
  Refusal & { readonly join: JoinId | null }
>;

/** What the shell has to do, in this order. */
export type Effect =
  /** Ask the arbiter; not before `after` is answered. Its answer goes to `hearReply`. */
  | {
      readonly type: 'send';
      readonly call: CallId;
      readonly after: CallId | null;
      readonly session: SessionAddress;
      readonly command: NodeCommand;
    }
  | { readonly type: 'heard'; readonly socket: Descriptor; readonly what: Heard }
  /** The JoinLeaf of this call has ended. */
  | {
      readonly type: 'ended';
      readonly call: CallId;
      readonly socket: Descriptor;
      readonly end: JoinEnd;
    }
  /** Send this to the session or to the peer; when the broker has it, `flushed` is told. */
  | {
      readonly type: 'publish';
      readonly socket: Descriptor;
      readonly datum: Datum;
      readonly isLocal: boolean;
    }
  /** Begin or cease to hear a channel of a session. */
  | {
      readonly type: 'tune';
      readonly session: SessionAddress;
      readonly channel: Broadcast;
      readonly on: boolean;
    }
  /** FD_CLOSE waits for data that is still on its way: tell `drained` if that takes too long. */
  | { readonly type: 'drain'; readonly socket: Descriptor }
  /** Something was recorded of this socket: set the object that it is registered with. */
  | { readonly type: 'signal'; readonly object: EventObject; readonly socket: Descriptor }
  | { readonly type: 'reset'; readonly object: EventObject };
