/** What one round of one row measured. */
export interface Round {
  readonly operations: number;
  readonly seconds: number;
  /** Of each operation, in milliseconds. */
  readonly latenciesMs: readonly number[];
  /** Processor time that each process used, in microseconds by its name. */
  readonly cpuUs: ReadonlyMap<string, number>;
}

/** A row over all its rounds. */
export interface Figures {
  /** Operations per second: median over rounds, and the distance from the least to the most; NaN for one round. */
  readonly perSecond: number;
  readonly spread: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly operations: number;
  /** Processor time of one operation, in microseconds by process. */
  readonly cpuUs: Readonly<Record<string, number>>;
}

export function figuresOf(rounds: readonly Round[]): Figures {
  const rates = rounds.map(({ operations, seconds }) => operations / seconds);
  const latencies = rounds.flatMap(({ latenciesMs }) => latenciesMs).toSorted((a, b) => a - b);
  const perSecond = median(rates);
  return {
    perSecond,
    spread: rounds.length < 2 ? NaN : (Math.max(...rates) - Math.min(...rates)) / perSecond,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    operations: sum(rounds.map(({ operations }) => operations)),
    cpuUs: cpuPerOperation(rounds),
  };
}

function cpuPerOperation(rounds: readonly Round[]): Readonly<Record<string, number>> {
  const names = [...(rounds[0]?.cpuUs.keys() ?? [])];
  const operations = sum(rounds.map((round) => round.operations));
  const used = (name: string) => sum(rounds.map(({ cpuUs }) => cpuUs.get(name) ?? 0));
  return Object.fromEntries(names.map((name) => [name, used(name) / operations]));
}

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0);

export const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
