import {
  damageAfter,
  emptyHead,
  foldDecisions,
  headOf,
  type Basis,
  type Decided,
  type Head,
  type RefusalRecord,
  type StoredCommit,
} from '@joinleaf/event-log';
import { unopened, type Session } from '@joinleaf/multipoint';
import { compareBases, type History } from './history.js';

// The one order of a history is by session, revision and place in the commit; never by time. A refusal
// stands where the state that it was based on stood.

interface StepBase {
  /** The how-manieth record of the history, from 1: `conf-7#6`. */
  readonly number: number;
  /** Whether everything before it follows without a gap. */
  readonly trusted: boolean;
}

/** A command that was accepted, and the session before and after it. */
export interface DecisionStep extends StepBase {
  readonly kind: 'decision';
  readonly commit: StoredCommit;
  readonly decided: Decided;
  /** The how-manieth decision of its commit, from 1. */
  readonly place: number;
  readonly basis: Basis;
  readonly before: Session;
  readonly after: Session;
}

/** A command that was refused, and the session that it was refused on. */
export interface RefusalStep extends StepBase {
  readonly kind: 'refusal';
  readonly refusal: RefusalRecord;
  readonly basis: Basis;
  /** Null when the log does not reach the state that the refusal was based on. */
  readonly before: Session | null;
}

export type Step = DecisionStep | RefusalStep;

/** Retells a history, one record after the other, with the session that each one met. */
export function* steps(history: History): Generator<Step, void, undefined> {
  const refusals = new RefusalQueue(history.refusals);
  let session: Session = unopened;
  let head: Head = emptyHead;
  let trusted = true;
  let number = 0;
  const met = (refusal: RefusalRecord, before: Session | null): RefusalStep => {
    number += 1;
    const basis = refusal.basedOn;
    return { kind: 'refusal', number, trusted: trusted && before !== null, refusal, basis, before };
  };

  for (const commit of history.commits) {
    trusted &&= damageAfter(head, commit) === null;
    head = headOf(commit);
    const revision = commit.revision - 1;
    for (const [index, decided] of commit.decisions.entries()) {
      const basis = { revision, decisions: index };
      for (const refusal of refusals.upTo(basis)) yield met(refusal, session);
      const before = session;
      session = foldDecisions(before, [decided]);
      number += 1;
      const here = { number, trusted, commit, decided, place: index + 1, basis };
      yield { kind: 'decision', ...here, before, after: session };
    }
    const end = { revision, decisions: commit.decisions.length };
    for (const refusal of refusals.upTo(end)) yield met(refusal, session);
  }
  const end = { revision: head.revision, decisions: 0 };
  for (const refusal of refusals.upTo(end)) yield met(refusal, session);
  for (const refusal of refusals.rest()) yield met(refusal, null);
}

/** Refusals in the order of the states they were based on. */
class RefusalQueue {
  readonly #refusals: readonly RefusalRecord[];
  #next = 0;

  constructor(refusals: readonly RefusalRecord[]) {
    // Sorting is stable: equal bases stay in the order they were stored.
    this.#refusals = refusals.toSorted((a, b) => compareBases(a.basedOn, b.basedOn));
  }

  upTo(basis: Basis): readonly RefusalRecord[] {
    return this.#take(({ basedOn }) => compareBases(basedOn, basis) <= 0);
  }

  rest(): readonly RefusalRecord[] {
    return this.#take(() => true);
  }

  #take(due: (refusal: RefusalRecord) => boolean): readonly RefusalRecord[] {
    const from = this.#next;
    let refusal = this.#refusals[this.#next];
    while (refusal !== undefined && due(refusal)) {
      this.#next += 1;
      refusal = this.#refusals[this.#next];
    }
    return this.#refusals.slice(from, this.#next);
  }
}

/** Where a decision stands: `@5`, or `@5.2` when its commit holds several. */
export const positionText = ({ commit, place }: DecisionStep): string =>
  commit.decisions.length === 1
    ? `@${String(commit.revision)}`
    : `@${String(commit.revision)}.${String(place)}`;
