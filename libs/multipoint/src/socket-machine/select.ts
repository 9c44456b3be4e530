import { err, ok, type Result } from '../result.js';
import type { Refusal } from '../wsa.js';
import type { Descriptor } from './effect.js';
import { socketAt, withSocket, type NodeSockets } from './node-sockets.js';
import { queueOf, type Socket } from './socket.js';
import { done, signalled, type Step } from './step.js';
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
 * its record (R118); what is the case already is recorded at once (R119).
 *
 * @returns WSAENOTSOCK (E13), or WSAENOTCONN for the descriptor of a pending or failed join (R65, R69).
 */
export function eventSelect(state: NodeSockets, request: EventSelect): Step {
  const socket = observable(state, request.socket);
  if (!socket.ok) return { state, result: socket, effects: [] };
  const registration = request.registration?.mask.length === 0 ? null : request.registration;
  const waits = mayBeAccepted(queueOf(socket.value));
  const watched = registered(socket.value.watch, registration, waits);
  const after = withSocket(state, { ...socket.value, watch: watched.watch });
  return done(after, null, signalled(watched));
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
