import { closedLoop } from './closed-loop.js';
import { rateColumns, rateFigures } from './columns.js';
import { cpuRow, cpuTable } from './cpu-table.js';
import { inRounds, type Bench, type BenchOptions, type Tell } from './bench.js';
import { FixedRate } from './fixed-rate.js';
import { figuresOf, type Figures, type Round } from './figures.js';
import { handshakeGoal } from './handshake-goal.js';
import type { Column, Findings, Goal, Row } from './report.js';
import { joinChoices, prepareRows, type Operation, type RowId } from './rows.js';
import { setStage } from './stage.js';

/** Of each row at a fixed rate: well below what any of them can do. */
const perSecond = 500;
const warmUpSeconds = 0.7;
/** What ratios stand on is always measured. */
const floors: readonly RowId[] = ['echo', 'publish'];

/**
 * Measures joins and their floors. Rounds go over all rows in turn, so that what else the machine does
 * falls on every row alike; sessions grow from round to round, as they do in life.
 */
export const joinBench: Bench = {
  name: 'join',
  summary: 'joins beside the floors they stand on, in one run on one broker',
  rounds: 5,
  options: ['durability', 'seconds', 'only', 'at-once', 'no-notifier', 'profile'],
  choices: joinChoices,
  measure: measureJoins,
};

async function measureJoins(options: BenchOptions, tell: Tell): Promise<Findings> {
  const { rounds, seconds, chosen, atOnce: concurrencies } = options;
  await using stage = await setStage(options);
  const { processes } = stage;
  await using prepared = await prepareRows(stage, { concurrencies, handshakes: options.notifier });
  const operations = prepared.operations.filter(({ id }) => chosen.has(id) || floors.includes(id));

  tell('warming up');
  for (const { operation, concurrency } of operations) {
    await closedLoop(operation, { concurrency, seconds: warmUpSeconds });
  }
  const busiest = Math.max(...concurrencies);
  const atRate = new FixedRate(
    operations.filter(({ concurrency }) => concurrency === busiest),
    perSecond,
  );
  const measured = operations.map((): Round[] => []);
  for (let round = 1; round <= rounds; round += 1) {
    tell(`round ${String(round)} of ${String(rounds)}`);
    for (const [index, { operation, concurrency }] of operations.entries()) {
      measured[index]?.push(await closedLoop(operation, { concurrency, seconds, processes }));
    }
    await atRate.round(seconds, tell);
  }
  tell('checking what the joins left behind');
  const figured = operations.map((operation, index) => ({
    ...operation,
    figures: figuresOf(measured[index] ?? []),
  }));
  return {
    conditions: stage.conditions,
    tables: [
      ...concurrencies.flatMap((concurrency) => {
        const rows = figured.filter((row) => row.concurrency === concurrency);
        const title = `${inRounds(options)}, ${String(concurrency)} at once`;
        return [
          { title, columns, rows: rows.map(asRow(figured)) },
          cpuTable(`processor time of one, ${String(concurrency)} at once`, rows.map(cpuRow)),
        ];
      }),
      atRate.table,
    ],
    goals: goalsOf(figured),
    notes: [],
    problem: await prepared.check(),
  };
}

const columns: readonly Column[] = [
  ...rateColumns,
  {
    key: 'toEcho',
    title: '÷ echo',
    digits: 2,
    means: "the rate, divided by that of the echo by the client's own request, in the same rounds",
  },
];

interface Figured extends Operation {
  readonly figures: Figures;
}

const figuresIn = (rows: readonly Figured[], id: RowId, concurrency: number) =>
  rows.find((row) => row.id === id && row.concurrency === concurrency)?.figures;

const asRow =
  (rows: readonly Figured[]) =>
  ({ id, title, concurrency, figures }: Figured): Row => {
    const floor = figuresIn(rows, 'echo', concurrency)?.perSecond ?? NaN;
    return {
      id: `${id}-${String(concurrency)}`,
      title,
      figures: { ...rateFigures(figures), toEcho: figures.perSecond / floor },
    };
  };

function goalsOf(rows: readonly Figured[]): readonly Goal[] {
  const of = (id: RowId, concurrency: number) => figuresIn(rows, id, concurrency);
  const rate = (id: RowId) => (of(id, 64)?.perSecond ?? NaN) / (of('echo', 64)?.perSecond ?? NaN);
  const p99 = (id: RowId) => (of(id, 64)?.p99Ms ?? NaN) / (of('echo', 64)?.p99Ms ?? NaN);
  const p50 = (id: RowId) => of(id, 1)?.p50Ms ?? NaN;
  const [echo, publish] = [p50('echo'), p50('publish')];
  const single = p50('auto-one') / (echo + publish);
  const goals: readonly Goal[] = [
    {
      sentence: 'auto, one session, 64 at once, to echo',
      value: rate('auto-one'),
      bound: { atLeast: 0.9 },
    },
    {
      sentence: 'auto, many sessions, 64 at once, to echo',
      value: rate('auto-many'),
      bound: { atLeast: 0.6 },
    },
    {
      sentence: 'auto, one session, 64 at once, p99 to that of echo',
      value: p99('auto-one'),
      bound: { atMost: 2 },
    },
    {
      sentence: 'auto, many sessions, 64 at once, p99 to that of echo',
      value: p99('auto-many'),
      bound: { atMost: 2 },
    },
    {
      sentence: 'one join at a time, p50, to echo + publish',
      value: single,
      bound: { atMost: 1.25 },
    },
    handshakeGoal({ handshake: p50('handshake'), publish, echo }),
  ];
  return goals.filter(({ value }) => !Number.isNaN(value));
}
