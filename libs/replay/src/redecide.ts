import {
  ChainCheck,
  type Damage,
  type RefusalRecord,
  type StoredCommit,
} from '@joinleaf/event-log';
import {
  decide,
  type Decision,
  type Facts,
  type Rule,
  type SessionAddress,
  type SessionCommand,
  type SessionEvent,
  type Session,
  type WsaCode,
} from '@joinleaf/multipoint';
import { sameJson } from './canonical.js';
import { differences, type Difference } from './diff.js';
import type { History } from './history.js';
import { isEdgeRule } from './rules.js';
import { Retelling, type DecisionStep, type Step } from './steps.js';

/** The law under test: the one in force, or another that is held against what was recorded. */
export type Decider = (command: SessionCommand, session: Session) => Decision;

/** How a recomputed decision compares with the recorded one. */
export type Verdict =
  | 'same'
  | 'accept-to-refuse'
  | 'refuse-to-accept'
  | 'other-events'
  | 'other-rule'
  | 'other-refusal'
  | 'threw'
  /** The log is damaged before this record: there is no state to decide on. */
  | 'damaged'
  /** Refused before the session was asked, by a rule that needs more than the log: not recomputed. */
  | 'at-the-edge';

export type Outcome =
  | { readonly kind: 'accepted'; readonly rule: Rule; readonly events: readonly SessionEvent[] }
  | {
      readonly kind: 'refused';
      readonly code: WsaCode;
      readonly rule: Rule;
      readonly facts: Facts | null;
    }
  | { readonly kind: 'threw'; readonly message: string };

export interface Comparison {
  readonly verdict: Verdict;
  readonly recorded: Outcome;
  /** Null where nothing was recomputed. */
  readonly recomputed: Outcome | null;
}

/** A record whose recomputation is not what was recorded. */
export interface Divergence extends Comparison {
  readonly step: Step;
  readonly differences: readonly Difference[];
}

/** What re-deciding one session's history found. */
export interface SessionReplay {
  readonly session: SessionAddress;
  readonly revision: number;
  readonly decisions: number;
  readonly refusals: number;
  readonly counts: Readonly<Record<Verdict, number>>;
  /** The first divergence; what follows it was still decided on the recorded events. */
  readonly first: Divergence | null;
  readonly diverged: number;
  readonly damage: Damage | null;
}

/**
 * Decides every recorded command again, on the state that it met, and compares rule and events, or code
 * and rule, with what was recorded. After a divergence the recorded events go on.
 */
export function redecide(history: History, decider: Decider = decide): SessionReplay {
  const redeciding = new Redeciding(history.session, history.refusals, decider);
  for (const commit of history.commits) redeciding.take(commit);
  return redeciding.finish();
}

/** Does the same with commits that come one by one, and keeps none of them but the one that diverges first. */
export class Redeciding {
  readonly #retelling: Retelling;
  readonly #chain = new ChainCheck();
  readonly #counts = noCounts();
  #first: Divergence | null = null;
  #revision = 0;
  #decisions = 0;
  #refusals = 0;

  /** @param refusals - All that there are of the session. */
  constructor(
    readonly session: SessionAddress,
    refusals: readonly RefusalRecord[],
    private readonly decider: Decider = decide,
  ) {
    this.#retelling = new Retelling(refusals);
  }

  take(commit: StoredCommit): void {
    this.#chain.take(commit);
    this.#revision = commit.revision;
    this.#compare(this.#retelling.next(commit));
  }

  finish(): SessionReplay {
    this.#compare(this.#retelling.end());
    const counts = this.#counts;
    return {
      session: this.session,
      revision: this.#revision,
      decisions: this.#decisions,
      refusals: this.#refusals,
      counts,
      first: this.#first,
      diverged: verdicts.filter(isDivergence).reduce((sum, verdict) => sum + counts[verdict], 0),
      damage: this.#chain.damage,
    };
  }

  #compare(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.kind === 'refusal') this.#refusals += 1;
      else this.#decisions += 1;
      const comparison = compare(step, this.decider);
      this.#counts[comparison.verdict] += 1;
      if (this.#first === null && isDivergence(comparison.verdict)) {
        this.#first = diverged(step, comparison);
      }
    }
  }
}

const noCounts = (): Record<Verdict, number> => ({
  same: 0,
  'accept-to-refuse': 0,
  'refuse-to-accept': 0,
  'other-events': 0,
  'other-rule': 0,
  'other-refusal': 0,
  threw: 0,
  damaged: 0,
  'at-the-edge': 0,
});

const verdicts = Object.keys(noCounts()) as readonly Verdict[];

export const isDivergence = (verdict: Verdict): boolean =>
  verdict !== 'same' && verdict !== 'damaged' && verdict !== 'at-the-edge';

/** Decides one record again. */
export function compare(step: Step, decider: Decider = decide): Comparison {
  const recorded = recordedOutcome(step);
  // A refusal that the log keeps may be of an earlier state; JL_DECISIONS has it there.
  const isOfEarlier = step.kind === 'decision' && isKeptLater(step);
  if (isOfEarlier || (recorded.kind === 'refused' && isEdgeRule(recorded.rule))) {
    return { verdict: 'at-the-edge', recorded, recomputed: null };
  }
  if (!step.trusted || step.before === null)
    return { verdict: 'damaged', recorded, recomputed: null };
  const command = step.kind === 'decision' ? step.decided.command : step.refusal.command;
  const recomputed = outcomeOf(command, step.before, decider);
  return { verdict: verdictOf(recorded, recomputed), recorded, recomputed };
}

function isKeptLater({ decided, basis }: DecisionStep): boolean {
  const [first] = decided.events;
  return first?.type === 'CommandSettled' && !sameJson(first.basedOn, basis);
}

export function recordedOutcome(step: Step): Outcome {
  if (step.kind === 'decision') {
    const { rule, events } = step.decided;
    const [first] = events;
    if (first?.type !== 'CommandSettled') return { kind: 'accepted', rule, events };
    const { code, facts } = first;
    return code === null
      ? { kind: 'accepted', rule, events: [] }
      : { kind: 'refused', code, rule, facts };
  }
  const { code, rule, facts } = step.refusal;
  return { kind: 'refused', code, rule, facts };
}

/** What a decider says, as data; a decider that throws has said so too. */
export function outcomeOf(command: SessionCommand, session: Session, decider: Decider): Outcome {
  try {
    const decision = decider(command, session);
    if (decision.ok) return { kind: 'accepted', ...decision.value };
    const { code, rule, facts = null } = decision.error;
    return { kind: 'refused', code, rule, facts };
  } catch (error) {
    return { kind: 'threw', message: error instanceof Error ? error.message : String(error) };
  }
}

function verdictOf(recorded: Outcome, recomputed: Outcome): Verdict {
  if (recomputed.kind === 'threw') return 'threw';
  if (recorded.kind === 'accepted') {
    if (recomputed.kind === 'refused') return 'accept-to-refuse';
    if (!sameJson(recorded.events, recomputed.events)) return 'other-events';
    return recorded.rule === recomputed.rule ? 'same' : 'other-rule';
  }
  if (recomputed.kind === 'accepted') return 'refuse-to-accept';
  const same =
    recorded.kind === 'refused' &&
    recorded.code === recomputed.code &&
    recorded.rule === recomputed.rule;
  return same ? 'same' : 'other-refusal';
}

function diverged(step: Step, comparison: Comparison): Divergence {
  const { recorded, recomputed } = comparison;
  return { ...comparison, step, differences: differences(recorded, recomputed) };
}
