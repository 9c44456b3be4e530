import type { Redaction } from './content.js';

export const formatName = 'jlcap';
/** The major version that is written. */
export const formatVersion = 1;

/** The first line: what the file is, and what was taken out of it. */
export interface Manifest {
  readonly format: typeof formatName;
  readonly version: number;
  /** What wrote it, such as `joinleaf 0.1.0`. */
  readonly tool: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** The deployment it is from; null where names were taken out. */
  readonly realm: string | null;
  readonly sessions: readonly string[];
  /** The versions of the law that decided, such as `multipoint/1`. */
  readonly deciders: readonly string[];
  readonly redaction: Redaction;
  /** Every session in it is there whole; false for one whose log could not be read to its end. */
  readonly complete: boolean;
}

/** The last line: what must have come before it. */
export interface Footer {
  readonly commits: number;
  readonly refusals: number;
  readonly nodes: number;
  /** Where each session's chain ends. */
  readonly heads: Readonly<
    Record<string, { readonly revision: number; readonly hash: string | null }>
  >;
  /** Of all lines before this one, each with its line break. */
  readonly sha256: string;
}

/** A digest that is fed piece by piece. Handed in, so that pure code needs no crypto. */
export interface Digest {
  update(text: string): void;
  /** SHA-256, in hexadecimal. Called once, at the end. */
  hex(): string;
}
