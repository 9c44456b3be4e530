import type { SessionAddress } from '../address.js';
import { err } from '../result.js';
import type { Asked } from './bind.js';
import type { CallId, Descriptor, Effect, NodeCommand } from './effect.js';
import { joinFailed, withDeadLink } from './ending.js';
import { socketAt, withoutSocket, withSocket, type NodeSockets } from './node-sockets.js';
import { turnAway } from './queueing.js';
import {
  addressOf,
  pendingAt,
  withoutPending,
  type LeafSocket,
  type MemberSocket,
  type RootSocket,
} from './socket.js';
import { done, refused, send, usable, type Step } from './step.js';

/**
 * Closes a socket and releases its descriptor at once. What the session knows it as ends with it: the
 * session of a c_root (R131), a membership (R136, R137), a pending join, which is cancelled and frees its
 * caller for another (R145, R146), the invitations that wait at a listener.
 *
 * @returns The call that tells the arbiter, null when there is nothing to tell; or WSAENOTSOCK (R73).
 */
export function closeSocket(state: NodeSockets, descriptor: Descriptor): Step<Asked> {
  const socket = socketAt(state, descriptor);
  if (socket === undefined) {
    return { state, result: err({ code: 'WSAENOTSOCK', rule: 'R73' }), effects: [] };
  }
  if (state.lost !== null) return done(withoutSocket(state, socket), { call: null });
  switch (socket.kind) {
    case 'plain':
      return done(withoutSocket(state, socket), { call: null });
    case 'root':
      return closeRoot(state, socket);
    case 'leaf':
      return closeLeaf(state, socket);
    case 'link':
    case 'accepted':
      return closeMember(state, socket);
  }
}

// Its links hear FD_CLOSE from the arbiter, as the leaves at the other ends do.
function closeRoot(state: NodeSockets, root: RootSocket): Step<Asked> {
  const pending = pendingAt(root);
  const without = pending.reduce(withDeadLink, withoutSocket(state, root));
  const cancelled = pending.map((joining) =>
    joinFailed(joining, root, { code: 'WSAEINTR', rule: 'R140' }),
  );
  const session = addressOf(root);
  if (session === null) return done(without, { call: null }, cancelled);
  const command: NodeCommand = { verb: 'close', socket: String(root.descriptor) };
  const sent = send(without, {
    session,
    command,
    pending: { verb: 'close' },
    after: root.previous,
  });
  return done(sent.state, { call: sent.call }, [...cancelled, sent.effect]);
}

function closeLeaf(state: NodeSockets, leaf: LeafSocket): Step<Asked> {
  const without = withoutSocket(state, leaf);
  const { phase } = leaf;
  switch (phase.name) {
    case 'idle':
    case 'over':
      return done(without, { call: null });
    case 'listening':
      return stopListening(without, leaf);
    case 'joining': {
      const { session, call } = phase.joining;
      const cancelled = joinFailed(phase.joining, leaf, { code: 'WSAEINTR', rule: 'R146' });
      return leave(without, { session, serial: String(leaf.descriptor), after: call }, [cancelled]);
    }
    case 'joined': {
      const { session } = phase;
      return leave(without, { session, serial: String(leaf.descriptor), after: null }, []);
    }
  }
}

// Whoever waits for this endpoint is told that nobody listens; an accept under way goes on.
function stopListening(state: NodeSockets, leaf: LeafSocket): Step<Asked> {
  if (leaf.phase.name !== 'listening') return done(state, { call: null });
  let now = state;
  const effects: Effect[] = [];
  for (const waiting of leaf.phase.queue.waiting) {
    if (waiting.answer !== null) continue;
    const step = turnAway(now, waiting, 'nobody-listens');
    now = step.state;
    effects.push(...step.effects);
  }
  return done(now, { call: null }, effects);
}

function closeMember(state: NodeSockets, member: MemberSocket): Step<Asked> {
  const { session, serial } = member;
  const without = withoutSocket(state, member);
  switch (member.phase) {
    case 'failed':
    case 'over':
      return done(without, { call: null });
    case 'joined':
      return leave(without, { session, serial, after: null }, []);
    case 'pending':
      return closeUnfinished(without, member);
  }
}

// Closing what JoinLeaf returned cancels the join: the c_root may ask again at once (R145), which the
// arbiter has to hear in this order.
function closeUnfinished(without: NodeSockets, member: MemberSocket): Step<Asked> {
  const { session, serial, call } = member;
  const root = socketAt(without, member.parent);
  const pending =
    root?.kind === 'root'
      ? pendingAt(root).find(({ link }) => link === member.descriptor)
      : undefined;
  if (root?.kind !== 'root' || pending === undefined) {
    return leave(without, { session, serial, after: call }, []);
  }
  const cancelled = joinFailed(pending, root, { code: 'WSAEINTR', rule: 'R145' });
  const free = { ...withoutPending(root, pending.call), previous: without.lastCall + 1 };
  return leave(withSocket(without, free), { session, serial, after: call }, [cancelled]);
}

interface Leaving {
  readonly session: SessionAddress;
  readonly serial: string;
  readonly after: CallId | null;
}

function leave(
  state: NodeSockets,
  { session, serial, after }: Leaving,
  before: readonly Effect[],
): Step<Asked> {
  const command: NodeCommand = { verb: 'close', socket: serial };
  const sent = send(state, { session, command, pending: { verb: 'close' }, after });
  return done(sent.state, { call: sent.call }, [...before, sent.effect]);
}

export interface Shutdown {
  readonly socket: Descriptor;
  /** SD_RECEIVE, SD_SEND or SD_BOTH. */
  readonly how: 'receive' | 'send' | 'both';
}

/**
 * Shuts a c_root down: the session ends as by close, and the descriptor stays (R132). SD_RECEIVE alone is
 * nobody else's business (R144).
 *
 * @returns In this order: WSAENOTSOCK (E13), WSAENOTCONN for a socket that is not joined (R143),
 *   WSAEOPNOTSUPP for a joined c_leaf, which ends by close.
 */
export function shutdownSocket(state: NodeSockets, request: Shutdown): Step<Asked> {
  const socket = usable(state, request.socket);
  if (!socket.ok) return { state, result: socket, effects: [] };
  switch (socket.value.kind) {
    case 'plain':
      return refused(state, 'WSAENOTCONN', 'R143');
    case 'root':
      return shutRoot(state, socket.value, request.how);
    case 'leaf':
      return socket.value.phase.name === 'joined'
        ? refused(state, 'WSAEOPNOTSUPP', 'R143')
        : refused(state, 'WSAENOTCONN', 'R143');
    case 'link':
    case 'accepted':
      return socket.value.phase === 'joined'
        ? refused(state, 'WSAEOPNOTSUPP', 'R143')
        : refused(state, 'WSAENOTCONN', 'R143');
  }
}

function shutRoot(state: NodeSockets, root: RootSocket, how: Shutdown['how']): Step<Asked> {
  const session = addressOf(root);
  if (session === null) return refused(state, 'WSAENOTCONN', 'R143');
  if (how === 'receive' || root.phase.name === 'shut') return done(state, { call: null });
  const command: NodeCommand = { verb: 'shutdown', socket: String(root.descriptor), how };
  const pending = { verb: 'shutdown', socket: root.descriptor } as const;
  const sent = send(state, { session, command, pending, after: root.previous });
  const asked: RootSocket = { ...root, previous: sent.call };
  return done(withSocket(sent.state, asked), { call: sent.call }, [sent.effect]);
}
