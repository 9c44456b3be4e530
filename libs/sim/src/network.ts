import type { MsgHdrs } from '@nats-io/transport-node';
import type { Chance } from './chance.js';
import type { Timeline } from './timeline.js';

/** What crosses the simulated network. */
export interface Packet {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly reply?: string;
  readonly headers?: MsgHdrs;
}

/** What goes wrong on the way, as probabilities for each message. */
export interface NetworkFaults {
  readonly lost: number;
  readonly duplicated: number;
  /** The longest that one message may be held up, in milliseconds, and how often one is. */
  readonly slowMs: number;
  readonly slow: number;
}

/** One end of a connection, as the server sees it. */
export interface Remote {
  deliver(packet: Packet, take: (packet: Packet) => void): void;
}

export interface Subscriber {
  readonly subject: string;
  readonly queue: string | null;
  readonly connection: Remote;
  readonly take: (packet: Packet) => void;
}

/**
 * Listens to what processes ask and are answered, for whoever records histories: everything that leaves with a way back,
 * and the first that arrives on it. Times are simulated milliseconds.
 */
export interface Tap {
  asked(process: string, request: Packet, at: number): void;
  answered(process: string, request: Packet, reply: Packet, at: number): void;
}

/** The server, as a connection sees it. */
export interface Network {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly faults: NetworkFaults;
  readonly isUp: boolean;
  readonly tap: Tap | null;
  publish(packet: Packet): void;
  /** Answers how to end it. */
  subscribe(subscriber: Subscriber): () => void;
  forget(connection: Remote): void;
}
