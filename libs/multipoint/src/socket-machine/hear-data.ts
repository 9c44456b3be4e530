import { livesOn, socketParts, type SocketId } from '../socket-id.js';
import { finishClose } from './drain.js';
import type { Descriptor, Effect } from './effect.js';
import { nameOf, socketAt, socketBySerial, withSocket, type NodeSockets } from './node-sockets.js';
import type { Change } from './queueing.js';
import { sessionOf, type Socket } from './socket.js';
import { signalled } from './step.js';
import { withMessage, type Datum, type Traffic } from './traffic.js';
import { listenersOf } from './tune.js';
import { dataWaits } from './watch.js';

/**
 * Takes a message to the sockets that it is for: those of its session and of this incarnation of it
 * (R157), and in a side chat the one end that it names.
 */
export function hearData(before: NodeSockets, datum: Datum): Change {
  let change: Change = { state: before, effects: [] };
  for (const at of hearersOf(before, datum)) {
    const { state, effects } = heardBy(change.state, at, datum);
    change = { state, effects: [...change.effects, ...effects] };
  }
  return change;
}

function hearersOf(state: NodeSockets, { session, channel }: Datum): readonly Descriptor[] {
  if (typeof channel === 'string') return listenersOf(state, session, channel);
  if (!livesOn(channel.socket, state.node, state.incarnation)) return [];
  const socket = socketBySerial(state, session, socketParts(channel.socket).serial);
  return socket === undefined ? [] : [socket.descriptor];
}

function heardBy(state: NodeSockets, at: Descriptor, datum: Datum): Change {
  const socket = socketAt(state, at);
  if (socket === undefined || !isFor(socket, datum)) return { state, effects: [] };
  const isChat = typeof datum.channel !== 'string';
  const counted = withSequence(socket.traffic, datum, isChat);
  if (counted === null) return { state, effects: [] };
  if (datum.kind === 'end') {
    const ended = isOtherEnd(socket, datum.from) ? { ...counted, peerEnded: true } : counted;
    const after = withSocket(state, { ...socket, traffic: ended });
    return ended.peerEnded ? finishClose(after, at) : { state: after, effects: [] };
  }
  // Counted all the same: what is not wanted is not lost (R155).
  if (isEcho(state, socket, datum) && !socket.options.loopback) {
    return { state: withSocket(state, { ...socket, traffic: counted }), effects: [] };
  }
  const { from, bytes, asOf, incarnation } = datum;
  const message = { from, isChat, bytes, asOf, incarnation };
  const traffic = withMessage(counted, message, socket.options.receiveBufferBytes);
  return announced(state, { ...socket, traffic });
}

// Before success nothing is announced: what came early is looked at when the admission is known.
function announced(state: NodeSockets, socket: Socket): Change {
  if (socket.traffic.plane === null) return { state: withSocket(state, socket), effects: [] };
  const watched = dataWaits(socket.watch);
  const heard: Effect = { type: 'heard', socket: socket.descriptor, what: { kind: 'FD_READ' } };
  const after = withSocket(state, { ...socket, watch: watched.watch });
  return { state: after, effects: [heard, ...signalled(socket, watched)] };
}

function isFor(socket: Socket, { session, incarnation, channel, from }: Datum): boolean {
  const { traffic, protocol } = socket;
  if (sessionOf(socket) !== session) return false;
  if (traffic.close !== null && !traffic.close.isHeld) return false;
  if (traffic.shut.receive) return false;
  if (traffic.plane !== null && traffic.plane.incarnation !== incarnation) return false;
  if (typeof channel !== 'string') {
    return (traffic.plane === null && socket.kind !== 'link') || traffic.peer === from;
  }
  if (traffic.flags === 'sender-only' || protocol.direction === 'send') return false;
  if (traffic.silenced.has(from)) return false;
  return hears(socket, channel);
}

const isEcho = (state: NodeSockets, { descriptor }: Socket, { channel, from }: Datum): boolean =>
  typeof channel === 'string' && from === nameOf(state, String(descriptor));

// In a rooted plane a d_root hears what comes up, and the d_leafs hear the rest (R152, R153).
function hears(socket: Socket, channel: 'all' | 'up'): boolean {
  const { plane } = socket.traffic;
  if (plane === null) return true;
  const isDataRoot = 'roles' in socket && socket.roles.data === 'd_root';
  return plane.data === 'rooted' && isDataRoot ? channel === 'up' : channel === 'all';
}

const isOtherEnd = ({ traffic }: Socket, from: SocketId): boolean =>
  traffic.peer === from || traffic.plane?.root === from;

// A sender's messages come in order: what is passed over was lost, and what is not newer is known (H15).
function withSequence(
  traffic: Traffic,
  { from, sequence, kind }: Datum,
  isChat: boolean,
): Traffic | null {
  if (kind === 'data' && sequence === 0) return traffic;
  const key = isChat ? `${from}#` : from;
  const last = traffic.heard.get(key);
  const expected = kind === 'end' ? sequence : sequence - 1;
  if (last !== undefined && (kind === 'data' ? sequence <= last : sequence < last)) return null;
  const missed = last === undefined ? 0 : Math.max(expected - last, 0);
  const heard = traffic.heard.set(key, sequence);
  return { ...traffic, heard, lost: traffic.lost + missed };
}
