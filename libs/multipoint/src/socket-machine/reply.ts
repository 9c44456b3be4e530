import type { Answer } from '../answer.js';
import type { Result } from '../result.js';
import type { Refusal } from '../wsa.js';
import type { CallId, Descriptor } from './effect.js';
import { joinFailed, joinSucceeded, withDeadLink } from './ending.js';
import {
  socketAt,
  withoutSocket,
  withSocket,
  type Call,
  type NodeSockets,
} from './node-sockets.js';
import { putBack, removeWaiting, type Change } from './queueing.js';
import {
  joiningOf,
  pendingAt,
  withoutPending,
  type LeafSocket,
  type MemberSocket,
  type PendingJoin,
  type RootSocket,
} from './socket.js';
import { joinBegins } from './watch.js';

type Reply = Result<Answer, Refusal>;
type CallOf<V extends Call['verb']> = Extract<Call, { verb: V }>;

const unchanged = (state: NodeSockets): Change => ({ state, effects: [] });

/**
 * The arbiter answered a call. What overtook the answer stays: an FD_CONNECT that came before, a socket
 * that was closed meanwhile (A26). An answer to a call that is unknown, or answered, changes nothing.
 */
export function hearReply(before: NodeSockets, call: CallId, reply: Reply): Change {
  const pending = before.calls.get(String(call));
  if (pending === undefined) return unchanged(before);
  const state: NodeSockets = { ...before, calls: before.calls.delete(String(call)) };
  switch (pending.verb) {
    case 'open':
      return openReplied(state, pending, reply);
    case 'listen':
      return listenReplied(state, pending, reply);
    case 'join':
      return joinReplied(state, { call, joining: pending }, reply);
    case 'accept':
    case 'reject':
      return answerReplied(state, pending, reply);
    case 'shutdown':
      return shutdownReplied(state, pending, reply);
    case 'close':
      return unchanged(state);
  }
}

/**
 * A call will not be answered any more: nobody knows what became of it. Its socket stays as it is, for
 * the program to close or to hear of; a waiting join it was about can be answered again.
 */
export function giveUpCall(before: NodeSockets, call: CallId): Change {
  const pending = before.calls.get(String(call));
  const state: NodeSockets = { ...before, calls: before.calls.delete(String(call)) };
  return pending?.verb === 'accept' || pending?.verb === 'reject'
    ? putBack(state, pending.socket, pending.waiting)
    : unchanged(state);
}

function openReplied(
  state: NodeSockets,
  { socket }: { readonly socket: Descriptor },
  reply: Reply,
): Change {
  const root = socketAt(state, socket);
  if (root?.kind !== 'root' || root.phase.name !== 'opening') return unchanged(state);
  const { address } = root.phase;
  const after: RootSocket = {
    ...root,
    phase: reply.ok ? { name: 'open', address } : { name: 'unbound' },
  };
  return unchanged(withSocket(state, after));
}

function listenReplied(state: NodeSockets, call: CallOf<'listen'>, reply: Reply): Change {
  const root = socketAt(state, call.socket);
  if (reply.ok || root?.kind !== 'root' || root.queue === null) return unchanged(state);
  const { waiting } = root.queue;
  const queue = call.before === null ? null : { waiting, backlog: call.before };
  return unchanged(withSocket(state, { ...root, queue }));
}

function joinReplied(
  state: NodeSockets,
  { call, joining }: { readonly call: CallId; readonly joining: CallOf<'join'> },
  reply: Reply,
): Change {
  const socket = socketAt(state, joining.socket);
  if (socket?.kind !== 'root' && socket?.kind !== 'leaf') return unchanged(state);
  const pending = pendingOf(socket, call);
  if (pending === undefined) return unchanged(state);
  if (!reply.ok) return joinRefused(state, { socket, pending }, reply.error);
  const { value: answer } = reply;
  if (answer.type === 'started') return joinStarted(state, { socket, pending }, answer);
  return answer.type === 'joined' ? joinedAtOnce(state, socket, answer) : unchanged(state);
}

interface AtCaller {
  readonly socket: RootSocket | LeafSocket;
  readonly pending: PendingJoin;
}

function pendingOf(socket: RootSocket | LeafSocket, call: CallId): PendingJoin | undefined {
  const pending = socket.kind === 'root' ? pendingAt(socket) : [joiningOf(socket)];
  return pending.find((one) => one?.call === call) ?? undefined;
}

