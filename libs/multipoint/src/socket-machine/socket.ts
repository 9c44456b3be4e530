import type { NodeAddress, SessionAddress } from '../address.js';
import type { JoinId } from '../event.js';
import type { Flow, Qos } from '../qos.js';
import type { CallId, Descriptor } from './effect.js';
import type { SocketOptions } from './options.js';
import type { ProtocolEntry, Roles } from './protocol.js';
import type { Traffic } from './traffic.js';
import type { Queue } from './waiting.js';
import type { Watch } from './watch.js';

interface SocketBase {
  readonly descriptor: Descriptor;
  readonly protocol: ProtocolEntry;
  readonly watch: Watch;
  /** What the Winsock door makes of a call that has to wait (R9, R115). */
  readonly mode: 'blocking' | 'nonblocking';
  readonly options: SocketOptions;
  /** What SIO_SET_QOS stored (R101). */
  readonly qos: Qos | null;
  /** What the network gives, as the last attempt or FD_QOS told (R106). */
  readonly flow: Flow | null;
  readonly traffic: Traffic;
}

/** A socket without multipoint flags: it can be bound, and no JoinLeaf takes it (R1). */
export interface PlainSocket extends SocketBase {
  readonly kind: 'plain';
  readonly local: NodeAddress | null;
}

/** A c_root. */
export interface RootSocket extends SocketBase {
  readonly kind: 'root';
  readonly roles: Roles;
  readonly phase: RootPhase;
  /** Requests of leaves; null until it listens. */
  readonly queue: Queue | null;
  /** The one outstanding JoinLeaf (R49). */
  readonly joining: PendingJoin | null;
  /**
   * Others of its JoinLeafs without an outcome here: asked while one was outstanding, which the arbiter
   * refuses and records, or ended by the arbiter and not heard of yet (R54).
   */
  readonly others: readonly PendingJoin[];
  /** The call that must be answered before the next one of this socket goes out. */
  readonly previous: CallId | null;
}

export type RootPhase =
  | { readonly name: 'unbound' }
  /** The arbiter has been asked for the address. */
  | { readonly name: 'opening'; readonly address: SessionAddress }
  | { readonly name: 'open'; readonly address: SessionAddress }
  /** Shut down: the descriptor and the address are kept until close (R132). */
  | { readonly name: 'shut'; readonly address: SessionAddress };

/** A c_leaf that the program made: it asks, or listens to be asked. */
export interface LeafSocket extends SocketBase {
  readonly kind: 'leaf';
  readonly roles: Roles;
  readonly local: NodeAddress | null;
  readonly phase: LeafPhase;
  /** The last join whose outcome this socket has heard. */
  readonly lastJoin: { readonly session: SessionAddress; readonly join: JoinId } | null;
}

export type LeafPhase =
  | { readonly name: 'idle' }
  | { readonly name: 'listening'; readonly queue: Queue }
  | { readonly name: 'joining'; readonly joining: PendingJoin }
  | {
      readonly name: 'joined';
      readonly session: SessionAddress;
      readonly join: JoinId;
      /** Whether FD_CONNECT has come; a reply can say first that the join succeeded. */
      readonly announced: boolean;
    }
  /** The connection is gone; the socket is not used again (R62). */
  | { readonly name: 'over' };

/** All JoinLeafs of a c_root that have no outcome here. */
export const pendingAt = ({ joining, others }: RootSocket): readonly PendingJoin[] =>
  joining === null ? others : [joining, ...others];

/** A c_root without one of its pending joins. */
export const withoutPending = (root: RootSocket, call: CallId): RootSocket => ({
  ...root,
  joining: root.joining?.call === call ? null : root.joining,
  others: root.others.filter((other) => other.call !== call),
});

/** A JoinLeaf without an outcome. */
export interface PendingJoin {
  readonly call: CallId;
  readonly session: SessionAddress;
  /** null until the reply, or an FD_CONNECT that overtook it (A26), says. */
  readonly join: JoinId | null;
  /** The descriptor that JoinLeaf returned at a c_root; null at a c_leaf, which is its own (R39). */
  readonly link: Descriptor | null;
  /** Room for callee data, in bytes; null where it does not matter (R93). */
  readonly calleeBytesMax: number | null;
}

/** A c_leaf that JoinLeaf or accept returned: at the root the link, at an invited leaf its member. */
export interface MemberSocket extends SocketBase {
  readonly kind: 'link' | 'accepted';
  readonly roles: Roles;
  readonly session: SessionAddress;
  /** What the arbiter calls it: the descriptor, or the join's id for a link of the arbiter's own. */
  readonly serial: string;
  /** The c_root or the listener it came from. */
  readonly parent: Descriptor;
  /** `failed`: its join had no success, and close is all that is left (R69). `over`: FD_CLOSE came. */
  readonly phase: 'pending' | 'joined' | 'failed' | 'over';
  /** The join or accept that makes it, while it is pending. */
  readonly call: CallId | null;
}

export type Socket = PlainSocket | RootSocket | LeafSocket | MemberSocket;

/** The listening socket's queue, if it listens. */
export function queueOf(socket: Socket): Queue | null {
  switch (socket.kind) {
    case 'root':
      return socket.queue;
    case 'leaf':
      return socket.phase.name === 'listening' ? socket.phase.queue : null;
    case 'plain':
    case 'link':
    case 'accepted':
      return null;
  }
}

export type ListeningSocket = RootSocket | LeafSocket;

/** Puts a queue in the place of a listening socket's own. */
export const withQueue = (socket: ListeningSocket, queue: Queue): ListeningSocket =>
  socket.kind === 'root'
    ? { ...socket, queue }
    : { ...socket, phase: { name: 'listening', queue } };

/** The session a c_root is bound to. */
export const addressOf = ({ phase }: RootSocket): SessionAddress | null =>
  phase.name === 'unbound' ? null : phase.address;

/** The session that a socket takes part in, or asks to. */
export function sessionOf(socket: Socket): SessionAddress | null {
  switch (socket.kind) {
    case 'plain':
      return null;
    case 'root':
      return addressOf(socket);
    case 'link':
    case 'accepted':
      return socket.session;
    case 'leaf':
      if (socket.phase.name === 'joining') return socket.phase.joining.session;
      return socket.phase.name === 'joined' ? socket.phase.session : null;
  }
}

/** The JoinLeaf that a socket has outstanding. */
export function joiningOf(socket: Socket): PendingJoin | null {
  switch (socket.kind) {
    case 'root':
      return socket.joining;
    case 'leaf':
      return socket.phase.name === 'joining' ? socket.phase.joining : null;
    case 'plain':
    case 'link':
    case 'accepted':
      return null;
  }
}
