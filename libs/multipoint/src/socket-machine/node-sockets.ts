import { nodeAddress, portMax, type NodeAddress, type SessionAddress } from '../address.js';
import { PersistentMap } from '../persistent-map.js';
import { socketId, type SocketId } from '../socket-id.js';
import type { WsaCode } from '../wsa.js';
import type { CallId, Descriptor } from './effect.js';
import { queueOf, type MemberSocket, type Socket } from './socket.js';
import type { Tuned } from './tuned.js';
import type { Waiting } from './waiting.js';

/** All sockets of one run of a node, as a value: every call answers a new one. */
export interface NodeSockets {
  readonly node: string;
  readonly incarnation: string;
  /** Sockets at most (R10). */
  readonly descriptorMax: number;
  /** Bytes of caller or callee data at most (R97). */
  readonly connectDataMax: number;
  readonly sockets: PersistentMap<Socket>;
  readonly lastDescriptor: Descriptor;
  /** Who holds which port: one socket, or several under SO_REUSEADDR. */
  readonly ports: PersistentMap<readonly Descriptor[]>;
  readonly lastEphemeral: number;
  /** Links of the arbiter's own making: `J7` is counted per session, so the session is part of the key. */
  readonly links: PersistentMap<Descriptor>;
  readonly lastCall: CallId;
  /** Calls that are not answered yet. */
  readonly calls: PersistentMap<Call>;
  /** Invitations that waited before this run of the node listened at their port, by port. */
  readonly unclaimed: PersistentMap<readonly Waiting[]>;
  /** Who hears the data of which session. */
  readonly tuned: PersistentMap<Tuned>;
  /** Set once this run of the node was declared over: nothing can be asked any more. */
  readonly lost: WsaCode | null;
}

/** What an answer will be about. */
export type Call =
  | { readonly verb: 'open' | 'shutdown'; readonly socket: Descriptor }
  | { readonly verb: 'close' }
  | {
      readonly verb: 'listen';
      readonly socket: Descriptor;
      /** The backlog that holds again if the arbiter refuses; null for not listening. */
      readonly before: number | null;
    }
  | { readonly verb: 'join'; readonly socket: Descriptor; readonly link: Descriptor | null }
  | {
      readonly verb: 'accept' | 'reject';
      readonly socket: Descriptor;
      /** The descriptor that accept returned. */
      readonly accepted: Descriptor | null;
      /** What it answers, as it was then: its listener may be gone when the answer comes. */
      readonly waiting: Waiting;
    };

export interface NodeIdentity {
  readonly node: string;
  readonly incarnation: string;
  readonly descriptorMax: number;
  readonly connectDataMax: number;
}

const firstEphemeral = 49_152;

/** A run of a node before its first socket. */
export const noSockets = (identity: NodeIdentity): NodeSockets => ({
  ...identity,
  sockets: PersistentMap.empty(),
  lastDescriptor: 0,
  ports: PersistentMap.empty(),
  lastEphemeral: firstEphemeral - 1,
  links: PersistentMap.empty(),
  lastCall: 0,
  calls: PersistentMap.empty(),
  unclaimed: PersistentMap.empty(),
  tuned: PersistentMap.empty(),
  lost: null,
});

/** The socket of a descriptor; undefined once it is closed. */
export const socketAt = (state: NodeSockets, descriptor: Descriptor): Socket | undefined =>
  state.sockets.get(String(descriptor));

export const withSocket = (state: NodeSockets, socket: Socket): NodeSockets => ({
  ...state,
  sockets: state.sockets.set(String(socket.descriptor), socket),
});

const madeByArbiter = ({ descriptor, serial }: MemberSocket): boolean =>
  serial !== String(descriptor);

const linkKey = (session: SessionAddress, serial: string): string => `${session}/${serial}`;

/** Releases a descriptor and what it held. */
export function withoutSocket(state: NodeSockets, socket: Socket): NodeSockets {
  const sockets = state.sockets.delete(String(socket.descriptor));
  switch (socket.kind) {
    case 'root':
      return { ...state, sockets };
    case 'plain':
    case 'leaf':
      return { ...state, sockets, ports: withoutPort(state, socket) };
    case 'link':
    case 'accepted': {
      const links = madeByArbiter(socket)
        ? state.links.delete(linkKey(socket.session, socket.serial))
        : state.links;
      return { ...state, sockets, links };
    }
  }
}

