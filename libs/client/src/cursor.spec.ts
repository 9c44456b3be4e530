import { describe, expect, it } from '@jest/globals';
import type { Bulletin, ToldNotification } from '@joinleaf/wire';
import fc from 'fast-check';
import { isBehind, offer, type Cursor } from './cursor.js';

const told = (number: number) => ({ id: `conf-7.${String(number)}.0` }) as ToldNotification;
const bulletin = (first: number, count: number): Bulletin => ({
  v: 1,
  node: 'ada',
  first,
  sequence: first,
  notifications: Array.from({ length: count }, (_, index) => told(first + index)),
});
const numbers = (fresh: readonly ToldNotification[]): number[] =>
  fresh.map(({ id }) => Number(id.split('.')[1]));

describe('a bulletin', () => {
  it.each<[string, Cursor, Bulletin, { fresh: number[]; duplicates: number; heard: number }]>([
    [
      'the next one',
      { heard: 4, known: 4 },
      bulletin(5, 2),
      { fresh: [5, 6], duplicates: 0, heard: 6 },
    ],
    ['one again', { heard: 4, known: 4 }, bulletin(3, 2), { fresh: [], duplicates: 2, heard: 4 }],
    [
      'one half heard',
      { heard: 4, known: 4 },
      bulletin(4, 3),
      { fresh: [5, 6], duplicates: 1, heard: 6 },
    ],
    [
      'the first of all',
      { heard: 0, known: 0 },
      bulletin(1, 1),
      { fresh: [1], duplicates: 0, heard: 1 },
    ],
  ])('%s', (_, cursor, offered, { fresh, duplicates, heard }) => {
    const taken = offer(cursor, offered);
    expect(numbers(taken.fresh)).toEqual(fresh);
    expect(taken).toMatchObject({ duplicates, isGap: false, cursor: { heard } });
  });

  it('after a gap: nothing of it is taken, and it is known that something is missing', () => {
    const taken = offer({ heard: 4, known: 4 }, bulletin(6, 2));
    expect(taken).toMatchObject({ fresh: [], isGap: true, cursor: { heard: 4, known: 7 } });
    expect(isBehind(taken.cursor)).toBe(true);
    expect(isBehind(offer(taken.cursor, bulletin(5, 3)).cursor)).toBe(false);
  });
});

describe('any delivery', () => {
  it('tells each notification once, in order, and knows when it has all', () => {
    const someBulletin = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 5 }));
    fc.assert(
      fc.property(fc.array(someBulletin, { maxLength: 40 }), (deliveries) => {
        let cursor: Cursor = { heard: 0, known: 0 };
        const heard: number[] = [];
        for (const [first, count] of deliveries) {
          const taken = offer(cursor, bulletin(first, count));
          cursor = taken.cursor;
          heard.push(...numbers(taken.fresh));
        }
        // What is missing is asked for, from where the cursor stands.
        const missing = cursor.known - cursor.heard;
        if (missing > 0) {
          const taken = offer(cursor, bulletin(cursor.heard + 1, missing));
          cursor = taken.cursor;
          heard.push(...numbers(taken.fresh));
        }
        expect(isBehind(cursor)).toBe(false);
        expect(heard).toEqual(Array.from({ length: cursor.heard }, (_, index) => index + 1));
      }),
    );
  });
});
