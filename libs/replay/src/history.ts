import type { Basis, RefusalRecord, StoredCommit } from '@joinleaf/event-log';
import type { SessionAddress } from '@joinleaf/multipoint';

/** All that is on record about one session: what was decided, and what was refused. */
export interface History {
  readonly session: SessionAddress;
  /** Oldest first. */
  readonly commits: readonly StoredCommit[];
  /** In any order; those with the same basis in the order they were stored. */
  readonly refusals: readonly RefusalRecord[];
}

// Positions are read and written the way a person counts: `@4` is the state after commit 4, and `@5.2`
// the second decision of commit 5, or the state after it.

/** A position in words: `@4`, or `@5.2` after the second decision of commit 5. */
export const basisText = ({ revision, decisions }: Basis): string =>
  decisions === 0 ? `@${String(revision)}` : `@${String(revision + 1)}.${String(decisions)}`;

/** Reads `4` or `5.2`; null for anything else. */
export function parseBasis(text: string): Basis | null {
  const match = /^(\d{1,15})(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null) return null;
  const revision = Number(match[1]);
  if (match[2] === undefined) return { revision, decisions: 0 };
  const decisions = Number(match[2]);
  return revision === 0 || decisions === 0 ? null : { revision: revision - 1, decisions };
}

/** Earlier positions first. */
export const compareBases = (a: Basis, b: Basis): number =>
  a.revision - b.revision || a.decisions - b.decisions;
