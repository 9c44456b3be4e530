import { parseAddress, type Address, type NodeAddress, type SessionAddress } from '../address.js';
import type { AdmissionPolicy } from '../policy.js';
import { err, ok, type Result } from '../result.js';
import type { Refusal } from '../wsa.js';
import type { CallId, Descriptor, Effect } from './effect.js';
import {
  bindEphemeral,
  bindPort,
  isWildcard,
  portText,
  withSocket,
  type Bound,
  type NodeSockets,
} from './node-sockets.js';
import type { LeafSocket, PlainSocket, RootSocket } from './socket.js';
import { done, refused, send, usable, type Step } from './step.js';
import { tuneIn } from './tune.js';

export interface Bind {
  readonly socket: Descriptor;
  /** `ada:7`, `ada:any` or the wildcard `*:7` for a c_leaf, `conf-7` for a c_root. */
  readonly address: string;
  /** A c_root's admission policy, where it differs from Winsock's. */
  readonly policy?: Partial<AdmissionPolicy>;
}

/** The call whose answer decides, or null when the provider could decide alone. */
export interface Asked {
  readonly call: CallId | null;
}

/**
 * Binds a socket: a c_leaf to an endpoint of its own node, at once; a c_root to a session's address,
 * for which the arbiter is asked.
 *
 * @returns In this order: WSAENOTSOCK (E13), WSAENOTCONN for a descriptor that a pending join returned
 *   (R65), WSAEINVAL for a second bind (R11), WSAEFAULT for what is no address (E9) or of another family
 *   (R13), WSAEADDRNOTAVAIL for another node's address and WSAEADDRINUSE for a taken one (R12),
 *   WSAENOBUFS when no port is left (E12).
 */
export function bindSocket(state: NodeSockets, request: Bind): Step<Asked> {
  const socket = usable(state, request.socket);
  if (!socket.ok) return { state, result: socket, effects: [] };
  const isAnywhere = request.address.startsWith('*:');
  const text = isAnywhere ? `${state.node}${request.address.slice(1)}` : request.address;
  const address = parseAddress(text);
  switch (socket.value.kind) {
    case 'link':
    case 'accepted':
      return socket.value.phase === 'pending'
        ? refused(state, 'WSAENOTCONN', 'R65')
        : refused(state, 'WSAEINVAL', 'R11');
    case 'root':
      if (socket.value.phase.name !== 'unbound') return refused(state, 'WSAEINVAL', 'R11');
      if (!address.ok) return { state, result: address, effects: [] };
      if (isAnywhere || address.value.family !== 'AF_SESSION')
        return refused(state, 'WSAEFAULT', 'R13');
      return openSession(state, socket.value, request);
    case 'plain':
    case 'leaf':
      if (socket.value.local !== null) return refused(state, 'WSAEINVAL', 'R11');
      if (!address.ok) return { state, result: address, effects: [] };
      return bindEndpoint(state, socket.value, { ...address.value, isAnywhere });
  }
}

function openSession(state: NodeSockets, root: RootSocket, request: Bind): Step<Asked> {
  const opening = asksForAddress(state, root, {
    address: request.address as SessionAddress,
    policy: request.policy ?? {},
  });
  return done(opening.state, { call: opening.call }, opening.effects);
}

interface Opening {
  readonly state: NodeSockets;
  readonly root: RootSocket;
  readonly call: CallId;
  readonly effects: readonly Effect[];
}

/** Asks the arbiter for a session's address, for a c_root that has none. */
export function asksForAddress(
  state: NodeSockets,
  root: RootSocket,
  wanted: { readonly address: SessionAddress; readonly policy: Partial<AdmissionPolicy> },
): Opening {
  const { address, policy } = wanted;
  const { data } = root.protocol;
  const tuned = tuneIn(state, root.descriptor, address);
  const sent = send(tuned.state, {
    session: address,
    command: { verb: 'open', socket: String(root.descriptor), data, policy },
    pending: { verb: 'open', socket: root.descriptor },
    after: root.previous,
  });
  const opening: RootSocket = {
    ...root,
    phase: { name: 'opening', address },
    previous: sent.call,
  };
  const effects = [...tuned.effects, sent.effect];
  return { state: withSocket(sent.state, opening), root: opening, call: sent.call, effects };
}

function bindEndpoint(
  state: NodeSockets,
  socket: LeafSocket | PlainSocket,
  address: Address & { readonly isAnywhere: boolean },
): Step<Asked> {
  if (address.family !== 'AF_NODE') return refused(state, 'WSAEFAULT', 'R13');
  if (address.node !== state.node) return refused(state, 'WSAEADDRNOTAVAIL', 'R12');
  if (address.port === 0) return bindAnyPort(state, socket);
  if (address.isAnywhere) {
    const local = `*:${String(address.port)}` as NodeAddress;
    return done(withSocket(state, { ...socket, local }), { call: null });
  }
  const bound = bindPort(state, socket.descriptor, address.port);
  if (bound === null) return refused(state, 'WSAEADDRINUSE', 'R12', { port: address.port });
  return done(withSocket(bound.state, { ...socket, local: bound.local }), { call: null });
}

function bindAnyPort(state: NodeSockets, socket: LeafSocket | PlainSocket): Step<Asked> {
  const bound = bindEphemeral(state, socket.descriptor);
  if (bound === null) return refused(state, 'WSAENOBUFS', 'E12');
  return done(withSocket(bound.state, { ...socket, local: bound.local }), { call: null });
}

/**
 * The endpoint that a bound socket takes part with: a wildcard becomes one of this node's.
 *
 * @returns WSAEADDRINUSE when another socket has it (R16, E3).
 */
export function madeConcrete(
  state: NodeSockets,
  { descriptor }: LeafSocket,
  local: NodeAddress,
): Result<Bound, Refusal> {
  if (!isWildcard(local)) return ok({ state, local });
  const bound = bindPort(state, descriptor, Number(portText(local)));
  return bound === null
    ? err({ code: 'WSAEADDRINUSE', rule: 'R16', facts: { port: Number(portText(local)) } })
    : ok(bound);
}
