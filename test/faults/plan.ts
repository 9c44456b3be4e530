import type { Chance } from '@joinleaf/sim';
import type { CampaignPlan } from './campaign.js';
import { isLast, type Fault, type Need } from './fault.js';

export interface PlanWish {
  readonly faults: readonly Fault[];
  /** Null for both in turn. */
  readonly replicas: 1 | 3 | null;
  readonly chance: Chance;
}

/** Faults that happen to one deployment, at most: what is on record is read again after each. */
const faultsMax = 9;
const both = [1, 3] as const;

/**
 * Campaigns without an end. Together the first ones have every fault once, on the brokers that it is for; then they
 * begin anew. The first campaign has the seed of the whole run, and the others those that follow.
 */
export function* campaigns({ faults, replicas, chance }: PlanWish): Generator<CampaignPlan> {
  let { seed } = chance;
  for (;;) {
    for (const { brokers, group } of round(faults, replicas, chance)) {
      yield { seed, replicas: brokers, faults: group };
      seed += 1;
    }
  }
}

interface Group {
  readonly brokers: 1 | 3;
  readonly group: readonly Fault[];
}

function round(faults: readonly Fault[], replicas: 1 | 3 | null, chance: Chance): Group[] {
  const groups = (replicas === null ? both : [replicas]).flatMap((brokers) => {
    const fitting = faults.filter((fault) => (fault.replicas ?? both).includes(brokers));
    const drawn = fitting.map((fault) => ({ fault, at: chance.next() }));
    const order = drawn.sort((a, b) => a.at - b.at).map(({ fault }) => fault);
    return grouped(order).map((group) => ({ brokers, group }));
  });
  if (groups.length === 0) throw new Error('none of these faults is for that many brokers');
  return groups;
}

/** Few enough for one deployment each, and at most one in each that is the last. */
function grouped(order: readonly Fault[]): Fault[][] {
  const last = order.filter(isLast);
  const passing = order.filter((fault) => !isLast(fault));
  const count = Math.max(last.length, Math.ceil(passing.length / faultsMax));
  return Array.from({ length: count }, (_, index) => [
    ...passing.filter((_fault, at) => at % count === index),
    ...last.slice(index, index + 1),
  ]);
}

/** Why a fault cannot be injected on this machine; null when it can. */
export function hindrance(
  { needs = [] }: Fault,
  missing: Readonly<Record<Need, string | null>>,
): string | null {
  return needs.map((need) => missing[need]).find((reason) => reason !== null) ?? null;
}
