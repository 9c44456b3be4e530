import { closedLoop } from './closed-loop.js';
import type { Process } from './cpu-times.js';
import { figuresOf, quantile } from './figures.js';
import type { Column, Row } from './report.js';
import { cpuColumns, cpuFigures, type Part } from './scale-part.js';
import { seededSession, seedSessions } from './scale-seed.js';
import type { Arbiters, Guest } from './scale-stage.js';
import type { MemoryUse } from './service-memory.js';

const sizes = [1_000, 10_000, 100_000];
const largeSizes = [...sizes, 300_000, 1_000_000];
const goalSize = 100_000;
const coldOnes = 3_000;
const concurrency = 64;
/** A bound that nobody reaches: what is measured is what a session takes, not when it is let go. */
const keepsAll = { JOINLEAF_SESSIONS_MAX: '10000000' };
/** So few that nearly every session is read from the log when it is asked. */
const keepsFew = { JOINLEAF_SESSIONS_MAX: '500' };

const restColumns: readonly Column[] = [
  { key: 'startS', title: 'start s', digits: 1, means: 'until the arbiter is ready' },
  {
    key: 'heapPerSession',
    title: 'heap B each',
    digits: 0,
    means: 'bytes for each session, after a garbage collection, beside an arbiter without sessions',
  },
  { key: 'rssPerSession', title: 'RSS B each', digits: 0 },
];

const joinColumns: readonly Column[] = [
  {
    key: 'coldP50Ms',
    title: 'cold p50 ms',
    digits: 2,
    means: 'the first join since the start, one at a time, in sessions drawn at random',
  },
  { key: 'coldP99Ms', title: 'cold p99 ms', digits: 2 },
  { key: 'coldMaxMs', title: 'cold max ms', digits: 1 },
  { key: 'perSecond', title: 'joins/s', digits: 0 },
  ...cpuColumns,
];

/** Idle sessions by the thousand: what each takes, and what becomes of a join in one of them. */
export const measureSessions: Part = async (stage, options, tell) => {
  const rows: Row[] = [];
  tell('an arbiter without sessions');
  const empty = await memoryOfNothing(await stage.arbiters(1, keepsAll), () => stage.guest());
  const guest = await stage.guest();
  const before = guest.members;
  let seeded = 0;
  const measure = async (arbiters: Arbiters, id: string, title: string) => {
    await using running = arbiters;
    const [idle = empty] = await running.memory();
    const figures = await joinsIn(guest, seeded, { ...options, processes: running.processes });
    const isEmptier = id.endsWith('evicted');
    const memory = isEmptier ? {} : perSession(idle, empty, seeded);
    rows.push({
      id,
      title,
      figures: { startS: running.startedWithinMs / 1_000, ...memory, ...figures },
    });
  };
  for (const size of options.large ? largeSizes : sizes) {
    tell(`${size.toLocaleString('en')} sessions`);
    await seedSessions(stage.log, seeded, size);
    seeded = size;
    const title = `${size.toLocaleString('en')} open sessions`;
    await measure(await stage.arbiters(1, keepsAll), String(size), title);
    if (size !== goalSize) continue;
    const read = `${size.toLocaleString('en')}, read from the log when asked`;
    await measure(await stage.arbiters(1, keepsFew), `${String(size)}-evicted`, read);
  }
  const atGoal = rows.find(({ id }) => id === String(goalSize))?.figures;
  return {
    tables: [
      { title: 'one arbiter at rest', columns: restColumns, rows },
      {
        title: `cold: ${coldOnes.toLocaleString('en')}, one at a time; then ${String(concurrency)} at once`,
        columns: joinColumns,
        rows: rows.map((row) => ({ ...row, id: `joins-${row.id}` })),
      },
    ],
    goals: [
      {
        sentence: 'an idle session of 100,000, heap',
        value: atGoal?.heapPerSession ?? NaN,
        bound: { atMost: 2_048 },
        unit: 'B',
      },
      {
        sentence: 'an idle session of 100,000, RSS',
        value: atGoal?.rssPerSession ?? NaN,
        bound: { atMost: 2_048 },
        unit: 'B',
      },
      {
        sentence: 'a join in a cold one of 100,000, p99',
        value: atGoal?.coldP99Ms ?? NaN,
        bound: { atMost: 5 },
        unit: 'ms',
      },
    ],
    notes: [
      'the broker keeps the log in blocks of 8 MB; the first session that is asked in each waits until it has read it',
    ],
    sessions: seeded,
    members: guest.members - before,
  };
};

async function memoryOfNothing(
  arbiters: Arbiters,
  guest: () => Promise<Guest>,
): Promise<MemoryUse> {
  await using running = arbiters;
  await guest(); // It starts here, so that it is there for every row.
  const [memory] = await running.memory();
  if (memory === undefined) throw new Error('there is no arbiter');
  return memory;
}

const perSession = (idle: MemoryUse, empty: MemoryUse, sessions: number) => ({
  heapPerSession: (idle.heapUsed + idle.external - empty.heapUsed - empty.external) / sessions,
  rssPerSession: (idle.rss - empty.rss) / sessions,
});

interface JoinsWish {
  readonly seconds: number;
  readonly processes: readonly Process[];
}

async function joinsIn(guest: Guest, sessions: number, { seconds, processes }: JoinsWish) {
  const any = () => Math.floor(Math.random() * sessions);
  const numbers = new Set<number>();
  while (numbers.size < Math.min(coldOnes, sessions / 2)) numbers.add(any());
  const cold: number[] = [];
  for (const number of numbers) {
    const askedAt = performance.now();
    await guest.join(seededSession(number));
    cold.push(performance.now() - askedAt);
  }
  cold.sort((a, b) => a - b);
  const join = async () => {
    await guest.join(seededSession(any()));
  };
  const round = await closedLoop(join, { concurrency, seconds, processes });
  return {
    coldP50Ms: quantile(cold, 0.5),
    coldP99Ms: quantile(cold, 0.99),
    coldMaxMs: cold.at(-1) ?? NaN,
    perSecond: round.operations / round.seconds,
    ...cpuFigures(figuresOf([round])),
  };
}
