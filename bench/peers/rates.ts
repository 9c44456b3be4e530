import { setTimeout as delay } from 'node:timers/promises';
import { closedLoop } from '../closed-loop.js';
import type { Tell } from '../bench.js';
import { figuresOf, quantile, type Round } from '../figures.js';
import { openLoop } from '../open-loop.js';
import type { Joined } from './peer.js';
import type { Stand } from './stand.js';

const atOnce = 64;
export const perSecond = 200;
const patienceMs = 5_000;
const toldWithinMs = 30_000;
/** Few joins begin at the fixed rate: they go on for longer. */
const fixedRateFactor = 2;
const racers = 100;
const raceCapacity = 10;

export type RateId = 'one' | 'told' | 'many' | 'single' | 'rate' | 'anew';

export interface RateRow {
  readonly id: RateId;
  readonly title: string;
  readonly measure: (stand: Stand, session: string, seconds: number) => Promise<Measured>;
}

interface Measured extends Round {
  readonly retries: number;
  readonly unanswered: number;
  readonly sessions: readonly string[];
}

/** A row of one peer over its rounds. */
export interface RateFigures {
  readonly perSecond: number;
  readonly spreadPercent: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly retries: number;
  readonly answeredPercent: number;
}

export const rateRows: readonly RateRow[] = [
  {
    id: 'one',
    title: `one session, ${String(atOnce)} at once`,
    measure: async (stand, session, seconds) => {
      await stand.open([session]);
      return closed([session], () => stand.joinNew(session), { concurrency: atOnce, seconds });
    },
  },
  {
    id: 'told',
    title: 'one session, somebody is told',
    measure: untilTold,
  },
  {
    id: 'many',
    title: `200 sessions, ${String(atOnce)} at once`,
    measure: async (stand, _session, seconds) => {
      let turn = 0;
      const next = () => {
        turn += 1;
        return stand.many[turn % stand.many.length] ?? '';
      };
      return closed(stand.many, () => stand.joinNew(next()), { concurrency: atOnce, seconds });
    },
  },
  {
    id: 'single',
    title: 'one session, one at a time',
    measure: async (stand, session, seconds) => {
      await stand.open([session]);
      return closed([session], () => stand.joinNew(session), { concurrency: 1, seconds });
    },
  },
  {
    id: 'rate',
    title: `one session, ${String(perSecond)} begun each second`,
    measure: atFixedRate,
  },
  {
    id: 'anew',
    title: `new programs, ${String(atOnce)} at once`,
    measure: async (stand, session, seconds) => {
      await stand.open([session]);
      return closed([session], () => stand.joinAnew(session), { concurrency: atOnce, seconds });
    },
  },
];

/** Joins that end in time count for the rate: not those that are still under way then, however long they take. */
async function closed(
  sessions: readonly string[],
  join: () => Promise<Joined>,
  options: { readonly concurrency: number; readonly seconds: number },
): Promise<Measured> {
  const { seconds } = options;
  const endAt = performance.now() + seconds * 1_000;
  let [operations, retries] = [0, 0];
  const round = await closedLoop(async () => {
    const joined = admitted(await join());
    retries += joined.retries;
    if (performance.now() <= endAt) operations += 1;
  }, options);
  return { ...round, operations, seconds, retries, unanswered: 0, sessions };
}

/** The same, where a join counts when the keeper has been told of it. */
async function untilTold(stand: Stand, session: string, seconds: number): Promise<Measured> {
  await stand.open([session]);
  const told = new Set<string>();
  let inTime = 0;
  const endAt = performance.now() + seconds * 1_000;
  await stand.watch(session, (member) => {
    told.add(member);
    if (performance.now() <= endAt) inTime = told.size;
  });
  const join = () => stand.joinNew(session);
  const run = await closed([session], join, { concurrency: atOnce, seconds });
  const everybody = run.latenciesMs.length;
  while (told.size < everybody) {
    if (performance.now() - endAt > toldWithinMs)
      throw new Error(`${String(everybody)} came, and ${String(told.size)} were told of`);
    await delay(1);
  }
  return { ...run, operations: inTime };
}

async function atFixedRate(stand: Stand, session: string, length: number): Promise<Measured> {
  const seconds = fixedRateFactor * length;
  await stand.open([session]);
  let retries = 0;
  const join = async (signal: AbortSignal) => {
    const joined = admitted(await stand.joinNew(session, signal));
    retries += joined.retries;
  };
  const round = await openLoop(join, { perSecond, seconds, patienceMs });
  return { ...round, seconds, retries, sessions: [session], cpuUs: new Map() };
}

