import { comparePlaces, indexIn, type Told, type ToldPlace } from '@joinleaf/projection';
import { lastNumberOf, type StoredBulletin } from '@joinleaf/jetstream-log';
import type { Bulletin } from '@joinleaf/wire';

/** What is waiting to be told to a node. */
export interface Waiting extends Told {
  /** When its commit was stored, in milliseconds since the Unix epoch. */
  readonly storedAt: number;
}

/** How far a node has been told. */
export interface End {
  /** The number of the last notification; 0 before the first. */
  readonly number: number;
  /** Its place in the log; null before the first. */
  readonly place: ToldPlace | null;
  /** Where its bulletin lies in the notifications stream; 0 before the first. */
  readonly storeSequence: number;
}

export const nothingTold: End = { number: 0, place: null, storeSequence: 0 };

/** A bulletin holds so much at most, so that a page of them fits into one reply. */
export const bulletinBytes = 192 * 1_024;
/** Every notification is counted with this many bytes, and its connect data. */
const notificationBytes = 1_024;
export const bulletinNotifications = bulletinBytes / notificationBytes;

/** Reads how far a node has been told from its last bulletin. */
export function endOf(last: StoredBulletin | null): End {
  if (last === null) return nothingTold;
  const { record, sequence: storeSequence } = last;
  const place = {
    sequence: record.sequence,
    index: indexIn(record.notifications.at(-1)?.id ?? ''),
  };
  return { number: lastNumberOf(record), place, storeSequence };
}

/** Whether a notification is among those that a node has been told. */
export const wasTold = (end: End, place: ToldPlace): boolean =>
  end.place !== null && comparePlaces(place, end.place) <= 0;

/**
 * The next bulletin for a node: as much as fits of what waits after `end`. Where one bulletin ends and the next
 * begins means nothing; a notification's number and content depend on the log alone.
 */
export function nextBulletin(node: string, end: End, waiting: readonly Waiting[]): Bulletin | null {
  let bytes = 0;
  let count = 0;
  for (const { notification } of waiting) {
    bytes += bytesAtMost(notification);
    if (count > 0 && bytes > bulletinBytes) break;
    count += 1;
  }
  const told = waiting.slice(0, count);
  const last = told.at(-1);
  if (last === undefined) return null;
  return {
    v: 1,
    node,
    first: end.number + 1,
    sequence: last.place.sequence,
    notifications: told.map(({ notification }) => notification),
  };
}

// Names, ids and codes are bounded; connect data is the only long field of a notification.
function bytesAtMost(notification: Told['notification']): number {
  const data =
    'callerData' in notification
      ? notification.callerData
      : 'calleeData' in notification
        ? notification.calleeData
        : null;
  return notificationBytes + (data?.length ?? 0);
}
