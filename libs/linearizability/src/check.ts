import type { SessionAddress } from '@joinleaf/multipoint';
import type { History, Operation } from './history.js';
import { serve, type Model, type Said } from './model.js';
import { contradiction, placed, unanswered } from './order.js';
import { findOrder } from './search.js';

export interface CheckOptions {
  /** Operations that are tried for one session at most, before it counts as undecided. */
  readonly stepsMax?: number;
  /**
   * Whether the revisions that answers name count as well as the times: then an answer that names an earlier
   * revision came first. False looks at times alone.
   */
  readonly revisions?: boolean;
  /**
   * Whether a refusal may be older than its call: then it has to be right at the state that it names as its basis,
   * and no later than its answer. Revisions count then in any case.
   */
  readonly staleRefusals?: boolean;
}

/** Whether a session can have told its clients what they were told. */
export type Result = {
  readonly session: SessionAddress;
  readonly seed?: string | number;
} & Verdict;

export type Verdict =
  /** It can: by doing what was asked one after the other in this order. Whatever is not in it did not happen. */
  | { readonly verdict: 'ok'; readonly order: readonly Operation[]; readonly steps: number }
  | {
      readonly verdict: 'illegal';
      /** As much of it as can be explained, and what cannot be explained after that. */
      readonly order: readonly Operation[];
      readonly unexplained: Operation;
      readonly because: Because;
      readonly steps: number;
    }
  /** Nobody knows: the steps were spent. */
  | { readonly verdict: 'undecided'; readonly order: readonly Operation[]; readonly steps: number };

export type Because =
  /** The session is this then, and answers otherwise. */
  | { readonly kind: 'answer'; readonly model: Model; readonly expected: Said['says'] }
  /** This answer was there before the call was made, and names a later revision. */
  | { readonly kind: 'revision'; readonly earlier: Operation };

export const stepsMaxDefault = 2_000_000;

/** Checks the histories of sessions, each for itself: what is right of each is right of all. */
export const checkHistories = (
  histories: readonly History[],
  options: CheckOptions = {},
): readonly Result[] => histories.map((history) => checkHistory(history, options));

/** Checks one session's history: whether it is linearizable. Pure: the same history, the same verdict. */
export function checkHistory(history: History, options: CheckOptions = {}): Result {
  const { session, seed } = history;
  const verdict = verdictOn(history.operations, options);
  return seed === undefined ? { session, ...verdict } : { session, seed, ...verdict };
}

function verdictOn(operations: readonly Operation[], options: CheckOptions): Verdict {
  const { stepsMax = stepsMaxDefault, revisions = true, staleRefusals = false } = options;
  const answered = placed(operations, { revisions: revisions || staleRefusals, staleRefusals });
  const against = contradiction(answered);
  if (against !== null) {
    const because = { kind: 'revision', earlier: against.first.operation } as const;
    const unexplained = against.second.operation;
    return { verdict: 'illegal', order: [], unexplained, because, steps: 0 };
  }
  const found = findOrder(answered, unanswered(operations), stepsMax);
  const { outcome, order, model, stuck, steps } = found;
  if (outcome === 'complete') return { verdict: 'ok', order, steps };
  if (outcome === 'spent' || stuck === null) return { verdict: 'undecided', order, steps };
  const because = { kind: 'answer', model, expected: serve(model, stuck.input).says } as const;
  return { verdict: 'illegal', order, unexplained: stuck, because, steps };
}
