import { err, ok, type Result } from '../result.js';
import type { Refusal } from '../wsa.js';
import type { Descriptor } from './effect.js';
import { socketAt, withSocket, type NodeSockets } from './node-sockets.js';
import { queueOf, type Socket } from './socket.js';
import { done, signalled, type Step } from './step.js';
import { canBeRead } from './traffic.js';
import { mayBeAccepted } from './waiting.js';
import {
  read,
  recordedEvents,
  registered,
  type EventObject,
  type RecordedEvent,
  type Registration,
} from './watch.js';

export interface EventSelect {
  readonly socket: Descriptor;
  /** An empty mask cancels, as null does. */
  readonly registration: Registration | null;
}

/**
 * Registers an event object for events of a socket. The registration replaces the one before and clears
 * its record (R118); what is the case already is recorded at once (R119). The socket is nonblocking from then
 * on, whatever is registered (R115).
 *
 * @returns WSAENOTSOCK (E13), or WSAENOTCONN for the descriptor of a pending or failed join (R65, R69).
 */
export function eventSelect(state: NodeSockets, request: EventSelect): Step {
  const socket = observable(state, request.socket);
  if (!socket.ok) return { state, result: socket, effects: [] };
  const registration = request.registration?.mask.length === 0 ? null : request.registration;
  const waits = {
    requestWaits: mayBeAccepted(queueOf(socket.value)),
    dataWaits: canBeRead(socket.value.traffic),
  };
  const watched = registered(socket.value.watch, registration, waits);
  const after = withSocket(state, { ...socket.value, watch: watched.watch, mode: 'nonblocking' });
  return done(after, null, signalled(socket.value, watched));
}

export interface EnumNetworkEvents {
  readonly socket: Descriptor;
  /** The event object to reset in the same step; null leaves all as they are. */
  readonly reset: EventObject | null;
}

/**
 * Answers and clears what is recorded of a socket, in one step (R120). Events that are not in the answer
 * have no error slot (R121). A refusal clears nothing.
 *
 * @returns WSAENOTSOCK (E13), or WSAENOTCONN for the descriptor of a pending or failed join (R65, R69).
 */
export function enumNetworkEvents(
  state: NodeSockets,
  request: EnumNetworkEvents,
): Step<readonly RecordedEvent[]> {
  const socket = observable(state, request.socket);
  if (!socket.ok) return { state, result: socket, effects: [] };
  const { watch } = socket.value;
  const after = withSocket(state, { ...socket.value, watch: read(watch) });
  const { reset } = request;
  return done(
    after,
    recordedEvents(watch),
    reset === null ? [] : [{ type: 'reset', object: reset }],
  );
}

// What is recorded can be read even when this run of the node is over.
function observable(state: NodeSockets, descriptor: Descriptor): Result<Socket, Refusal> {
  const socket = socketAt(state, descriptor);
  if (socket === undefined) return err({ code: 'WSAENOTSOCK', rule: 'E13' });
  if (socket.kind === 'link' || socket.kind === 'accepted') {
    if (socket.phase === 'pending') return err({ code: 'WSAENOTCONN', rule: 'R65' });
    if (socket.phase === 'failed') return err({ code: 'WSAENOTCONN', rule: 'R69' });
  }
  return ok(socket);
}

/** What WSPSelect answers: three sets, as the caller's were. */
export interface Ready {
  readonly readable: readonly Descriptor[];
  readonly writable: readonly Descriptor[];
  readonly failed: readonly Descriptor[];
}

/**
 * Which of these sockets could be read, written or accepted from without waiting. That a join is over is in
 * none of the sets: a socket is writable because it can send, and never failed (R71).
 *
 * @returns WSAENOTSOCK for a descriptor that is not a live socket (E13).
 */
export function selectReady(
  state: NodeSockets,
  asked: Omit<Ready, 'failed'>,
): Result<Ready, Refusal> {
  const readable = wanted(state, asked.readable, isReadable);
  if (!readable.ok) return readable;
  const writable = wanted(state, asked.writable, isWritable);
  if (!writable.ok) return writable;
  return ok({ readable: readable.value, writable: writable.value, failed: [] });
}

function wanted(
  state: NodeSockets,
  descriptors: readonly Descriptor[],
  isReady: (socket: Socket) => boolean,
): Result<readonly Descriptor[], Refusal> {
  const found: Descriptor[] = [];
  for (const descriptor of descriptors) {
    const socket = socketAt(state, descriptor);
    if (socket === undefined) return err({ code: 'WSAENOTSOCK', rule: 'E13' });
    if (isReady(socket)) found.push(descriptor);
  }
  return ok(found);
}

const isReadable = (socket: Socket): boolean =>
  mayBeAccepted(queueOf(socket)) || canBeRead(socket.traffic) || socket.traffic.close !== null;

const isWritable = ({ traffic }: Socket): boolean =>
  traffic.plane !== null && traffic.close === null && !traffic.shut.send && !traffic.isBlocked;
