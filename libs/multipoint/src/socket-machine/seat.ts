import type { SessionAddress } from '../address.js';
import type { JoinFlags } from '../event.js';
import type { Plane } from '../notify.js';
import type { Flow } from '../qos.js';
import type { SocketId } from '../socket-id.js';
import type { Descriptor, Effect } from './effect.js';
import { socketAt, withSocket, type NodeSockets } from './node-sockets.js';
import type { Change } from './queueing.js';
import type { MemberSocket, Socket } from './socket.js';
import { signalled } from './step.js';
import { admittedTo, canBeRead, noTraffic } from './traffic.js';
import { tuneOut } from './tune.js';
import { dataWaits, firstWritable } from './watch.js';

// What a socket can do from the moment that it is connected.

/** What an admission says of where the data goes. */
export interface Seat {
  readonly plane: Plane;
  /** The socket at the other end; null in a group. */
  readonly peer: SocketId | null;
  readonly flow: Flow | null;
  /** That of the admission. */
  readonly revision: number;
}

/** A member can send from now on, and receive what was sent since its admission (R43, R124). */
export function seated(state: NodeSockets, socket: Socket, seat: Seat): Change {
  const traffic = admittedTo(socket.traffic, seat);
  const writable = firstWritable(socket.watch);
  const after = { ...socket, traffic, flow: seat.flow, watch: writable.watch };
  const change = announced(state, after);
  const heard: Effect = { type: 'heard', socket: socket.descriptor, what: { kind: 'FD_WRITE' } };
  return { ...change, effects: [heard, ...signalled(socket, writable), ...change.effects] };
}

/** Keeps a socket with what it can receive, which is news if there is any. */
export function announced(state: NodeSockets, socket: Socket): Change {
  if (!canBeRead(socket.traffic)) return { state: withSocket(state, socket), effects: [] };
  const readable = dataWaits(socket.watch);
  const heard: Effect = { type: 'heard', socket: socket.descriptor, what: { kind: 'FD_READ' } };
  const after = withSocket(state, { ...socket, watch: readable.watch });
  return { state: after, effects: [heard, ...signalled(socket, readable)] };
}

/** What a link is for. */
export interface LinkSeat {
  readonly plane: Plane | null;
  readonly peer: SocketId | null;
  /** What the leaf said, if it was the one who asked: an invitation says nothing about it (R113). */
  readonly flags: JoinFlags;
  readonly isAsked: boolean;
  readonly flow?: Flow | null;
}

/** A link can chat from now on, and its root knows who will not send (R112, R161). */
export function seatedLink(
  state: NodeSockets,
  link: MemberSocket,
  { plane, peer, flags, isAsked, flow = null }: LinkSeat,
): Change {
  if (plane === null) return { state, effects: [] };
  const change = seated(state, link, { plane, peer, flow, revision: 0 });
  const root = socketAt(change.state, link.parent);
  if (root?.kind !== 'root') return change;
  const writable = firstWritable(root.watch);
  const isSilenced = isAsked && flags === 'receiver-only' && peer !== null;
  const { silenced } = root.traffic;
  const traffic = isSilenced
    ? { ...root.traffic, silenced: silenced.set(peer, true) }
    : root.traffic;
  return {
    state: withSocket(change.state, { ...root, traffic, watch: writable.watch }),
    effects: [...change.effects, ...signalled(root, writable)],
  };
}

/** What a root kept about a member goes with its link. */
export function leftAtRoot({ state, effects }: Change, link: Socket): Change {
  if (link.kind !== 'link' || link.traffic.peer === null) return { state, effects };
  const { peer } = link.traffic;
  const root = socketAt(state, link.parent);
  const isKnown =
    root?.traffic.silenced.has(peer) === true || root?.traffic.heard.has(peer) === true;
  if (root?.kind !== 'root' || !isKnown) return { state, effects };
  const { silenced, heard } = root.traffic;
  const traffic = { ...root.traffic, silenced: silenced.delete(peer), heard: heard.delete(peer) };
  return { state: withSocket(state, { ...root, traffic }), effects };
}

/** A join came to nothing: its socket hears nothing, and may join again (R60). */
export function unseated(state: NodeSockets, at: Descriptor, session: SessionAddress): Change {
  const { state: silent, effects } = tuneOut(state, at, session);
  const socket = socketAt(silent, at);
  if (socket === undefined) return { state: silent, effects };
  return { state: withSocket(silent, { ...socket, traffic: noTraffic }), effects };
}
