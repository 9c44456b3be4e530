import type { Answer } from '../answer.js';
import type { Result } from '../result.js';
import { mirrored } from '../qos.js';
import type { Refusal } from '../wsa.js';
import type { CallId, Descriptor } from './effect.js';
import { joinFailed, joinSucceeded, withDeadLink } from './ending.js';
import {
  nameOf,
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
  sessionOf,
  withoutPending,
  type LeafSocket,
  type MemberSocket,
  type PendingJoin,
  type RootSocket,
} from './socket.js';
import { announced, seated, seatedLink, unseated } from './seat.js';
import { admittedTo, noTraffic } from './traffic.js';
import { heardOf, tuneOut } from './tune.js';
import type { Waiting } from './waiting.js';
import { joinBegins } from './watch.js';

type Reply = Result<Answer, Refusal>;
type CallOf<V extends Call['verb']> = Extract<Call, { verb: V }>;

const unchanged = (state: NodeSockets): Change => ({ state, effects: [] });

/**
 * The arbiter answered a call. What overtook the answer stays: an FD_CONNECT that came before, a socket
 * that was closed meanwhile (A26). An answer to a call that is unknown, or answered, changes nothing.
 */
export function hearReply(
  before: NodeSockets,
  call: CallId,
  reply: Reply,
  revision?: number,
): Change {
  const pending = before.calls.get(String(call));
  if (pending === undefined) return unchanged(before);
  const answered: NodeSockets = { ...before, calls: before.calls.delete(String(call)) };
  const state = withRevision(answered, pending, revision);
  switch (pending.verb) {
    case 'open':
      return openReplied(state, pending, reply, revision ?? 0);
    case 'listen':
      return listenReplied(state, pending, reply);
    case 'join':
      return joinReplied(state, { call, joining: pending }, reply);
    case 'accept':
    case 'reject':
      return answerReplied(state, pending, reply, revision ?? 0);
    case 'shutdown':
      return shutdownReplied(state, pending, reply);
    case 'close':
      return unchanged(state);
  }
}

function withRevision(state: NodeSockets, call: Call, revision: number | undefined): NodeSockets {
  const socket = 'socket' in call ? socketAt(state, call.socket) : undefined;
  if (call.verb === 'accept') return heardOf(state, call.waiting.session, revision);
  const session = socket === undefined ? null : sessionOf(socket);
  return session === null ? state : heardOf(state, session, revision);
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
  revision: number,
): Change {
  const root = socketAt(state, socket);
  if (root?.kind !== 'root' || root.phase.name !== 'opening') return unchanged(state);
  const { address } = root.phase;
  if (!reply.ok) {
    const silent = tuneOut(state, socket, address);
    const unbound = { ...root, traffic: noTraffic, phase: { name: 'unbound' } } as const;
    const after = withSocket(silent.state, unbound);
    return { state: after, effects: silent.effects };
  }
  const incarnation = reply.value.type === 'opened' ? reply.value.incarnation : 1;
  const plane = { incarnation, data: root.protocol.data, root: nameOf(state, String(socket)) };
  // What came before was said in the session that was there before (R157).
  const traffic = admittedTo(root.traffic, { plane, peer: null, revision });
  const open: RootSocket = { ...root, traffic, phase: { name: 'open', address } };
  return announced(state, open);
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
  const kept = withSocket(without, free);
  const silent =
    socket.kind === 'leaf' ? unseated(kept, socket.descriptor, pending.session) : unchanged(kept);
  const effects = [...silent.effects, joinFailed(pending, socket, refusal)];
  return { state: silent.state, effects };
}

function joinStarted(
  state: NodeSockets,
  { socket, pending }: AtCaller,
  { join }: Extract<Answer, { type: 'started' }>,
): Change {
  if (socket.kind === 'root' && socket.phase.name === 'shut') {
    // The shutdown has cancelled it, whichever answer comes first (R132, R139).
    const cancelled = joinFailed(pending, socket, { code: 'WSAESHUTDOWN', rule: 'R132', join });
    const free = withSocket(withDeadLink(state, pending), withoutPending(socket, pending.call));
    return { state: free, effects: [cancelled] };
  }
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
  revision: number,
): Change {
  if (reply.ok) {
    const joined = joinedMember(state, { accepted, waiting, revision }, reply.value);
    return followed(joined, removeWaiting(joined.state, socket, waiting));
  }
  const child = accepted === null ? undefined : socketAt(state, accepted);
  const silent =
    child === undefined ? unchanged(state) : tuneOut(state, child.descriptor, waiting.session);
  const without = child === undefined ? state : withoutSocket(silent.state, child);
  const kept = isForGood(reply.error)
    ? removeWaiting(without, socket, waiting)
    : putBack(without, socket, waiting);
  return followed(silent, kept);
}

const followed = (first: Change, then: Change): Change => ({
  state: then.state,
  effects: [...first.effects, ...then.effects],
});

// With any other refusal the join still waits, and may be accepted when there is room.
const isForGood = ({ code }: Refusal): boolean =>
  code === 'WSAEACCES' || code === 'WSAEINVAL' || code === 'WSAENOTSOCK';

interface Answered {
  readonly accepted: Descriptor | null;
  readonly waiting: Waiting;
  readonly revision: number;
}

function joinedMember(
  state: NodeSockets,
  { accepted, waiting, revision }: Answered,
  answer: Answer,
): Change {
  const child = accepted === null ? undefined : socketAt(state, accepted);
  if (child?.kind !== 'link' && child?.kind !== 'accepted') return unchanged(state);
  // FD_CLOSE may have come first: an accept that was withdrawn at once is over (A27).
  if (child.phase !== 'pending') return unchanged(state);
  const joined: MemberSocket = { ...child, phase: 'joined', call: null };
  const after = withSocket(state, joined);
  if (answer.type !== 'accepted') return unchanged(after);
  const { flags, qos } = waiting;
  // Another root may have come before the answer (A26).
  const isReplaced = child.traffic.plane !== null;
  const plane = child.traffic.plane ?? waiting.plane;
  if (plane === null) return unchanged(after);
  const flow = qos === undefined ? null : mirrored(qos);
  return joined.kind === 'link'
    ? seatedLink(after, joined, { plane, peer: answer.leaf, flags, isAsked: true, flow })
    : seated(after, joined, {
        plane,
        peer: isReplaced ? child.traffic.peer : answer.link,
        flow,
        revision,
      });
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
  const waiting = queue?.waiting.filter(({ withdrawn }) => !withdrawn) ?? [];
  const gone = waiting.map(({ session, join }) => ({
    type: 'heard' as const,
    socket,
    what: { kind: 'WITHDRAWN' as const, session, join },
  }));
  const cancelled =
    joining === null ? [] : [joinFailed(joining, root, { code: 'WSAESHUTDOWN', rule: 'R132' })];
  return { state: withSocket(without, shut), effects: [...cancelled, ...gone] };
}
