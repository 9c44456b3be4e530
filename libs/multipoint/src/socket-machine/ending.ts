import type { JoinId } from '../event.js';
import { err, ok } from '../result.js';
import type { Refusal, Rule, WsaCode } from '../wsa.js';
import type { Effect, Heard } from './effect.js';
import { socketAt, withSocket, type NodeSockets } from './node-sockets.js';
import type { Change } from './queueing.js';
import type { LeafSocket, MemberSocket, PendingJoin, RootSocket } from './socket.js';
import { signalled } from './step.js';
import { connectionEnded } from './watch.js';

// How joins and connections end. Each JoinLeaf has exactly one `ended`, whoever brings the news first.

/** A join failed, or was given up. */
export function joinFailed(
  { call, join }: PendingJoin,
  { descriptor }: RootSocket | LeafSocket,
  why: Refusal & { readonly join?: JoinId | null },
): Effect {
  return { type: 'ended', call, socket: descriptor, end: err({ join, ...why }) };
}

export function joinSucceeded(
  joining: PendingJoin,
  socket: RootSocket | LeafSocket,
  { join, calleeData }: { readonly join: JoinId; readonly calleeData: string | null },
): Effect {
  const end = ok({ join, link: joining.link, calleeData });
  return { type: 'ended', call: joining.call, socket: socket.descriptor, end };
}

/** The descriptor of a join that failed later: it can be closed, and nothing else (R69). */
export function withDeadLink(state: NodeSockets, { link }: PendingJoin): NodeSockets {
  const socket = link === null ? undefined : socketAt(state, link);
  if (socket?.kind !== 'link' || socket.phase !== 'pending') return state;
  return withSocket(state, { ...socket, phase: 'failed', call: null });
}

/** A connection is gone: FD_CLOSE, once per socket (R129). */
export function connectionOver(
  state: NodeSockets,
  socket: MemberSocket | LeafSocket | RootSocket,
  code: WsaCode | null,
): Change {
  const watched = connectionEnded(socket.watch, code);
  const what: Heard = { kind: 'FD_CLOSE', code };
  return {
    state: withSocket(state, { ...socket, watch: watched.watch }),
    effects: [{ type: 'heard', socket: socket.descriptor, what }, ...signalled(socket, watched)],
  };
}

const failureRules: Partial<Record<WsaCode, Rule>> = {
  WSAEFAULT: 'R97',
  WSAEAFNOSUPPORT: 'E1',
  WSAECONNREFUSED: 'E8',
  WSAENETUNREACH: 'E11',
  WSAENOBUFS: 'E12',
  WSAEOPNOTSUPP: 'E14',
  WSAETIMEDOUT: 'E16',
};

/** The line of the specification behind an outcome, which names its code alone (R67). */
export const ruleOfFailure = (code: WsaCode): Rule => failureRules[code] ?? 'R67';
