import { evolve, unopened, type Session } from '@joinleaf/multipoint';
import {
  emptyHead,
  headOf,
  type Basis,
  type ChainedCommit,
  type Commit,
  type Decided,
  type Head,
} from './commit.js';

// The one place where commits become state. It judges nothing: checkChain does.

/** A session as its commits tell it, and where they end. */
export interface Folded {
  readonly session: Session;
  readonly head: Head;
}

export const nothingFolded: Folded = { session: unopened, head: emptyHead };

/** Folds a session's commits, oldest first, into what came before them. */
export function fold(commits: Iterable<ChainedCommit>, from: Folded = nothingFolded): Folded {
  let folded = from;
  for (const commit of commits) folded = foldCommit(folded, commit);
  return folded;
}

/** Folds the next commit. */
export const foldCommit = (before: Folded, commit: ChainedCommit): Folded => ({
  session: foldDecisions(before.session, commit.decisions),
  head: headOf(commit),
});

/** Folds decisions in their order; how a session looks in the middle of a commit. */
export function foldDecisions(before: Session, decisions: Iterable<Decided>): Session {
  let session = before;
  for (const { events } of decisions) session = events.reduce(evolve, session);
  return session;
}

/**
 * The state that a decision was based on, from all of a session's commits, oldest first.
 *
 * @returns null when the commits do not reach that far.
 */
export function foldTo(commits: Iterable<Commit>, basis: Basis): Session | null {
  let session: Session = unopened;
  let revision = 0;
  for (const commit of commits) {
    if (revision === basis.revision) return within(session, commit.decisions, basis.decisions);
    session = foldDecisions(session, commit.decisions);
    revision = commit.revision;
  }
  return revision === basis.revision && basis.decisions === 0 ? session : null;
}

function within(session: Session, decisions: readonly Decided[], count: number): Session | null {
  return count > decisions.length ? null : foldDecisions(session, decisions.slice(0, count));
}
