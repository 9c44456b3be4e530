import type { RootPhase, Socket } from './socket.js';
import type { Descriptor } from './effect.js';
import { nextDescriptor, withNewSocket, type NodeSockets } from './node-sockets.js';
import { rolesOf, type MultipointFlag, type ProtocolEntry, type Roles } from './protocol.js';
import { standardOptions } from './options.js';
import { done, refused, type Step } from './step.js';
import { noTraffic } from './traffic.js';
import { unwatched } from './watch.js';

/**
 * Makes a socket: unbound, not joined, nothing registered (R9).
 *
 * @returns Its descriptor, or WSAEINVAL for flags that do not fit the entry (R2, R4, R6), WSAEMFILE when
 *   the table is full (R10).
 */
export function createSocket(
  state: NodeSockets,
  protocol: ProtocolEntry,
  flags: readonly MultipointFlag[],
): Step<Descriptor> {
  if (state.lost !== null) return refused(state, state.lost, 'H10');
  const roles = rolesOf(protocol, flags);
  if (!roles.ok) return { state, result: roles, effects: [] };
  const descriptor = nextDescriptor(state);
  if (descriptor === null) return refused(state, 'WSAEMFILE', 'R10');
  return done(withNewSocket(state, fresh(descriptor, protocol, roles.value)), descriptor);
}

function fresh(descriptor: Descriptor, protocol: ProtocolEntry, roles: Roles | null): Socket {
  const base = {
    descriptor,
    protocol,
    watch: unwatched,
    mode: 'blocking',
    options: standardOptions,
    qos: null,
    flow: null,
    traffic: noTraffic,
  } as const;
  if (roles === null) return { ...base, kind: 'plain', local: null };
  if (roles.control === 'c_leaf') {
    return { ...base, kind: 'leaf', roles, local: null, phase: { name: 'idle' }, lastJoin: null };
  }
  const phase: RootPhase = { name: 'unbound' };
  return {
    ...base,
    kind: 'root',
    roles,
    phase,
    queue: null,
    joining: null,
    others: [],
    previous: null,
  };
}
