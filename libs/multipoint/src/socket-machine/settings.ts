import { checkQos, type Flow, type Qos } from '../qos.js';
import { err, ok, type Result } from '../result.js';
import type { Refusal } from '../wsa.js';
import type { Descriptor } from './effect.js';
import { withSocket, type NodeSockets } from './node-sockets.js';
import { unusedDirections } from './protocol.js';
import type { SocketOptions } from './options.js';
import type { Socket } from './socket.js';
import { done, refused, usable, type Step } from './step.js';
import { flowRead } from './watch.js';

// What a program may set at a socket, and read there again. None of it is the session's business.

export interface SetMode {
  readonly socket: Descriptor;
  readonly mode: Socket['mode'];
}

/**
 * FIONBIO.
 *
 * @returns WSAENOTSOCK (E13), WSAENOTCONN (R65, R69), or WSAEINVAL for the way back to blocking while events are
 *   registered (R116).
 */
export function setMode(state: NodeSockets, { socket: at, mode }: SetMode): Step {
  const socket = settable(state, at);
  if (!socket.ok) return { state, result: socket, effects: [] };
  if (mode === 'blocking' && socket.value.watch.registration !== null) {
    return refused(state, 'WSAEINVAL', 'R116');
  }
  return done(withSocket(state, { ...socket.value, mode }), null);
}

export interface SetOptions {
  readonly socket: Descriptor;
  readonly options: Partial<SocketOptions>;
}

/**
 * SO_LINGER and its companions, SIO_MULTIPOINT_LOOPBACK, SIO_MULTICAST_SCOPE. Values are the caller's to
 * check.
 *
 * @returns WSAENOTSOCK (E13), or WSAENOTCONN (R65, R69).
 */
export function setOptions(state: NodeSockets, { socket: at, options }: SetOptions): Step {
  const socket = settable(state, at);
  if (!socket.ok) return { state, result: socket, effects: [] };
  const changed = { ...socket.value.options, ...options };
  return done(withSocket(state, { ...socket.value, options: changed }), null);
}

export interface SetQos {
  readonly socket: Descriptor;
  readonly qos: Qos;
}

/**
 * SIO_SET_QOS: what JoinLeaf asks for when it is given nothing else (R101).
 *
 * @returns WSAENOTSOCK (E13), WSAENOTCONN (R65, R69), WSAENOPROTOOPT where the entry has no flows (R103), or
 *   WSAEOPNOTSUPP for a flow spec that makes no sense (R108).
 */
export function setQos(state: NodeSockets, { socket: at, qos }: SetQos): Step {
  const socket = settable(state, at);
  if (!socket.ok) return { state, result: socket, effects: [] };
  if (!socket.value.protocol.qos) return refused(state, 'WSAENOPROTOOPT', 'R103');
  const amiss = checkQos(qos, unusedDirections(socket.value.protocol, 'both'));
  if (amiss !== null) return { state, result: err(amiss), effects: [] };
  return done(withSocket(state, { ...socket.value, qos }), null);
}

/** What SIO_GET_QOS reads: what the network gives, what was asked for before any attempt, or neither. */
export interface CurrentQos {
  readonly flow: Flow | null;
  readonly asked: Qos | null;
}

/**
 * SIO_GET_QOS: the flow as the last attempt or FD_QOS left it (R106). It re-enables FD_QOS (R107).
 *
 * @returns WSAENOTSOCK (E13), WSAENOTCONN (R65, R69), or WSAENOPROTOOPT where the entry has no flows (R103).
 */
export function getQos(state: NodeSockets, at: Descriptor): Step<CurrentQos> {
  const socket = settable(state, at);
  if (!socket.ok) return { state, result: socket, effects: [] };
  const { protocol, watch, flow, qos } = socket.value;
  if (!protocol.qos) return refused(state, 'WSAENOPROTOOPT', 'R103');
  const after = withSocket(state, { ...socket.value, watch: flowRead(watch) });
  return done(after, { flow: flow ?? qos, asked: qos });
}

function settable(state: NodeSockets, at: Descriptor): Result<Socket, Refusal> {
  const socket = usable(state, at);
  if (!socket.ok) return socket;
  if (socket.value.kind === 'link' || socket.value.kind === 'accepted') {
    if (socket.value.phase === 'pending') return err({ code: 'WSAENOTCONN', rule: 'R65' });
    if (socket.value.phase === 'failed') return err({ code: 'WSAENOTCONN', rule: 'R69' });
  }
  return ok(socket.value);
}
