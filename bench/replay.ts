import { damageAfter, foldCommit, nothingFolded, type Folded } from '@joinleaf/event-log';
import { JetStreamLog } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { canonicalJson, plainState } from '@joinleaf/replay';
import { Subjects } from '@joinleaf/wire';
import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { Bench, BenchOptions, Tell } from './bench.js';
import { spreadColumn } from './columns.js';
import { cpuTimesUs, usedUs } from './cpu-times.js';
import { figuresOf, median, type Round } from './figures.js';
import { Checks, type Around } from './replay-checks.js';
import { Life } from './replay-life.js';
import { openingColumns, openingRows, timesEach } from './replay-opening.js';
import { setReplayStage, type Ran, type ReplayStage } from './replay-stage.js';
import type { Column, Findings, Goal, Row } from './report.js';

/** Measures how fast a log is read back, decided again, and looked at in the middle, beside a reader that only counts. */
export const replayBench: Bench = {
  name: 'replay',
  summary:
    'a log read back, folded, decided again and opened in the middle, beside a reader that counts',
  rounds: 3,
  options: ['durability', 'only', 'large'],
  choices: [
    { id: 'read', title: 'read, decoded and folded, beside a reader that counts' },
    { id: 'decide', title: 'joinleaf replay --all, in one thread and in more' },
    { id: 'open', title: 'joinleaf state SESSION@N, of a long session' },
  ],
  measure: measureReplay,
};

const sizes = {
  standard: { sessions: 200, commitsEach: 1_000, long: 100_000 },
  large: { sessions: 500, commitsEach: 2_000, long: 1_000_000 },
} as const;
const membersMax = 100;
const wide = 'wide';

async function measureReplay(options: BenchOptions, tell: Tell): Promise<Findings> {
  const size = options.large ? sizes.large : sizes.standard;
  await using stage = await setReplayStage(options);
  const checks = new Checks();
  const around = { checks, tell };
  const wants = (id: string) => options.chosen.has(id);
  const lives = Array.from(
    { length: size.sessions },
    (_, i) => new Life(`wide-${String(i)}` as SessionAddress, membersMax),
  );
  if (wants('read') || wants('decide')) {
    tell(`writing ${String(size.sessions)} sessions`);
    await stage.plant(wide, lives, size.commitsEach);
  }
  const rows = wants('read') ? await readingRows(stage, lives, options, around) : [];
  const decisions = lives.length * size.commitsEach;
  const deciding = wants('decide') ? await decidingRows(stage, options, decisions, around) : [];
  const opening = wants('open') ? await openingRows(stage, size.long, around) : [];
  const commits = `${String(size.sessions)} sessions with ${String(size.commitsEach)} commits each`;
  return {
    conditions: stage.conditions,
    tables: [
      { title: `${commits}, ${String(options.rounds)} rounds`, columns: readingColumns, rows },
      { title: 'joinleaf replay --all, as a process', columns: decidingColumns, rows: deciding },
      {
        title: `joinleaf state, ${String(size.long)} commits, longest of ${String(timesEach)}`,
        columns: openingColumns,
        rows: opening,
      },
    ].filter((table) => table.rows.length > 0),
    goals: goalsOf(rows, deciding, opening),
    notes: [
      'a commit holds one decision, which is what costs a reader most; commands run as processes, with their start',
    ],
    problem: checks.problem,
  };
}

const readingColumns: readonly Column[] = [
  { key: 'perSecond', title: 'commits/s', digits: 0 },
  spreadColumn,
  { key: 'readerUs', title: 'reader cpu µs', digits: 1 },
  { key: 'brokerUs', title: 'broker cpu µs', digits: 1 },
  {
    key: 'toRead',
    title: '÷ read',
    digits: 2,
    means: 'the rate, divided by that of the first row',
  },
];

