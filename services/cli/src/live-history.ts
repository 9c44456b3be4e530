import { foldDecisions, foldTo, type RefusalRecord, type StoredCommit } from '@joinleaf/event-log';
import { unopened, type Session, type SessionAddress } from '@joinleaf/multipoint';
import {
  Cast,
  steps,
  type DecisionStep,
  type History,
  type RefusalStep,
  type Step,
} from '@joinleaf/replay';

/** A history that grows: each new record gets its place without telling everything again. */
export class LiveHistory {
  readonly cast = new Cast();
  readonly #steps: Step[];
  readonly #commits: StoredCommit[];
  readonly #refused = new Set<string>();
  #state: Session = unopened;

  constructor(
    readonly session: SessionAddress,
    history: History,
  ) {
    this.#steps = [...steps(history)];
    this.#commits = [...history.commits];
    for (const step of this.#steps) this.cast.meet(step);
    for (const refusal of history.refusals) this.#refused.add(keyOf(refusal));
    this.#state = foldDecisions(
      unopened,
      history.commits.flatMap((commit) => commit.decisions),
    );
  }

  get steps(): readonly Step[] {
    return this.#steps;
  }

  get revision(): number {
    return this.#commits.at(-1)?.revision ?? 0;
  }

  /** The record before another one. */
  before(step: Step): Step | null {
    return this.#steps[step.number - 2] ?? null;
  }

  /** The records of a commit that has arrived; none when it is known already. */
  takeCommit(commit: StoredCommit): readonly DecisionStep[] {
    if (commit.revision <= this.revision) return [];
    this.#commits.push(commit);
    return commit.decisions.map((decided, index) => {
      const before = this.#state;
      this.#state = foldDecisions(before, [decided]);
      const basis = { revision: commit.revision - 1, decisions: index };
      const number = this.#steps.length + 1;
      const place = { number, trusted: true, place: index + 1, basis };
      return this.#keep({
        kind: 'decision',
        commit,
        decided,
        before,
        after: this.#state,
        ...place,
      });
    });
  }

  /** The record of a refusal that has arrived; null when it is known already. */
  takeRefusal(refusal: RefusalRecord): RefusalStep | null {
    if (this.#refused.has(keyOf(refusal))) return null;
    this.#refused.add(keyOf(refusal));
    const basis = refusal.basedOn;
    const isNow = basis.revision === this.revision && basis.decisions === 0;
    const before = isNow ? this.#state : foldTo(this.#commits, basis);
    const number = this.#steps.length + 1;
    const trusted = before !== null;
    return this.#keep({ kind: 'refusal', number, trusted, refusal, basis, before });
  }

  #keep<S extends Step>(step: S): S {
    this.#steps.push(step);
    this.cast.meet(step);
    return step;
  }
}

const keyOf = ({ commandId, basedOn }: RefusalRecord): string =>
  `${commandId}@${String(basedOn.revision)}.${String(basedOn.decisions)}`;
