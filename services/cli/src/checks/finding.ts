import type { Head } from '@joinleaf/event-log';

/** One thing that is not as it was written. */
export interface Problem {
  /** `gap`, `broken-hash`, `unreadable`, `lost-end`, `settings` … */
  readonly kind: string;
  /** The session concerned; null when it is not one alone. */
  readonly session: string | null;
  /** Of the commit at which it shows. */
  readonly revision: number | null;
  /** Of the message at which it shows, in the stream that the finding is about. */
  readonly sequence: number | null;
  readonly detail: string;
  /** What can be trusted before it; null when that cannot be said. */
  readonly goodUpTo: Head | null;
  /** What to do about it. */
  readonly next: string;
}

/** What is known of one thing that was checked. */
export interface Finding {
  /** A session, `stream JL_…`, `node ada`, a file. */
  readonly what: string;
  readonly fine: boolean;
  readonly detail: string;
  readonly problems: readonly Problem[];
  /** Worth a look, and no damage. */
  readonly remarks: readonly string[];
}

export const finding = (
  what: string,
  detail: string,
  problems: readonly Problem[] = [],
  remarks: readonly string[] = [],
): Finding => ({ what, fine: problems.length === 0, detail, problems, remarks });

/** A problem that is not one of a session. */
export const problemOf = (
  kind: string,
  detail: string,
  next: string,
  sequence: number | null = null,
): Problem => ({ kind, session: null, revision: null, sequence, detail, goodUpTo: null, next });

/** What is wrong, in one line: `gap at revision 5: revision 4 should follow 3`. */
export function problemText({ kind, revision, sequence, detail }: Problem): string {
  if (kind === 'unreadable' && sequence !== null) {
    return `message ${String(sequence)} of the stream is no commit: ${detail}`;
  }
  if (revision === null) return detail;
  const place = sequence === null ? '' : `, message ${String(sequence)}`;
  return `${kind} at revision ${String(revision)}${place}: ${detail}`;
}

/** Up to where a session can be trusted, in words. */
export function goodText({ goodUpTo }: Problem): string | null {
  if (goodUpTo === null) return null;
  const { revision, sequence, hash } = goodUpTo;
  if (revision === 0) return 'nothing before it is known to be good';
  return `good up to revision ${String(revision)}, message ${String(sequence)}, hash ${(hash ?? '').slice(0, 12)}`;
}
