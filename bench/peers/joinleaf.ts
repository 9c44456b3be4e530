import { connect, type Joinleaf, type Root } from '@joinleaf/client';
import { fold, type StoredCommit } from '@joinleaf/event-log';
import { JetStreamLog } from '@joinleaf/jetstream-log';
import type { Service } from '@joinleaf/launcher';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { RunningNatsServer } from '@joinleaf/nats-server';
import { Subjects } from '@joinleaf/wire';
import { connect as connectNats, type NatsConnection } from '@nats-io/transport-node';
import { startOwnBroker } from '../broker.js';
import type { Credentials } from '../credentials.js';
import { startService } from '../services.js';
import type { StageOptions } from '../stage.js';
import type {
  Joined,
  Keeper,
  Member,
  MemberOptions,
  Peer,
  Running,
  StartOptions,
  Watcher,
} from './peer.js';

const realm = 'bench';
const closeTimeoutMs = 500;

interface Address {
  readonly services: Credentials;
  readonly nodes: Credentials;
}

/** joinleaf as a user has it: its own broker, the two services as processes, and the TypeScript client. */
export const joinleaf = (sync: StageOptions['sync']): Peer => ({
  id: `joinleaf-${sync}`,
  title: 'joinleaf',
  durability: sync === 'always' ? 'fsync' : 'OS cache',
  recipe: `a node for each program; jl.joinLeaf() of a session that admits by itself; broker sync ${sync}`,
  sharesConnections: true,
  remembers: true,
  showsFailures: sync === 'always',
  install: () => Promise.resolve(),
  start: (options) => start(options, sync),
  connect: async (address, { program, boundMs }: MemberOptions) => {
    const { nodes } = JSON.parse(address) as Address;
    const node = { ...nodes, realm, node: program, boundMs, closeTimeoutMs };
    return new JoinleafMember(program, await connect(node));
  },
  keep: (address) => JoinleafKeeper.connect(JSON.parse(address) as Address),
});

const services = ['session', 'notifier'] as const;

async function start({ folder }: StartOptions, sync: StageOptions['sync']): Promise<Running> {
  const broker = await startOwnBroker(sync, folder);
  const deployment = new Deployment(broker, sync);
  await deployment.start();
  const { services: own, nodes } = broker.credentials;
  const address: Address = { services: own, nodes };
  return {
    address: JSON.stringify(address),
    port: broker.port,
    version: `nats-server ${broker.version}`,
    parts: ['broker and services', 'the broker', 'the session service'],
    kill: (part) => deployment.kill(part),
    restart: (part) => deployment.restart(part),
    stop: () => deployment.stop(),
  };
}

class Deployment {
  readonly #services = new Map<string, Service>();

  constructor(
    private readonly broker: RunningNatsServer,
    private readonly sync: string,
  ) {}

  async start(names: readonly string[] = services): Promise<void> {
    await Promise.all(names.map((name) => this.#startService(name)));
  }

  async kill(part: string): Promise<void> {
    const kill = async (name: string) => this.#services.get(name)?.kill();
    const broker = part === 'the session service' ? null : this.broker.kill();
    await Promise.all([broker, ...this.#servicesOf(part).map(kill)]);
  }

  // All at once: services wait for their broker.
  async restart(part: string): Promise<void> {
    const broker = part === 'the session service' ? null : this.broker.restart();
    await Promise.all([broker, this.start(this.#servicesOf(part))]);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#services.values()].map((service) => service.stop()));
    await this.broker.stop();
  }

  #servicesOf(part: string): readonly string[] {
    if (part === 'broker and services') return services;
    return part === 'the session service' ? ['session'] : [];
  }

  async #startService(service: string): Promise<void> {
    const name = `peers-${service}-${this.sync}`;
    const wish = { name, service, realm, profiles: null };
    this.#services.set(service, await startService(this.broker.credentials.services, wish));
  }
}

class JoinleafMember implements Member {
  constructor(
    readonly program: string,
    private readonly jl: Joinleaf,
  ) {}

  async join(session: string, number: number): Promise<Joined> {
    const joined = await this.jl.joinLeaf(session, { port: number });
    if (joined.ok) return { outcome: 'admitted', retries: 0 };
    const { code, message } = joined;
    // WSAEADDRINUSE: the port is held by a socket of this program, and that is the member.
    if (code === 'WSAEISCONN' || code === 'WSAEADDRINUSE')
      return { outcome: 'already', retries: 0 };
    if (code === 'WSAENOBUFS') return { outcome: 'full', retries: 0 };
    throw new Error(message);
  }

  close(): Promise<void> {
    return this.jl.close();
  }
}

class JoinleafKeeper implements Keeper {
  readonly #roots = new Map<string, Root>();
  readonly #log: JetStreamLog;

  static async connect({ services: own, nodes }: Address): Promise<JoinleafKeeper> {
    const jl = await connect({ ...nodes, realm, node: 'keeper', boundMs: 60_000, closeTimeoutMs });
    return new JoinleafKeeper(jl, await connectNats({ ...own, servers: [...own.servers] }));
  }

  private constructor(
    private readonly jl: Joinleaf,
    private readonly nc: NatsConnection,
  ) {
    this.#log = new JetStreamLog({ nc, subjects: new Subjects(realm) });
  }

  async open(sessions: readonly string[], capacity: number): Promise<void> {
    const missing = sessions.filter((session) => !this.#roots.has(session));
    const open = async (session: string) => {
      this.#roots.set(session, await this.jl.openRoot(session, { admit: 'auto', capacity }));
    };
    await Promise.all(missing.map(open));
  }

  /** As the log has it: whatever the root has been told by now. */
  async members(address: string): Promise<readonly string[]> {
    const commits: StoredCommit[] = [];
    for await (const commit of this.#log.read(address as SessionAddress)) commits.push(commit);
    const { session } = fold(commits);
    if (session.phase !== 'open') throw new Error(`${address} is ${session.phase}`);
    return [...session.members.values()].map((member) => member.address);
  }

  async watch(session: string, watcher: Watcher): Promise<void> {
    const root = this.#roots.get(session);
    if (root === undefined) throw new Error(`${session} is not open`);
    void this.#follow(root, watcher);
  }

  async close(): Promise<void> {
    await this.jl.close();
    await this.nc.close();
  }

  async #follow(root: Root, { came, lost }: Watcher): Promise<void> {
    for await (const event of root.events()) {
      if (event.type !== 'LINKED') continue;
      const { link } = event;
      came(link.leaf);
      void link.over.then(() => {
        lost(link.leaf);
      });
    }
  }
}
