import { PersistentMap } from '../persistent-map.js';
import type { SessionAddress } from '../address.js';
import type { WsaCode } from '../wsa.js';
import type { Effect } from './effect.js';
import { connectionOver, joinFailed } from './ending.js';
import { withSocket, type NodeSockets } from './node-sockets.js';
import type { Change } from './queueing.js';
import {
  joiningOf,
  pendingAt,
  type LeafSocket,
  type MemberSocket,
  type RootSocket,
  type Socket,
} from './socket.js';

/**
 * This run of the node was declared over (H10), or the node gave up its place: every pending join ends,
 * every socket that took part in a session hears FD_CLOSE, and nothing but closing and reading is left.
 */
export function loseNode(before: NodeSockets, code: WsaCode): Change {
  if (before.lost !== null) return { state: before, effects: [] };
  const none = PersistentMap.empty<never>();
  let state: NodeSockets = { ...before, lost: code, calls: none, tuned: none };
  const effects: Effect[] = [...silences(before)];
  for (const socket of before.sockets.values()) {
    const change = lost(state, socket, code);
    state = change.state;
    effects.push(...change.effects);
  }
  return { state, effects };
}

function silences({ tuned }: NodeSockets): readonly Effect[] {
  return [...tuned].flatMap(([session, ears]) =>
    (['all', 'up'] as const)
      .filter((channel) => ears[channel].size > 0)
      .map((channel): Effect => ({
        type: 'tune',
        session: session as SessionAddress,
        channel,
        on: false,
      })),
  );
}

// Of the codes that FD_CLOSE knows (R127), those for a network that is down, and for what was given up.
function disconnected(
  state: NodeSockets,
  socket: RootSocket | LeafSocket | MemberSocket,
  why: WsaCode,
): Change {
  const code = why === 'WSAENETDOWN' ? why : 'WSAECONNABORTED';
  const traffic = { ...socket.traffic, close: { code, isHeld: false } as const };
  return connectionOver(state, { ...socket, traffic }, code);
}

function lost(state: NodeSockets, socket: Socket, code: WsaCode): Change {
  switch (socket.kind) {
    case 'plain':
      return { state, effects: [] };
    case 'link':
    case 'accepted':
      return lostMember(state, socket, code);
    case 'root':
      return socket.phase.name === 'unbound' && pendingAt(socket).length === 0
        ? { state, effects: [] }
        : over(state, socket, { ...socket, joining: null, others: [] }, code);
    case 'leaf':
      return socket.phase.name === 'idle' || socket.phase.name === 'over'
        ? { state, effects: [] }
        : over(state, socket, { ...socket, phase: { name: 'over' } }, code);
  }
}

function lostMember(
  state: NodeSockets,
  member: Extract<Socket, { kind: 'link' | 'accepted' }>,
  code: WsaCode,
): Change {
  switch (member.phase) {
    case 'pending':
      return {
        state: withSocket(state, { ...member, phase: 'failed', call: null }),
        effects: [],
      };
    case 'joined':
      return disconnected(state, { ...member, phase: 'over' }, code);
    case 'failed':
    case 'over':
      return { state, effects: [] };
  }
}

function over(
  state: NodeSockets,
  before: RootSocket | LeafSocket,
  after: RootSocket | LeafSocket,
  code: WsaCode,
): Change {
  const pending = before.kind === 'root' ? pendingAt(before) : [joiningOf(before)];
  const ended = pending.flatMap((joining) =>
    joining === null ? [] : [joinFailed(joining, before, { code, rule: 'H10' })],
  );
  const change = disconnected(state, after, code);
  return { ...change, effects: [...ended, ...change.effects] };
}
