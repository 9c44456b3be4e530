import { setTimeout as delay } from 'node:timers/promises';
import { ensureStreams, JetStreamLog } from '@joinleaf/jetstream-log';
import type { Service } from '@joinleaf/launcher';
import { inboxPrefixOf, Subjects } from '@joinleaf/wire';
import { ownersOf } from '@joinleaf/arbiter';
import type { SessionAddress } from '@joinleaf/multipoint';
import { connect } from '@nats-io/transport-node';
import { Asker } from './asker.js';
import type { BenchOptions } from './bench.js';
import { startBroker } from './broker.js';
import type { Process } from './cpu-times.js';
import type { Profiles } from './profiles.js';
import { ProgramNode } from './program-node.js';
import { freePort, MemoryProbe, type MemoryUse } from './service-memory.js';
import type { Credentials } from './credentials.js';
import { startService } from './services.js';
import { conditionsOf, realm, type Conditions, serverOf } from './stage.js';

const readyWithinMs = 300_000;

/** A broker, a log on it, and arbiters that come and go. */
export interface ScaleStage extends AsyncDisposable {
  readonly log: JetStreamLog;
  readonly conditions: Conditions;
  /** Starts so many arbiters, and returns when they share the partitions. */
  arbiters(count: number, settings?: Readonly<Record<string, string>>): Promise<Arbiters>;
  /** The node whose leaves join. An arbiter has to be there. */
  guest(): Promise<Guest>;
}

export async function setScaleStage({ sync, profiles }: BenchOptions): Promise<ScaleStage> {
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await startBroker(sync));
  const { services, nodes } = broker.credentials;
  const nc = await connect({ ...services });
  stack.defer(() => nc.drain());
  const nodesNc = await connect({ ...nodes, inboxPrefix: inboxPrefixOf('bench') });
  stack.defer(() => nodesNc.drain());
  const subjects = new Subjects(realm);
  await ensureStreams(nc, subjects, { replicas: 1 });
  const asker = new Asker(nodesNc, `${inboxPrefixOf('bench')}.scale`);
  stack.defer(() => {
    asker.close();
  });
  const ofBroker = broker.kind === 'own' ? [{ name: 'broker', pid: broker.pid }] : [];
  let guest: Guest | null = null;
  stack.defer(() => {
    guest?.node.close();
  });
  const kept = stack.move();
  return {
    log: new JetStreamLog({ nc, subjects }),
    conditions: conditionsOf(serverOf(nc), broker.durability, ['session']),
    arbiters: (count, settings = {}) =>
      Arbiters.start(services, { count, settings, profiles, broker: ofBroker }),
    guest: async () => {
      guest ??= new Guest(await ProgramNode.start('guest', { nc: nodesNc, asker, subjects }));
      return guest;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface ArbitersWish {
  readonly count: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly profiles: Profiles | null;
  readonly broker: readonly Process[];
}

/** Arbiters as processes, each with a port through which its memory can be looked at. */
export class Arbiters implements AsyncDisposable {
  readonly #services: Service[] = [];
  readonly #probes: MemoryProbe[] = [];
  startedWithinMs = 0;

  private constructor(private readonly broker: readonly Process[]) {}

  static async start(credentials: Credentials, wish: ArbitersWish): Promise<Arbiters> {
    const arbiters = new Arbiters(wish.broker);
    const names = Array.from({ length: wish.count }, (_, i) => `session-${String(i + 1)}`);
    const begun = performance.now();
    for (const name of names) await arbiters.#add(credentials, name, wish);
    arbiters.startedWithinMs = performance.now() - begun;
    await arbiters.#shared(names);
    return arbiters;
  }

  /** Whose processor time an operation takes: theirs and the broker's, if it is ours. */
  get processes(): readonly Process[] {
    const own = this.#services.flatMap(({ name, pid }) => (pid === undefined ? [] : { name, pid }));
    return [...this.broker, ...own];
  }

  /** What each takes after a garbage collection. */
  memory(): Promise<readonly MemoryUse[]> {
    return Promise.all(this.#probes.map((probe) => probe.look()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const probe of this.#probes) probe[Symbol.dispose]();
    await Promise.all(this.#services.map((service) => service.stop()));
  }

  async #add(
    credentials: Credentials,
    name: string,
    { settings, profiles }: ArbitersWish,
  ): Promise<void> {
    const port = await freePort();
    const inspect = `--inspect=127.0.0.1:${String(port)}`;
    const options = profiles === null ? inspect : `${inspect} ${profiles.flagsFor(name)}`;
    const service = await startService(credentials, {
      ...{ name, service: 'session', realm, profiles: null, readyWithinMs },
      settings: { NODE_OPTIONS: options, ...settings },
    });
    this.#services.push(service);
    this.#probes.push(await MemoryProbe.connect(port));
  }

  // Until each hears what it owns, and nothing else.
  async #shared(names: readonly string[]): Promise<void> {
    const owners = ownersOf(names);
    for (const { name, httpUrl } of this.#services) {
      const share = owners.filter((owner) => owner === name).length;
      while ((await heardBy(httpUrl ?? '')) !== share) await delay(20);
    }
  }
}

/** How many of the partitions an arbiter hears, by its metrics. */
export async function heardBy(httpUrl: string): Promise<number> {
  const text = await (await fetch(`${httpUrl}/metrics`)).text();
  return Number(/^joinleaf_partitions_heard (\d+)$/m.exec(text)?.[1] ?? NaN);
}

const portMax = 65_535;

/** A node whose leaves join, and may leave. */
export class Guest {
  /** Leaves that are members now, by what was answered. */
  members = 0;
  #serials = 10;

  constructor(readonly node: ProgramNode) {}

  /** One leaf joins, by one command; answers its socket. */
  async join(session: SessionAddress): Promise<string> {
    this.#serials += 1;
    const socket = String(this.#serials);
    const local = `${this.node.name}:${String((this.#serials % portMax) + 1)}` as never;
    const { answer } = await this.node.command(session, 'join', { as: 'leaf', socket, local });
    if (answer.type !== 'joined') throw new Error(`join was answered ${answer.type}`);
    this.members += 1;
    return socket;
  }

  async leave(session: SessionAddress, socket: string): Promise<void> {
    await this.node.command(session, 'close', { socket });
    this.members -= 1;
  }
}
