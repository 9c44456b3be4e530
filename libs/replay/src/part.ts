import {
  damageAfter,
  type Basis,
  type RefusalRecord,
  type StoredCommit,
} from '@joinleaf/event-log';
import type { JoinId, NodeAddress, SocketId } from '@joinleaf/multipoint';
import { Cast, type Part } from './cast.js';
import { counted, nothingCounted, type Counted } from './checkpoint.js';
import { compareBases } from './history.js';
import { Retelling, type Step } from './steps.js';

// Of a long history somebody wants to see a few records. What lies before them is folded and not kept; what lies behind them is
// not read. Their numbers, and who is who in them, are what they are in the whole history.

/** How far a history was read: whole commits. */
export interface Place {
  readonly revision: number;
  readonly decisions: number;
}

/** What of a history is wanted. */
export interface Wanted {
  /** No record after this revision has to be folded only: where a reader may begin, at the latest. */
  readonly latestStart: number;
  /** Whether all that is wanted lies behind a place. When it does not of one place, it does not of any later one. */
  isBefore(place: Place): boolean;
  /** Whether what follows a place is wanted still, of places behind the start. */
  goesOn(place: Place): boolean;
}

/** What came before a part of a history. */
export interface Start extends Counted {
  /** Whether it was a whole chain. */
  readonly isWhole: boolean;
}

/** A part of a history that hangs together. */
export interface HistoryPart {
  readonly start: Start;
  readonly commits: readonly StoredCommit[];
  /** Of the whole session. */
  readonly refusals: readonly RefusalRecord[];
  /** Whether it ends where the history does. */
  readonly isTheEnd: boolean;
}

/** Takes a session's commits one by one, folds those before what is wanted, and keeps those that are. */
export class PartTaker {
  readonly #commits: StoredCommit[] = [];
  #start: Counted;
  #isWhole = true;
  #place: Place;
  #isTheEnd = true;

  /** @param from - Of what a checkpoint says, or nothing. */
  constructor(
    private readonly wanted: Wanted,
    from: Counted = nothingCounted,
  ) {
    this.#start = from;
    this.#place = placeOf(from);
  }

  /** What was folded so far: what comes before the part. */
  get folded(): Counted {
    return this.#start;
  }

  /** Takes the next commit; false when it is not needed, and none after it. */
  take(commit: StoredCommit): boolean {
    const { revision, decisions } = this.#place;
    const next = { revision: commit.revision, decisions: decisions + commit.decisions.length };
    if (this.#commits.length === 0 && this.wanted.isBefore(next)) {
      this.#isWhole &&= damageAfter(this.#start.head, commit) === null;
      this.#start = counted(this.#start, commit);
    } else {
      if (this.#commits.length > 0 && !this.wanted.goesOn({ revision, decisions })) {
        this.#isTheEnd = false;
        return false;
      }
      this.#commits.push(commit);
    }
    this.#place = next;
    return true;
  }

  part(refusals: readonly RefusalRecord[]): HistoryPart {
    const start = { ...this.#start, isWhole: this.#isWhole };
    return { start, commits: this.#commits, refusals, isTheEnd: this.#isTheEnd };
  }
}

const placeOf = ({ head, decisions }: Counted): Place => ({ revision: head.revision, decisions });

/** Refusals that stand before the first record after a revision. */
const refusalsBefore = (refusals: readonly RefusalRecord[], revision: number): number =>
  refusals.filter(({ basedOn: basis }) => basis.revision < revision).length;

/** The record with a number. */
export function recordNumbered(number: number, refusals: readonly RefusalRecord[]): Wanted {
  const bases = refusals.map(({ basedOn: basis }) => basis.revision).sort((a, b) => a - b);
  let passed = 0; // Places are asked for in their order, but for checkpoints.
  const before = (revision: number): number => {
    while (passed > 0 && (bases[passed - 1] ?? 0) >= revision) passed -= 1;
    while (passed < bases.length && (bases[passed] ?? Infinity) < revision) passed += 1;
    return passed;
  };
  const isBefore = ({ revision, decisions }: Place) => decisions + before(revision) < number;
  return { latestStart: number - 1, isBefore, goesOn: isBefore }; // No commit is without a decision.
}

/** The commits from one revision to another one. */
export const revisionsBetween = (from: number, to: number): Wanted => ({
  latestStart: Math.max(0, from - 1),
  isBefore: ({ revision }) => revision < from,
  goesOn: ({ revision }) => revision < to,
});

/** The records that were based on a state. */
export const basedOn = ({ revision }: Basis): Wanted =>
  revisionsBetween(revision + 1, revision + 1);

/** Retells a part of a history: each record as the whole would tell it. */
export function stepsOfPart({ start, commits, refusals, isTheEnd }: HistoryPart): readonly Step[] {
  const { session, head, decisions, isWhole } = start;
  const before = refusalsBefore(refusals, head.revision);
  const end = { revision: commits.at(-1)?.revision ?? head.revision, decisions: 0 };
  const within = refusals.filter(
    ({ basedOn: basis }) =>
      basis.revision >= head.revision && (isTheEnd || compareBases(basis, end) <= 0),
  );
  const from = { session, head, trusted: isWhole, records: decisions + before };
  const retelling = new Retelling(within, from);
  return [...commits.flatMap((commit) => retelling.next(commit)), ...retelling.end()];
}

/** Who is who in a part of a history: by what was true where it begins, and what happens in it. */
export class PartCast extends Cast {
  readonly #seated = new Set<JoinId>();
  readonly #isAll: boolean;
  #isAtLoss = false;

  constructor({ start }: Pick<HistoryPart, 'start'>, told: readonly Step[]) {
    super();
    const { session, head } = start;
    this.#isAll = head.revision === 0;
    this.meetAll(session);
    if (session.phase === 'open') {
      for (const { join } of session.members.values()) this.#seated.add(join);
    }
    for (const step of told) this.meet(step);
  }

  /** Whether it was asked for somebody whom only what came before may know. Then the whole history says who that is. */
  get isAtLoss(): boolean {
    return this.#isAtLoss;
  }

  override partOf(socket: SocketId): Part | null {
    return this.#orAtLoss(super.partOf(socket));
  }

  override endpointOf(join: JoinId): NodeAddress | null {
    return this.#orAtLoss(super.endpointOf(join));
  }

  override endOf(join: JoinId): ReturnType<Cast['endOf']> {
    const end = super.endOf(join);
    // Nothing is known of it, or how it was admitted is not.
    if (end === null && (super.endpointOf(join) === null || this.#seated.has(join))) {
      return this.#orAtLoss(end);
    }
    return end;
  }

  #orAtLoss<T>(found: T): T {
    if (found === null) this.#isAtLoss = !this.#isAll;
    return found;
  }
}
