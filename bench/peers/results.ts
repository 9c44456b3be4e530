import { coarse, maxColumn, p50Column, p99Column, rateColumns } from '../columns.js';
import { quantile } from '../figures.js';
import type { Column, Goal, Row, Table } from '../report.js';
import { boundMs, ghostAfterMs, type FailureFigures } from './failures.js';
import type { Durability, Peer } from './peer.js';
import { rateKey, rateRows, type RateFigures, type RateId, type Rates } from './rates.js';

export interface Measurements {
  readonly peers: readonly Peer[];
  readonly rates: Rates;
  readonly failures: ReadonlyMap<string, FailureFigures>;
  readonly rounds: number;
  readonly seconds: number;
}

const joinleafId = 'joinleaf-always';
const labels: Readonly<Record<Durability, string>> = {
  fsync: 'fsync each',
  'OS cache': 'OS cache',
  memory: 'memory',
};
const titleOf = ({ title, durability }: Peer) => `${title} · ${labels[durability]}`;

const retriesColumn: Column = {
  key: 'retries',
  title: 'retries',
  digits: 2,
  means: 'tries beside the first, for each join, because somebody else was quicker',
};
const joinColumns: readonly Column[] = [...rateColumns, retriesColumn];
const fixedRateColumns: readonly Column[] = [
  p50Column,
  p99Column,
  retriesColumn,
  { key: 'answeredPercent', title: 'answered %', digits: 1 },
];
const ghostsColumn: Column = {
  key: 'ghosts',
  title: 'ghosts',
  digits: 0,
  means: `dead, and on record ${String(ghostAfterMs / 1_000)} s after the bound`,
};
const detectionColumns: readonly Column[] = [
  ...[p50Column, maxColumn].map(coarse),
  { key: 'noticed', title: 'noticed', digits: 0 },
  { key: 'frozen', title: 'of', digits: 0 },
  ghostsColumn,
];
const recoveryColumns: readonly Column[] = [
  ...[p50Column, maxColumn].map(coarse),
  ghostsColumn,
  {
    key: 'forgotten',
    title: 'forgotten',
    digits: 0,
    means: 'lived on while the servers died, and are not on record any more',
  },
];

/** A table for each job, a row for each peer in it. */
export function tablesOf(measurements: Measurements): readonly Table[] {
  const { peers, rates, rounds, seconds } = measurements;
  const times = `${String(rounds)} × ${String(seconds)} s`;
  const rateTables = rateRows.map(({ id, title }): Table => ({
    title: `${title} (${times})`,
    columns: id === 'rate' ? fixedRateColumns : joinColumns,
    rows: peers.map((peer) => {
      const figures = rates.figures.get(rateKey(peer.id, id));
      return { id: `${id} ${peer.id}`, title: titleOf(peer), figures: { ...figures } };
    }),
  }));
  const detection: Table = {
    title: `frozen: until noticed, bound ${String(boundMs / 1_000)} s`,
    columns: detectionColumns,
    rows: rowsOf(measurements, (peer, figures) => [detectionRow(peer, figures)]),
  };
  const recovery: Table = {
    title: 'kill -9 of servers: until the first join',
    columns: recoveryColumns,
    rows: rowsOf(measurements, recoveryRows),
  };
  return [...rateTables, detection, recovery].filter((table) => table.rows.length > 0);
}

function rowsOf(
  { peers, failures }: Measurements,
  rows: (peer: Peer, figures: FailureFigures) => readonly Row[],
): readonly Row[] {
  return peers.flatMap((peer) => {
    const figures = failures.get(peer.id);
    return figures === undefined ? [] : rows(peer, figures);
  });
}

function detectionRow(peer: Peer, { detectedMs, frozen, frozenGhosts }: FailureFigures): Row {
  return {
    id: `frozen ${peer.id}`,
    title: titleOf(peer),
    figures: { ...timesOf(detectedMs), noticed: detectedMs.length, frozen, ghosts: frozenGhosts },
  };
}

