import type { SessionAddress } from '../address.js';
import type { WsaCode } from '../wsa.js';
import type { Descriptor, Effect } from './effect.js';
import { connectionOver } from './ending.js';
import { socketAt, withSocket, type NodeSockets } from './node-sockets.js';
import type { Change } from './queueing.js';
import { datumOf } from './send.js';
import type { LeafSocket, MemberSocket, RootSocket, Socket } from './socket.js';
import { tuneOut } from './tune.js';
import type { Channel } from './traffic.js';

/**
 * A connection is over, as the event log says. What its other end sent before comes by another way and
 * may still be travelling: after an orderly end it is waited for, until the other end's own `end` is here or
 * `drained` is told (R128, R141).
 */
export function closeHeard(
  state: NodeSockets,
  socket: MemberSocket | LeafSocket,
  code: WsaCode | null,
): Change {
  const isHeld = code === null && expectsMore(state, socket);
  const traffic = { ...socket.traffic, close: { code, isHeld } };
  const closing = { ...socket, traffic };
  if (!isHeld) return over(state, closing, code);
  const effect: Effect = { type: 'drain', socket: socket.descriptor };
  return { state: withSocket(state, closing), effects: [effect] };
}

// The other end has sent something, and has not said that this was all.
function expectsMore(
  state: NodeSockets,
  { traffic, ...socket }: MemberSocket | LeafSocket,
): boolean {
  if (traffic.peerEnded) return false;
  const { peer, plane, heard } = traffic;
  if (peer !== null && heard.has(`${peer}#`)) return true;
  if (socket.kind !== 'link') return plane?.root != null && heard.has(plane.root);
  const root = socketAt(state, socket.parent);
  return peer !== null && root?.traffic.heard.has(peer) === true;
}

/** Nothing more is waited for: FD_CLOSE, if it is held. */
export function finishClose(state: NodeSockets, at: Descriptor): Change {
  const socket = socketAt(state, at);
  const close = socket?.traffic.close;
  if (socket === undefined || close?.isHeld !== true) return { state, effects: [] };
  if (socket.kind === 'plain' || socket.kind === 'root') return { state, effects: [] };
  const traffic = { ...socket.traffic, close: { ...close, isHeld: false } };
  return over(state, { ...socket, traffic }, close.code);
}

/** What was waited for did not come in time. */
export const drained = finishClose;

function over(state: NodeSockets, socket: MemberSocket | LeafSocket, code: WsaCode | null): Change {
  const ended: MemberSocket | LeafSocket =
    socket.kind === 'leaf'
      ? { ...socket, phase: { name: 'over' } }
      : { ...socket, phase: 'over', call: null };
  const closed = connectionOver(state, ended, code);
  const session = endedSession(socket);
  if (session === null) return closed;
  const silent = tuneOut(closed.state, socket.descriptor, session);
  return { state: silent.state, effects: [...closed.effects, ...silent.effects] };
}

function endedSession(socket: MemberSocket | LeafSocket): SessionAddress | null {
  if (socket.kind !== 'leaf') return socket.session;
  return socket.phase.name === 'joined' ? socket.phase.session : null;
}

/**
 * This side leaves: it hears nothing more, and unless the close is abortive the other end learns that
 * everything was sent (R141, R142). To be done before the session is told.
 */
export function endTraffic(
  state: NodeSockets,
  socket: RootSocket | LeafSocket | MemberSocket,
  { session, abortive }: { readonly session: SessionAddress; readonly abortive: boolean },
): Change {
  const silent = tuneOut(state, socket.descriptor, session);
  const last = abortive ? [] : farewells(state, socket);
  return { state: silent.state, effects: [...last, ...silent.effects] };
}

function farewells(state: NodeSockets, socket: Socket): readonly Effect[] {
  const { peer } = socket.traffic;
  const channel: Channel | null = socket.kind === 'root' ? 'all' : peer && { socket: peer };
  if (channel === null || !hasSent(state, socket)) return [];
  const datum = datumOf(state, socket, { channel, kind: 'end', bytes: new Uint8Array() });
  return datum === null
    ? []
    : [{ type: 'publish', socket: socket.descriptor, datum, isLocal: false }];
}

// To the leaf of a link its root's data is from the other end as well.
function hasSent(state: NodeSockets, socket: Socket): boolean {
  const { sentToSession, sentToPeer } = socket.traffic;
  if (sentToSession + sentToPeer > 0) return true;
  const root = socket.kind === 'link' ? socketAt(state, socket.parent) : undefined;
  return root !== undefined && root.traffic.sentToSession > 0;
}
