import { describe, expect, it } from '@jest/globals';
import { Chance } from '@joinleaf/sim';
import type { CampaignPlan } from './campaign.js';
import { faults } from './catalogue/all.js';
import { isLast } from './fault.js';
import { campaigns } from './plan.js';

const first = (seed: number, count: number, replicas: 1 | 3 | null = null): CampaignPlan[] => {
  const plans: CampaignPlan[] = [];
  for (const plan of campaigns({ faults, replicas, chance: new Chance(seed) })) {
    plans.push(plan);
    if (plans.length === count) return plans;
  }
  return plans;
};

const shown = (plans: readonly CampaignPlan[]) =>
  plans.map(({ seed, replicas, faults: group }) => [seed, replicas, group.map(({ id }) => id)]);

describe('the plan of a run', () => {
  it('is the same for the same seed, and another one for another', () => {
    expect(shown(first(7, 12))).toEqual(shown(first(7, 12)));
    expect(shown(first(8, 12))).not.toEqual(shown(first(7, 12)));
  });

  it.each([1, 3] as const)(
    'has every fault that is for R%i once, before any comes again',
    (replicas) => {
      const fitting = faults.filter((fault) => (fault.replicas ?? [1, 3]).includes(replicas));
      const seen: string[] = [];
      for (const plan of first(11, 100, replicas)) {
        if (seen.length === fitting.length) break;
        seen.push(...plan.faults.map(({ id }) => id));
      }
      expect(seen.sort()).toEqual(fitting.map(({ id }) => id).sort());
    },
  );

  it('damages a deployment once at most, and gives none too much', () => {
    for (const { faults: group } of first(13, 40)) {
      expect(group.filter(isLast).length).toBeLessThanOrEqual(1);
      expect(group.length).toBeGreaterThan(0);
      expect(group.length).toBeLessThanOrEqual(10);
    }
  });

  it('begins with the seed of the run', () => {
    expect(first(17, 3).map(({ seed }) => seed)).toEqual([17, 18, 19]);
  });

  it('says so when a fault is for other brokers', () => {
    const killsLeader = faults.filter(({ id }) => id === 'F36');
    const plans = campaigns({ faults: killsLeader, replicas: 1, chance: new Chance(1) });
    expect(() => plans.next()).toThrow('none of these faults is for that many brokers');
  });
});
