import type { SessionAddress } from '@joinleaf/multipoint';
import { socketId } from '@joinleaf/multipoint';
import { inRounds } from './bench.js';
import { closedLoop } from './closed-loop.js';
import { p99Column, perSecondColumn, rateFigures, spreadColumn } from './columns.js';
import { figuresOf, type Round } from './figures.js';
import type { Column } from './report.js';
import { cpuColumns, cpuFigures, type Part } from './scale-part.js';
import { Seed } from './scale-seed.js';

const sizes = [10, 100, 1_000, 10_000];
const largeSizes = [...sizes, 100_000];
const concurrency = 64;

const columns: readonly Column[] = [
  perSecondColumn,
  spreadColumn,
  p99Column,
  { key: 'toTen', title: '÷ of 10', digits: 2, means: 'the rate, divided by that among 10' },
  ...cpuColumns,
];

/** Joins in a session that has so many members; each leaves again, so that there are always as many. */
export const measureMembers: Part = async (stage, { large, rounds, seconds }, tell) => {
  const chosen = large ? largeSizes : sizes;
  const root = socketId({ node: 'crowd-root', incarnation: 'seeded', serial: '1' });
  const crowds = chosen.map((size) => ({
    size,
    session: `crowd-${String(size)}` as SessionAddress,
    measured: [] as Round[],
  }));
  for (const { size, session } of crowds) {
    tell(`${size.toLocaleString('en')} members`);
    const seed = new Seed(stage.log, session, root);
    await seed.open();
    await seed.join(size);
  }
  await using running = new AsyncDisposableStack();
  const { processes } = running.use(await stage.arbiters(1));
  const guest = await stage.guest();
  const before = guest.members;
  // Round by round over all sizes, so that what else the machine does falls on each alike; the first one warms up.
  for (let round = 0; round <= rounds; round += 1) {
    tell(round === 0 ? 'warming up' : `round ${String(round)} of ${String(rounds)}`);
    for (const { session, measured } of crowds) {
      const joinAndLeave = async () => {
        await guest.leave(session, await guest.join(session));
      };
      const one = await closedLoop(joinAndLeave, { concurrency, seconds, processes });
      if (round > 0) measured.push(one);
    }
  }
  const figured = crowds.map(({ size, measured }) => ({ size, figures: figuresOf(measured) }));
  const ofTen = figured[0]?.figures.perSecond ?? NaN;
  const rows = figured.map(({ size, figures }) => ({
    id: `members-${String(size)}`,
    title: `a join and a leave, ${size.toLocaleString('en')} members`,
    figures: {
      ...rateFigures(figures),
      toTen: figures.perSecond / ofTen,
      ...cpuFigures(figures),
    },
  }));
  return {
    tables: [
      {
        title: `${inRounds({ rounds, seconds })}, ${String(concurrency)} at once`,
        columns,
        rows,
      },
    ],
    goals: [
      {
        sentence: 'joins among 10,000 members, to those among 10',
        value: rows.find(({ id }) => id === 'members-10000')?.figures.toTen ?? NaN,
        bound: { atLeast: 0.7 },
      },
    ],
    notes: [],
    sessions: crowds.length,
    members: chosen.reduce((sum, size) => sum + size, 0) + guest.members - before,
  };
};
