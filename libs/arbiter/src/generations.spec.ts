import { describe, expect, it } from '@jest/globals';
import { Generations } from './generations.js';

describe('generations', () => {
  it('keep at least half of what they may, the last of it, and never more than that', () => {
    const kept = new Generations<number>(100);
    for (let i = 0; i < 1_000; i += 1) {
      kept.set(String(i), i);
      expect(kept.size).toBeLessThanOrEqual(100);
      const last = Array.from({ length: Math.min(50, i + 1) }, (_, back) => i - back);
      expect(last.map((j) => kept.get(String(j)))).toEqual(last);
    }
    expect(kept.get('0')).toBeUndefined();
  });

  it('hold the last value of a key', () => {
    const kept = new Generations<number>(4);
    kept.set('a', 1);
    kept.set('b', 2);
    kept.set('a', 3);
    kept.set('c', 4);
    expect(kept.get('a')).toBe(3);
    kept.set('a', 5);
    expect(kept.get('a')).toBe(5);
  });
});
