import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Link } from '@joinleaf/client';
import type { Chance } from '@joinleaf/sim';
import { startDeployment, type Deployment } from '../deployment/deployment.js';
import { eventually } from '../deployment/eventually.js';
import { Journal } from '../deployment/journal.js';
import type { ServiceSlot } from '../deployment/service-slot.js';
import { Traffic } from '../deployment/traffic.js';
import { AnswerGap } from './answer-gap.js';
import { Cluster } from './cluster.js';
import { Detections } from './detections.js';
import { fakedTime, removeSharedMemory } from './faked-time.js';
import { keptAlive } from './kept-alive.js';
import { Namespaces } from './namespaces.js';
import { NatsProxy } from './nats-proxy.js';
import type { Rule } from './proxied-way.js';
import { type Sightings } from './sightings.js';

/** Who has a proxy between itself and the brokers. `programs` are all programs of the traffic together. */
export const parties = [
  ...['session-1', 'session-2', 'notifier-1', 'notifier-2'],
  ...['agent-1', 'agent-2', 'programs'],
] as const;
export type Party = (typeof parties)[number];

export const sessionParties = ['session-1', 'session-2'] as const satisfies readonly Party[];
export const notifierParties = ['notifier-1', 'notifier-2'] as const satisfies readonly Party[];

/** `agent-1` is given up after a second of silence, `agent-2` after twenty, programs after sixty. */
export const agentBoundMs = 1_000;
export const patientBoundMs = 20_000;
const programBoundMs = 60_000;
const endpoints = [1, 2, 3].flatMap((port) => [
  `agent-1:${String(port)}`,
  `agent-2:${String(port)}`,
]);

export interface WorldWish {
  readonly replicas: 1 | 3;
  readonly namespaces: boolean;
  /** The library that fakes the time of services; null without it. */
  readonly timeLibrary: string | null;
  readonly chance: Chance;
  readonly sightings: Sightings;
  readonly storeDir?: (server: number) => string;
}

interface WorldParts {
  readonly wish: WorldWish;
  readonly cluster: Cluster;
  readonly deployment: Deployment;
  readonly journal: Journal;
  readonly traffic: Traffic;
  readonly proxies: ReadonlyMap<string, NatsProxy>;
  /** The folder of the services' clocks; null when time is not faked. */
  readonly times: string | null;
  /** Links of hosts to endpoints of agents. */
  readonly agentLinks: readonly Link[];
  readonly after: AsyncDisposableStack;
}

/**
 * A deployment to be hurt: brokers, two session services, two notifiers and two agents as processes, programs that
 * come and go, and a proxy between each of them and the brokers.
 */
export class World implements AsyncDisposable {
  readonly gap = new AnswerGap();
  readonly detections: Detections;
  /** Texts of findings that a fault brings about on purpose. */
  readonly expected: string[] = [];
  readonly #stopKeeping: () => void;

  static async start(wish: WorldWish): Promise<World> {
    const after = new AsyncDisposableStack();
    try {
      const world = await build(wish, after);
      await world.traffic.goesOn(10);
      return world;
    } catch (error) {
      await after.disposeAsync();
      throw error;
    }
  }

  constructor(private readonly parts: WorldParts) {
    const { cluster, deployment, journal } = parts;
    this.detections = new Detections(cluster.admin, deployment.subjects);
    this.#stopKeeping = keptAlive([...deployment.agents.values()]);
    journal.onAnswer = (answer) => {
      this.gap.hear(answer);
    };
  }

  get cluster(): Cluster {
    return this.parts.cluster;
  }

  get deployment(): Deployment {
    return this.parts.deployment;
  }

  get journal(): Journal {
    return this.parts.journal;
  }

  get traffic(): Traffic {
    return this.parts.traffic;
  }

  get wish(): WorldWish {
    return this.parts.wish;
  }

  get chance(): Chance {
    return this.wish.chance;
  }

  get sightings(): Sightings {
    return this.wish.sightings;
  }

  get eventStream(): string {
    return this.deployment.subjects.streams.events;
  }

  proxy(party: Party): NatsProxy {
    const proxy = this.parts.proxies.get(party);
    if (proxy === undefined) throw new Error(`${party} has no proxy`);
    return proxy;
  }

