import type { Descriptor, Effect } from './effect.js';
import { socketAt, withSocket, type NodeSockets } from './node-sockets.js';
import { queueOf, withQueue, type ListeningSocket } from './socket.js';
import { send, signalled } from './step.js';
import {
  acceptable,
  enqueue,
  isFull,
  mayBeAccepted,
  waitingFor,
  withoutWaiting,
  withWaiting,
  type Queue,
  type Waiting,
  type WaitingKey,
} from './waiting.js';
import { acceptEnabled, requestWaits } from './watch.js';

// What happens to the backlog of a listening socket, and what that records.

export interface Change {
  readonly state: NodeSockets;
  readonly effects: readonly Effect[];
}

export interface Listening {
  readonly socket: ListeningSocket;
  readonly queue: Queue;
}

/** The socket of a descriptor with its backlog, if it listens. */
export function listeningAt(state: NodeSockets, descriptor: Descriptor): Listening | null {
  const socket = socketAt(state, descriptor);
  if (socket?.kind !== 'root' && socket?.kind !== 'leaf') return null;
  const queue = queueOf(socket);
  return queue === null ? null : { socket, queue };
}

/**
 * Keeps a changed backlog, and records FD_ACCEPT if one may be accepted. `reenables` says that FD_ACCEPT
 * may be recorded again (R91, R122).
 */
export function keepQueue(
  state: NodeSockets,
  { socket, queue }: Listening,
  reenables: boolean,
): Change {
  const waits = mayBeAccepted(queue);
  const quiet = { watch: socket.watch, signal: null };
  const watched = reenables
    ? acceptEnabled(socket.watch, waits)
    : waits
      ? requestWaits(socket.watch)
      : quiet;
  const kept = { ...withQueue(socket, queue), watch: watched.watch };
  return { state: withSocket(state, kept), effects: signalled(socket, watched) };
}

/** A join arrives at a listening socket: it waits there, or is refused because the backlog is full (R23). */
export function admitWaiting(state: NodeSockets, at: Descriptor, waiting: Waiting): Change {
  const found = listeningAt(state, at);
  if (found === null || waitingFor(found.queue, waiting) !== undefined) {
    return { state, effects: [] };
  }
  // A c_root's backlog is counted by the arbiter, which is the one to refuse.
  if (found.socket.kind === 'leaf' && isFull(found.queue)) {
    return turnAway(state, waiting, 'backlog-full');
  }
  const kept = keepQueue(state, { ...found, queue: enqueue(found.queue, waiting) }, false);
  const { session, join, from, flags, callerData, deadlineAt } = waiting;
  const what = { kind: 'FD_ACCEPT', session, join, from, flags, callerData, deadlineAt } as const;
  return { ...kept, effects: [{ type: 'heard', socket: at, what }, ...kept.effects] };
}

/** Refuses an invitation on behalf of an endpoint where nobody takes it. */
export function turnAway(
  state: NodeSockets,
  { session, join }: WaitingKey,
  reason: 'nobody-listens' | 'backlog-full',
): Change {
  const command = { verb: 'reject', join, socket: null, reason } as const;
  const sent = send(state, { session, command, pending: null, after: null });
  return { state: sent.state, effects: [sent.effect] };
}

/** A waiting join is gone from a backlog: answered for good, or forgotten. */
export function removeWaiting(state: NodeSockets, at: Descriptor, key: WaitingKey): Change {
  const found = listeningAt(state, at);
  const waiting = found === null ? undefined : waitingFor(found.queue, key);
  if (found === null || waiting === undefined) return { state, effects: [] };
  const queue = withoutWaiting(found.queue, key);
  return keepQueue(state, { ...found, queue }, heldUpOthers(found.queue, waiting));
}

/**
 * A waiting join is over. Its place is kept until the next accept, which says so (R87), or until
 * `removeWaiting`; one that is being answered learns it from the answer.
 */
export function withdrawWaiting(state: NodeSockets, at: Descriptor, key: WaitingKey): Change {
  const found = listeningAt(state, at);
  const waiting = found === null ? undefined : waitingFor(found.queue, key);
  if (found === null || waiting === undefined) return { state, effects: [] };
  if (waiting.answer !== null) return removeWaiting(state, at, key);
  const queue = withoutOldPlaces(withWaiting(found.queue, { ...waiting, withdrawn: true }));
  return keepQueue(state, { ...found, queue }, heldUpOthers(found.queue, waiting));
}

// Who was put off in front held up the others: with it gone they may be announced (R84).
const heldUpOthers = (queue: Queue, waiting: Waiting): boolean =>
  waiting.deferred && acceptable(queue)[0] === waiting;

// There are never more places kept for what is over than for what waits.
function withoutOldPlaces(queue: Queue): Queue {
  const over = queue.waiting.filter(({ withdrawn }) => withdrawn);
  const excess = over.slice(0, Math.max(over.length - queue.backlog, 0));
  return excess.reduce(withoutWaiting, queue);
}

/** An answer to a waiting join did not come about: it can be answered again, in its old place. */
export function putBack(state: NodeSockets, at: Descriptor, key: WaitingKey): Change {
  const found = listeningAt(state, at);
  const waiting = found === null ? undefined : waitingFor(found.queue, key);
  if (found === null || waiting === undefined) return { state, effects: [] };
  const queue = withWaiting(found.queue, { ...waiting, answer: null });
  return keepQueue(state, { ...found, queue }, false);
}
