import { setTimeout as delay } from 'node:timers/promises';
import { Chance } from '@joinleaf/sim';
import { keepEvidence } from './evidence.js';
import {
  inOrder,
  isLast,
  isPassing,
  type Fault,
  type Findings,
  type LastFault,
  type PassingFault,
} from './fault.js';
import { HistoryCheck } from './history-check.js';
import type { Sightings } from './sightings.js';
import { World } from './world.js';

/** What happens to one deployment. Its seed decides the order of the faults, and everything else that is drawn. */
export interface CampaignPlan {
  readonly seed: number;
  readonly replicas: 1 | 3;
  readonly faults: readonly Fault[];
}

export interface Suffered {
  readonly fault: Fault;
  /** What happened in the meantime; null for nothing. */
  readonly besides: PassingFault | null;
  readonly replicas: 1 | 3;
  readonly seed: number;
  /** Calls that were answered, or not, from the fault to the rest after it. */
  readonly operations: number;
  /** The longest that no call was answered, in milliseconds; null for what nobody survives. */
  readonly gapMs: number | null;
  readonly tookMs: number;
  readonly findings: Findings;
  /** The folder in which what was found is kept; null when nothing was. */
  readonly evidence: string | null;
}

export interface CampaignResult {
  readonly plan: CampaignPlan;
  readonly suffered: readonly Suffered[];
  /** What was found when everything had come to its end. */
  readonly findings: readonly string[];
  readonly answers: Readonly<Record<string, number>>;
  readonly clients: Readonly<Record<string, number>>;
  readonly commits: number;
  readonly detectionsMs: readonly number[];
}

export interface Surroundings {
  readonly namespaces: boolean;
  readonly timeLibrary: string | null;
  readonly sightings: Sightings;
  readonly onSuffered: (suffered: Suffered) => void;
}

/** Hurts one deployment, again and again, and checks after each fault all that it has on record and told. */
export async function runCampaign(
  plan: CampaignPlan,
  surroundings: Surroundings,
): Promise<CampaignResult> {
  const chance = new Chance(plan.seed);
  const { namespaces, timeLibrary, sightings } = surroundings;
  const { replicas } = plan;
  const needsTime = plan.faults.some(({ needs = [] }) => needs.includes('faketime'));
  await using world = await World.start({
    ...{ replicas, namespaces, sightings },
    timeLibrary: needsTime ? timeLibrary : null,
    chance: chance.split(),
  });
  return await new Campaign(plan, surroundings, world, chance).run();
}

/** A campaign that could not be run to its end. What happened before is in its lines. */
export const brokenOff = (plan: CampaignPlan, error: unknown): CampaignResult => ({
  plan,
  findings: [`the campaign broke off: ${inWords(error)}`],
  ...{ suffered: [], answers: {}, clients: {}, commits: 0, detectionsMs: [] },
});

class Campaign {
  readonly #check: HistoryCheck;
  readonly #suffered: Suffered[] = [];
  readonly #passing: readonly PassingFault[];

  constructor(
    private readonly plan: CampaignPlan,
    private readonly surroundings: Surroundings,
    private readonly world: World,
    private readonly chance: Chance,
  ) {
    this.#check = new HistoryCheck(world);
    // The same ones have the same order, in whatever order they were asked for.
    this.#passing = shuffled(inOrder(plan.faults.filter(isPassing)), chance);
  }

  async run(): Promise<CampaignResult> {
    const last = this.plan.faults.find(isLast);
    let isUsable = true;
    for (const fault of this.#passing) {
      if (!isUsable) break;
      isUsable = await this.#pass(fault);
    }
    const findings = isUsable ? await this.#end(last !== undefined) : [];
    if (findings.length > 0) await this.#evidence('end');
    if (isUsable && last !== undefined) await this.#last(last);
    return this.#result(findings);
  }

