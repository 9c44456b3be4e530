import { parseAddress, type NodeAddress, type SessionAddress } from '../address.js';
import { isSocketId, socketParts, type SocketId } from '../socket-id.js';
import type { Effect } from './effect.js';
import { closeHeard } from './drain.js';
import { joinOutcome, type Connected } from './join-outcome.js';
import { linkOf } from './member.js';
import {
  nextDescriptor,
  socketAt,
  socketAtPort,
  socketBySerial,
  withLinkOfArbiter,
  withSocket,
  type NodeSockets,
} from './node-sockets.js';
import { admitWaiting, turnAway, withdrawWaiting, type Change } from './queueing.js';
import { addressOf, pendingAt, queueOf, type MemberSocket, type Socket } from './socket.js';
import { send, signalled } from './step.js';
import { rootLost, rootReplaced } from './root-loss.js';
import { leftAtRoot, seatedLink } from './seat.js';
import type { Told, ToldOf } from './told.js';
import { heardOf } from './tune.js';
import { flowChanged } from './watch.js';
import { waitingFor, type Waiting, type WaitingKey } from './waiting.js';

export type { Told };

export interface Hearing extends Change {
  /**
   * `heard`: it concerned a socket and did something. `repeated`: that is known already, or the program
   * closed the socket meanwhile. `other-incarnation`: it was for an earlier or later run of the node.
   */
  readonly verdict: 'heard' | 'repeated' | 'other-incarnation';
}

/**
 * Takes a notification to the socket it is for: what waits, what was joined, what is over, and what is
 * recorded and signalled of it. Safe to repeat, and safe before the reply of the call that caused it (A26).
 */
export function hear(state: NodeSockets, told: Told): Hearing {
  const to = targetOf(state, told.to);
  if (to === 'elsewhere') return { state, effects: [], verdict: 'other-incarnation' };
  const change = taken(heardOf(state, told.session, told.revision), told, to);
  return { ...change, verdict: change.state === state ? 'repeated' : 'heard' };
}

/**
 * Takes an invitation that has waited since before this run of the node: it is kept for whoever listens
 * at its port next, because nobody could have listened yet.
 */
export function hearWaiting(state: NodeSockets, told: Told): Hearing {
  if (told.kind !== 'FD_ACCEPT' || isSocketId(told.to)) return hear(state, told);
  const port = portOf(state, told.to);
  if (port === null) return { state, effects: [], verdict: 'other-incarnation' };
  const holder = socketAtPort(state, told.to);
  if (holder !== undefined && queueOf(holder) !== null) return hear(state, told);
  const kept = state.unclaimed.get(port) ?? [];
  if (kept.some((waiting) => isSame(waiting, told))) {
    return { state, effects: [], verdict: 'repeated' };
  }
  const unclaimed = state.unclaimed.set(port, [...kept, waitingOf(told)]);
  return { state: { ...state, unclaimed }, effects: [], verdict: 'heard' };
}

interface AtSocket {
  readonly socket: SocketId;
}
interface AtPort {
  readonly endpoint: NodeAddress;
  readonly port: string;
}
type Target = AtSocket | AtPort;

function targetOf(state: NodeSockets, to: SocketId | NodeAddress): Target | 'elsewhere' {
  if (isSocketId(to)) {
    const { node, incarnation } = socketParts(to);
    const ours = node === state.node && incarnation === state.incarnation;
    return ours ? { socket: to } : 'elsewhere';
  }
  const port = portOf(state, to);
  return port === null ? 'elsewhere' : { endpoint: to, port };
}

function portOf(state: NodeSockets, endpoint: NodeAddress): string | null {
  const address = parseAddress(endpoint);
  if (!address.ok || address.value.family !== 'AF_NODE') return null;
  return address.value.node === state.node ? String(address.value.port) : null;
}

function taken(state: NodeSockets, told: Told, to: Target): Change {
  if ('port' in to) return atPort(state, told, to);
  const socket = socketBySerial(state, told.session, socketParts(to.socket).serial);
  if (socket === undefined) return { state, effects: [] };
  switch (told.kind) {
    case 'FD_ACCEPT':
      return isRootOf(socket, told.session)
        ? admitWaiting(state, socket.descriptor, waitingOf(told))
        : { state, effects: [] };
    case 'FD_CONNECT':
      return joinOutcome(state, socket, connectedOf(told));
    case 'FD_CLOSE':
      return closed(state, socket, told);
    case 'WITHDRAWN':
      return withdrawn(state, socket, told);
    case 'LINKED':
      return linked(state, socket, told);
    case 'FD_QOS':
      return flowChange(state, socket, told);
    case 'ROOT_LOST':
      return rootLost(state, socket, told);
    case 'ROOT_REPLACED':
      return rootReplaced(state, socket, told);
  }
}

const isRootOf = (socket: Socket, session: SessionAddress): boolean =>
  socket.kind === 'root' && addressOf(socket) === session;

function waitingOf(told: ToldOf<'FD_ACCEPT'>): Waiting {
  const { session, join, from, flags, callerData, qos, deadlineAt, plane = null } = told;
  const asked = { session, join, from, flags, callerData, deadlineAt, plane };
  const waiting: Waiting = { ...asked, deferred: false, withdrawn: false, answer: null };
  return qos === undefined ? waiting : { ...waiting, qos };
}

