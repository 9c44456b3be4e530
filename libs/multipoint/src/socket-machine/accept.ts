import type { Base64 } from '../event.js';
import { err, ok, type Result } from '../result.js';
import type { Refusal } from '../wsa.js';
import { isTooLarge } from './connect-data.js';
import type { CallId, Descriptor, NodeCommand } from './effect.js';
import { acceptedOf } from './member.js';
import { nextDescriptor, withNewSocket, type NodeSockets } from './node-sockets.js';
import { keepQueue, removeWaiting, type Change, type Listening } from './queueing.js';
import { queueOf, type Socket } from './socket.js';
import { done, refused, send, usable, type Step } from './step.js';
import { tuneIn } from './tune.js';
import {
  oldest,
  waitingFor,
  withoutWaiting,
  withWaiting,
  type Waiting,
  type WaitingKey,
} from './waiting.js';

export interface Answering {
  readonly socket: Descriptor;
  /** Which waiting join; without it the oldest (R80). */
  readonly waiting?: WaitingKey;
}

export interface Accept extends Answering {
  readonly calleeData: Base64 | null;
}

export interface Accepted {
  readonly call: CallId;
  /** The new socket, usable when the arbiter has agreed. */
  readonly descriptor: Descriptor;
  readonly waiting: Waiting;
}

/**
 * Accepts a waiting join (R80, R81): a c_root admits who asks, a c_leaf agrees to its invitation.
 *
 * @returns In this order: WSAENOTSOCK (E13), WSAENOTCONN (R65), WSAEINVAL for a socket that does not
 *   listen (R86, R88), WSAEFAULT for too much callee data (A13), WSAEWOULDBLOCK when nothing waits (R86),
 *   WSAEACCES when the join named no longer waits (R87), WSAEMFILE, which leaves the request (R10).
 */
export function acceptWaiting(state: NodeSockets, request: Accept): Step<Accepted> {
  const found = toAnswer(state, request);
  if (!found.ok) return notAnswered(state, request, found.error);
  if (request.calleeData !== null && !found.value.listening.socket.protocol.connectData) {
    return refused(state, 'WSAEPROTONOSUPPORT', 'R98');
  }
  if (isTooLarge(request.calleeData, state.connectDataMax))
    return refused(state, 'WSAEFAULT', 'A13');
  const descriptor = nextDescriptor(state);
  if (descriptor === null) return refused(state, 'WSAEMFILE', 'R10');
  const { listening, waiting } = found.value;
  const { join } = waiting;
  const socket = String(listening.socket.descriptor);
  const accepted = String(descriptor);
  const { calleeData } = request;
  const sent = answer(state, found.value, {
    command: { verb: 'accept', join, socket, accepted, calleeData },
    accepted: descriptor,
  });
  const { session } = waiting;
  const child = acceptedOf(listening.socket, { descriptor, session, call: sent.call });
  const tuned = tuneIn(withNewSocket(sent.state, child), descriptor, session);
  const effects = [...tuned.effects, ...sent.effects];
  return done(tuned.state, { call: sent.call, descriptor, waiting }, effects);
}

/** Turns a waiting join down, as a condition function does with CF_REJECT (R82). */
export function rejectWaiting(
  state: NodeSockets,
  request: Answering,
): Step<{ readonly call: CallId }> {
  const found = toAnswer(state, request);
  if (!found.ok) return notAnswered(state, request, found.error);
  const { join } = found.value.waiting;
  const socket = String(request.socket);
  const sent = answer(state, found.value, {
    command: { verb: 'reject', join, socket, reason: 'rejected' },
    accepted: null,
  });
  return done(sent.state, { call: sent.call }, sent.effects);
}

/**
 * Leaves a waiting join where it is, as CF_DEFER does (R83). While it is in front, FD_ACCEPT is not
 * recorded, and this call does not re-enable it (R84, R91).
 */
export function deferWaiting(
  state: NodeSockets,
  request: Answering,
): Step<{ readonly call: CallId }> {
  const found = toAnswer(state, request);
  if (!found.ok) return notAnswered(state, request, found.error);
  const { listening, waiting } = found.value;
  const queue = withWaiting(listening.queue, { ...waiting, deferred: true });
  const kept = keepQueue(state, { ...listening, queue }, false);
  const sent = send(kept.state, {
    session: waiting.session,
    command: { verb: 'defer', join: waiting.join, socket: String(request.socket) },
    pending: null,
    after: null,
  });
  return done(sent.state, { call: sent.call }, [...kept.effects, sent.effect]);
}

