import type { RefusalRecord } from '@joinleaf/event-log';
import type { ArbiterBeat, NodeRecord } from '@joinleaf/wire';

/** Time, chance and waiting, handed in so that an arbiter can live in a simulated world. */
export interface World {
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Milliseconds on a clock that never jumps, for durations. */
  readonly monotonicMs: () => number;
  /** A new id, never given before by anybody. */
  readonly newId: () => string;
  readonly sleep: (ms: number) => Promise<void>;
  /** Calls back once; answers how to call it off. */
  readonly after: (ms: number, call: () => void) => () => void;
  /** Calls back again and again; answers how to stop. */
  readonly every: (ms: number, call: () => void) => () => void;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** Where refusals are kept. */
export interface RefusalSink {
  record(refusal: RefusalRecord): void;
}

/** Told of what should never happen; the work goes on as safely as it can. */
/** The way to the broker. */
export interface Connection {
  readonly connected: () => boolean;
  /** Calls `listener` each time that it is lost, and that it is there again. */
  readonly onChange: (listener: () => void) => void;
}

export type ReportBug = (what: string, cause: unknown) => void;

/** Where the lives of nodes are kept: one record after the other for each node. */
export interface NodeBook {
  last(node: string): Promise<{ readonly record: NodeRecord; readonly sequence: number } | null>;
  /** Stores a record after the one at `afterSequence` (0 for none). All but `ok` means: read again. */
  append(record: NodeRecord, options: { readonly afterSequence: number }): Promise<NodeAppend>;
  /** Whether `last` may miss what was acknowledged, as `readsMayLag` of the event log. */
  readsMayLag(): boolean;
}

/** What was asked for is not there, and may be there all the same: the broker has not caught up with itself. */
export class NotKnownYet extends Error {
  override readonly name = 'NotKnownYet';
  constructor(what: string) {
    super(`${what} is not known yet`);
  }
}

export type NodeAppend =
  | { readonly kind: 'ok'; readonly sequence: number }
  | { readonly kind: 'conflict' | 'refused' | 'unavailable' | 'unknown' };

/** How arbiters hear of one another. */
export interface Peers {
  /** Says it to all of them, at once or never. */
  say(beat: ArbiterBeat): void;
  /** Calls back for every beat, our own too; answers how to stop. */
  hear(heard: (beat: ArbiterBeat) => void): () => void;
}

/** Where the commands of partitions arrive, shared with every other arbiter that hears the same. */
export interface CommandDesk {
  /** Returns when commands of these partitions reach us. */
  open(partitions: readonly number[]): Promise<void>;
  /** Returns when what had reached us is taken. */
  close(partitions: readonly number[]): Promise<void>;
}