// As if it had not been called: a link that was set aside is gone, a c_leaf keeps its binding (R15, R70).
function joinRefused(state: NodeSockets, { socket, pending }: AtCaller, refusal: Refusal): Change {
  const link = pending.link === null ? undefined : socketAt(state, pending.link);
  const without = link === undefined ? state : withoutSocket(state, link);
  const free: RootSocket | LeafSocket =
    socket.kind === 'root'
      ? withoutPending(socket, pending.call)
      : { ...socket, phase: { name: 'idle' } };
  return { state: withSocket(without, free), effects: [joinFailed(pending, socket, refusal)] };
}

function joinStarted(
  state: NodeSockets,
  { socket, pending }: AtCaller,
  { join }: Extract<Answer, { type: 'started' }>,
): Change {
  if (socket.kind === 'root') {
    return unchanged(withSocket(state, outstandingAt(socket, { ...pending, join })));
  }
  if (socket.phase.name !== 'joining') return unchanged(state);
  const joining = { ...socket.phase.joining, join };
  return unchanged(withSocket(state, { ...socket, phase: { name: 'joining', joining } }));
}

// The arbiter says which join is the outstanding one: whatever held the place here has ended there.
function outstandingAt(root: RootSocket, joining: PendingJoin): RootSocket {
  const others = pendingAt(root).filter(({ call }) => call !== joining.call);
  const isNew = root.joining?.call !== joining.call;
  return { ...root, joining, others, watch: isNew ? joinBegins(root.watch) : root.watch };
}

// Nobody had to be asked: the join is over, and its FD_CONNECT is on the way.
function joinedAtOnce(
  state: NodeSockets,
  socket: RootSocket | LeafSocket,
  { join }: Extract<Answer, { type: 'joined' }>,
): Change {
  const joining = joiningOf(socket);
  if (joining === null || socket.kind === 'root') return unchanged(state);
  const { session } = joining;
  const joined: LeafSocket = {
    ...socket,
    phase: { name: 'joined', session, join, announced: false },
    lastJoin: { session, join },
  };
  return {
    state: withSocket(state, joined),
    effects: [joinSucceeded(joining, socket, { join, calleeData: null })],
  };
}

function answerReplied(
  state: NodeSockets,
  { socket, accepted, waiting }: CallOf<'accept' | 'reject'>,
  reply: Reply,
): Change {
  if (reply.ok) return removeWaiting(joinedMember(state, accepted), socket, waiting);
  const child = accepted === null ? undefined : socketAt(state, accepted);
  const without = child === undefined ? state : withoutSocket(state, child);
  return isForGood(reply.error)
    ? removeWaiting(without, socket, waiting)
    : putBack(without, socket, waiting);
}

// With any other refusal the join still waits, and may be accepted when there is room.
const isForGood = ({ code }: Refusal): boolean =>
  code === 'WSAEACCES' || code === 'WSAEINVAL' || code === 'WSAENOTSOCK';

function joinedMember(state: NodeSockets, accepted: Descriptor | null): NodeSockets {
  const child = accepted === null ? undefined : socketAt(state, accepted);
  if (child?.kind !== 'link' && child?.kind !== 'accepted') return state;
  // FD_CLOSE may have come first: an accept that was withdrawn at once is over (A27).
  if (child.phase !== 'pending') return state;
  const joined: MemberSocket = { ...child, phase: 'joined', call: null };
  return withSocket(state, joined);
}

// The arbiter fails what waited for this root and withdraws what it asked, and tells the others.
function shutdownReplied(
  state: NodeSockets,
  { socket }: { readonly socket: Descriptor },
  reply: Reply,
): Change {
  const root = socketAt(state, socket);
  if (!reply.ok || root?.kind !== 'root' || root.phase.name === 'unbound') return unchanged(state);
  const { joining, queue } = root;
  const { address } = root.phase;
  const shut: RootSocket = {
    ...root,
    phase: { name: 'shut', address },
    queue: null,
    joining: null,
  };
  const without = joining === null ? state : withDeadLink(state, joining);
  const gone = (queue?.waiting ?? []).map(({ session, join }) => ({
    type: 'heard' as const,
    socket,
    what: { kind: 'WITHDRAWN' as const, session, join },
  }));
  const cancelled =
    joining === null ? [] : [joinFailed(joining, root, { code: 'WSAESHUTDOWN', rule: 'R132' })];
  return { state: withSocket(without, shut), effects: [...cancelled, ...gone] };
}
