import { err, ok, type Result } from '../result.js';
import type { SocketId } from '../socket-id.js';
import type { Refusal } from '../wsa.js';
import type { Descriptor, Effect } from './effect.js';
import { nameOf, socketAt, withSocket, type NodeSockets } from './node-sockets.js';
import type { Change } from './queueing.js';
import { sessionOf, type Socket } from './socket.js';
import { done, refused, signalled, usable, type Step } from './step.js';
import { messageBytesMax, type Broadcast, type Channel, type Datum } from './traffic.js';
import { knownRevision } from './tune.js';
import { roomCame, sendBlocked } from './watch.js';

export interface Send {
  readonly socket: Descriptor;
  readonly bytes: Uint8Array;
  /** To the other end of the link alone (R161); at a link it is never anything else. */
  readonly chat?: boolean;
}

export interface Sent {
  readonly bytes: number;
}

/**
 * Sends one message: at a d_root or in a nonrooted plane to everybody (R151, R154), at a d_leaf of a rooted
 * plane to the d_root (R153), at a link to its leaf alone (R72, R161).
 *
 * @returns In this order: WSAENOTSOCK (E13), WSAENOTCONN before success (R65, R69, R158), WSAESHUTDOWN (R143), the
 *   code of FD_CLOSE after it (R159), WSAEOPNOTSUPP for a socket that only receives (R112) or has nobody to chat
 *   with (R162), WSAEMSGSIZE (H16), WSAEWOULDBLOCK while too much is under way: FD_WRITE tells of room (R124).
 */
export function sendData(state: NodeSockets, request: Send): Step<Sent> {
  const found = usable(state, request.socket);
  if (!found.ok) return { state, result: found, effects: [] };
  const socket = found.value;
  // The reply said that it is in; where its data goes comes with FD_CONNECT.
  if (isAboutToBeSeated(socket)) return blocked(state, socket);
  const amiss = whyNotSend(socket);
  if (amiss !== null) return { state, result: err(amiss), effects: [] };
  const channel = channelOf(socket, request.chat === true || socket.kind === 'link');
  if (!channel.ok) return { state, result: channel, effects: [] };
  const { length } = request.bytes;
  if (length > messageBytesMax) {
    return refused(state, 'WSAEMSGSIZE', 'H16', { bytes: length, bytesMax: messageBytesMax });
  }
  const { traffic, options } = socket;
  if (traffic.underWay > 0 && traffic.underWay + length > options.sendBufferBytes) {
    return blocked(state, socket);
  }
  return published(state, socket, channel.value, request.bytes);
}

/** Whether FD_CONNECT has still to say where the data of a joined socket goes. */
export const isAboutToBeSeated = (socket: Socket): boolean =>
  socket.kind === 'leaf' && socket.phase.name === 'joined' && socket.traffic.plane === null;

function whyNotSend(socket: Socket): Refusal | null {
  const { traffic, protocol } = socket;
  if (socket.kind === 'plain') return { code: 'WSAENOTCONN', rule: 'R158' };
  if (traffic.shut.send) return { code: 'WSAESHUTDOWN', rule: 'R143' };
  if (traffic.close !== null && !traffic.close.isHeld) {
    return { code: traffic.close.code ?? 'WSAENOTCONN', rule: 'R159' };
  }
  switch (socket.kind) {
    case 'link':
    case 'accepted':
      if (socket.phase === 'pending') return { code: 'WSAENOTCONN', rule: 'R65' };
      if (socket.phase === 'failed') return { code: 'WSAENOTCONN', rule: 'R69' };
      break;
    case 'root':
      if (socket.phase.name === 'shut') return { code: 'WSAESHUTDOWN', rule: 'R143' };
      if (socket.phase.name !== 'open') return { code: 'WSAENOTCONN', rule: 'R158' };
      break;
    case 'leaf':
      if (socket.phase.name !== 'joined') return { code: 'WSAENOTCONN', rule: 'R158' };
      break;
  }
  if (traffic.plane === null) return { code: 'WSAENOTCONN', rule: 'R158' };
  const isMute = traffic.flags === 'receiver-only' || protocol.direction === 'receive';
  return isMute ? { code: 'WSAEOPNOTSUPP', rule: 'R112' } : null;
}

function channelOf(socket: Socket, isChat: boolean): Result<Channel, Refusal> {
  const { traffic } = socket;
  if (!isChat) return ok(broadcastOf(socket));
  // While a lost root has no successor, nobody is there to chat with (H19).
  return traffic.peer === null || traffic.plane?.root === null
    ? err({ code: 'WSAEOPNOTSUPP', rule: 'R162' })
    : ok({ socket: traffic.peer });
}