// Who is a ghost, or forgotten, is looked at once: after all of the peer's servers died with some of its members.
const recoveryRows = (peer: Peer, figures: FailureFigures): readonly Row[] =>
  [...figures.recoveredMs].map(([part, times], index) => ({
    id: `killed ${peer.id}${index === 0 ? '' : ` ${part}`}`,
    title: index === 0 ? titleOf(peer) : `  ${part} alone`,
    figures: {
      ...timesOf(times),
      ...(index === 0 ? { ghosts: figures.crashGhosts, forgotten: figures.forgotten } : {}),
    },
  }));

function timesOf(times: readonly number[]): { readonly p50Ms: number; readonly maxMs: number } {
  const sorted = times.toSorted((a, b) => a - b);
  return { p50Ms: quantile(sorted, 0.5), maxMs: sorted.at(-1) ?? NaN };
}

/** joinleaf with every write synced against the best of the others that sync every write. */
export function goalsOf(measurements: Measurements): readonly Goal[] {
  const rate = (id: RateId, key: keyof RateFigures, sentence: string) =>
    ahead(
      sentence,
      figuresBy(measurements, (peer) => measurements.rates.figures.get(rateKey(peer, id))?.[key]),
      key === 'perSecond',
    );
  const failure = (sentence: string, of: (figures: FailureFigures) => number | undefined) => {
    const figure = (id: string) => {
      const figures = measurements.failures.get(id);
      return figures === undefined ? undefined : of(figures);
    };
    return ahead(sentence, figuresBy(measurements, figure), false);
  };
  const atMost = (times: readonly number[] | undefined) => timesOf(times ?? []).maxMs;
  return [
    rate('one', 'perSecond', 'one session, joins per second'),
    rate('one', 'p99Ms', 'one session, p99'),
    rate('one', 'retries', 'one session, retries for each join'),
    rate('told', 'perSecond', 'one session, joins that somebody is told of, per second'),
    rate('many', 'perSecond', '200 sessions, joins per second'),
    rate('many', 'p99Ms', '200 sessions, p99'),
    rate('single', 'p50Ms', 'one at a time, p50'),
    rate('single', 'p99Ms', 'one at a time, p99'),
    rate('rate', 'p50Ms', 'at a fixed rate, p50'),
    rate('rate', 'p99Ms', 'at a fixed rate, p99'),
    rate('anew', 'perSecond', 'new programs, joins per second'),
    failure('frozen at a bound of 1 s, noticed at the latest', ({ detectedMs }) =>
      atMost(detectedMs),
    ),
    failure('kill -9 of all servers, first join at the latest', ({ recoveredMs }) =>
      atMost([...recoveredMs.values()][0]),
    ),
    failure(
      `ghosts, ${String(ghostAfterMs / 1_000)} s after the bound`,
      ({ frozenGhosts, crashGhosts }) => frozenGhosts + crashGhosts,
    ),
    failure('members that lived and were forgotten', ({ forgotten }) => forgotten),
  ].flat();
}

interface Compared {
  readonly own: number;
  /** The other durable peers that have this figure. */
  readonly others: readonly { readonly title: string; readonly value: number }[];
}

function figuresBy({ peers }: Measurements, figure: (id: string) => number | undefined): Compared {
  return {
    own: figure(joinleafId) ?? NaN,
    others: peers.flatMap(({ id, title, durability }) => {
      const value = figure(id);
      if (id === joinleafId || durability !== 'fsync' || value === undefined) return [];
      return [{ title, value }];
    }),
  };
}

/** No goal where there is nobody to compare with. */
function ahead(
  sentence: string,
  { own, others }: Compared,
  isMoreBetter: boolean,
): readonly Goal[] {
  const sorted = others.toSorted((a, b) => (isMoreBetter ? b.value - a.value : a.value - b.value));
  const [best] = sorted;
  if (best === undefined || Number.isNaN(own)) return [];
  const isAhead = (value: number) => (isMoreBetter ? own >= value : own <= value);
  const passed = others.filter(({ value }) => isAhead(value)).length;
  const count = `${String(passed)} of ${String(others.length)}`;
  const against = `${sentence}, against ${best.title}; not behind ${count}`;
  if (isMoreBetter) return [{ sentence: against, value: own / best.value, bound: { atLeast: 1 } }];
  // Where the best has none at all there is no ratio.
  if (best.value === 0) return [{ sentence: against, value: own, bound: { atMost: 0 } }];
  return [{ sentence: against, value: own / best.value, bound: { atMost: 1 } }];
}
