import type { Bulletin, ToldNotification } from '@joinleaf/wire';

/** How far a node has heard: the number of the last notification, and of the last one it knows of. */
export interface Cursor {
  readonly heard: number;
  readonly known: number;
}

export interface Offered {
  readonly cursor: Cursor;
  /** What has not been heard yet, in order. */
  readonly fresh: readonly ToldNotification[];
  readonly duplicates: number;
  /** Something between the last one heard and this bulletin is missing; nothing of it was taken. */
  readonly isGap: boolean;
}

/** Takes a bulletin in: each notification once, in the order of the numbers, none passed over. */
export function offer(cursor: Cursor, { first, notifications }: Bulletin): Offered {
  const last = first + notifications.length - 1;
  const known = Math.max(cursor.known, last);
  if (first > cursor.heard + 1) {
    return { cursor: { ...cursor, known }, fresh: [], duplicates: 0, isGap: true };
  }
  const fresh = notifications.slice(cursor.heard + 1 - first);
  return {
    cursor: { heard: Math.max(cursor.heard, last), known },
    fresh,
    duplicates: notifications.length - fresh.length,
    isGap: false,
  };
}

/** Whether something is known to have been told and was not heard. */
export const isBehind = ({ heard, known }: Cursor): boolean => heard < known;
