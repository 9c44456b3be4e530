import type { Bench, BenchOptions, Tell } from '../bench.js';
import type { Findings } from '../report.js';
import { conditionsOf } from '../stage.js';
import { allPeers } from './all.js';
import { measureFailures, type FailureFigures } from './failures.js';
import { LeftOut, type Peer } from './peer.js';
import { measureRates, type Rates } from './rates.js';
import { goalsOf, tablesOf, type Measurements } from './results.js';
import { Stand } from './stand.js';

/** The same job on joinleaf and on what a user would take instead, in one run. */
export const peersBench: Bench = {
  name: 'peers',
  onlyByName: true,
  summary: 'joinleaf beside etcd, ZooKeeper, Redis, Socket.IO and Colyseus, on the same job',
  rounds: 3,
  options: ['seconds', 'only'],
  choices: allPeers.map(({ id, title, durability }) => ({ id, title: `${title} · ${durability}` })),
  measure: measurePeers,
};

async function measurePeers(options: BenchOptions, tell: Tell): Promise<Findings> {
  const { rounds, seconds } = options;
  const chosen = allPeers.filter(({ id }) => options.chosen.has(id));
  const problems = new Map<string, string>();
  const peers = await installed(chosen, problems, tell);
  const { rates, versions } = await ratesOf(peers, { rounds, seconds }, { problems, tell });
  const failures = await failuresOf(peers, rounds, { problems, tell });
  const measurements: Measurements = { peers, rates, failures, rounds, seconds };
  return {
    conditions: conditionsOf(
      natsServerIn(versions),
      'sync as each row says',
      peers.some(isJoinleaf) ? ['session', 'notifier'] : [],
    ),
    tables: tablesOf(measurements),
    goals: goalsOf(measurements),
    notes: [
      ...peers.flatMap(({ id, title, recipe }) => {
        const version = versions.get(id);
        return version === undefined ? [] : [`${title}, ${version}: ${recipe}`];
      }),
      ...[...problems].map(([id, problem]) => `${id} is left out: ${problem}`),
    ],
    problem: problemOf(problems, chosen),
  };
}

interface Reporting {
  /** Receives what went wrong with a peer, by its id. */
  readonly problems: Map<string, string>;
  readonly tell: Tell;
}

async function installed(
  peers: readonly Peer[],
  problems: Map<string, string>,
  tell: Tell,
): Promise<readonly Peer[]> {
  const there: Peer[] = [];
  for (const peer of peers) {
    try {
      await peer.install(tell);
      there.push(peer);
    } catch (error) {
      if (!(error instanceof LeftOut)) throw error;
      problems.set(peer.id, error.message);
    }
  }
  return there;
}

/** All run at once, and are measured in turn. */
async function ratesOf(
  peers: readonly Peer[],
  options: { readonly rounds: number; readonly seconds: number },
  { problems, tell }: Reporting,
): Promise<{ readonly rates: Rates; readonly versions: ReadonlyMap<string, string> }> {
  await using stack = new AsyncDisposableStack();
  const stands: Stand[] = [];
  for (const peer of peers) {
    tell(`starting ${peer.id}`);
    try {
      stands.push(stack.use(await Stand.set(peer)));
    } catch (error) {
      problems.set(peer.id, messageOf(error));
    }
  }
  const rates = await measureRates(stands, options, tell);
  for (const [id, problem] of rates.failed) problems.set(id, problem);
  return { rates, versions: new Map(stands.map(({ peer, version }) => [peer.id, version])) };
}

async function failuresOf(
  peers: readonly Peer[],
  rounds: number,
  { problems, tell }: Reporting,
): Promise<ReadonlyMap<string, FailureFigures>> {
  const figures = new Map<string, FailureFigures>();
  for (const peer of peers) {
    if (!peer.showsFailures || problems.has(peer.id)) continue;
    try {
      figures.set(peer.id, await measureFailures(peer, rounds, tell));
    } catch (error) {
      problems.set(peer.id, messageOf(error));
    }
  }
  return figures;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const isJoinleaf = ({ id }: { readonly id: string }): boolean => id.startsWith('joinleaf');

const natsServerIn = (versions: ReadonlyMap<string, string>): string | null =>
  [...versions.values()].find((version) => version.startsWith('nats-server'))?.split(' ')[1] ??
  null;

// What is wrong with a peer is a line in the report; what is wrong with joinleaf, or with all of them, makes it void.
function problemOf(problems: ReadonlyMap<string, string>, chosen: readonly Peer[]): string | null {
  const all = [...problems].map(([id, problem]) => ({ id, sentence: `${id}: ${problem}` }));
  const own = all.find(isJoinleaf);
  if (own !== undefined) return own.sentence;
  return all.length < chosen.length ? null : all.map(({ sentence }) => sentence).join('; ');
}
