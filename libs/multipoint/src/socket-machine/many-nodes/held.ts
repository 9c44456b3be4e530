import type { SessionAddress } from '../../address.js';
import type { JoinId } from '../../event.js';
import type { CallId, Descriptor, NodeCommand } from '../effect.js';
import { protocols, type DataRole, type MultipointFlag, type ProtocolEntry } from '../protocol.js';
import type { WsaCode } from '../../wsa.js';
import { socketId, type SocketId } from '../../socket-id.js';
import { hold } from './hold.js';
import { EventRecord } from './record.js';

// What a program knows of its own sockets, from nothing but what its calls answered and what it heard.

/** A request or an invitation that waits at a listening socket. */
export interface WaitingRequest {
  readonly session: SessionAddress;
  readonly join: JoinId;
  deferred: boolean;
  /** The accept or reject that is under way for it. */
  answer: CallId | null;
  /** It was withdrawn, and accept has not said so yet. */
  withdrawn: boolean;
}

/** A JoinLeaf that went out and has not ended. */
export interface Outstanding {
  readonly call: CallId;
  readonly session: string;
  readonly link: Descriptor | null;
}

export type Kind = 'plain' | 'root' | 'leaf' | 'child';

/** One descriptor that a program holds. */
export interface Held {
  readonly descriptor: Descriptor;
  readonly kind: Kind;
  readonly entry: ProtocolEntry;
  /** The address it was bound to; of a c_root also while the arbiter is asked for it. */
  bound: string | null;
  /** A c_root: whether its session is open, or shut down. */
  session: 'none' | 'asked' | 'open' | 'shut';
  /** Whether joins may wait here. */
  listens: boolean;
  backlog: number;
  waiting: WaitingRequest[];
  /** A c_leaf or a child: how far its membership has come. */
  seat: 'none' | 'asked' | 'member' | 'failed' | 'over';
  /** It ended the membership itself, by shutdown: nobody tells it so (R133). */
  hasLeft: boolean;
  /** The session of that membership. */
  of: string | null;
  /** What the arbiter calls this socket. */
  serial: string;
  /** The join or accept that makes a child, while it is asked for. */
  madeBy: CallId | null;
  /** Its join was called off from this side, so that no outcome of it is announced any more. */
  isCalledOff: boolean;
  readonly dataRole: DataRole;
  /** A child of a c_root: for the side chat with its leaf alone. */
  readonly isLink: boolean;
  /** Which of the sessions at its address it takes part in. */
  incarnation: number;
  /** It was told that its root is lost, and of no other one: there is nobody at its other end. */
  isOrphan: boolean;
  /** It was told of another root: what the one before has said may have come too late. */
  isRelinked: boolean;
  /** It knows where its data goes: from FD_CONNECT or the answer to accept or bind. */
  isLinked: boolean;
  shut: { readonly send: boolean; readonly receive: boolean };
  /** The code of its FD_CLOSE, once that has come. */
  ended: { readonly code: WsaCode | null } | null;
  /** FD_READs heard, less messages received. */
  unread: number;
  /** Bytes that are sent and not taken by the broker. */
  underWay: number;
  joins: Outstanding[];
  /** Which of them the arbiter last called outstanding. */
  current: CallId | null;
  readonly record: EventRecord;
}

export interface Birth extends Partial<Held> {
  readonly descriptor: Descriptor;
  readonly kind: Kind;
  readonly entry: ProtocolEntry;
}

export const newHeld = (birth: Birth): Held => ({
  bound: null,
  session: 'none',
  listens: false,
  backlog: 0,
  waiting: [],
  seat: 'none',
  hasLeft: false,
  of: null,
  serial: String(birth.descriptor),
  madeBy: null,
  isCalledOff: false,
  dataRole: 'd_leaf',
  isLink: false,
  incarnation: 0,
  isOrphan: false,
  isRelinked: false,
  isLinked: false,
  shut: { send: false, receive: false },
  ended: null,
  unread: 0,
  underWay: 0,
  joins: [],
  current: null,
  record: new EventRecord(),
  ...birth,
});

export function heldFor(
  descriptor: Descriptor,
  entry: keyof typeof protocols,
  flags: readonly MultipointFlag[],
): Held {
  const kind = flags.length === 0 ? 'plain' : flags.includes('c_root') ? 'root' : 'leaf';
  const dataRole = flags.includes('d_root') ? 'd_root' : 'd_leaf';
  return newHeld({ descriptor, kind, entry: protocols[entry], dataRole });
}

/** What the next accept speaks of: the oldest that nobody is answering (R80), withdrawn or not (R87). */
export const inFront = ({ waiting }: Held): WaitingRequest | undefined =>
  waiting.find(({ answer }) => answer === null);

const waits = ({ answer, withdrawn }: WaitingRequest): boolean => answer === null && !withdrawn;

/** How many hold a place of the backlog. */
export const waitingNow = ({ waiting }: Held): number => waiting.filter(waits).length;

const acceptable = ({ waiting }: Held): WaitingRequest | undefined => waiting.find(waits);

/** R84: whether a request may be announced: one that was put off holds up those behind it. */
export const requestWaits = (held: Held): boolean =>
  held.listens && acceptable(held)?.deferred === false;

/** Whether a request is the one that holds up the others. */
export const holdsUp = (held: Held, request: WaitingRequest): boolean =>
  request.deferred && acceptable(held) === request;

/** A question under way, and what held when it was asked. */
export interface Question {
  readonly session: SessionAddress;
  readonly command: NodeCommand;
  readonly listenedBefore: boolean;
}

/** What the program of one run of a node holds. */
export interface Hand {
  readonly node: string;
  readonly incarnation: string;
  readonly descriptorMax: number;
  readonly held: Map<Descriptor, Held>;
  readonly everHeld: Set<Descriptor>;
  /** What was asked of the arbiter and not answered. */
  readonly asked: Map<CallId, Question>;
  /** This run of the node was declared over, and it knows. */
  lost: boolean;
}

export const newHand = (node: string, incarnation: string, descriptorMax: number): Hand => ({
  node,
  incarnation,
  descriptorMax,
  held: new Map(),
  everHeld: new Set(),
  asked: new Map(),
  lost: false,
});

/** A socket comes into the program's hand: under a number that no other has had (R33). */
export function take(hand: Hand, held: Held): void {
  hold(!hand.everHeld.has(held.descriptor), 'R33: a descriptor is given once');
  hold(hand.held.size < hand.descriptorMax, 'R10: the table is bounded');
  hand.everHeld.add(held.descriptor);
  hand.held.set(held.descriptor, held);
}

/** What the arbiter calls a socket of this hand. */
export const nameIn = ({ node, incarnation }: Hand, { serial }: Held): SocketId =>
  socketId({ node, incarnation, serial });

export const portOf = (address: string | null): string | null =>
  address === null || address.startsWith('*') ? null : (address.split(':')[1] ?? null);

/** R12: who holds a port of this node. */
export const holderOf = (hand: Hand, port: string): Held | undefined =>
  [...hand.held.values()].find(
    ({ kind, bound }) => (kind === 'leaf' || kind === 'plain') && portOf(bound) === port,
  );
