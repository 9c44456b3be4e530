import { quantile } from './figures.js';
import type { Goal } from './report.js';
import type { Conditions } from './stage.js';

/** How long something took, over all rounds, in milliseconds. */
export interface TimesRow {
  readonly title: string;
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface TimesReport {
  readonly schema: 'joinleaf.bench/1';
  readonly bench: 'takeover' | 'liveness';
  readonly conditions: Conditions;
  readonly rounds: number;
  readonly rows: readonly TimesRow[];
  readonly goals: readonly Goal[];
}

export function timesRow(title: string, times: readonly number[]): TimesRow {
  const sorted = times.toSorted((a, b) => a - b);
  return {
    title,
    count: sorted.length,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? NaN,
  };
}

/** What the longest may take. */
export const atMost = (sentence: string, ms: number, mostMs: number): Goal => ({
  sentence,
  ratio: ms / mostMs,
  bound: `≤ ${String(mostMs)} ms`,
  met: ms <= mostMs,
});

/** The report as a table for people. */
export function timesTable({ conditions, rounds, rows, goals }: TimesReport): string {
  const { node, natsServer, joinleaf, durability, cores, cpu, services } = conditions;
  const lines = [
    `joinleaf ${joinleaf} · node ${node} · nats-server ${natsServer}, file store, ${durability}`,
    `${String(cores)} × ${cpu} · ${services.join(' + ')} as processes · ${String(rounds)} rounds`,
    '',
    columns('row', 'times', 'p50 ms', 'p99 ms', 'max ms'),
    '-'.repeat(92),
    ...rows.map(({ title, count, p50Ms, p99Ms, maxMs }) =>
      columns(title, String(count), p50Ms.toFixed(0), p99Ms.toFixed(0), maxMs.toFixed(0)),
    ),
    '',
    ...goals.map(
      ({ sentence, ratio, bound, met }) =>
        `${met ? 'met   ' : 'missed'}  ${ratio.toFixed(2)} of ${bound.slice(2)}  ${sentence}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

const columns = (title: string, ...numbers: readonly string[]): string =>
  title.padEnd(52) + numbers.map((text) => text.padStart(10)).join('');
