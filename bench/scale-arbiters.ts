import type { SessionAddress } from '@joinleaf/multipoint';
import { socketId } from '@joinleaf/multipoint';
import { inRounds } from './bench.js';
import { closedLoop } from './closed-loop.js';
import { rateColumns, rateFigures } from './columns.js';
import { figuresOf, type Round } from './figures.js';
import type { Column, Row } from './report.js';
import { cpuColumns, cpuFigures, type Part } from './scale-part.js';
import { Seed } from './scale-seed.js';

const sessionCount = 1_000;
const concurrency = 128;

const columns: readonly Column[] = [...rateColumns, ...cpuColumns];

const inWords = (count: number): string =>
  count === 1 ? '1 arbiter' : `${String(count)} arbiters`;

/** The same load on one arbiter and on several that share the sessions. */
export const measureArbiters: Part = async (stage, { large, rounds, seconds }, tell) => {
  const sessions = Array.from(
    { length: sessionCount },
    (_, i) => `shared-${String(i)}` as SessionAddress,
  );
  const root = (i: number) =>
    socketId({ node: `shared-root-${String(i)}`, incarnation: 'seeded', serial: '1' });
  await Promise.all(sessions.map((session, i) => new Seed(stage.log, session, root(i)).open()));
  const rows: Row[] = [];
  let joined = 0;
  for (const count of large ? [1, 2, 3, 4] : [1, 2]) {
    tell(inWords(count));
    await using running = new AsyncDisposableStack();
    const { processes } = running.use(await stage.arbiters(count));
    const guest = await stage.guest();
    const before = guest.members;
    let turn = 0;
    const join = async () => {
      turn += 1;
      await guest.join(sessions[turn % sessions.length] ?? ('nowhere' as SessionAddress));
    };
    await closedLoop(join, { concurrency, seconds: 0.5 });
    const measured: Round[] = [];
    for (let round = 1; round <= rounds; round += 1)
      measured.push(await closedLoop(join, { concurrency, seconds, processes }));
    joined += guest.members - before;
    const figures = figuresOf(measured);
    rows.push({
      id: `arbiters-${String(count)}`,
      title: `a join, one of ${sessionCount.toLocaleString('en')} sessions, ${inWords(count)}`,
      figures: { ...rateFigures(figures), ...cpuFigures(figures) },
    });
  }
  return {
    tables: [
      {
        title: `${inRounds({ rounds, seconds })}, ${String(concurrency)} at once`,
        columns,
        rows,
      },
    ],
    goals: [],
    notes: [],
    sessions: sessions.length,
    members: joined,
  };
};
