import { p99Column, perSecondColumn } from './columns.js';
import { cpuRow, cpuTable } from './cpu-table.js';
import { median, quantile, type Figures } from './figures.js';
import { handshakeGoal } from './handshake-goal.js';
import type { Crowd, Ending } from './notify-fanout.js';
import type { LatencyRowId } from './notify-latency.js';
import type { Column, Goal, Report, Row, Table } from './report.js';

/** A part of the bench's report. */
export type Part = Pick<Report, 'tables' | 'goals' | 'problem'>;

export interface MeasuredLatency {
  readonly id: LatencyRowId;
  readonly title: string;
  readonly concurrency: number;
  readonly figures: Figures;
  /** From the moment at which the commit was stored. */
  readonly delaysMs: { readonly accept: readonly number[]; readonly connect: readonly number[] };
}

const latencyColumns: readonly Column[] = [
  perSecondColumn,
  { key: 'p50Ms', title: 'p50 ms', digits: 3 },
  p99Column,
  { key: 'toEcho', title: 'p50 ÷ echo', digits: 2, means: 'divided by the p50 of the echo' },
];

/** The handshakes, their two notifications, and what they stand on. */
export function latencyPart(
  rows: readonly MeasuredLatency[],
  rounds: string,
): Omit<Part, 'problem'> {
  const tables = [...Map.groupBy(rows, ({ concurrency }) => concurrency)].flatMap(
    ([concurrency, own]): readonly Table[] => [
      {
        title: `${rounds}, ${String(concurrency)} at once`,
        columns: latencyColumns,
        rows: own.flatMap(latencyRows(p50Of(own, 'echo'))),
      },
      cpuTable(`processor time of one, ${String(concurrency)} at once`, own.map(cpuRow)),
    ],
  );
  return { tables, goals: latencyGoals(rows.filter(({ concurrency }) => concurrency === 1)) };
}

const p50Of = (rows: readonly MeasuredLatency[], id: LatencyRowId): number =>
  rows.find((row) => row.id === id)?.figures.p50Ms ?? NaN;

const latencyRows =
  (echoMs: number) =>
  ({ id, title, concurrency, figures, delaysMs: { accept, connect } }: MeasuredLatency): Row[] => {
    const { perSecond, p50Ms, p99Ms } = figures;
    const key = `${id}-${String(concurrency)}`;
    const told = (kind: string, text: string, delays: readonly number[]): Row[] => {
      if (delays.length === 0) return [];
      const sorted = delays.toSorted((a, b) => a - b);
      const half = quantile(sorted, 0.5);
      const times = { p50Ms: half, p99Ms: quantile(sorted, 0.99), toEcho: half / echoMs };
      return [{ id: `${key}-${kind}`, title: `  ${text}`, figures: times }];
    };
    return [
      { id: key, title, figures: { perSecond, p50Ms, p99Ms, toEcho: p50Ms / echoMs } },
      ...told('accept', 'stored, to FD_ACCEPT at the root', accept),
      ...told('connect', 'stored, to FD_CONNECT at the leaf', connect),
    ];
  };

function latencyGoals(rows: readonly MeasuredLatency[]): readonly Goal[] {
  const [echo, publish] = [p50Of(rows, 'echo'), p50Of(rows, 'publish')];
  const connect = (id: LatencyRowId): number =>
    median(rows.find((row) => row.id === id)?.delaysMs.connect ?? []) / echo;
  const goals: readonly Goal[] = [
    {
      sentence: 'from the append to FD_CONNECT, p50, to echo',
      value: connect('handshake'),
      bound: { atMost: 2 },
    },
    {
      sentence: 'from the append to FD_CONNECT, TypeScript client at both ends, p50, to echo',
      value: connect('client-handshake'),
      bound: { atMost: 2 },
    },
    handshakeGoal({ handshake: p50Of(rows, 'handshake'), publish, echo }),
  ];
  return goals.filter(({ value }) => !Number.isNaN(value));
}

export interface MeasuredEndings {
  readonly crowd: Crowd;
  readonly endings: readonly Ending[];
}

const endingColumns: readonly Column[] = [
  {
    key: 'membersMs',
    title: 'members ms',
    digits: 0,
    means: "from the root's call until the last member has heard FD_CLOSE, the median",
  },
  { key: 'membersMaxMs', title: 'slowest ms', digits: 0 },
  {
    key: 'allMs',
    title: 'and links ms',
    digits: 0,
    means: "until the root's node has heard the end of each of its links too",
  },
  { ...perSecondColumn, title: 'told/s' },
];
const goalMembers = 10_000;
const goalMs = 1_000;

export const crowdId = ({ members, nodes }: Crowd): string =>
  `crowd-${String(members)}-${String(nodes)}`;

export const crowdTitle = ({ members, nodes }: Crowd): string =>
  `${members.toLocaleString('en')} members on ${nodes.toLocaleString('en')} nodes`;

/** How the end of a session reaches its members. */
export function endingsPart(measured: readonly MeasuredEndings[]): Omit<Part, 'problem'> {
  const times = measured[0]?.endings.length ?? 0;
  const names = [...(measured[0]?.endings[0]?.cpuUs.keys() ?? [])];
  const tables: readonly Table[] = [
    {
      title: `the root closes, ${String(times)} times`,
      columns: endingColumns,
      rows: measured.map(({ crowd, endings }) => ({
        id: crowdId(crowd),
        title: crowdTitle(crowd),
        figures: endingFigures(endings),
      })),
    },
    cpuTable(
      'processor time of one notification',
      measured.map(({ crowd, endings }) => ({
        id: crowdId(crowd),
        title: crowdTitle(crowd),
        cpuUs: cpuOfOne(endings, names),
      })),
    ),
  ];
  const goals = measured
    .filter(({ crowd }) => crowd.members === goalMembers)
    .map(({ crowd, endings }) => ({
      sentence: `the root closes, until all have heard: ${crowdTitle(crowd)}`,
      value: endingFigures(endings).membersMaxMs,
      bound: { atMost: goalMs },
      unit: 'ms',
    }));
  return { tables, goals };
}

function endingFigures(endings: readonly Ending[]) {
  const membersMs = endings.map((ending) => ending.membersMs);
  return {
    membersMs: median(membersMs),
    membersMaxMs: Math.max(...membersMs),
    allMs: median(endings.map(({ allMs }) => allMs)),
    perSecond: median(endings.map(({ notifications, allMs }) => (notifications / allMs) * 1_000)),
  };
}

function cpuOfOne(
  endings: readonly Ending[],
  names: readonly string[],
): Readonly<Record<string, number>> {
  const notifications = endings.reduce((sum, ending) => sum + ending.notifications, 0);
  const used = (name: string) =>
    endings.reduce((sum, { cpuUs }) => sum + (cpuUs.get(name) ?? 0), 0);
  return Object.fromEntries(names.map((name) => [name, used(name) / notifications]));
}
