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

/** Where a retelling begins. */
export interface RetoldFrom {
  readonly session: Session;
  readonly head: Head;
  readonly trusted: boolean;
  /** So many records came before. */
  readonly records: number;
}

const theBeginning: RetoldFrom = { session: unopened, head: emptyHead, trusted: true, records: 0 };

/** Retells a history, one record after the other, with the session that each one met. */
export function* steps(history: History): Generator<Step, void, undefined> {
  const retelling = new Retelling(history.refusals);
  for (const commit of history.commits) yield* retelling.next(commit);
  yield* retelling.end();
}

/** Retells a history whose commits come one by one, and keeps none of them. */
export class Retelling {
  readonly #refusals: RefusalQueue;
  #session: Session;
  #head: Head;
  #trusted: boolean;
  #number: number;

  /** @param refusals - All of them, in any order; those with the same basis in the order they were stored. */
  constructor(refusals: readonly RefusalRecord[], from: RetoldFrom = theBeginning) {
    this.#refusals = new RefusalQueue(refusals);
    this.#session = from.session;
    this.#head = from.head;
    this.#trusted = from.trusted;
    this.#number = from.records;
  }

  /** The records of the next commit, and the refusals that stand among them. */
  next(commit: StoredCommit): readonly Step[] {
    this.#trusted &&= damageAfter(this.#head, commit) === null;
    this.#head = headOf(commit);
    const told: Step[] = [];
    const revision = commit.revision - 1;
    for (const [index, decided] of commit.decisions.entries()) {
      const basis = { revision, decisions: index };
      this.#meet(basis, told);
      const before = this.#session;
      this.#session = foldDecisions(before, [decided]);
      this.#number += 1;
      told.push({
        kind: 'decision',
        number: this.#number,
        trusted: this.#trusted,
        commit,
        decided,
        place: index + 1,
        basis,
        before,
        after: this.#session,
      });
    }
    this.#meet({ revision, decisions: commit.decisions.length }, told);
    return told;
  }

  /** What is left when there are no more commits: refusals on the last state, and on states that are not there. */
  end(): readonly Step[] {
    const told: Step[] = [];
    this.#meet({ revision: this.#head.revision, decisions: 0 }, told);
    for (const refusal of this.#refusals.rest()) told.push(this.#met(refusal, null));
    return told;
  }

  #meet(basis: Basis, told: Step[]): void {
    for (const refusal of this.#refusals.upTo(basis)) told.push(this.#met(refusal, this.#session));
  }

  #met(refusal: RefusalRecord, before: Session | null): RefusalStep {
    this.#number += 1;
    return {
      kind: 'refusal',
      number: this.#number,
      trusted: this.#trusted && before !== null,
      refusal,
      basis: refusal.basedOn,
      before,
    };
  }
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
    return from === this.#next ? none : this.#refusals.slice(from, this.#next);
  }
}

const none: readonly RefusalRecord[] = [];

/** Where a decision stands: `@5`, or `@5.2` when its commit holds several. */
export const positionText = ({ commit, place }: DecisionStep): string =>
  commit.decisions.length === 1
    ? `@${String(commit.revision)}`
    : `@${String(commit.revision)}.${String(place)}`;
