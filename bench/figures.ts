/** What one round of one row measured. */
export interface Round {
  readonly operations: number;
  readonly seconds: number;
  /** Of each operation, in milliseconds. */
  readonly latenciesMs: readonly number[];
}

/** A row over all its rounds. */
export interface Figures {
  /** Operations per second: median over rounds, and the distance from the least to the most. */
  readonly perSecond: number;
  readonly spread: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly operations: number;
}

export function figuresOf(rounds: readonly Round[]): Figures {
  const rates = rounds.map(({ operations, seconds }) => operations / seconds);
  const latencies = rounds.flatMap(({ latenciesMs }) => latenciesMs).toSorted((a, b) => a - b);
  const perSecond = median(rates);
  return {
    perSecond,
    spread: (Math.max(...rates) - Math.min(...rates)) / perSecond,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    operations: rounds.reduce((sum, { operations }) => sum + operations, 0),
  };
}

const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