interface ToAnswer {
  readonly listening: Listening;
  readonly waiting: Waiting;
}

function toAnswer(state: NodeSockets, request: Answering): Result<ToAnswer, Refusal> {
  const socket = usable(state, request.socket);
  if (!socket.ok) return socket;
  const listening = listeningOf(socket.value);
  if (!listening.ok) return listening;
  const { queue } = listening.value;
  const waiting =
    request.waiting === undefined ? oldest(queue) : waitingFor(queue, request.waiting);
  if (waiting?.withdrawn === true) {
    return err({ code: 'WSAEACCES', rule: 'R87', facts: { join: waiting.join } });
  }
  if (waiting?.answer === null) return ok({ listening: listening.value, waiting });
  return request.waiting === undefined
    ? err({ code: 'WSAEWOULDBLOCK', rule: 'R86' })
    : err({ code: 'WSAEACCES', rule: 'R87', facts: { join: request.waiting.join } });
}

function listeningOf(socket: Socket): Result<Listening, Refusal> {
  switch (socket.kind) {
    case 'plain':
      return err({ code: 'WSAEINVAL', rule: 'R86' });
    case 'link':
    case 'accepted':
      return socket.phase === 'pending'
        ? err({ code: 'WSAENOTCONN', rule: 'R65' })
        : err({ code: 'WSAEINVAL', rule: 'R88' });
    case 'root':
    case 'leaf': {
      if (socket.kind === 'leaf' && socket.protocol.control === 'nonrooted') {
        return err({ code: 'WSAEOPNOTSUPP', rule: 'R24' });
      }
      const queue = queueOf(socket);
      return queue === null ? err({ code: 'WSAEINVAL', rule: 'R86' }) : ok({ socket, queue });
    }
  }
}

// An accept that found nothing, or nothing but what is over, is an accept all the same: the next request is
// announced (R122).
function notAnswered(state: NodeSockets, request: Answering, error: Refusal): Step<never> {
  const result = err(error);
  const socket = usable(state, request.socket);
  const listening = socket.ok ? listeningOf(socket.value) : socket;
  const isAnswer = error.code === 'WSAEWOULDBLOCK' || error.code === 'WSAEACCES';
  if (!listening.ok || !isAnswer) return { state, result, effects: [] };
  const { queue } = listening.value;
  const gone = request.waiting === undefined ? oldest(queue) : waitingFor(queue, request.waiting);
  const left = gone?.withdrawn === true ? withoutWaiting(queue, gone) : queue;
  const kept = keepQueue(state, { ...listening.value, queue: left }, true);
  return { ...kept, result };
}

/**
 * What accept would take now, for a condition function to look at (R80). What it says is then done with
 * the request named: acceptWaiting, rejectWaiting or deferWaiting.
 *
 * @returns What acceptWaiting answers where it finds nothing to take: see there.
 */
export function offeredAt(state: NodeSockets, socket: Descriptor): Step<Waiting> {
  const found = toAnswer(state, { socket });
  if (!found.ok) return notAnswered(state, { socket }, found.error);
  if (nextDescriptor(state) === null) return refused(state, 'WSAEMFILE', 'R10');
  return done(state, found.value.waiting);
}

/** A withdrawn request is known to its program: accept need not speak of it any more. */
export const forgetWithdrawn = (
  state: NodeSockets,
  socket: Descriptor,
  request: WaitingKey,
): Change => removeWaiting(state, socket, request);

// The request keeps its place until the arbiter has spoken, and is nobody else's to answer meanwhile.
function answer(
  state: NodeSockets,
  { listening, waiting }: ToAnswer,
  sending: { readonly command: NodeCommand; readonly accepted: Descriptor | null },
) {
  const { session } = waiting;
  const { command, accepted } = sending;
  const { descriptor } = listening.socket;
  const verb = accepted === null ? 'reject' : 'accept';
  const sent = send(state, {
    session,
    command,
    pending: { verb, socket: descriptor, accepted, waiting },
    after: null,
  });
  const queue = withWaiting(listening.queue, { ...waiting, answer: sent.call });
  const kept = keepQueue(sent.state, { ...listening, queue }, true);
  return { state: kept.state, call: sent.call, effects: [sent.effect, ...kept.effects] };
}