function broadcastOf(socket: Socket): Broadcast {
  const isRooted = socket.traffic.plane?.data === 'rooted';
  const isLeaf = 'roles' in socket && socket.roles.data === 'd_leaf';
  return isRooted && isLeaf ? 'up' : 'all';
}

function blocked(state: NodeSockets, socket: Socket): Step<never> {
  const { traffic, watch } = socket;
  const waiting = {
    ...socket,
    watch: sendBlocked(watch),
    traffic: { ...traffic, isBlocked: true },
  };
  const step = refused(state, 'WSAEWOULDBLOCK', 'R124', { underWay: traffic.underWay });
  return { ...step, state: withSocket(state, waiting) };
}

function published(
  state: NodeSockets,
  socket: Socket,
  channel: Channel,
  bytes: Uint8Array,
): Step<Sent> {
  // Who is elsewhere must not miss what never leaves this node: it is not counted.
  const isLocal = isForThisNode(socket, channel);
  const counted = isLocal ? socket : withOneMore(socket, channel, bytes.length);
  const sent = datumOf(state, counted, { channel, kind: 'data', bytes });
  if (sent === null) return refused(state, 'WSAENOTCONN', 'R158');
  const datum = isLocal ? { ...sent, sequence: 0 } : sent;
  const effect: Effect = { type: 'publish', socket: socket.descriptor, datum, isLocal };
  return done(withSocket(state, counted), { bytes: bytes.length }, [effect]);
}

// Scope 0 keeps session data on this node (R156).
const isForThisNode = ({ options }: Socket, channel: Channel): boolean =>
  options.scope === 0 && typeof channel === 'string';

function withOneMore(socket: Socket, channel: Channel, bytes: number): Socket {
  const { traffic } = socket;
  const underWay = traffic.underWay + bytes;
  return typeof channel === 'string'
    ? { ...socket, traffic: { ...traffic, underWay, sentToSession: traffic.sentToSession + 1 } }
    : { ...socket, traffic: { ...traffic, underWay, sentToPeer: traffic.sentToPeer + 1 } };
}

/** A message of this socket as it travels; null for one that takes part in no session. */
export function datumOf(
  state: NodeSockets,
  socket: Socket,
  { channel, kind, bytes }: Pick<Datum, 'channel' | 'kind' | 'bytes'>,
): Datum | null {
  const session = sessionOf(socket);
  const { plane, sentToSession, sentToPeer } = socket.traffic;
  if (session === null || plane === null) return null;
  const sequence = typeof channel === 'string' ? sentToSession : sentToPeer;
  const asOf = knownRevision(state, session);
  const { incarnation } = plane;
  const from = senderOf(state, socket);
  return { session, incarnation, channel, from, kind, sequence, asOf, bytes };
}

const senderOf = (state: NodeSockets, socket: Socket): SocketId =>
  nameOf(state, socket.kind === 'link' ? socket.serial : String(socket.descriptor));

/** The broker has taken these bytes of these sockets: there is room again, which FD_WRITE tells (R124). */
export function flushed(
  before: NodeSockets,
  taken: readonly { readonly socket: Descriptor; readonly bytes: number }[],
): Change {
  let change: Change = { state: before, effects: [] };
  for (const { socket, bytes } of taken) {
    const { state, effects } = makeRoom(change.state, socket, bytes);
    change = { state, effects: [...change.effects, ...effects] };
  }
  return change;
}

function makeRoom(state: NodeSockets, at: Descriptor, bytes: number): Change {
  const socket = socketAt(state, at);
  if (socket === undefined) return { state, effects: [] };
  const underWay = Math.max(socket.traffic.underWay - bytes, 0);
  const hasRoom = underWay <= socket.options.sendBufferBytes / 2;
  if (!socket.traffic.isBlocked || !hasRoom) {
    const traffic = { ...socket.traffic, underWay };
    return { state: withSocket(state, { ...socket, traffic }), effects: [] };
  }
  const traffic = { ...socket.traffic, underWay, isBlocked: false };
  const watched = roomCame(socket.watch);
  const heard: Effect = { type: 'heard', socket: at, what: { kind: 'FD_WRITE' } };
  const after = withSocket(state, { ...socket, traffic, watch: watched.watch });
  return { state: after, effects: [heard, ...signalled(socket, watched)] };
}