const connectedOf = ({
  session,
  join,
  code,
  link,
  calleeData,
  plane,
  peer,
  flow,
  revision,
}: ToldOf<'FD_CONNECT'>): Connected => ({
  session,
  join,
  code,
  link: link === null ? null : socketParts(link).serial,
  calleeData,
  seat:
    plane === undefined
      ? null
      : { plane, peer: peer ?? null, flow: flow ?? null, revision: revision ?? 0 },
});

const isSame = (a: WaitingKey, b: WaitingKey): boolean =>
  a.session === b.session && a.join === b.join;

function atPort(state: NodeSockets, told: Told, { endpoint, port }: AtPort): Change {
  const holder = socketAtPort(state, endpoint);
  if (told.kind === 'WITHDRAWN') {
    const kept = state.unclaimed.get(port) ?? [];
    const others = kept.filter((waiting) => !isSame(waiting, told));
    const forgotten =
      others.length === kept.length
        ? state
        : { ...state, unclaimed: state.unclaimed.set(port, others) };
    return holder === undefined
      ? { state: forgotten, effects: [] }
      : withdrawn(forgotten, holder, told);
  }
  if (told.kind !== 'FD_ACCEPT') return { state, effects: [] };
  if (holder !== undefined && queueOf(holder) !== null) {
    return admitWaiting(state, holder.descriptor, waitingOf(told));
  }
  const isKept = state.unclaimed.get(port)?.some((waiting) => isSame(waiting, told)) ?? false;
  return isKept ? { state, effects: [] } : turnAway(state, told, 'nobody-listens');
}

function withdrawn(state: NodeSockets, socket: Socket, told: ToldOf<'WITHDRAWN'>): Change {
  const { session, join } = told;
  const queue = queueOf(socket);
  if (queue === null || waitingFor(queue, told) === undefined) return { state, effects: [] };
  const removed = withdrawWaiting(state, socket.descriptor, told);
  const gone: Effect = {
    type: 'heard',
    socket: socket.descriptor,
    what: { kind: 'WITHDRAWN', session, join },
  };
  return { ...removed, effects: [gone, ...removed.effects] };
}

function closed(state: NodeSockets, socket: Socket, { session, code }: ToldOf<'FD_CLOSE'>): Change {
  switch (socket.kind) {
    case 'link':
    case 'accepted':
      if (socket.session !== session) return { state, effects: [] };
      if (socket.phase === 'failed' || socket.phase === 'over') return { state, effects: [] };
      if (isInvited(state, socket)) return { state, effects: [] };
      return leftAtRoot(closeHeard(state, socket, code), socket);
    case 'leaf':
      if (socket.phase.name !== 'joined' || socket.phase.session !== session) {
        return { state, effects: [] };
      }
      return closeHeard(state, socket, code);
    case 'plain':
    case 'root':
      return { state, effects: [] };
  }
}

// A node hears in order: before FD_CONNECT there is no connection that could be over.
function isInvited(state: NodeSockets, link: MemberSocket): boolean {
  const root = socketAt(state, link.parent);
  return root?.kind === 'root' && pendingAt(root).some((one) => one.link === link.descriptor);
}

// What the network gives has changed: it is kept, and recorded (R107).
function flowChange(state: NodeSockets, socket: Socket, { flow }: ToldOf<'FD_QOS'>): Change {
  if (socket.kind === 'plain' || socket.kind === 'root') return { state, effects: [] };
  const { watch, signal } = flowChanged(socket.watch);
  const what: Effect = { type: 'heard', socket: socket.descriptor, what: { kind: 'FD_QOS', flow } };
  const after = withSocket(state, { ...socket, flow, watch });
  return { state: after, effects: [what, ...signalled(socket, { watch, signal })] };
}

// The arbiter let a leaf in without asking: the root's program learns of its link here.
function linked(state: NodeSockets, root: Socket, told: ToldOf<'LINKED'>): Change {
  const { session, join, leafAddress, flags, callerData } = told;
  const { serial } = socketParts(told.link);
  if (root.kind !== 'root' || !isRootOf(root, session)) return { state, effects: [] };
  if (socketBySerial(state, session, serial) !== undefined) return { state, effects: [] };
  const descriptor = nextDescriptor(state);
  if (descriptor === null) return withoutRoom(state, session, serial);
  const made: MemberSocket = {
    ...linkOf(root, { descriptor, session, call: null }),
    serial,
    phase: 'joined',
  };
  // A root that succeeds another one may hear of its links before its own call has returned (A26).
  const plane = told.plane ?? root.traffic.plane;
  const seat = { plane, peer: told.peer ?? null, flags, isAsked: true };
  const seated = seatedLink(withLinkOfArbiter(state, made), made, seat);
  const what = { kind: 'LINKED', join, link: descriptor, leafAddress, flags, callerData } as const;
  return {
    state: seated.state,
    effects: [{ type: 'heard', socket: root.descriptor, what }, ...seated.effects],
  };
}

// A member that the full table cannot hold a link for goes again: nobody could ever hear of its end.
function withoutRoom(state: NodeSockets, session: SessionAddress, serial: string): Change {
  const command = { verb: 'close', socket: serial } as const;
  const sent = send(state, { session, command, pending: null, after: null });
  return { state: sent.state, effects: [sent.effect] };
}
