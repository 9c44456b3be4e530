import { describe, expect, it } from '@jest/globals';
import { DecidedIds } from './decided-ids.js';

const id = (i: number) => `command-${String(i)}`;

describe('the ids that a session has decided', () => {
  it.each([1, 8, 9, 100, 10_000])('are all found among %i, and no other is', (count) => {
    const ids = new DecidedIds();
    for (let i = 0; i < count; i += 1) ids.add(id(i), i + 1);
    expect(ids.size).toBe(count);
    const found = Array.from({ length: count + 1_000 }, (_, i) => ids.find(id(i)));
    expect(found.slice(0, count)).toEqual(Array.from({ length: count }, (_, i) => [i + 1]));
    expect(found.slice(count).flat()).toEqual([]);
  });

  it('may be the same more than once: then every place is answered', () => {
    const ids = new DecidedIds();
    for (let i = 0; i < 20; i += 1) ids.add(id(i % 10), i + 1);
    for (let i = 0; i < 10; i += 1)
      expect(ids.find(id(i)).toSorted()).toEqual([i + 1, i + 11].toSorted());
  });

  it('are none after they were cleared', () => {
    const ids = new DecidedIds();
    for (let i = 0; i < 100; i += 1) ids.add(id(i), i + 1);
    ids.clear();
    expect(ids.find(id(5))).toEqual([]);
    ids.add(id(5), 77);
    expect(ids.find(id(5))).toEqual([77]);
  });
});
