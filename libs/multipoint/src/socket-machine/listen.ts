import { backlogMax } from '../opening.js';
import { madeConcrete, type Asked } from './bind.js';
import type { Descriptor, Effect } from './effect.js';
import { holdersOf, withSocket, type NodeSockets } from './node-sockets.js';
import { admitWaiting, turnAway } from './queueing.js';
import { queueOf, type LeafSocket, type RootSocket } from './socket.js';
import { done, refused, send, usable, type Step } from './step.js';
import { acceptable, type Queue } from './waiting.js';

export interface Listen {
  readonly socket: Descriptor;
  /** Joins that may wait at once; an illegal number is replaced by the nearest legal one (R22). */
  readonly backlog: number;
}

/**
 * Lets joins wait at a socket: at a c_leaf at once, at a c_root when the arbiter has agreed. Listening
 * again changes the backlog, and what waits beyond it is refused (R22).
 *
 * @returns In this order: WSAENOTSOCK (E13), WSAENOTCONN for the descriptor of a pending join (R65),
 *   WSAEOPNOTSUPP where nobody is ever asked (R24), WSAEINVAL for an unbound socket (R17) or while a join
 *   is pending on it (A22), WSAEADDRINUSE where another socket listens already (R12, R16), WSAEISCONN for a member (R18), WSAESHUTDOWN after shutdown (R143).
 */
export function listenAt(state: NodeSockets, request: Listen): Step<Asked> {
  const socket = usable(state, request.socket);
  if (!socket.ok) return { state, result: socket, effects: [] };
  const places = Math.min(Math.max(Math.trunc(request.backlog), 1), backlogMax);
  switch (socket.value.kind) {
    case 'plain':
      return refused(state, 'WSAEOPNOTSUPP', 'R24');
    case 'link':
    case 'accepted':
      return socket.value.phase === 'joined' || socket.value.phase === 'over'
        ? refused(state, 'WSAEISCONN', 'R18')
        : refused(state, 'WSAENOTCONN', 'R65');
    case 'root':
      return rootListens(state, socket.value, places);
    case 'leaf':
      return leafListens(state, socket.value, places);
  }
}

function rootListens(state: NodeSockets, root: RootSocket, places: number): Step<Asked> {
  if (root.phase.name === 'unbound') return refused(state, 'WSAEINVAL', 'R17');
  if (root.phase.name === 'shut') return refused(state, 'WSAESHUTDOWN', 'R143');
  const before = root.queue?.backlog ?? null;
  const sent = send(state, {
    session: root.phase.address,
    command: { verb: 'listen', socket: String(root.descriptor), backlog: places },
    pending: { verb: 'listen', socket: root.descriptor, before },
    after: root.previous,
  });
  // A request can be told before the reply is (A26): the queue is there from now on.
  const queue: Queue = { waiting: root.queue?.waiting ?? [], backlog: places };
  const listening: RootSocket = { ...root, queue };
  return done(withSocket(sent.state, listening), { call: sent.call }, [sent.effect]);
}

function leafListens(state: NodeSockets, leaf: LeafSocket, places: number): Step<Asked> {
  if (leaf.protocol.control === 'nonrooted') return refused(state, 'WSAEOPNOTSUPP', 'R24');
  if (leaf.local === null) return refused(state, 'WSAEINVAL', 'R17');
  switch (leaf.phase.name) {
    case 'joining':
      return refused(state, 'WSAEINVAL', 'A22');
    case 'joined':
    case 'over':
      return refused(state, 'WSAEISCONN', 'R18');
    case 'listening':
      return shorten(state, leaf, { ...leaf.phase.queue, backlog: places });
    case 'idle':
      return makeListener(state, leaf, places);
  }
}

// A port has one listener, however many sockets share it (R12).
function makeListener(state: NodeSockets, leaf: LeafSocket, places: number): Step<Asked> {
  if (leaf.local === null) return refused(state, 'WSAEINVAL', 'R17');
  const bound = madeConcrete(state, leaf, leaf.local);
  if (!bound.ok) return { state, result: bound, effects: [] };
  const { local } = bound.value;
  const isTaken = holdersOf(bound.value.state, local).some((holder) => queueOf(holder) !== null);
  if (isTaken) return refused(state, 'WSAEADDRINUSE', 'R12', { address: local });
  return begin(bound.value.state, { ...leaf, local }, { backlog: places, waiting: [] });
}

function begin(state: NodeSockets, leaf: LeafSocket, queue: Queue): Step<Asked> {
  const listening: LeafSocket = { ...leaf, phase: { name: 'listening', queue } };
  const port = String(leaf.local?.split(':')[1]);
  const unclaimed = state.unclaimed.get(port) ?? [];
  let now: NodeSockets = {
    ...withSocket(state, listening),
    unclaimed: state.unclaimed.delete(port),
  };
  const effects: Effect[] = [];
  for (const waiting of unclaimed) {
    const step = admitWaiting(now, leaf.descriptor, waiting);
    now = step.state;
    effects.push(...step.effects);
  }
  return done(now, { call: null }, effects);
}

// The youngest beyond the new backlog are refused; who is being answered holds no place.
function shorten(state: NodeSockets, leaf: LeafSocket, queue: Queue): Step<Asked> {
  const excess = acceptable(queue).slice(queue.backlog);
  const kept: Queue = { ...queue, waiting: queue.waiting.filter((one) => !excess.includes(one)) };
  let now = withSocket(state, { ...leaf, phase: { name: 'listening', queue: kept } });
  const effects: Effect[] = [];
  for (const { session, join } of excess) {
    const step = turnAway(now, { session, join }, 'backlog-full');
    now = step.state;
    effects.push(...step.effects, {
      type: 'heard',
      socket: leaf.descriptor,
      what: { kind: 'WITHDRAWN', session, join },
    });
  }
  return done(now, { call: null }, effects);
}
