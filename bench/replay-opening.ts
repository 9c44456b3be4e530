import type { SessionAddress } from '@joinleaf/multipoint';
import { canonicalJson, plainState } from '@joinleaf/replay';
import type { Around } from './replay-checks.js';
import { Life } from './replay-life.js';
import type { Ran, ReplayStage } from './replay-stage.js';
import type { Column, Row } from './report.js';

export const openingColumns: readonly Column[] = [
  { key: 'ms', title: 'ms', digits: 0 },
  { key: 'rssMb', title: 'most MB', digits: 0 },
];

/** How often each is opened. */
export const timesEach = 3;
const deep = 'deep';
const deepSession = 'deep' as SessionAddress;
const capture = 'deep.jlcap';
const longMembersMax = 1_000;

/** A long session, live and in a capture, opened at several of its revisions. */
export async function openingRows(
  stage: ReplayStage,
  commits: number,
  { checks, tell }: Around,
): Promise<readonly Row[]> {
  tell(`writing a session of ${String(commits)} commits`);
  const revisions = [1, 0.1, 0.333, 0.5, 0.9, 1].map((part, index) =>
    index === 0 ? 1 : Math.floor(commits * part),
  );
  const states = new Map<number, string>();
  await stage.plant(deep, [new Life(deepSession, longMembersMax)], commits, (life, session) => {
    if (revisions.includes(life.revision)) {
      states.set(life.revision, canonicalJson(plainState(session)));
    }
  });
  tell('exporting it');
  await stage.command(deep, ['export', deepSession, '-o', capture, '--keep', 'everything']);
  const rows: Row[] = [];
  for (const { id, title, source } of [
    { id: 'open-live', title: 'live', source: deepSession },
    { id: 'open-capture', title: 'capture', source: capture },
  ]) {
    tell(`opening it, ${title}`);
    const first = await stage.command(deep, ['state', source, '--json']);
    rows.push(openingRow(`${id}-first`, `${title}, the first time, to its end`, [first]));
    for (const revision of revisions) {
      const runs: Ran[] = [];
      for (let time = 0; time < timesEach; time += 1) {
        const words = ['state', `${source}@${String(revision)}`, '--json', '--reveal'];
        const ran = await stage.command(deep, words);
        const { state } = JSON.parse(ran.out) as { readonly state: unknown };
        const problem = `the state at ${String(revision)} is not what a plain fold makes of it`;
        checks.expect(canonicalJson(state) === states.get(revision), problem);
        runs.push(ran);
      }
      const at = `${title}, at revision ${String(revision)}`;
      rows.push(openingRow(`${id}-${String(revision)}`, at, runs));
    }
  }
  return rows;
}

const openingRow = (id: string, title: string, runs: readonly Ran[]): Row => ({
  id,
  title,
  figures: {
    ms: Math.max(...runs.map((run) => run.seconds * 1_000)),
    rssMb: Math.max(...runs.map((run) => run.rssMb)),
  },
});
