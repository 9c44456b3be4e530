import type {
  Facts,
  Rule,
  SessionAddress,
  SessionCommand,
  SessionEvent,
  WsaCode,
} from '@joinleaf/multipoint';

/** One command that was accepted: what was asked, the rule that fired, and what happened. */
export interface Decided {
  /** Made by the caller; a command id is decided at most once in a session. */
  readonly commandId: string;
  readonly command: SessionCommand;
  readonly rule: Rule;
  /** Never empty: a command that changes nothing is answered and not recorded. */
  readonly events: readonly SessionEvent[];
}

/**
 * What one append stores: one message, with the decisions that an arbiter took together. Stored whole,
 * read whole, replayed whole.
 */
export interface Commit {
  readonly schema: 1;
  readonly session: SessionAddress;
  /** The how-manieth commit of this session, from 1. `(session, revision)` is its identity. */
  readonly revision: number;
  /** SHA-256, in hexadecimal, of the stored bytes of the commit before; null for the first. */
  readonly prevHash: string | null;
  /** Made by the writer for this one draft; how it recognises its own commit after a lost answer. */
  readonly commitId: string;
  readonly arbiter: string;
  /** Which version of the law decided, such as `multipoint/1`. */
  readonly decider: string;
  /** Milliseconds since the Unix epoch, at the arbiter. For people: order is by revision. */
  readonly decidedAt: number;
  readonly decisions: readonly Decided[];
}

/** A commit in its place in the log: what the next one is chained to. */
export interface ChainedCommit extends Commit {
  /** SHA-256 of this commit's stored bytes. */
  readonly hash: string;
  /** The position in the stream where it lies. Never an identity: a damaged stream reuses it. */
  readonly sequence: number;
}

/** A commit as it was read back. */
export interface StoredCommit extends ChainedCommit {
  /** Milliseconds since the Unix epoch, at the broker. */
  readonly storedAt: number;
}

/** Where one session's log ends, as far as somebody knows. */
export interface Head {
  readonly revision: number;
  readonly hash: string | null;
  /** The stream sequence of the last commit of this session; 0 when there is none. */
  readonly sequence: number;
}

export const emptyHead: Head = { revision: 0, hash: null, sequence: 0 };

export const headOf = ({ revision, hash, sequence }: ChainedCommit): Head => ({
  revision,
  hash,
  sequence,
});

/** The state that a decision was based on: after `decisions` decisions of the commit after `revision`. */
export interface Basis {
  readonly revision: number;
  readonly decisions: number;
}

/** A command that was refused, or came too late to matter; kept beside the log, never in it. */
export interface RefusalRecord {
  readonly schema: 1;
  readonly session: SessionAddress;
  readonly commandId: string;
  readonly command: SessionCommand;
  readonly basedOn: Basis;
  readonly code: WsaCode;
  readonly rule: Rule;
  readonly facts: Facts | null;
  readonly arbiter: string;
  readonly decider: string;
  readonly decidedAt: number;
}
