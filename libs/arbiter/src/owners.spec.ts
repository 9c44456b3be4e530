import { describe, expect, it } from '@jest/globals';
import { partitionCount } from '@joinleaf/wire';
import fc from 'fast-check';
import { ownersOf } from './owners.js';

const names = fc.uniqueArray(fc.stringMatching(/^[a-z0-9-]{1,12}$/), {
  minLength: 1,
  maxLength: 8,
});

const countOf = (owners: readonly (string | null)[], name: string): number =>
  owners.filter((owner) => owner === name).length;

describe('owners of partitions', () => {
  it('are the same for everybody who knows the same names, in whatever order', () => {
    fc.assert(
      fc.property(names, (all) => {
        expect(ownersOf(all.toReversed())).toEqual(ownersOf(all));
        expect(ownersOf(all.toSorted())).toEqual(ownersOf(all));
      }),
    );
  });

  it('are nobody when there is nobody, and one when there is one', () => {
    expect(new Set(ownersOf([]))).toEqual(new Set([null]));
    expect(ownersOf(['a'])).toEqual(Array<string>(partitionCount).fill('a'));
    expect(ownersOf(['a', 'a'])).toEqual(ownersOf(['a']));
  });

  it('change only what a newcomer gains', () => {
    fc.assert(
      fc.property(names, fc.stringMatching(/^[A-Z]{1,8}$/), (all, newcomer) => {
        const before = ownersOf(all);
        const after = ownersOf([...all, newcomer]);
        after.forEach((owner, partition) => {
          if (owner !== newcomer) expect(owner).toBe(before[partition]);
        });
      }),
    );
  });

  it('change only what somebody who leaves had', () => {
    fc.assert(
      fc.property(names, (all) => {
        const [leaves, ...rest] = all;
        const before = ownersOf(all);
        ownersOf(rest).forEach((owner, partition) => {
          if (before[partition] !== leaves) expect(owner).toBe(before[partition]);
        });
      }),
    );
  });

  it.each([2, 3, 5])('have about equal shares, %i of them, over many sets of names', (count) => {
    const sets = 300;
    const shares: number[] = [];
    for (let set = 0; set < sets; set += 1) {
      const all = Array.from({ length: count }, (_, i) => `session-${String(set * 10 + i)}`);
      const owners = ownersOf(all);
      shares.push(...all.map((name) => countOf(owners, name)));
    }
    const fair = partitionCount / count;
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean).toBeCloseTo(fair);
    // A fair draw of 64 spreads by less than its square root; every owner has something to do.
    const spread = Math.sqrt(
      shares.reduce((sum, share) => sum + (share - fair) ** 2, 0) / shares.length,
    );
    expect(spread).toBeLessThan(1.3 * Math.sqrt((partitionCount / count) * (1 - 1 / count)));
    expect(Math.min(...shares)).toBeGreaterThan(0);
  });
});
