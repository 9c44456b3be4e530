import type { Session } from '@joinleaf/multipoint';
import { canonicalJson, sameJson } from './canonical.js';
import { plainState } from './state.js';

/** One place where two values differ. A side that has nothing there is undefined. */
export interface Difference {
  /** The keys from the top, such as `['members', 'ada/1k3f9x/7', 'flags']`. */
  readonly path: readonly string[];
  readonly before: unknown;
  readonly after: unknown;
}

/** What changed from one state of a session to another. */
export const diffStates = (before: Session, after: Session): readonly Difference[] =>
  differences(plainState(before), plainState(after));

/** Where two JSON values differ, at the deepest place that says it. */
export function differences(
  before: unknown,
  after: unknown,
  path: readonly string[] = [],
): readonly Difference[] {
  if (sameJson(before, after)) return [];
  if (!isBranch(before) || !isBranch(after)) return [{ path, before, after }];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) =>
    differences(fieldOf(before, key), fieldOf(after, key), [...path, key]),
  );
}

const fieldOf = (value: object, key: string): unknown =>
  Object.hasOwn(value, key) ? value[key as keyof typeof value] : undefined;

const isBranch = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** A difference in one line: `members.ada/1k3f9x/7.flags: "both" → "sender-only"`. */
export function differenceText({ path, before, after }: Difference): string {
  const place = path.length === 0 ? 'all of it' : path.join('.');
  if (before === undefined) return `+ ${place}: ${canonicalJson(after)}`;
  if (after === undefined) return `- ${place}: ${canonicalJson(before)}`;
  return `± ${place}: ${canonicalJson(before)} → ${canonicalJson(after)}`;
}
