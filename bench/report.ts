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
  /** What it is, where the title does not say it. */
  readonly means?: string;
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

const width = 140;
/** Titles are at least as wide, so that tables of one report stand in line. */
const titleWidth = 46;
const columnWidth = 14;

/** A report as text, at most 140 columns wide with six columns of figures. */
export function asText(report: Report): string {
  const { tables, goals, notes } = report;
  const lines = [
    ...inWords(report),
    ...tables.flatMap((table) => ['', ...tableLines(table)]),
    '',
    ...goals.flatMap((goal) => wrapped(goalLine(goal), '        ')),
    ...[...legendOf(tables), ...notes].flatMap((note) => wrapped(`note    ${note}`, '        ')),
  ];
  return `${lines.join('\n')}\n`;
}

/** The goals of several benches as one table. */
export function goalsAsText(reports: readonly Report[]): string {
  const goals = reports.flatMap(({ bench, goals: own }) => own.map((goal) => ({ bench, goal })));
  const lines = goals.flatMap(({ bench, goal }) =>
    wrapped(`${bench.padEnd(10)}${goalLine(goal)}`, ' '.repeat(18)),
  );
  const met = goals.filter(({ goal }) => isMet(goal)).length;
  return `${[...lines, '', `${String(met)} of ${String(goals.length)} goals met`].join('\n')}\n`;
}

function inWords({ ran, conditions }: Report): readonly string[] {
  const { node, natsServer, joinleaf, durability, cores, cpu, services } = conditions;
  const broker =
    natsServer === null ? [] : [`nats-server ${natsServer}, file store, ${durability}`];
  const processes = services.length === 0 ? [] : [`${services.join(' + ')} as processes`];
  return [
    ...(ran === undefined ? [] : wrapped(`${ran.command} · ${minuteOf(ran.at)}`, '  ')),
    [`joinleaf ${joinleaf}`, `node ${node}`, ...broker].join(' · '),
    [`${String(cores)} × ${cpu}`, ...processes].join(' · '),
  ];
}

const minuteOf = (at: string): string => `${at.slice(0, 16).replace('T', ' ')} UTC`;

function tableLines({ title, columns, rows }: Table): readonly string[] {
  const first = Math.max(titleWidth, ...[title, ...rows.map((row) => row.title)].map(lengthOf));
  const line = (head: string, cells: readonly string[]) =>
    head.padEnd(first) + cells.map((cell) => ` ${cell}`.padStart(columnWidth)).join('');
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

const lengthOf = (text: string): number => text.length;

/** What columns mean whose titles do not say it, each once. */
const legendOf = (tables: readonly Table[]): readonly string[] => [
  ...new Set(
    tables.flatMap(({ columns }) =>
      columns.flatMap(({ title, means }) => (means === undefined ? [] : [`${title}: ${means}`])),
    ),
  ),
];

/** In lines of at most `width`, those behind the first one with this in front. */
function wrapped(text: string, indent: string): readonly string[] {
  if (text.length <= width) return [text];
  const at = text.lastIndexOf(' ', width);
  if (at <= indent.length) return [text];
  return [text.slice(0, at), ...wrapped(`${indent}${text.slice(at + 1)}`, indent)];
}

// What is no number has become null in a report that was kept.
const inDigits = (figure: number | null | undefined, digits: number): string =>
  figure === undefined || figure === null || Number.isNaN(figure)
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