  /** Calm, fault, healing, rest; false when the deployment cannot be used any more. */
  async #pass(fault: PassingFault): Promise<boolean> {
    const { world, chance } = this;
    const { traffic, gap } = world;
    const besides = this.#besides(fault);
    const findings: string[] = [];
    let before = this.#begin();
    try {
      await traffic.goesOn(chance.whole(3, 12));
      before = this.#begin();
      const healBesides = (await besides?.inject(world, chance.split())) ?? null;
      const heal = await fault.inject(world, chance.split());
      await delay(chance.whole(...fault.lastsMs));
      const order = [heal, ...(healBesides === null ? [] : [healBesides])];
      for (const end of chance.oneIn(2) ? order : order.reverse()) {
        const found = await end();
        if (Array.isArray(found)) findings.push(...(found as Findings));
      }
      await traffic.goesOn(8, 60_000);
    } catch (error) {
      findings.push(`it does not go on: ${inWords(error)}`);
    }
    const gapMs = gap.largestMs;
    findings.push(...(await this.#rest()));
    const evidence = findings.length > 0 ? await this.#evidence(fault.id) : null;
    this.#tell(fault, before, { besides, gapMs, findings, evidence });
    traffic.goOn();
    return findings.length === 0;
  }

  /** What happens besides a fault, one time in three. */
  #besides(fault: Fault): PassingFault | null {
    const mixers = this.#passing.filter((mixer) => mixer.mixes === true && mixer !== fault);
    return mixers.length > 0 && this.chance.oneIn(3) ? this.chance.pick(mixers) : null;
  }

  #evidence(name: string): Promise<string> {
    return keepEvidence(this.world, `${String(this.plan.seed)}-${name}`);
  }

  async #rest(): Promise<readonly string[]> {
    try {
      await this.world.traffic.rest();
    } catch (error) {
      return [`it does not come to rest: ${inWords(error)}`];
    }
    return this.#check.findings({ mayWait: true });
  }

  /** Everything ends, and is checked once more. What is to be damaged next keeps its sessions open. */
  async #end(isGoingOn: boolean): Promise<readonly string[]> {
    const { traffic } = this.world;
    if (isGoingOn) return this.#rest();
    try {
      await traffic.stop();
    } catch (error) {
      return [`it does not come to its end: ${inWords(error)}`];
    }
    return this.#check.findings({ mayWait: false });
  }

  async #last(fault: LastFault): Promise<void> {
    const before = this.#begin();
    let findings: readonly string[];
    try {
      findings = await fault.damage(this.world, this.chance.split());
    } catch (error) {
      findings = [`it could not be damaged: ${inWords(error)}`];
    }
    const evidence = findings.length > 0 ? await this.#evidence(fault.id) : null;
    this.#tell(fault, before, { besides: null, gapMs: null, findings, evidence });
  }

  #begin(): { readonly at: number; readonly answers: number } {
    this.world.gap.begin();
    return { at: performance.now(), answers: this.world.journal.answers.length };
  }

  #tell(
    fault: Fault,
    before: { readonly at: number; readonly answers: number },
    outcome: Pick<Suffered, 'besides' | 'gapMs' | 'findings' | 'evidence'>,
  ): void {
    const { seed, replicas } = this.plan;
    const operations = this.world.journal.answers.length - before.answers;
    const tookMs = Math.round(performance.now() - before.at);
    const suffered = { fault, replicas, seed, operations, tookMs, ...outcome };
    this.#suffered.push(suffered);
    this.surroundings.onSuffered(suffered);
  }

  /** What the programs saw, as they count it. */
  #see(): void {
    const { traffic, sightings, journal } = this.world;
    const { reconnects, gaps, resumes, duplicatesDropped } = traffic.stats;
    sightings.saw('a program was connected again', reconnects);
    sightings.saw('a program noticed a gap, and was told what it missed', Math.min(gaps, resumes));
    sightings.saw('a program dropped what it had been told before', duplicatesDropped);
    const unknown = journal.count('unknown');
    sightings.saw('the outcome of a call was unknown, and was found out later', unknown);
  }

  #result(findings: readonly string[]): CampaignResult {
    this.#see();
    const { journal, traffic, detections } = this.world;
    const kinds = Map.groupBy(journal.answers, ({ kind }) => kind);
    return {
      plan: this.plan,
      suffered: this.#suffered,
      findings,
      answers: Object.fromEntries([...kinds].map(([kind, all]) => [kind, all.length])),
      clients: traffic.stats,
      commits: this.#check.records?.commits.length ?? 0,
      detectionsMs: detections.timesMs,
    };
  }
}

function shuffled<T>(items: readonly T[], chance: Chance): readonly T[] {
  return items
    .map((item) => ({ item, at: chance.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function inWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${inWords(error.cause)}`;
}