async function readingRows(
  stage: ReplayStage,
  lives: readonly Life[],
  { rounds }: BenchOptions,
  { checks, tell }: Around,
): Promise<readonly Row[]> {
  const total = lives.reduce((sum, { revision }) => sum + revision, 0);
  const log = (followBy: 'consumer' | 'polling') =>
    new JetStreamLog({ nc: stage.nc, subjects: new Subjects(wide), followBy });
  const folds = async (by: 'consumer' | 'polling') => {
    const sessions = await folded(log(by), checks);
    return () => {
      check(sessions);
    };
  };
  const check = (sessions: ReadonlyMap<SessionAddress, Folded>): void => {
    const isSame = lives.every(({ address, session }) => {
      const found = sessions.get(address)?.session;
      return (
        found !== undefined &&
        canonicalJson(plainState(found)) === canonicalJson(plainState(session))
      );
    });
    checks.expect(isSame, 'a folded session is not what a plain fold makes of it');
  };
  const ways = [
    {
      id: 'read',
      title: 'read: an ordered consumer that counts',
      run: () => counted(stage, 10_000),
    },
    {
      id: 'read-default',
      title: 'the same, 100 messages at once',
      run: () => counted(stage, 100),
    },
    { id: 'fold', title: 'read, decode, check the chain, fold', run: () => folds('consumer') },
    { id: 'fold-polling', title: 'the same, as the auditor reads', run: () => folds('polling') },
  ];
  const measured = ways.map((): Round[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    tell(round === 0 ? 'warming up' : `round ${String(round)} of ${String(rounds)}`);
    for (const [index, { run }] of ways.entries()) {
      const before = cpuTimesUs(stage.processes);
      const startedAt = performance.now();
      const checkAfterwards = await run();
      const seconds = (performance.now() - startedAt) / 1_000;
      const cpuUs = usedUs(before, cpuTimesUs(stage.processes));
      checkAfterwards();
      if (round > 0) measured[index]?.push({ operations: total, seconds, latenciesMs: [], cpuUs });
    }
  }
  const figures = measured.map(figuresOf);
  const floor = figures[0]?.perSecond ?? NaN;
  return ways.map(({ id, title }, index): Row => {
    const { perSecond = NaN, spread = NaN, cpuUs = {} } = figures[index] ?? {};
    const processors = { readerUs: cpuUs.reader ?? NaN, brokerUs: cpuUs.broker ?? NaN };
    const ratios = { spreadPercent: spread * 100, toRead: perSecond / floor };
    return { id, title, figures: { perSecond, ...ratios, ...processors } };
  });
}

async function counted({ nc }: ReplayStage, atOnce: number): Promise<() => void> {
  const consumer = await jetstream(nc).consumers.get(new Subjects(wide).streams.events, {
    deliver_policy: DeliverPolicy.All,
  });
  const messages = await consumer.consume({ max_messages: atOnce });
  for await (const { info } of messages) if (info.pending === 0) break;
  await consumer.delete();
  return () => undefined; // The last message says that there are no more.
}

async function folded(
  log: JetStreamLog,
  checks: Checks,
): Promise<ReadonlyMap<SessionAddress, Folded>> {
  const sessions = new Map<SessionAddress, Folded>();
  for await (const one of log.follow()) {
    if (one.kind === 'caught-up') break;
    if (one.kind === 'unreadable') {
      checks.expect(false, one.reason);
      continue;
    }
    const { commit } = one;
    const before = sessions.get(commit.session) ?? nothingFolded;
    const damage = damageAfter(before.head, commit);
    if (damage !== null) checks.expect(false, damage.detail);
    sessions.set(commit.session, foldCommit(before, commit));
  }
  return sessions;
}

const decidingColumns: readonly Column[] = [
  { key: 'perSecond', title: 'decisions/s', digits: 0 },
  { key: 'seconds', title: 's', digits: 2 },
  { key: 'rssMb', title: 'most MB', digits: 0 },
];

async function decidingRows(
  stage: ReplayStage,
  { rounds }: BenchOptions,
  decisions: number,
  { checks, tell }: Around,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const threads of [0, 1, 2]) {
    tell(`deciding again, ${String(threads)} threads beside the main one`);
    const runs: Ran[] = [];
    for (let round = 0; round < rounds; round += 1) {
      runs.push(await stage.command(wide, ['replay', '--all', '--threads', String(threads)]));
    }
    for (const { out } of runs) {
      const said = /^(\d+) same · 0 diverged · 0 damaged · (\d+) records/m.exec(out);
      checks.expect(Number(said?.[2]) === decisions, `replay says: ${out.slice(0, 200)}`);
    }
    const seconds = median(runs.map((run) => run.seconds));
    const rssMb = Math.max(...runs.map((run) => run.rssMb));
    const title = threads === 0 ? 'in one thread' : `${String(threads)} more threads`;
    rows.push({
      id: `decide-${String(threads)}`,
      title,
      figures: { perSecond: decisions / seconds, seconds, rssMb },
    });
  }
  return rows;
}

function goalsOf(
  reading: readonly Row[],
  deciding: readonly Row[],
  opening: readonly Row[],
): readonly Goal[] {
  const figure = (rows: readonly Row[], id: string, key: string) =>
    rows.find((row) => row.id === id)?.figures[key] ?? NaN;
  const again = opening.filter(({ id }) => !id.endsWith('-first'));
  const most = (key: string) => Math.max(...again.map(({ figures }) => figures[key] ?? NaN));
  const goals: readonly Goal[] = [
    {
      sentence: 'read, decode, check the chain and fold, to read',
      value: figure(reading, 'fold', 'toRead'),
      bound: { atLeast: 0.6 },
    },
    {
      sentence: 'decisions taken again in a second, two more threads',
      value: figure(deciding, 'decide-2', 'perSecond'),
      bound: { atLeast: 100_000 },
    },
    {
      sentence: 'a long session opened at any revision, process and all',
      value: most('ms'),
      bound: { atMost: 1_000 },
      unit: 'ms',
    },
    { sentence: 'memory for that', value: most('rssMb'), bound: { atMost: 500 }, unit: 'MB' },
  ];
  return goals.filter(({ value }) => Number.isFinite(value));
}