  /** Puts one rule into the proxies of some parties; the answer takes it away again. */
  rule(at: readonly Party[], rule: Rule): () => void {
    const undo = at.map((party) => this.proxy(party).rule(rule));
    return () => {
      for (const each of undo) each();
    };
  }

  slot(party: Exclude<Party, 'programs'>): ServiceSlot {
    const { sessions, notifiers } = this.deployment;
    const named = [...sessions, ...notifiers].find(({ name }) => name === party);
    return named ?? this.deployment.agent(party);
  }

  /** Sets the clock of a service: `+300`, `-30` seconds, or `+0`. */
  async setClock(party: Party, offset: string): Promise<void> {
    if (this.parts.times === null) throw new Error('time is not faked here');
    await writeFile(join(this.parts.times, party), `${offset}\n`);
  }

  /** A member at an agent, and the life of the agent that it belongs to. */
  async linkTo(agent: string): Promise<Link> {
    return eventually(`a member at ${agent}`, () =>
      this.parts.agentLinks.findLast(({ leaf, isOpen }) => isOpen && leaf.startsWith(`${agent}:`)),
    );
  }

  async stop(): Promise<void> {
    this.#stopKeeping();
    this.traffic.giveUp();
    await this.parts.after.disposeAsync();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

async function build(wish: WorldWish, after: AsyncDisposableStack): Promise<World> {
  const { replicas, chance, sightings, storeDir } = wish;
  const namespaces = wish.namespaces ? after.use(await Namespaces.make(replicas)) : null;
  const cluster = await Cluster.start({
    ...{ replicas, namespaces },
    ...(storeDir === undefined ? {} : { storeDir }),
  });
  const proxies = new Map<string, NatsProxy>();
  for (const party of parties) {
    const proxy = await NatsProxy.start({
      targets: cluster.targets,
      chance: chance.split(),
      onFrame: (frame) => {
        sightings.hear(party, frame);
      },
    });
    proxies.set(party, after.use(proxy));
  }
  const times = await clocks(wish, after);
  const deployment = await startDeployment({
    ...{ broker: cluster, sessions: 2, notifiers: 2 },
    agents: [
      { node: 'agent-1', endpoints: doors, settings: bound(agentBoundMs) },
      { node: 'agent-2', endpoints: doors, settings: bound(patientBoundMs) },
    ],
    ...(proxies.get('programs') && { nodeServers: proxies.get('programs')?.urls ?? [] }),
    sessionSettings: { JOINLEAF_REPLICAS: String(replicas) },
    notifierSettings: { JOINLEAF_REPLICAS: String(replicas) },
    settingsOf: (name) => ({
      ...(proxies.has(name) ? { JOINLEAF_SERVERS: proxies.get(name)?.urls.join(',') ?? '' } : {}),
      ...(times === null || wish.timeLibrary === null
        ? {}
        : fakedTime(wish.timeLibrary, join(times, name))),
    }),
  });
  after.use(deployment); // It stops the cluster too.
  const journal = new Journal({ undecidedMs: replicas === 1 ? 5_000 : 15_000 });
  const agentLinks: Link[] = [];
  const traffic = await Traffic.start({
    ...{ deployment, journal, chance: chance.split(), endpoints },
    nodeOptions: { boundMs: programBoundMs },
    onLink: (link) => {
      if (link.leaf.startsWith('agent-')) agentLinks.push(link);
    },
  });
  return new World({
    ...{ wish, cluster, deployment, journal, traffic },
    ...{ proxies, times, agentLinks, after },
  });
}

const doors = [
  { port: 1, admission: 'accept' },
  { port: 2, admission: 'accept' },
  { port: 3, admission: 'reject' },
];

const bound = (ms: number) => ({ JOINLEAF_BOUND_MS: String(ms) });

/** A folder with a file for the clock of every service; null when time is not faked. */
async function clocks(
  { timeLibrary }: WorldWish,
  after: AsyncDisposableStack,
): Promise<string | null> {
  if (timeLibrary === null) return null;
  const folder = await mkdtemp(join(tmpdir(), 'joinleaf-clocks-'));
  after.defer(async () => {
    await rm(folder, { recursive: true, force: true });
    await removeSharedMemory();
  });
  for (const party of parties) await writeFile(join(folder, party), '+0\n');
  return folder;
}
