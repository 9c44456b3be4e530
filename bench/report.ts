import type { Figures } from './figures.js';
import type { RowId } from './rows.js';
import type { Conditions } from './stage.js';

export interface MeasuredRow {
  readonly id: RowId;
  readonly title: string;
  readonly concurrency: number;
  readonly figures: Figures;
}

/** What a figure is held against, and how it came out. */
export interface Goal {
  readonly sentence: string;
  readonly ratio: number;
  readonly bound: string;
  readonly met: boolean;
}

export interface Report {
  readonly schema: 'joinleaf.bench/1';
  readonly bench: 'join';
  readonly conditions: Conditions;
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly rows: readonly MeasuredRow[];
  readonly goals: readonly Goal[];
}

const rowOf = (rows: readonly MeasuredRow[], id: RowId, concurrency: number) =>
  rows.find((row) => row.id === id && row.concurrency === concurrency);

export function goalsOf(rows: readonly MeasuredRow[]): readonly Goal[] {
  const echo64 = rowOf(rows, 'echo', 64)?.figures.perSecond ?? NaN;
  const rate = (id: RowId) => (rowOf(rows, id, 64)?.figures.perSecond ?? NaN) / echo64;
  const p50 = (id: RowId) => rowOf(rows, id, 1)?.figures.p50Ms ?? NaN;
  const single = p50('auto-one') / (p50('echo') + p50('publish'));
  return [
    atLeast('auto, one session, 64 at once, to the echo floor', rate('auto-one'), 0.5),
    atLeast('auto, many sessions, 64 at once, to the echo floor', rate('auto-many'), 0.35),
    {
      sentence: 'one join at a time, p50, to echo p50 + publish p50',
      ratio: single,
      bound: '≤ 2.00',
      met: single <= 2,
    },
  ].filter(({ ratio }) => !Number.isNaN(ratio));
}

const atLeast = (sentence: string, ratio: number, least: number): Goal => ({
  sentence,
  ratio,
  bound: `≥ ${least.toFixed(2)}`,
  met: ratio >= least,
});

/** The report as a table for people, at most 100 columns wide. */
export function asTable({ conditions, rows, goals, rounds, secondsPerRound }: Report): string {
  const { node, natsServer, joinleaf, durability, cores, cpu, services } = conditions;
  const lines = [
    `joinleaf ${joinleaf} · node ${node} · nats-server ${natsServer}, file store, ${durability}`,
    `${String(cores)} × ${cpu} · ${services.join(' + ')} as processes · ${String(rounds)} rounds of ${String(secondsPerRound)} s`,
    '',
    columns('row', 'at once', 'per second', '± spread', 'p50 ms', 'p99 ms', '÷ echo'),
    '-'.repeat(92),
    ...rows.map((row) => lineOf(row, rows)),
    '',
    ...goals.map(
      ({ sentence, ratio, bound, met }) =>
        `${met ? 'met   ' : 'missed'}  ${ratio.toFixed(2)} (${bound})  ${sentence}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function lineOf(
  { title, concurrency, figures }: MeasuredRow,
  rows: readonly MeasuredRow[],
): string {
  const { perSecond, spread, p50Ms, p99Ms } = figures;
  const floor = rowOf(rows, 'echo', concurrency)?.figures.perSecond ?? NaN;
  return columns(
    title,
    String(concurrency),
    Math.round(perSecond).toLocaleString('en'),
    `${(spread * 100).toFixed(0)} %`,
    p50Ms.toFixed(2),
    p99Ms.toFixed(2),
    (perSecond / floor).toFixed(2),
  );
}

function columns(title: string, ...numbers: readonly string[]): string {
  const widths = [9, 12, 10, 9, 9, 9];
  return title.padEnd(32) + numbers.map((text, i) => text.padStart(widths[i] ?? 10)).join('');
}