function admitted(joined: Joined): Joined {
  if (joined.outcome !== 'admitted') throw new Error(`a new member was told: ${joined.outcome}`);
  return joined;
}

/**
 * A hundred members and ten places: ten are admitted, and the others are told that it is full. Then all ask again:
 * who is in is told so, and the others that it is still full.
 *
 * @returns What is wrong with the answers or the record; null when nothing is.
 */
export async function race(stand: Stand, session: string): Promise<string | null> {
  await stand.open([session], raceCapacity);
  const ask = async () => {
    const numbers = Array.from({ length: racers }, (_, number) => number);
    const joined = await Promise.all(numbers.map((number) => stand.join(session, number)));
    return joined.map(({ outcome }) => outcome);
  };
  const [first, second] = [await ask(), await ask()];
  const count = (outcomes: readonly string[], wanted: string) =>
    outcomes.filter((outcome) => outcome === wanted).length;
  if (count(first, 'admitted') !== raceCapacity || count(first, 'already') > 0)
    return `${String(count(first, 'admitted'))} were admitted to ${String(raceCapacity)} places`;
  const expected = first.map((outcome) => (outcome === 'admitted' ? 'already' : 'full'));
  const differs = second.findIndex((outcome, number) => outcome !== expected[number]);
  if (differs >= 0)
    return `asked again, one that was told ${String(first[differs])} is told ${String(second[differs])}`;
  return stand.wrong([session], { capacity: raceCapacity });
}

export interface RatesOptions {
  readonly rounds: number;
  readonly seconds: number;
}

/** Figures by peer and row, and what went wrong with whom. */
export interface Rates {
  readonly figures: ReadonlyMap<string, RateFigures>;
  readonly failed: ReadonlyMap<string, string>;
}

export const rateKey = (peer: string, row: RateId): string => `${peer} ${row}`;

/** Rounds over all rows, peer by peer in turn. A peer that fails once is left alone from then on. */
export async function measureRates(
  stands: readonly Stand[],
  { rounds, seconds }: RatesOptions,
  tell: Tell,
): Promise<Rates> {
  const measured = new Map<string, Measured[]>();
  const failed = new Map<string, string>();
  const guarded = async (stand: Stand, run: () => Promise<string | null>) => {
    const { id } = stand.peer;
    if (failed.has(id)) return;
    const wrong = await run().catch((error: unknown) => String(error));
    if (wrong !== null) failed.set(id, wrong);
  };
  tell('who is let in, and what the others are told; warming up');
  for (const stand of stands) {
    await guarded(stand, () => race(stand, 'race'));
    for (const row of rateRows)
      await guarded(stand, () => runOnce(stand, row, { round: 0, seconds }));
  }
  for (let round = 1; round <= rounds; round += 1) {
    tell(`joins: round ${String(round)} of ${String(rounds)}`);
    for (const row of rateRows) {
      for (const stand of stands) {
        const keep = (run: Measured) => {
          const key = rateKey(stand.peer.id, row.id);
          measured.set(key, [...(measured.get(key) ?? []), run]);
        };
        await guarded(stand, () => runOnce(stand, row, { round, seconds }, keep));
      }
    }
  }
  const figures = new Map([...measured].map(([key, runs]) => [key, figuresOfRuns(runs)]));
  return { figures, failed };
}

async function runOnce(
  stand: Stand,
  row: RateRow,
  { round, seconds }: { readonly round: number; readonly seconds: number },
  keep: (run: Measured) => void = () => undefined,
): Promise<string | null> {
  const run = await row.measure(stand, `${row.id}-${String(round)}`, seconds);
  const wrong = await stand.wrong(run.sessions, run);
  await stand.clear();
  if (wrong === null) keep(run);
  return wrong;
}

function figuresOfRuns(runs: readonly Measured[]): RateFigures {
  const { perSecond, spread } = figuresOf(runs);
  const latencies = runs.flatMap(({ latenciesMs }) => latenciesMs).toSorted((a, b) => a - b);
  const sum = (of: (run: Measured) => number) => runs.reduce((total, run) => total + of(run), 0);
  const joins = sum((run) => run.latenciesMs.length);
  return {
    perSecond,
    spreadPercent: spread * 100,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    retries: sum((run) => run.retries) / joins,
    answeredPercent: 100 * (1 - sum((run) => run.unanswered) / joins),
  };
}
