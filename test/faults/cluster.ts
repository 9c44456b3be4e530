import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  startNatsServer,
  type NatsCredentials,
  type RunningNatsServer,
  type ServerPasswords,
} from '@joinleaf/nats-server';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually } from '../deployment/eventually.js';
import { type Namespaces } from './namespaces.js';

export interface ClusterWish {
  readonly replicas: 1 | 3;
  /** Where the servers run; null for this machine's own loopback. */
  readonly namespaces: Namespaces | null;
  /** Where their files lie; temporary folders without it. */
  readonly storeDir?: (server: number) => string;
}

const loopback = '127.0.0.1';

/** One nats-server or three of one cluster, as processes that may be killed, paused and cut off. */
export class Cluster implements AsyncDisposable {
  readonly #admin: NatsConnection;
  /** Speaks to JetStream as the services do. */
  readonly manager: JetStreamManager;

  static async start(wish: ClusterWish): Promise<Cluster> {
    const servers = await startServers(wish);
    try {
      const admin = await connect({
        ...together(servers, 'services'),
        ignoreClusterUpdates: true,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 100,
        pingInterval: 2_000,
        name: 'faults',
      });
      const manager = await jetstreamManager(admin, { checkAPI: false, timeout: 2_000 });
      const cluster = new Cluster(wish, servers, admin, manager);
      await cluster.serves();
      return cluster;
    } catch (error) {
      await Promise.allSettled(servers.map((server) => server.stop()));
      throw error;
    }
  }

  private constructor(
    private readonly wish: ClusterWish,
    readonly servers: readonly RunningNatsServer[],
    admin: NatsConnection,
    manager: JetStreamManager,
  ) {
    this.#admin = admin;
    this.manager = manager;
  }

  get admin(): NatsConnection {
    return this.#admin;
  }

  get replicas(): 1 | 3 {
    return this.wish.replicas;
  }

  get namespaces(): Namespaces {
    const { namespaces } = this.wish;
    if (namespaces === null) throw new Error('the servers have no namespaces');
    return namespaces;
  }

  /** What to connect to, directly: every server. */
  get credentials(): Readonly<Record<keyof ServerPasswords, NatsCredentials>> {
    const as = (account: keyof ServerPasswords) => together(this.servers, account);
    return { services: as('services'), auditor: as('auditor'), nodes: as('nodes'), sys: as('sys') };
  }

  get targets(): readonly { readonly host: string; readonly port: number }[] {
    return this.servers.map(({ url, port }) => ({ host: url.split(':')[0] ?? loopback, port }));
  }

  server(index: number): RunningNatsServer {
    const server = this.servers[index];
    if (server === undefined) throw new Error(`there is no server ${String(index)}`);
    return server;
  }

  /** The server that leads a stream, once there is one. */
  async leaderOf(stream: string): Promise<number> {
    if (this.replicas === 1) return 0;
    return eventually(`${stream} has a leader`, async () => {
      const { cluster } = await this.manager.streams.info(stream);
      const index = this.servers.findIndex((_, at) => serverName(at) === cluster?.leader);
      return index < 0 ? null : { index };
    }).then(({ index }) => index);
  }

  /** Asks the leader of a stream to be leader no more. */
  async stepDown(stream: string): Promise<void> {
    const subject = `$JS.API.STREAM.LEADER.STEPDOWN.${stream}`;
    await this.#admin.request(subject, '', { timeout: 2_000 }).catch(() => undefined);
  }

  /** Waits until JetStream answers. */
  async serves(): Promise<void> {
    await eventually('JetStream answers', () => this.manager.getAccountInfo(), { everyMs: 50 });
  }

  /** Waits until every replica of a stream has what its leader has. */
  async isWhole(stream: string): Promise<void> {
    if (this.replicas === 1) return;
    const what = `every replica of ${stream} is current`;
    await eventually(
      what,
      async () => {
        const { cluster } = await this.manager.streams.info(stream);
        const others = cluster?.replicas ?? [];
        return others.length === 2 && others.every(({ current, offline }) => current && !offline);
      },
      { withinMs: 60_000, everyMs: 200 },
    );
  }

  signal(server: number, signal: NodeJS.Signals): void {
    process.kill(this.server(server).pid, signal);
  }

  async freeze(server: number, ms: number): Promise<void> {
    this.signal(server, 'SIGSTOP');
    await delay(ms);
    this.signal(server, 'SIGCONT');
  }

  async stop(): Promise<void> {
    await this.#admin.close();
    await Promise.allSettled(this.servers.map((server) => server.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

const serverName = (index: number): string => `broker-${String(index + 1)}`;

async function startServers(wish: ClusterWish): Promise<readonly RunningNatsServer[]> {
  const { replicas, namespaces, storeDir } = wish;
  const indexes = Array.from({ length: replicas }, (_, index) => index);
  const address = (index: number) => namespaces?.address(index) ?? loopback;
  // Below the ports that systems hand out, and not those that servers try for clients.
  const first = namespaces === null ? randomInt(12_000, 19_000) : 6_222;
  const port = (index: number) => (namespaces === null ? first + index : first);
  const password = () => randomBytes(12).toString('base64url');
  const passwords = {
    services: password(),
    auditor: password(),
    nodes: password(),
    sys: password(),
  };
  const others = (index: number) => indexes.filter((other) => other !== index);
  return Promise.all(
    indexes.map((index) =>
      startNatsServer({
        host: address(index),
        under: namespaces?.under(index),
        storeDir: storeDir?.(index),
        sync: 'always',
        passwords,
        place:
          replicas === 1
            ? undefined
            : {
                cluster: 'faults',
                server: serverName(index),
                port: port(index),
                routes: others(index).map((other) => `${address(other)}:${String(port(other))}`),
              },
      }),
    ),
  );
}

function together(
  servers: readonly RunningNatsServer[],
  account: keyof ServerPasswords,
): NatsCredentials {
  const [first] = servers;
  if (first === undefined) throw new Error('there are no servers');
  return { ...first.credentials[account], servers: servers.map(({ url }) => url) };
}
