import type { Operation, Output } from './history.js';

// Two things say what came first: time, where one answer was there before another call was made; and the revisions
// that answers name. Both are intervals, and of two intervals the one that ends before the other begins is first.

/** An answered operation with its place on both axes. */
export interface Placed {
  readonly operation: Operation;
  readonly output: Output;
  readonly call: number;
  readonly return: number;
  /** Where its revision puts it: commit r is at 2r, and what lies between r and r + 1 is at 2r + 1. */
  readonly from: number;
  readonly to: number;
  /** From where on it has to wait for others; earlier than its call where it may be stale. */
  readonly since: number;
}

export interface OrderOptions {
  readonly revisions: boolean;
  readonly staleRefusals: boolean;
}

/** Operations that were answered by the session, in the order in which they may begin. */
export function placed(operations: readonly Operation[], options: OrderOptions): readonly Placed[] {
  const answered = operations.flatMap((operation) => {
    const { call, output } = operation;
    if (output === null || operation.return === null || !isTelling(output)) return [];
    const { from, to } = options.revisions ? placeOf(output) : anywhere;
    return [{ operation, output, call, return: operation.return, from, to, since: call }];
  });
  const all = options.staleRefusals ? withStale(answered) : answered;
  return all.toSorted((a, b) => a.since - b.since || a.return - b.return);
}

/** Operations that nobody answered, and that may have happened at any time after their call. */
export const unanswered = (operations: readonly Operation[]): readonly Operation[] =>
  operations
    .filter(({ output, input }) => isUnknown(output) && input.type !== 'query')
    .toSorted((a, b) => a.call - b.call);

/** Two operations that have to come before each other: time says one thing, revisions the other. */
export function contradiction(
  operations: readonly Placed[],
): { readonly first: Placed; readonly second: Placed } | null {
  const byReturn = operations.toSorted((a, b) => a.return - b.return);
  let returned = 0;
  let latest: Placed | null = null; // Of those that had returned, the one with the latest place.
  for (const second of operations) {
    for (let next = byReturn[returned]; next !== undefined && next.return < second.since;) {
      if (latest === null || next.from > latest.from) latest = next;
      returned += 1;
      next = byReturn[returned];
    }
    if (latest !== null && second.to < latest.from) return { first: latest, second };
  }
  return null;
}

const isUnknown = (output: Output | null): boolean => output === null || output.type === 'unknown';

const isTelling = ({ type }: Output): boolean => type !== 'unknown' && type !== 'turned-away';

const anywhere = { from: -Infinity, to: Infinity };

function placeOf(output: Output): { readonly from: number; readonly to: number } {
  if (output.type === 'refused')
    return output.basedOn === null ? anywhere : basisOf(output.basedOn);
  if (output.type === 'unknown' || output.type === 'turned-away') return anywhere;
  if (output.revision === null) return anywhere;
  const commit = 2 * output.revision;
  switch (output.type) {
    case 'started':
    case 'admitted':
      return { from: commit, to: commit };
    case 'members':
      return { from: commit + 1, to: commit + 1 };
    // What changed nothing names the commit that it was decided beside, or the last one.
    case 'accepted':
      return { from: commit, to: output.changed === true ? commit : commit + 1 };
  }
}

function basisOf(basis: { readonly revision: number; readonly decisions: number }) {
  const at = 2 * basis.revision + (basis.decisions === 0 ? 1 : 2);
  return { from: at, to: at };
}

// A refusal may be older than its call. It need wait for nobody whose place is after its own, nor for anybody whose
// place is not known: what those told may not have been known where it was refused.
function withStale(answered: readonly Placed[]): readonly Placed[] {
  const byPlace = answered.toSorted((a, b) => a.to - b.to);
  const earliest: number[] = []; // The earliest call of those at or after an index.
  byPlace.reduceRight((soonest, { call }, index) => {
    earliest[index] = Math.min(soonest, call);
    return Math.min(soonest, call);
  }, Infinity);
  return answered.map((one) => {
    if (one.output.type !== 'refused' || one.output.basedOn === null) return one;
    const at = basisOf(one.output.basedOn).to;
    const since = Math.min(one.call, earliest[firstAfter(byPlace, at)] ?? Infinity);
    return { ...one, since };
  });
}

function firstAfter(byPlace: readonly Placed[], at: number): number {
  let low = 0;
  let high = byPlace.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((byPlace[middle]?.to ?? Infinity) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
