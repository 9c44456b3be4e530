import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectIn, realWorld, type ConnectOptions, type Joinleaf } from '@joinleaf/client';
import type { RefusalRecord, StoredCommit } from '@joinleaf/event-log';
import {
  startNatsServer,
  type NatsCredentials,
  type RunningNatsServer,
  type StartOptions,
} from '@joinleaf/nats-server';
import { Subjects, type Bulletin } from '@joinleaf/wire';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { RawNode, type Login } from './raw-node.js';
import { tapped } from './tapped.js';
import { Recording } from './recording.js';
import { checkHistories, explain } from '@joinleaf/linearizability';
import { readRecords } from './read-records.js';
import { commitsOf, refusalsOf, type Records } from './records.js';
import { ServiceSlot } from './service-slot.js';
import { Wire } from './wire.js';

/** A leaf agent and its endpoints, as its configuration has them. */
export interface AgentWish {
  readonly node: string;
  readonly endpoints: readonly object[];
  readonly settings?: Settings;
}

type Settings = Readonly<Record<string, string>>;

/** What a deployment stands on: one server of ours, or several. */
export interface Broker {
  readonly credentials: Readonly<Record<'services' | 'nodes', NatsCredentials>>;
  stop(): Promise<void>;
}

export interface DeploymentWish {
  readonly sessions?: number;
  readonly notifiers?: number;
  readonly agents?: readonly AgentWish[];
  readonly server?: StartOptions;
  /** Runs already, and is stopped with the deployment; without it a server is started. */
  readonly broker?: Broker;
  /** Where programs connect, when not to the broker itself. */
  readonly nodeServers?: readonly string[];
  /** Puts a wire between the session services and the broker. */
  readonly wiredSessions?: boolean;
  /** For every session service, besides what each needs. */
  readonly sessionSettings?: Settings;
  readonly notifierSettings?: Settings;
  /** For the service or agent of this name; stronger than all other settings. */
  readonly settingsOf?: (name: string) => Settings;
}

/**
 * Starts a nats-server and the services as processes, in a realm of their own, and returns when all are ready.
 * The logs stay in a temporary folder when JOINLEAF_TEST_LOGS is set.
 */
export async function startDeployment(wish: DeploymentWish = {}): Promise<Deployment> {
  const nats = wish.broker === undefined ? await startNatsServer(wish.server) : null;
  const broker = wish.broker ?? nats;
  if (broker === null) throw new Error('there is no broker');
  const folder = await mkdtemp(join(tmpdir(), 'joinleaf-e2e-'));
  const wire = wish.wiredSessions === true && nats !== null ? await Wire.to(nats.port) : null;
  const deployment = new Deployment(broker, folder, { ...wish, wire, nats });
  try {
    await deployment.start();
    return deployment;
  } catch (error) {
    await deployment.stop();
    throw error;
  }
}

export class Deployment implements AsyncDisposable {
  readonly realm = `t${randomBytes(4).toString('hex')}`;
  readonly subjects = new Subjects(this.realm);
  readonly sessions: readonly ServiceSlot[];
  readonly notifiers: readonly ServiceSlot[];
  readonly agents: ReadonlyMap<string, ServiceSlot>;
  readonly #recording = new Recording(0);
  readonly #nodes: Joinleaf[] = [];
  readonly #rawNodes: RawNode[] = [];
  readonly #added: ServiceSlot[] = [];
  readonly #wire: Wire | null;
  readonly #nats: RunningNatsServer | null;
  readonly #nodeServers: readonly string[];
  readonly #settingsOf: (name: string) => Settings;
  #reader: NatsConnection | null = null;

