import type { Basis } from '@joinleaf/event-log';
import {
  decide,
  notify,
  retryClass,
  evolve,
  WSA,
  type Facts,
  type Notification,
  type RetryClass,
  type Rule,
  type Session,
  type SessionAddress,
  type SessionEvent,
  type WsaCode,
} from '@joinleaf/multipoint';
import { because } from './because.js';
import { Cast } from './cast.js';
import { commandWords } from './command-words.js';
import { basisText, type History } from './history.js';
import { commandIdOf, findStep, type Question } from './question.js';
import { compare, type Comparison, type Decider } from './redecide.js';
import { remedies, type Remedy } from './remedies.js';
import { ruleSentence } from './rules.js';
import { stateWords } from './state-words.js';
import { steps, type DecisionStep, type RefusalStep, type Step } from './steps.js';

interface ExplanationBase {
  readonly session: SessionAddress;
  readonly number: number;
  readonly commandId: string;
  /** The command as a sentence. */
  readonly asked: string;
  readonly rule: Rule;
  readonly sentence: string;
  /** The state it was decided on. */
  readonly basis: Basis;
  readonly state: string;
  readonly check: Comparison;
  readonly arbiter: string;
  readonly decider: string;
  readonly decidedAt: number;
}

export interface RefusalExplained extends ExplanationBase {
  readonly outcome: 'refused';
  readonly code: WsaCode;
  /** The value of `code` in Winsock2.h. */
  readonly codeNumber: number;
  readonly retry: RetryClass;
  readonly facts: Facts | null;
  /** The facts that made the rule say no, as sentences. */
  readonly because: readonly string[];
  readonly remedies: readonly Remedy[];
}

export interface AcceptanceExplained extends ExplanationBase {
  readonly outcome: 'accepted';
  readonly events: readonly SessionEvent[];
  /** What it made true, and who heard about it. */
  readonly told: readonly Notification[];
  readonly stateAfter: string;
  /** Other decisions of the same commit, as positions. */
  readonly sameCommit: readonly string[];
}

export type Explanation = RefusalExplained | AcceptanceExplained;

/** Explains one record of a history; null when there is no such record. */
export function why(
  history: History,
  question: Question,
  decider: Decider = decide,
): Explanation | null {
  const all = [...steps(history)];
  const step = findStep(all, question);
  return step === undefined ? null : explain(step, Cast.of(all), decider);
}

/** Explains one step of a history whose cast is known. */
export const explain = (step: Step, cast: Cast, decider: Decider = decide): Explanation =>
  step.kind === 'refusal'
    ? explainRefusal(step, cast, decider)
    : explainAcceptance(step, cast, decider);

function explainRefusal(step: RefusalStep, cast: Cast, decider: Decider): RefusalExplained {
  const { refusal, before } = step;
  const { code, rule, facts, session, arbiter, decider: law, decidedAt } = refusal;
  const scene = before === null ? null : { refusal, before, cast };
  return {
    ...common(step, session, rule, before),
    asked: commandWords(refusal.command, session, cast),
    outcome: 'refused',
    code,
    codeNumber: WSA[code],
    retry: retryClass(code),
    facts,
    because:
      scene === null ? ['the log does not reach the state it was decided on'] : because(scene),
    remedies: scene === null ? [] : remedies(scene, decider),
    check: compare(step, decider),
    arbiter,
    decider: law,
    decidedAt,
  };
}

function explainAcceptance(step: DecisionStep, cast: Cast, decider: Decider): AcceptanceExplained {
  const { commit, decided, before, after, place } = step;
  const { session, arbiter, decider: law, decidedAt, revision, decisions } = commit;
  return {
    ...common(step, session, decided.rule, before),
    asked: commandWords(decided.command, session, cast),
    outcome: 'accepted',
    events: decided.events,
    told: toldBy(before, decided.events),
    stateAfter: stateWords(after),
    sameCommit: decisions
      .map((_, index) => index + 1)
      .filter((other) => other !== place)
      .map((other) => `${session}@${String(revision)}.${String(other)}`),
    check: compare(step, decider),
    arbiter,
    decider: law,
    decidedAt,
  };
}

function common(step: Step, session: SessionAddress, rule: Rule, before: Session | null) {
  return {
    session,
    number: step.number,
    commandId: commandIdOf(step),
    rule,
    sentence: ruleSentence(rule) ?? 'A rule that this version does not know.',
    basis: step.basis,
    state: before === null ? `${basisText(step.basis)} is not in the log` : stateWords(before),
  };
}

/** What a decision tells whom, in order. */
export function toldBy(before: Session, events: readonly SessionEvent[]): readonly Notification[] {
  const told: Notification[] = [];
  let session = before;
  for (const event of events) {
    told.push(...notify(session, event));
    session = evolve(session, event);
  }
  return told;
}
