import type { Conditions } from './stage.js';

/** What every bench hands in. */
export interface Findings {
  readonly conditions: Conditions;
  readonly tables: readonly Table[];
  readonly goals: readonly Goal[];
  /** What the reader of the figures must know, a sentence each. */
  readonly notes: readonly string[];
  /** Why the figures are void: what was measured left something wrong behind. Null when nothing is. */
  readonly problem: string | null;
}

/** Findings, and how they were come by: for people as tables, for machines as JSON. */
export interface Report extends Findings {
  readonly schema: 'joinleaf.bench/2';
  readonly bench: string;
  /** Reports from before it was written down do not have it. */
  readonly ran?: Ran;
}

/** A run of a bench. */
export interface Ran {
  /** When it began, as in ISO 8601. */
  readonly at: string;
  /** How to run it again. */
  readonly command: string;
  readonly rounds: number;
  /** Length of one round of one row; null where a round is as long as it takes. */
  readonly seconds: number | null;
}

export interface Table {
  /** What was done how often, such as `3 rounds of 1 s`. */
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

export interface Column {
  /** Of the figure in each row. */
  readonly key: string;
  /** With the unit; at most 13 characters. */
  readonly title: string;
  /** Behind the decimal point. */
  readonly digits: number;
}

export interface Row {
  readonly id: string;
  readonly title: string;
  /** A row need not have every column's figure. */
  readonly figures: Readonly<Record<string, number>>;
}

/** What a figure is held against, and how it came out. */
export interface Goal {
  readonly sentence: string;
  readonly value: number;
  readonly bound: { readonly atLeast: number } | { readonly atMost: number };
  /** Of value and bound; absent for a ratio. */
  readonly unit?: string;
}

export const isMet = ({ value, bound }: Goal): boolean =>
  'atLeast' in bound ? value >= bound.atLeast : value <= bound.atMost;

const titleWidth = 46;
const columnWidth = 14;

/** A report as text, at most 130 columns wide with six columns of figures. */
export function asText(report: Report): string {
  const { conditions, tables, goals, notes } = report;
  const lines = [
    ...inWords(conditions),
    ...tables.flatMap((table) => ['', ...tableLines(table)]),
    '',
    ...goals.map(goalLine),
    ...notes.map((note) => `note    ${note}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** The goals of several benches as one table. */
export function goalsAsText(reports: readonly Report[]): string {
  const lines = reports.flatMap(({ bench, goals }) =>
    goals.map((goal) => `${bench.padEnd(10)}${goalLine(goal)}`),
  );
  const met = reports.flatMap(({ goals }) => goals).filter(isMet).length;
  return `${[...lines, '', `${String(met)} of ${String(lines.length)} goals met`].join('\n')}\n`;
}

function inWords(conditions: Conditions): readonly string[] {
  const { node, natsServer, joinleaf, durability, cores, cpu, services } = conditions;
  return [
    `joinleaf ${joinleaf} · node ${node} · nats-server ${natsServer}, file store, ${durability}`,
    `${String(cores)} × ${cpu} · ${services.join(' + ')} as processes`,
  ];
}

function tableLines({ title, columns, rows }: Table): readonly string[] {
  const line = (head: string, cells: readonly string[]) =>
    head.padEnd(titleWidth) + cells.map((cell) => ` ${cell}`.padStart(columnWidth)).join('');
  const head = line(
    title,
    columns.map((column) => column.title),
  );
  return [
    head,
    '-'.repeat(head.length),
    ...rows.map((row) =>
      line(
        row.title,
        columns.map(({ key, digits }) => inDigits(row.figures[key], digits)),
      ),
    ),
  ];
}

const inDigits = (figure: number | undefined, digits: number): string =>
  figure === undefined || Number.isNaN(figure)
    ? '·'
    : figure.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

function goalLine(goal: Goal): string {
  const { sentence, value, bound, unit = '' } = goal;
  const [sign, limit] =
    'atLeast' in bound ? (['≥', bound.atLeast] as const) : (['≤', bound.atMost] as const);
  const withUnit = (number: number) => `${shortly(number)}${unit === '' ? '' : ` ${unit}`}`;
  const verdict = isMet(goal) ? 'met   ' : 'missed';
  return `${verdict}  ${withUnit(value)} (${sign} ${withUnit(limit)})  ${sentence}`;
}

const shortly = (number: number): string =>
  Math.abs(number) < 100 ? number.toFixed(2) : Math.round(number).toLocaleString('en');