  constructor(
    readonly broker: Broker,
    readonly folder: string,
    wish: DeploymentWish & {
      readonly wire: Wire | null;
      readonly nats: RunningNatsServer | null;
    },
  ) {
    this.#wire = wish.wire;
    this.#nats = wish.nats;
    const { services, nodes } = broker.credentials;
    this.#nodeServers = wish.nodeServers ?? nodes.servers;
    this.#settingsOf = wish.settingsOf ?? (() => ({}));
    const { sessions = 1, notifiers = 1, agents = [] } = wish;
    const slots = (service: string, count: number, settings: Settings = {}) =>
      Array.from({ length: count }, (_, index) => {
        const name = count === 1 ? service : `${service}-${String(index + 1)}`;
        return this.#slot(name, service, services, settings);
      });
    const wired = wish.wire === null ? {} : { JOINLEAF_SERVERS: wish.wire.url };
    this.sessions = slots('session', sessions, { ...wish.sessionSettings, ...wired });
    this.notifiers = slots('notifier', notifiers, wish.notifierSettings);
    this.agents = new Map(
      agents.map((agent) => {
        const own = { JOINLEAF_NODE: agent.node, JOINLEAF_CONFIG: this.#agentFile(agent) };
        const config = { ...own, ...agent.settings };
        return [agent.node, this.#slot(agent.node, 'leaf-agent', nodes, config)] as const;
      }),
    );
    this.#agentWishes = agents;
  }

  readonly #agentWishes: readonly AgentWish[];

  async start(): Promise<void> {
    for (const agent of this.#agentWishes) {
      await writeFile(this.#agentFile(agent), JSON.stringify({ endpoints: agent.endpoints }));
    }
    await Promise.all([...this.sessions, ...this.notifiers].map((slot) => slot.start()));
    await Promise.all([...this.agents.values()].map((slot) => slot.start()));
  }

  /** The one server that was started for it. */
  get nats(): RunningNatsServer {
    if (this.#nats === null) throw new Error('the broker is not one of its own');
    return this.#nats;
  }

  /** A session service besides those that were wished for; it is stopped with the others. */
  addSession(name: string, settings: Settings = {}): ServiceSlot {
    const slot = this.#slot(name, 'session', this.broker.credentials.services, settings);
    this.#added.push(slot);
    return slot;
  }

  /** What the session services are connected by. */
  get wire(): Wire {
    if (this.#wire === null) throw new Error('the session services have no wire');
    return this.#wire;
  }

  get session(): ServiceSlot {
    return only(this.sessions);
  }

  get notifier(): ServiceSlot {
    return only(this.notifiers);
  }

  agent(node: string): ServiceSlot {
    const slot = this.agents.get(node);
    if (slot === undefined) throw new Error(`there is no agent ${node}`);
    return slot;
  }

  /** A program with the client in it, as a node of this name. */
  async connectNode(node: string, options: Partial<ConnectOptions> = {}): Promise<Joinleaf> {
    const { user, pass } = this.broker.credentials.nodes;
    const login = {
      servers: this.#nodeServers,
      ...(user === undefined ? {} : { user }),
      ...(pass === undefined ? {} : { pass }),
    };
    const dial = tapped(this.#recording, node);
    const wish = { ...login, realm: this.realm, node, ...options };
    const jl = await connectIn(realWorld, wish, dial);
    this.#nodes.push(jl);
    return jl;
  }

  /**
   * Sessions of which their clients were told what no session can have told them, in words. Refusals may be old: on a
   * cluster they rest on what a leader knew.
   */
  unexplained(records: Records): readonly string[] {
    const histories = this.#recording.histories(this.realm, records);
    return checkHistories(histories, { staleRefusals: true, stepsMax: 300_000 }).flatMap(
      (result) => (result.verdict === 'illegal' ? [`not linearizable: ${explain(result)}`] : []),
    );
  }

  /** A node that speaks the protocol without our client. */
  async connectRaw(node: string, login?: Login, incarnation?: string): Promise<RawNode> {
    const raw = await RawNode.connect(
      login ?? { ...this.broker.credentials.nodes, servers: [...this.#nodeServers] },
      this.realm,
      node,
      incarnation,
    );
    this.#rawNodes.push(raw);
    return raw;
  }

  async records(): Promise<Records> {
    this.#reader ??= await connect({
      ...this.broker.credentials.services,
      ignoreClusterUpdates: true,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    return readRecords(this.#reader, this.subjects);
  }

  async commitsOf(session: string): Promise<readonly StoredCommit[]> {
    return commitsOf(await this.records(), session);
  }

  async refusalsOf(session: string): Promise<readonly RefusalRecord[]> {
    return refusalsOf(await this.records(), session);
  }

  async bulletinsOf(node: string): Promise<readonly Bulletin[]> {
    return (await this.records()).bulletins.get(node) ?? [];
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#nodes.map((node) => node.close()));
    await Promise.allSettled(this.#rawNodes.map((raw) => raw.close()));
    const agents = [...this.agents.values()];
    await Promise.allSettled(agents.map((slot) => slot.stop()));
    const services = [...this.sessions, ...this.notifiers, ...this.#added];
    await Promise.allSettled(services.map((slot) => slot.stop()));
    await this.#reader?.close();
    await this.#wire?.[Symbol.asyncDispose]();
    await this.broker.stop();
    if (process.env.JOINLEAF_TEST_LOGS === undefined) {
      await rm(this.folder, { recursive: true, force: true });
    } else {
      process.stderr.write(`logs: ${this.folder}\n`);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #agentFile({ node }: AgentWish): string {
    return join(this.folder, `${node}.json`);
  }

  #slot(name: string, service: string, login: NatsCredentials, settings: Settings): ServiceSlot {
    const { servers, user = '', pass = '' } = login;
    const common = {
      JOINLEAF_SERVERS: servers.join(','),
      JOINLEAF_USER: user,
      JOINLEAF_PASS: pass,
      JOINLEAF_REALM: this.realm,
      JOINLEAF_NAME: name,
      JOINLEAF_HTTP_PORT: '0',
      JOINLEAF_GRACE_MS: '3000',
      JOINLEAF_LOG: 'json',
    };
    return new ServiceSlot({
      name,
      service,
      settings: { ...common, ...settings, ...this.#settingsOf(name) },
      logFolder: join(this.folder, 'logs'),
    });
  }
}

function only<T>(slots: readonly T[]): T {
  const [slot] = slots;
  if (slot === undefined) throw new Error('there is none');
  return slot;
}