function withoutPort(
  { ports }: NodeSockets,
  { descriptor, local }: { readonly descriptor: Descriptor; readonly local: NodeAddress | null },
): PersistentMap<readonly Descriptor[]> {
  if (local === null || isWildcard(local)) return ports;
  const port = portText(local);
  const others = (ports.get(port) ?? []).filter((holder) => holder !== descriptor);
  return others.length === 0 ? ports.delete(port) : ports.set(port, others);
}

/** A port of no address yet, `*:7`: JoinLeaf or listen makes it one of this node's (R16). */
export const isWildcard = (local: NodeAddress): boolean => local.startsWith('*:');

export const portText = (address: NodeAddress): string => address.slice(address.indexOf(':') + 1);

/** The next descriptor, or null when the table is full. */
export const nextDescriptor = (state: NodeSockets): Descriptor | null =>
  state.sockets.size < state.descriptorMax ? state.lastDescriptor + 1 : null;

/** Puts a socket under the descriptor that `nextDescriptor` named. */
export const withNewSocket = (state: NodeSockets, socket: Socket): NodeSockets => ({
  ...withSocket(state, socket),
  lastDescriptor: socket.descriptor,
});

/** Adopts a link that the arbiter made, under a descriptor of ours. */
export function withLinkOfArbiter(state: NodeSockets, link: MemberSocket): NodeSockets {
  const key = linkKey(link.session, link.serial);
  return { ...withNewSocket(state, link), links: state.links.set(key, link.descriptor) };
}

/** The socket that a serial of ours means in a session. */
export function socketBySerial(
  state: NodeSockets,
  session: SessionAddress,
  serial: string,
): Socket | undefined {
  if (!serial.startsWith('J')) return state.sockets.get(serial);
  const descriptor = state.links.get(linkKey(session, serial));
  return descriptor === undefined ? undefined : socketAt(state, descriptor);
}

/** Who is asked at a port: the socket that listens there, or else the first that holds it. */
export function socketAtPort(state: NodeSockets, address: NodeAddress): Socket | undefined {
  const holders = holdersOf(state, address);
  return holders.find((holder) => queueOf(holder) !== null) ?? holders[0];
}

export const holdersOf = (state: NodeSockets, address: NodeAddress): readonly Socket[] =>
  (state.ports.get(portText(address)) ?? []).flatMap((holder) => socketAt(state, holder) ?? []);

export interface Bound {
  readonly state: NodeSockets;
  readonly local: NodeAddress;
}

/** Gives a port to a socket; null when it is taken, and not shared under SO_REUSEADDR by all of them (R12). */
export function bindPort(state: NodeSockets, socket: Descriptor, port: number): Bound | null {
  const local = nodeAddress(state.node, port);
  const holders = holdersOf(state, local);
  const sharers = [...holders, socketAt(state, socket)];
  const isShared = sharers.every((sharer) => sharer?.options.reuseAddress);
  if (holders.length > 0 && !isShared) return null;
  const descriptors = [...holders.map(({ descriptor }) => descriptor), socket];
  return { state: { ...state, ports: state.ports.set(String(port), descriptors) }, local };
}

/** Draws a port that nobody holds: the next one in turn, so that a run can be repeated. */
export function bindEphemeral(state: NodeSockets, socket: Descriptor): Bound | null {
  const range = portMax - firstEphemeral + 1;
  for (let tried = 0; tried < range; tried += 1) {
    const port = firstEphemeral + ((state.lastEphemeral + 1 - firstEphemeral + tried) % range);
    const isFree = !state.ports.has(String(port));
    const bound = isFree ? bindPort(state, socket, port) : null;
    if (bound !== null) return { ...bound, state: { ...bound.state, lastEphemeral: port } };
  }
  return null;
}

/** The whole name of a socket of this node. */
export const nameOf = ({ node, incarnation }: NodeSockets, serial: string): SocketId =>
  socketId({ node, incarnation, serial });

export const isUnanswered = (state: NodeSockets, call: CallId | null): call is CallId =>
  call !== null && state.calls.has(String(call));
