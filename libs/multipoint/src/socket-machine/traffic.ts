import type { SessionAddress } from '../address.js';
import type { JoinFlags } from '../event.js';
import type { Plane } from '../notify.js';
import { PersistentMap } from '../persistent-map.js';
import type { SocketId } from '../socket-id.js';
import type { WsaCode } from '../wsa.js';
import { emptyFifo, filtered, pushed, type Fifo } from './fifo.js';

/** Bytes of one message at most: SO_MAX_MSG_SIZE. */
export const messageBytesMax = 524_288;

/**
 * Whom a message is for. `all`: every member of a nonrooted data plane, or the d_leafs of a rooted one.
 * `up`: the d_roots of a rooted one. A socket: the other end of a link, in a side chat (R161).
 */
export type Channel = Broadcast | { readonly socket: SocketId };
export type Broadcast = 'all' | 'up';

/** One message of session data or of a side chat, as it travels. */
export interface Datum {
  readonly session: SessionAddress;
  /** The how-manieth session at this address. */
  readonly incarnation: number;
  readonly channel: Channel;
  readonly from: SocketId;
  /** `end`: the sender closes in good order and sends nothing more; it has no bytes. */
  readonly kind: 'data' | 'end';
  /**
   * Counted from 1 for each sending socket, over session data and side chat apart; in an `end` the last one's.
   * 0 for a message that stays on its node, which nobody counts.
   */
  readonly sequence: number;
  /** The last revision of the session that the sender knew of. */
  readonly asOf: number;
  readonly bytes: Uint8Array;
}

/** A message that waits to be received. */
export interface Message {
  readonly from: SocketId;
  readonly isChat: boolean;
  readonly bytes: Uint8Array;
  /** Messages that were lost before this one, and are not told yet. */
  readonly lostBefore: number;
  /** What its sender knew, for as long as this socket is not admitted. */
  readonly asOf: number;
  readonly incarnation: number;
}

/** What one socket sends and receives. */
export interface Traffic {
  /** Where its session data goes, from success on; null before. */
  readonly plane: Plane | null;
  /** The other end of a link, from success on. */
  readonly peer: SocketId | null;
  /** What the membership is for. */
  readonly flags: JoinFlags;
  readonly inbox: Fifo<Message>;
  readonly inboxBytes: number;
  /** Messages lost after the youngest in the inbox, and not told yet. */
  readonly lost: number;
  /** The last sequence heard, by sender; a side chat counts apart. */
  readonly heard: PersistentMap<number>;
  /** The other end said that it sends nothing more. */
  readonly peerEnded: boolean;
  /** At a root: its members that said they would only receive (R112). */
  readonly silenced: PersistentMap<true>;
  readonly sentToSession: number;
  readonly sentToPeer: number;
  /** Bytes that the broker has not taken yet. */
  readonly underWay: number;
  /** A send was refused for want of room, and nobody has been told of its return. */
  readonly isBlocked: boolean;
  /** Directions that this side has shut. */
  readonly shut: { readonly send: boolean; readonly receive: boolean };
  /** FD_CLOSE has come; it may be held until what was sent before it is here. */
  readonly close: { readonly code: WsaCode | null; readonly isHeld: boolean } | null;
}

export const noTraffic: Traffic = {
  plane: null,
  peer: null,
  flags: 'both',
  inbox: emptyFifo,
  inboxBytes: 0,
  lost: 0,
  heard: PersistentMap.empty(),
  peerEnded: false,
  silenced: PersistentMap.empty(),
  sentToSession: 0,
  sentToPeer: 0,
  underWay: 0,
  isBlocked: false,
  shut: { send: false, receive: false },
  close: null,
};

/** Whether receive has something to answer: a message, or the news of a loss. */
export const canBeRead = ({ inbox, lost }: Traffic): boolean => inbox.length > 0 || lost > 0;

/** Adds a message, or counts it as lost when the buffer is full: the oldest stay, the newest goes. */
export function withMessage(
  traffic: Traffic,
  message: Omit<Message, 'lostBefore'>,
  bufferBytes: number,
): Traffic {
  const bytes = traffic.inboxBytes + message.bytes.length;
  if (traffic.inbox.length > 0 && bytes > bufferBytes)
    return { ...traffic, lost: traffic.lost + 1 };
  const inbox = pushed(traffic.inbox, { ...message, lostBefore: traffic.lost });
  return { ...traffic, inbox, inboxBytes: bytes, lost: 0 };
}

/**
 * What a socket knows once it is admitted. What came before counts if its sender knew of the admission (R30):
 * it was told sooner than this socket.
 */
export function admittedTo(
  traffic: Traffic,
  seat: { readonly plane: Plane; readonly peer: SocketId | null; readonly revision: number },
): Traffic {
  const { plane, peer, revision } = seat;
  const inbox = filtered(
    traffic.inbox,
    ({ asOf, incarnation, isChat, from }) =>
      asOf >= revision && incarnation === plane.incarnation && (!isChat || from === peer),
  );
  let inboxBytes = 0;
  for (let cell = inbox.front; cell !== null; cell = cell.next)
    inboxBytes += cell.value.bytes.length;
  for (let cell = inbox.back; cell !== null; cell = cell.next)
    inboxBytes += cell.value.bytes.length;
  return { ...traffic, plane, peer, inbox, inboxBytes, lost: 0 };
}
