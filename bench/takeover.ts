import { setTimeout as delay } from 'node:timers/promises';
import { ownersOf } from '@joinleaf/arbiter';
import { ensureStreams, JetStreamLog } from '@joinleaf/jetstream-log';
import type { Service } from '@joinleaf/launcher';
import { socketId } from '@joinleaf/multipoint';
import { Subjects } from '@joinleaf/wire';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { inTimes, type Bench, type BenchOptions, type Tell } from './bench.js';
import { startBroker } from './broker.js';
import type { Profiles } from './profiles.js';
import type { Findings } from './report.js';
import { checkAll } from './scale-check.js';
import { Seed, seedSessions } from './scale-seed.js';
import { heardBy } from './scale-stage.js';
import type { Credentials } from './credentials.js';
import { startService } from './services.js';
import { conditionsOf, realm, serverOf } from './stage.js';
import { byPartition, Load, sessionsOfPartitions } from './takeover-load.js';
import { timesColumns, timesRow, withinMs } from './times.js';

const names = ['session-1', 'session-2'] as const;
const goalMs = 1_500;
const quietSessions = 100_000;
/** Commits of each session that is joined all the time, before anybody measures. */
const busyCommits = 1_000;
const readyWithinMs = 120_000;

/**
 * Kills one of two session services under load, again and again: how long until somebody is admitted again in each
 * partition that it owned, in a session with a long history and in one that nobody had asked, and how long for whoever had
 * asked already.
 */
export const takeoverBench: Bench = {
  name: 'takeover',
  summary: 'one of two session services is killed under load; until somebody is admitted again',
  rounds: 4,
  options: ['durability', 'profile'],
  choices: [],
  measure: measureTakeovers,
};

async function measureTakeovers(
  { rounds, sync, profiles }: BenchOptions,
  tell: Tell,
): Promise<Findings> {
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await startBroker(sync));
  const { services, nodes } = broker.credentials;
  const nc = await connect({ ...services });
  stack.defer(() => nc.close());
  tell(`${quietSessions.toLocaleString('en')} sessions are seeded`);
  const log = await seededLog(nc);
  const pair = await Pair.start(services, profiles);
  stack.defer(() => pair.stop());
  const notifier = await startService(services, {
    ...{ name: 'notifier', service: 'notifier', realm, profiles, readyWithinMs },
  });
  stack.defer(() => notifier.stop());
  const load = await Load.start(nodes, sessionsOfPartitions(), byPartition(quietSessions));

  const silences: Silences = { busy: [], quiet: [], underWay: [] };
  for (let round = 1; round <= rounds; round += 1) {
    const victim = names[round % 2] ?? names[0];
    await delay(1_000);
    tell(`round ${String(round)} of ${String(rounds)}: ${victim} is killed`);
    await killed(victim, pair, load, silences);
    await pair.restart(victim);
  }
  await load.stop();
  tell('reading everything back');
  const sessions = quietSessions + sessionsOfPartitions().length;
  return {
    conditions: conditionsOf(serverOf(nc), broker.durability, [...names, 'notifier']),
    ...asFigures(silences, rounds),
    problem: await checkAll(log, { sessions, joins: load.answered }),
  };
}

async function seededLog(nc: NatsConnection): Promise<JetStreamLog> {
  const subjects = new Subjects(realm);
  await ensureStreams(nc, subjects, { replicas: 1 });
  const log = new JetStreamLog({ nc, subjects });
  await seedSessions(log, 0, quietSessions);
  const root = socketId({ node: 'keeper', incarnation: 'seeded', serial: '1' });
  await Promise.all(
    sessionsOfPartitions().map(async (session) => {
      const seed = new Seed(log, session, root);
      await seed.open();
      await seed.churn(busyCommits);
    }),
  );
  return log;
}

/** Milliseconds from the kill. */
interface Silences {
  readonly busy: number[];
  readonly quiet: number[];
  readonly underWay: number[];
}

async function killed(victim: string, pair: Pair, load: Load, silences: Silences): Promise<void> {
  const lost = ownersOf(names).flatMap((owner, each) => (owner === victim ? [each] : []));
  const waiting = load.underWay(lost);
  await pair.kill(victim);
  const killedAt = performance.now();
  const since = async (admission: Promise<unknown>) => {
    await admission;
    return performance.now() - killedAt;
  };
  const [busy, quiet, underWay] = await Promise.all([
    Promise.all(lost.map((each) => since(load.joinBusy(each)))),
    Promise.all(lost.map((each) => since(load.joinQuiet(each)))),
    Promise.all(waiting.map(since)),
  ]);
  silences.busy.push(...busy);
  silences.quiet.push(...quiet);
  silences.underWay.push(...underWay);
}

function asFigures({ busy, quiet, underWay }: Silences, rounds: number) {
  const ofBusy = timesRow('anew', 'each lost partition: a session of long history', busy);
  const ofQuiet = timesRow('quiet', 'each lost partition: one that nobody had asked', quiet);
  const rest = timesRow('under-way', 'a call that was under way there, to its answer', underWay);
  // Whether any call was under way at the moment of a kill is chance.
  const rows = [ofBusy, ofQuiet, rest].filter(({ figures }) => figures.count > 0);
  const title = `${inTimes(rounds)} kill -9, to the first admission`;
  return {
    tables: [{ title, columns: timesColumns, rows }],
    goals: [
      withinMs('admitted again, long history, at the latest', ofBusy, goalMs),
      withinMs('admitted again, nobody had asked, at the latest', ofQuiet, goalMs),
    ],
    notes: [
      `${quietSessions.toLocaleString('en')} open sessions, and one in each partition with ${busyCommits.toLocaleString('en')} commits and more that is joined all the time`,
    ],
  };
}

/** Two session services that share the partitions. */
class Pair {
  readonly #services = new Map<string, Service>();

  static async start(credentials: Credentials, profiles: Profiles | null): Promise<Pair> {
    const pair = new Pair(credentials, profiles);
    for (const name of names) await pair.#start(name);
    await pair.#shared();
    return pair;
  }

  private constructor(
    private readonly credentials: Credentials,
    private readonly profiles: Profiles | null,
  ) {}

  async kill(name: string): Promise<void> {
    await this.#services.get(name)?.kill();
  }

  async restart(name: string): Promise<void> {
    await this.#start(name);
    await this.#shared();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#services.values()].map((service) => service.stop()));
  }

  async #start(name: string): Promise<void> {
    const { profiles } = this;
    const wish = { name, service: 'session', realm, profiles, readyWithinMs };
    this.#services.set(name, await startService(this.credentials, wish));
  }

  // Until each hears what it owns, and nothing else.
  async #shared(): Promise<void> {
    const shareOf = (name: string) => ownersOf(names).filter((owner) => owner === name).length;
    for (const [name, { httpUrl }] of this.#services) {
      while ((await heardBy(httpUrl ?? '')) !== shareOf(name)) await delay(20);
    }
  }
}
