/** What a session was asked to keep, and what it has on record. */
export interface Books {
  readonly session: string;
  readonly capacity: number;
  /** Members that were told that they are in. */
  readonly admitted: ReadonlySet<string>;
  /** Joins that had no answer: they may be on record, or not. */
  readonly unanswered: number;
  readonly members: readonly string[];
}

/** What is wrong with a session after a run, in a sentence; null when nothing is. */
export function wrongIn({
  session,
  capacity,
  admitted,
  unanswered,
  members,
}: Books): string | null {
  const distinct = new Set(members);
  if (distinct.size < members.length) return `${session} has a member twice`;
  if (members.length > capacity)
    return `${session} has ${String(members.length)} members and room for ${String(capacity)}`;
  const forgotten = [...admitted].filter((member) => !distinct.has(member));
  if (forgotten.length > 0)
    return `${session} forgot ${String(forgotten.length)} that it had admitted, such as ${forgotten[0] ?? ''}`;
  const unknown = members.length - admitted.size;
  return unknown > unanswered
    ? `${session} has ${String(unknown)} members that were never told so`
    : null;
}
