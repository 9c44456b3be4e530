import { setTimeout as delay } from 'node:timers/promises';
import { ownersOf } from '@joinleaf/arbiter';
import { connect as connectClient, type Joinleaf, type Root } from '@joinleaf/client';
import type { Service } from '@joinleaf/launcher';
import { useNatsServer } from '@joinleaf/nats-server';
import { partitionCount, partitionOf } from '@joinleaf/wire';
import type { SessionAddress } from '@joinleaf/multipoint';
import { startService, type Credentials } from './services.js';
import { conditionsOf, serverVersion } from './stage.js';
import type { Bench, BenchOptions, Tell } from './bench.js';
import type { Report } from './report.js';
import { timesColumns, timesRow, withinMs } from './times.js';

const realm = 'bench';
const names = ['session-1', 'session-2'] as const;
const clientCount = 8;
const goalMs = 1_500;
/** Between two joins in one partition: all together some hundreds in a second. */
const pauseMs = 150;

/**
 * Kills one of two session services under load, again and again: how long until somebody is admitted again in each
 * partition that it owned, and how long for whoever had asked already.
 */
export const takeoverBench: Bench = {
  name: 'takeover',
  summary: 'one of two session services is killed under load; until somebody is admitted again',
  rounds: 6,
  measure: measureTakeovers,
};

async function measureTakeovers({ rounds, sync }: BenchOptions, tell: Tell): Promise<Report> {
  await using stack = new AsyncDisposableStack();
  const broker = await useNatsServer({ sync });
  stack.use(broker);
  const pair = await Pair.start(broker.credentials.services);
  stack.defer(() => pair.stop());
  const notifier = await startService(broker.credentials.services, {
    name: 'notifier',
    service: 'notifier',
    realm,
    profile: null,
  });
  stack.defer(() => notifier.stop());
  const load = await Load.start(broker.credentials.nodes);
  stack.defer(() => load.stop());

  const anew: number[] = [];
  const underWay: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const victim = names[round % 2] ?? names[0];
    await delay(1_000);
    tell(`round ${String(round)} of ${String(rounds)}: ${victim} is killed`);
    const lost = ownersOf(names).flatMap((owner, each) => (owner === victim ? [each] : []));
    const waiting = load.underWay(lost);
    await pair.kill(victim);
    const killedAt = performance.now();
    const since = async (admission: Promise<unknown>) => {
      await admission;
      return performance.now() - killedAt;
    };
    const [first, rest] = await Promise.all([
      Promise.all(lost.map((each) => since(load.join(each)))),
      Promise.all(waiting.map(since)),
    ]);
    anew.push(...first);
    underWay.push(...rest);
    await pair.restart(victim);
  }
  const first = timesRow('anew', 'first admission in each partition of the dead', anew);
  const { services } = broker.credentials;
  const processes = [...names, 'notifier'];
  return {
    schema: 'joinleaf.bench/2',
    bench: 'takeover',
    conditions: conditionsOf(await serverVersion(services), broker.durability, processes),
    tables: [
      {
        title: `${String(rounds)} times kill -9`,
        columns: timesColumns,
        rows: [
          first,
          timesRow('under-way', 'a call that was under way there, to its answer', underWay),
        ],
      },
    ],
    goals: [withinMs('admitted again, at the latest', first, goalMs)],
    notes: [],
    problem: null,
  };
}

/** Two session services that share the partitions. */
class Pair {
  readonly #services = new Map<string, Service>();

  static async start(credentials: Credentials): Promise<Pair> {
    const pair = new Pair(credentials);
    for (const name of names) await pair.#start(name);
    await pair.#shared();
    return pair;
  }

  private constructor(private readonly credentials: Credentials) {}

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
    const wish = { name, service: 'session', realm, profile: null };
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

async function heardBy(httpUrl: string): Promise<number> {
  const text = await (await fetch(`${httpUrl}/metrics`)).text();
  return Number(/^joinleaf_partitions_heard (\d+)$/m.exec(text)?.[1] ?? NaN);
}

/** Joins without end, one after the other in each partition. */
class Load {
  readonly #sessions: readonly SessionAddress[] = sessionsOfPartitions();
  readonly #underWay = new Map<number, Promise<unknown>>();
  readonly #loops: Promise<void>[] = [];
  #isOver = false;

  static async start(credentials: Credentials): Promise<Load> {
    const connect = (node: string) =>
      connectClient({ ...credentials, realm, node, boundMs: 60_000, closeTimeoutMs: 1_000 });
    const keeper = await connect('keeper');
    const load = new Load(
      keeper,
      await Promise.all(
        Array.from({ length: clientCount }, (_, index) => connect(`guest-${String(index)}`)),
      ),
    );
    await load.#begin();
    return load;
  }

  private constructor(
    private readonly keeper: Joinleaf,
    private readonly guests: readonly Joinleaf[],
  ) {}

  /** The joins that have no answer yet, in these partitions. */
  underWay(partitions: readonly number[]): readonly Promise<unknown>[] {
    return partitions.flatMap((partition) => this.#underWay.get(partition) ?? []);
  }

  /** Comes and goes once. */
  async join(partition: number): Promise<void> {
    const guest = this.guests[partition % clientCount];
    const session = this.#sessions[partition];
    if (guest === undefined || session === undefined) throw new Error('there is no such partition');
    const outcome = await guest.joinLeaf(session, { timeoutMs: 30_000 });
    if (!outcome.ok) throw new Error(outcome.message);
    void outcome.leaf.close();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
    await Promise.all([...this.guests, this.keeper].map((client) => client.close()));
  }

  async #begin(): Promise<void> {
    const roots: Root[] = [];
    for (const session of this.#sessions) {
      roots.push(await this.keeper.openRoot(session, { admit: 'auto' }));
    }
    for (const [partition] of roots.entries()) this.#loops.push(this.#loop(partition));
  }

  async #loop(partition: number): Promise<void> {
    while (!this.#isOver) {
      const joining = this.join(partition);
      this.#underWay.set(partition, joining);
      await joining;
      this.#underWay.delete(partition);
      await delay(pauseMs);
    }
  }
}

/** A session in each partition, by its number. */
function sessionsOfPartitions(): readonly SessionAddress[] {
  const found: SessionAddress[] = [];
  for (let i = 0, count = 0; count < partitionCount; i += 1) {
    const session = `room-${String(i)}` as SessionAddress;
    const partition = Number(partitionOf(session));
    if (found[partition] !== undefined) continue;
    found[partition] = session;
    count += 1;
  }
  return found;
}
