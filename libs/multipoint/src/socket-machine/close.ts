import type { SessionAddress } from '../address.js';
import { err } from '../result.js';
import type { Asked } from './bind.js';
import type { CallId, Descriptor, Effect, NodeCommand } from './effect.js';
import { endTraffic } from './drain.js';
import { joinFailed, withDeadLink } from './ending.js';
import { emptyFifo } from './fifo.js';
import { socketAt, withoutSocket, withSocket, type NodeSockets } from './node-sockets.js';
import { turnAway, type Change } from './queueing.js';
import { leftAtRoot } from './seat.js';
import {
  addressOf,
  pendingAt,
  sessionOf,
  withoutPending,
  type LeafSocket,
  type MemberSocket,
  type RootSocket,
  type Socket,
} from './socket.js';
import { done, refused, send, usable, type Step } from './step.js';
import { acceptable } from './waiting.js';

/**
 * Closes a socket and releases its descriptor at once. What the session knows it as ends with it: the
 * session of a c_root (R131), a membership (R136, R137), a pending join, which is cancelled and frees its
 * caller for another (R145, R146), the invitations that wait at a listener.
 *
 * What was sent still arrives, in the background (R141); with SO_LINGER of zero it is dropped, and the other
 * side hears WSAECONNRESET (R142).
 *
 * @returns The call that tells the arbiter, null when there is nothing to tell; or WSAENOTSOCK (R73), or
 *   WSAEWOULDBLOCK where a nonblocking socket shall linger: it stays as it is (R142).
 */
export function closeSocket(state: NodeSockets, descriptor: Descriptor): Step<Asked> {
  const socket = socketAt(state, descriptor);
  if (socket === undefined) {
    return { state, result: err({ code: 'WSAENOTSOCK', rule: 'R73' }), effects: [] };
  }
  if (state.lost !== null) return done(withoutSocket(state, socket), { call: null });
  if (lingersInVain(socket)) return refused(state, 'WSAEWOULDBLOCK', 'R142');
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

// The end of a connection takes a while, and a nonblocking socket does not wait.
const lingersInVain = ({ mode, options, traffic }: Socket): boolean =>
  mode === 'nonblocking' &&
  options.lingerSeconds !== null &&
  options.lingerSeconds > 0 &&
  traffic.plane !== null &&
  traffic.close === null;

const isAbortive = ({ options }: Socket): boolean => options.lingerSeconds === 0;

const closing = (serial: string, socket: Socket): NodeCommand =>
  isAbortive(socket)
    ? { verb: 'close', socket: serial, abortive: true }
    : { verb: 'close', socket: serial };

// Its links hear FD_CLOSE from the arbiter, as the leaves at the other ends do.
function closeRoot(state: NodeSockets, root: RootSocket): Step<Asked> {
  const pending = pendingAt(root);
  const cancelled = pending.map((joining) =>
    joinFailed(joining, root, { code: 'WSAEINTR', rule: 'R140' }),
  );
  const session = addressOf(root);
  const ending = endOf(state, root, session);
  const without = pending.reduce(withDeadLink, withoutSocket(ending.state, root));
  if (session === null) return done(without, { call: null }, cancelled);
  const command = closing(String(root.descriptor), root);
  const sent = send(without, {
    session,
    command,
    pending: { verb: 'close' },
    after: root.previous,
  });
  const effects = [...cancelled, ...ending.effects, sent.effect];
  return done(sent.state, { call: sent.call }, effects);
}

const endOf = (
  state: NodeSockets,
  socket: RootSocket | LeafSocket | MemberSocket,
  session: SessionAddress | null,
): Change =>
  session === null
    ? { state, effects: [] }
    : endTraffic(state, socket, { session, abortive: isAbortive(socket) });

function closeLeaf(state: NodeSockets, leaf: LeafSocket): Step<Asked> {
  const ending = endOf(state, leaf, sessionOf(leaf));
  const without = withoutSocket(ending.state, leaf);
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
      const command = closing(String(leaf.descriptor), leaf);
      return leave(without, { session, command, after: call }, [cancelled, ...ending.effects]);
    }
    case 'joined': {
      const { session } = phase;
      const command = closing(String(leaf.descriptor), leaf);
      return leave(without, { session, command, after: null }, ending.effects);
    }
  }
}

// Whoever waits for this endpoint is told that nobody listens; an accept under way goes on.
function stopListening(state: NodeSockets, leaf: LeafSocket): Step<Asked> {
  if (leaf.phase.name !== 'listening') return done(state, { call: null });
  let now = state;
  const effects: Effect[] = [];
  for (const waiting of acceptable(leaf.phase.queue)) {
    const step = turnAway(now, waiting, 'nobody-listens');
    now = step.state;
    effects.push(...step.effects);
  }
  return done(now, { call: null }, effects);
}

