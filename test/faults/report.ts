import type { CampaignResult, Suffered } from './campaign.js';
import type { Fault } from './fault.js';
import type { Sightings } from './sightings.js';

/** All that a run is judged by, for people and for docs/RELIABILITY.md. */
export interface RunReport {
  readonly schema: 'joinleaf.faults/1';
  readonly seed: number;
  readonly tookMs: number;
  readonly machine: string;
  readonly faults: readonly FaultFigures[];
  readonly totals: {
    readonly campaigns: number;
    readonly injected: number;
    readonly operations: number;
    readonly commits: number;
    readonly findings: number;
    readonly acknowledgedLost: number;
    readonly toldTwice: number;
    readonly gapMsMax: number;
    readonly answers: Readonly<Record<string, number>>;
    readonly clients: Readonly<Record<string, number>>;
  };
  /** From the death of a node with a bound of one second to the record of its loss. */
  readonly detectionMs: {
    readonly count: number;
    readonly p50: number | null;
    readonly max: number | null;
  };
  readonly seen: Readonly<Record<string, number>>;
  readonly neverSeen: readonly string[];
  readonly findings: readonly { readonly where: string; readonly finding: string }[];
  /** Faults of the model that could not be injected, and why. */
  readonly notInjected: Readonly<Record<string, string>>;
}

export interface FaultFigures {
  readonly id: string;
  readonly name: string;
  readonly times: Readonly<Record<'R1' | 'R3', number>>;
  readonly operations: number;
  readonly gapMs: { readonly p50: number | null; readonly max: number | null };
  readonly findings: number;
}

interface Run {
  readonly seed: number;
  readonly tookMs: number;
  readonly machine: string;
  readonly campaigns: readonly CampaignResult[];
  readonly sightings: Sightings;
  readonly notInjected: Readonly<Record<string, string>>;
}

export function reportOf(run: Run): RunReport {
  const { seed, tookMs, machine, campaigns, sightings, notInjected } = run;
  const suffered = campaigns.flatMap((campaign) => campaign.suffered);
  const findings = campaigns.flatMap(({ plan, ...campaign }) => [
    ...campaign.suffered.flatMap(({ fault, findings: found }) =>
      found.map((finding) => ({ where: `${fault.id}, seed ${String(plan.seed)}`, finding })),
    ),
    ...campaign.findings.map((finding) => ({
      where: `at the end, seed ${String(plan.seed)}`,
      finding,
    })),
  ]);
  const times = campaigns.flatMap(({ detectionsMs }) => detectionsMs);
  const answers = sums(campaigns.map((campaign) => campaign.answers));
  return {
    schema: 'joinleaf.faults/1',
    ...{ seed, tookMs, machine },
    faults: figuresOf(suffered),
    totals: {
      campaigns: campaigns.length,
      injected: suffered.length + suffered.filter(({ besides }) => besides !== null).length,
      operations: Object.values(answers).reduce((sum, count) => sum + count, 0),
      commits: campaigns.reduce((sum, { commits }) => sum + commits, 0),
      findings: findings.length,
      acknowledgedLost: findings.filter(({ finding }) => isLoss(finding)).length,
      toldTwice: findings.filter(({ finding }) => finding.endsWith(' twice')).length,
      gapMsMax: Math.max(0, ...suffered.map(({ gapMs }) => gapMs ?? 0)),
      answers,
      clients: sums(campaigns.map((campaign) => campaign.clients)),
    },
    detectionMs: { count: times.length, p50: median(times), max: largest(times) },
    seen: sightings.counts,
    neverSeen: sightings.missing(suffered.map(({ fault }) => fault.id)),
    findings,
    notInjected,
  };
}

// What was answered, and is not in the log as it was answered.
const isLoss = (finding: string): boolean =>
  finding.includes('was told {"') && finding.includes('and the log says');

function figuresOf(suffered: readonly Suffered[]): readonly FaultFigures[] {
  const injected = suffered.flatMap(({ fault, besides }) => [fault, ...(besides ? [besides] : [])]);
  return [...new Set(injected)]
    .map((fault) => figuresFor(fault, suffered))
    .sort((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)));
}

// Figures of two at once are those of the first.
function figuresFor(injected: Fault, suffered: readonly Suffered[]): FaultFigures {
  const { id, name } = injected;
  const own = suffered.filter(({ fault }) => fault === injected);
  const among = suffered.filter(({ besides }) => besides === injected);
  const on = (brokers: 1 | 3) =>
    [...own, ...among].filter(({ replicas }) => replicas === brokers).length;
  const gaps = own.flatMap(({ gapMs }) => gapMs ?? []);
  return {
    ...{ id, name },
    times: { R1: on(1), R3: on(3) },
    operations: own.reduce((sum, { operations }) => sum + operations, 0),
    gapMs: { p50: median(gaps), max: largest(gaps) },
    findings: own.reduce((sum, { findings }) => sum + findings.length, 0),
  };
}

function sums(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const one of all) {
    for (const [name, count] of Object.entries(one)) total[name] = (total[name] ?? 0) + count;
  }
  return total;
}

const largest = (values: readonly number[]): number | null =>
  values.length === 0 ? null : Math.max(...values);

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}
