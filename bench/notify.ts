import { closedLoop } from './closed-loop.js';
import { inRounds, type Bench, type BenchOptions, type Choice, type Tell } from './bench.js';
import { figuresOf, type Round } from './figures.js';
import { prepareFanout, type Crowd, type Ending } from './notify-fanout.js';
import { delaysMs, handshakeChoices, prepareLatencyRows, type Arrival } from './notify-latency.js';
import { crowdId, crowdTitle, endingsPart, latencyPart, type Part } from './notify-report.js';
import type { Findings } from './report.js';
import { setStage, type Stage } from './stage.js';

const concurrencies = [1, 64];
const warmUpSeconds = 0.7;
const crowdRounds = 3;
const nodesMax = 1_000;
const largeMembers = 100_000;
const crowds: readonly Crowd[] = [
  { members: 1_000, nodes: 10 },
  { members: 1_000, nodes: 1_000 },
  { members: 10_000, nodes: 10 },
  { members: 10_000, nodes: 100 },
  { members: 10_000, nodes: 1_000 },
  { members: largeMembers, nodes: 1_000 },
];
const crowdChoices = crowds.map((crowd): Choice => {
  const choice = { id: crowdId(crowd), title: `the root closes: ${crowdTitle(crowd)}` };
  return crowd.members < largeMembers ? choice : { ...choice, needs: 'large' };
});

/**
 * Measures how soon programs are told: from the moment at which the broker stored a commit to the moment at which the
 * program has what it means in its hands, and how long the end of a session takes to reach all its members.
 */
export const notifyBench: Bench = {
  name: 'notify',
  summary: 'from a commit to the programs that it concerns; the end of large sessions',
  rounds: 5,
  options: ['durability', 'seconds', 'only', 'large', 'profile'],
  choices: [...handshakeChoices, ...crowdChoices],
  measure: measureNotifications,
};

async function measureNotifications(options: BenchOptions, tell: Tell): Promise<Findings> {
  await using stage = await setStage({ ...options, notifier: true });
  const parts: Part[] = [];
  if (handshakeChoices.some(({ id }) => options.chosen.has(id)))
    parts.push(await measureHandshakes(stage, options, tell));
  if (crowds.some((crowd) => options.chosen.has(crowdId(crowd))))
    parts.push(await measureEndings(stage, options, tell));
  return {
    conditions: stage.conditions,
    tables: parts.flatMap(({ tables }) => tables),
    goals: parts.flatMap(({ goals }) => goals),
    notes: ['All programs of the load are one process: it hears everything that is told.'],
    problem: parts.find(({ problem }) => problem !== null)?.problem ?? null,
  };
}

async function measureHandshakes(
  stage: Stage,
  { rounds, seconds, chosen }: BenchOptions,
  tell: Tell,
): Promise<Part> {
  const { processes } = stage;
  await using prepared = await prepareLatencyRows(stage, concurrencies, chosen);
  tell('warming up');
  for (const { operation, concurrency, arrivals } of prepared.rows) {
    await closedLoop(operation, { concurrency, seconds: warmUpSeconds });
    arrivals();
  }
  const measured = prepared.rows.map((row) => ({
    row,
    done: [] as Round[],
    heard: [] as Arrival[],
  }));
  for (let round = 1; round <= rounds; round += 1) {
    tell(`round ${String(round)} of ${String(rounds)}`);
    prepared.adjustClock();
    for (const { row, done, heard } of measured) {
      const { operation, concurrency } = row;
      done.push(await closedLoop(operation, { concurrency, seconds, processes }));
      heard.push(...row.arrivals());
    }
  }
  tell('checking who was told what');
  const problem = await prepared.check();
  const rows = await Promise.all(
    measured.map(async ({ row, done, heard }) => {
      const delays = (kind: Arrival['kind']) =>
        delaysMs(
          stage,
          heard.filter((arrival) => arrival.kind === kind),
        );
      const { id, title, concurrency } = row;
      const figures = figuresOf(done);
      const [accept, connect] = await Promise.all([delays('FD_ACCEPT'), delays('FD_CONNECT')]);
      return { id, title, concurrency, figures, delaysMs: { accept, connect } };
    }),
  );
  return { ...latencyPart(rows, inRounds({ rounds, seconds })), problem };
}

async function measureEndings(stage: Stage, { chosen }: BenchOptions, tell: Tell): Promise<Part> {
  await using prepared = await prepareFanout(stage, nodesMax);
  const wanted = crowds.filter((crowd) => chosen.has(crowdId(crowd)));
  const measured = wanted.map((crowd) => ({ crowd, endings: [] as Ending[] }));
  for (let round = 1; round <= crowdRounds; round += 1) {
    for (const { crowd, endings } of measured) {
      const { members, nodes } = crowd;
      tell(`${String(members)} members on ${String(nodes)} nodes, ${String(round)}`);
      endings.push(await prepared.endOf(crowd));
    }
  }
  tell('checking who was told what');
  return { ...endingsPart(measured), problem: await prepared.check() };
}