function closeMember(state: NodeSockets, member: MemberSocket): Step<Asked> {
  const { session, serial } = member;
  const ending = leftAtRoot(endOf(state, member, session), member);
  const without = withoutSocket(ending.state, member);
  switch (member.phase) {
    case 'failed':
    case 'over':
      return done(without, { call: null }, ending.effects);
    case 'joined':
      return leave(
        without,
        { session, command: closing(serial, member), after: null },
        ending.effects,
      );
    case 'pending':
      return closeUnfinished({ ...ending, state: without }, member);
  }
}

// Closing what JoinLeaf returned cancels the join: the c_root may ask again at once (R145), which the
// arbiter has to hear in this order.
function closeUnfinished({ state: without, effects }: Change, member: MemberSocket): Step<Asked> {
  const { session, serial, call } = member;
  const command = closing(serial, member);
  const root = socketAt(without, member.parent);
  const pending =
    root?.kind === 'root'
      ? pendingAt(root).find(({ link }) => link === member.descriptor)
      : undefined;
  if (root?.kind !== 'root' || pending === undefined) {
    return leave(without, { session, command, after: call }, effects);
  }
  const cancelled = joinFailed(pending, root, { code: 'WSAEINTR', rule: 'R145' });
  const free = { ...withoutPending(root, pending.call), previous: without.lastCall + 1 };
  const before = [cancelled, ...effects];
  return leave(withSocket(without, free), { session, command, after: call }, before);
}

interface Leaving {
  readonly session: SessionAddress;
  readonly command: NodeCommand;
  readonly after: CallId | null;
}

function leave(
  state: NodeSockets,
  { session, command, after }: Leaving,
  before: readonly Effect[],
): Step<Asked> {
  const sent = send(state, { session, command, pending: { verb: 'close' }, after });
  return done(sent.state, { call: sent.call }, [...before, sent.effect]);
}

export interface Shutdown {
  readonly socket: Descriptor;
  /** SD_RECEIVE, SD_SEND or SD_BOTH. */
  readonly how: 'receive' | 'send' | 'both';
}

/**
 * Shuts a c_root down: the session ends as by close, and the descriptor stays (R132). At a member it ends the
 * membership in the same way. SD_RECEIVE alone is nobody else's business (R144). What is shut answers
 * WSAESHUTDOWN from then on.
 *
 * @returns In this order: WSAENOTSOCK (E13), WSAENOTCONN for a socket that is not joined (R143).
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
        ? shutMember(state, socket.value, request.how)
        : refused(state, 'WSAENOTCONN', 'R143');
    case 'link':
    case 'accepted':
      return socket.value.phase === 'joined'
        ? shutMember(state, socket.value, request.how)
        : refused(state, 'WSAENOTCONN', 'R143');
  }
}

// Sent is what was sent before: the other end receives it, and then hears FD_CLOSE (R141).
function shutMember(
  state: NodeSockets,
  member: LeafSocket | MemberSocket,
  how: Shutdown['how'],
): Step<Asked> {
  const shut = withShut(member, how);
  if (how === 'receive') return done(withSocket(state, shut), { call: null });
  const session = sessionOf(member);
  if (session === null) return refused(state, 'WSAENOTCONN', 'R143');
  const ending = leftAtRoot(endTraffic(state, member, { session, abortive: false }), member);
  const ended: LeafSocket | MemberSocket =
    shut.kind === 'leaf' ? { ...shut, phase: { name: 'over' } } : { ...shut, phase: 'over' };
  const serial = member.kind === 'leaf' ? String(member.descriptor) : member.serial;
  const command: NodeCommand = { verb: 'close', socket: serial };
  return leave(withSocket(ending.state, ended), { session, command, after: null }, ending.effects);
}

// What is shut for receiving drops what waits there.
function withShut<S extends RootSocket | LeafSocket | MemberSocket>(
  socket: S,
  how: Shutdown['how'],
): S {
  const { traffic } = socket;
  const shut = {
    send: traffic.shut.send || how !== 'receive',
    receive: traffic.shut.receive || how !== 'send',
  };
  const inbox = shut.receive ? { inbox: emptyFifo, inboxBytes: 0, lost: 0 } : {};
  // What was waited for is waited for no more, and who shuts down hears no end (R133).
  const close =
    how === 'receive' || traffic.close === null
      ? traffic.close
      : { ...traffic.close, isHeld: false };
  return { ...socket, traffic: { ...traffic, ...inbox, shut, close } };
}

function shutRoot(state: NodeSockets, root: RootSocket, how: Shutdown['how']): Step<Asked> {
  const session = addressOf(root);
  if (session === null) return refused(state, 'WSAENOTCONN', 'R143');
  const shut = withShut(root, how);
  if (how === 'receive' || root.phase.name === 'shut') {
    return done(withSocket(state, shut), { call: null });
  }
  const ending = endTraffic(state, shut, { session, abortive: false });
  const command: NodeCommand = { verb: 'shutdown', socket: String(root.descriptor), how };
  const pending = { verb: 'shutdown', socket: root.descriptor } as const;
  const sent = send(ending.state, { session, command, pending, after: root.previous });
  const asked: RootSocket = { ...shut, previous: sent.call };
  const effects = [...ending.effects, sent.effect];
  return done(withSocket(sent.state, asked), { call: sent.call }, effects);
}
