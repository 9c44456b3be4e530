import { mkdir, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { debianFolder, debianVersion, installDebian } from './debian.js';
import { freePort, listening, NativeServer } from './native-server.js';
import { installPackages, load } from './npm.js';
import {
  LeftOut,
  memberName,
  type Joined,
  type Keeper,
  type Member,
  type MemberOptions,
  type Peer,
  type Running,
  type StartOptions,
  type Watcher,
} from './peer.js';

// A program has one ZooKeeper session; a member is an ephemeral node of it. Two ways to check capacity:
//
// version  A join sets the parent's data under the version at which its children were counted, and creates the
//          member, in one multi: it fails when anybody else joined since.
// seats    A session has as many seats as its capacity. A join creates a seat and its own name in one multi, which
//          fails when one of them is there. Nobody waits for anybody until seats become few.

interface Stat {
  readonly version: number;
  readonly numChildren: number;
}
interface Failure extends Error {
  readonly code: number;
}
interface Result {
  readonly err?: number;
}
type Told<T> = (error: Failure | null, value: T) => void;
interface Transaction {
  create(path: string, data: Buffer, mode: number): Transaction;
  setData(path: string, data: Buffer, version: number): Transaction;
  commit(told: Told<readonly Result[] | undefined>): void;
}
interface Client {
  connect(): void;
  close(): void;
  once(event: 'connected' | 'expired', heard: () => void): void;
  readonly connectionManager: { readonly socket?: { destroy(): void } };
  getState(): { readonly name: string };
  transaction(): Transaction;
  exists(path: string, told: Told<Stat | null>): void;
  getData(path: string, told: Told<Buffer>): void;
  getChildren(path: string, told: Told<string[]>): void;
  getChildren(path: string, watcher: () => void, told: Told<string[]>): void;
  create(path: string, data: Buffer, mode: number, told: Told<string>): void;
  setData(path: string, data: Buffer, version: number, told: Told<Stat>): void;
}
interface Library {
  createClient(servers: string, options: object): Client;
  readonly CreateMode: { readonly PERSISTENT: number; readonly EPHEMERAL: number };
}

const library = () => load('node-zookeeper-client') as Library;
const nothing = Buffer.alloc(0);
const nodeExists = -110;
const connectWithinMs = 3_000;
const run = promisify(execFile);

type Recipe = 'version' | 'seats';

export const zookeeper = (recipe: Recipe): Peer => ({
  id: `zookeeper-${recipe}`,
  title: recipe === 'version' ? 'ZooKeeper, version check' : 'ZooKeeper, seat nodes',
  durability: 'fsync',
  recipe:
    recipe === 'version'
      ? 'a session for each program; a multi under the version of the parent at which its children were counted'
      : 'a session for each program; a multi creates the member and one of `capacity` seats, both ephemeral',
  sharesConnections: true,
  remembers: true,
  showsFailures: recipe === 'seats',
  install,
  start,
  connect: (address, options) => ZooKeeperMember.connect(address, options, recipe),
  keep: async (address) => new ZooKeeperKeeper(await connected(address, 30_000)),
});

const jars = [
  'zookeeper',
  'zookeeper-jute',
  'slf4j-api',
  'slf4j-simple',
  'netty-all',
  'metrics-core',
  'snappy-java',
  'jackson-core',
  'jackson-databind',
  'jackson-annotations',
];

async function install(tell: (message: string) => void): Promise<void> {
  await run('java', ['-version']).catch(() => {
    throw new LeftOut('there is no java on this machine');
  });
  const packages = [
    'libzookeeper-java',
    'libslf4j-java',
    'libnetty-java',
    'libdropwizard-metrics-java',
    'libsnappy-java',
    'libjackson2-core-java',
    'libjackson2-databind-java',
    'libjackson2-annotations-java',
  ];
  const proof = 'usr/share/java/zookeeper.jar';
  await installDebian({ name: 'zookeeper', packages, proof }, tell);
  await installPackages(tell);
}

async function start({ folder, boundMs }: StartOptions): Promise<Running> {
  const port = await freePort();
  const settings = {
    tickTime: String(Math.min(2_000, boundMs / 10)), // Sessions end at a tick.
    maxSessionTimeout: '600000',
    dataDir: join(folder, 'data'),
    clientPort: String(port),
    clientPortAddress: '127.0.0.1',
    maxClientCnxns: '0',
    'admin.enableServer': 'false',
  };
  await mkdir(join(folder, 'data'));
  const file = join(folder, 'zoo.cfg');
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(file, lines.join(''));
  const java = join(debianFolder('zookeeper'), 'usr/share/java');
  const server = new NativeServer({
    name: 'zookeeper',
    words: [
      'java',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      jars.map((jar) => join(java, `${jar}.jar`)).join(':'),
      'org.apache.zookeeper.server.quorum.QuorumPeerMain',
      file,
    ],
  });
  await serving(port);
  return {
    address: `127.0.0.1:${String(port)}`,
    port,
    version: await debianVersion('zookeeper'),
    parts: ['the server'],
    kill: () => server.kill(),
    restart: async () => {
      server.restart();
    },
    stop: () => server.stop(),
  };
}

// It listens before it serves, under load by seconds.
async function serving(port: number): Promise<void> {
  await listening(port);
  for (let tries = 0; tries < 10; tries += 1) {
    const session = await connected(`127.0.0.1:${String(port)}`, 10_000).catch(() => null);
    session?.end();
    if (session !== null) return;
  }
  throw new Error('ZooKeeper does not serve');
}

/** A session; `end` gives it back. */
interface Session {
  readonly client: Client;
  end(): void;
}

async function connected(address: string, sessionTimeout: number): Promise<Session> {
  const client = library().createClient(address, { sessionTimeout, spinDelay: 50 });
  const handshakes = watchHandshakes(client, Math.min(1_000, sessionTimeout / 3));
  const end = () => {
    clearInterval(handshakes);
    client.close();
  };
  client.once('expired', end);
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      end();
      client.connectionManager.socket?.destroy();
      reject(new Error('ZooKeeper does not answer'));
    }, connectWithinMs);
    client.once('connected', () => {
      clearTimeout(late);
      resolve({ client, end });
    });
    client.connect();
  });
}

/**
 * A server that is just starting can take a connection and never answer on it. ZooKeeper's own clients give such a
 * connection up; this one waits for good, so that we do it in its place.
 */
function watchHandshakes(client: Client, patienceMs: number): NodeJS.Timeout {
  let waits = false;
  return setInterval(() => {
    const isConnected = client.getState().name === 'SYNC_CONNECTED';
    if (!isConnected && waits) client.connectionManager.socket?.destroy();
    waits = !isConnected && !waits;
  }, patienceMs);
}

/** Calls with a callback, as promises. */
const asked = <T>(call: (told: Told<T>) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    call((error, value) => {
      if (error) reject(error);
      else resolve(value);
    });
  });

/** Which operation of a multi failed; null when it was done. Rejects for what is no answer to it. */
const committed = (transaction: Transaction): Promise<number | null> =>
  new Promise((resolve, reject) => {
    transaction.commit((error, results) => {
      const failed = results?.findIndex(({ err = 0 }) => err !== 0) ?? -1;
      if (failed >= 0) resolve(failed);
      else if (error) reject(error);
      else resolve(null);
    });
  });

const membersPath = (session: string) => `/${session}/members`;
const seatsPath = (session: string) => `/${session}/seats`;

class ZooKeeperMember implements Member {
  readonly #capacities = new Map<string, number>();
  readonly #ephemeral = library().CreateMode.EPHEMERAL;

  static async connect(
    address: string,
    { program, boundMs }: MemberOptions,
    recipe: Recipe,
  ): Promise<ZooKeeperMember> {
    return new ZooKeeperMember(program, await connected(address, boundMs), recipe);
  }

  private constructor(
    readonly program: string,
    private readonly own: Session,
    private readonly recipe: Recipe,
  ) {}

  async join(session: string, number: number, signal?: AbortSignal): Promise<Joined> {
    const path = `${membersPath(session)}/${memberName(this.program, number)}`;
    return this.recipe === 'version'
      ? this.#joinByVersion(session, path, signal)
      : this.#joinBySeat(session, path, signal);
  }

  async close(): Promise<void> {
    this.own.end();
  }

  async #joinByVersion(session: string, path: string, signal?: AbortSignal): Promise<Joined> {
    const capacity = await this.#capacityOf(session);
    const parent = membersPath(session);
    for (let retries = 0; ; retries += 1) {
      signal?.throwIfAborted();
      const stat = await asked<Stat | null>((told) => {
        this.own.client.exists(parent, told);
      });
      if (stat === null) throw new Error(`there is no session ${session}`);
      if (stat.numChildren >= capacity) return { outcome: await this.#turnedAway(path), retries };
      const failed = await committed(
        this.own.client
          .transaction()
          .create(path, nothing, this.#ephemeral)
          .setData(parent, nothing, stat.version),
      );
      if (failed === 0) return { outcome: 'already', retries };
      if (failed === null) return { outcome: 'admitted', retries };
      await delay(Math.random() * Math.min(256, 2 ** retries)); // Full jitter, as with etcd.
    }
  }

  async #joinBySeat(session: string, path: string, signal?: AbortSignal): Promise<Joined> {
    const capacity = await this.#capacityOf(session);
    let seat = Math.floor(Math.random() * capacity);
    for (let retries = 0; ; retries += 1) {
      signal?.throwIfAborted();
      const failed = await committed(
        this.own.client
          .transaction()
          .create(path, nothing, this.#ephemeral)
          .create(`${seatsPath(session)}/${String(seat)}`, nothing, this.#ephemeral),
      );
      if (failed === null) return { outcome: 'admitted', retries };
      if (failed === 0) return { outcome: 'already', retries };
      const free = await this.#freeSeats(session, capacity);
      const next = free[Math.floor(Math.random() * free.length)];
      if (next === undefined) return { outcome: await this.#turnedAway(path), retries };
      seat = next;
    }
  }

  async #turnedAway(path: string): Promise<'already' | 'full'> {
    const own = await asked<Stat | null>((told) => {
      this.own.client.exists(path, told);
    });
    return own === null ? 'full' : 'already';
  }

  async #freeSeats(session: string, capacity: number): Promise<readonly number[]> {
    const children = await asked<string[]>((told) => {
      this.own.client.getChildren(seatsPath(session), told);
    });
    const taken = new Set(children.map(Number));
    return Array.from({ length: capacity }, (_, seat) => seat).filter((seat) => !taken.has(seat));
  }

  async #capacityOf(session: string): Promise<number> {
    const had = this.#capacities.get(session);
    if (had !== undefined) return had;
    const data = await asked<Buffer>((told) => {
      this.own.client.getData(`/${session}`, told);
    });
    const capacity = Number(data.toString());
    this.#capacities.set(session, capacity);
    return capacity;
  }
}

class ZooKeeperKeeper implements Keeper {
  constructor(private readonly own: Session) {}

  async open(sessions: readonly string[], capacity: number): Promise<void> {
    for (const session of sessions) {
      await this.#create(`/${session}`, Buffer.from(String(capacity)));
      await this.#create(membersPath(session), nothing);
      // This client takes version 0 for any version: a condition on it would hold always.
      await asked((told) => {
        this.own.client.setData(membersPath(session), nothing, -1, told);
      });
      await this.#create(seatsPath(session), nothing);
    }
  }

  members(session: string): Promise<readonly string[]> {
    return asked<string[]>((told) => {
      this.own.client.getChildren(membersPath(session), told);
    });
  }

  /** Children as a whole, whenever they change: so do caches of ZooKeeper's own recipes. */
  async watch(session: string, { came, lost }: Watcher): Promise<void> {
    let before: ReadonlySet<string> = new Set();
    const look = async (): Promise<void> => {
      const now = await asked<string[]>((told) => {
        this.own.client.getChildren(
          membersPath(session),
          () => {
            look().catch(() => undefined);
          },
          told,
        );
      });
      const children = new Set(now);
      for (const member of before) if (!children.has(member)) lost(member);
      for (const member of children) if (!before.has(member)) came(member);
      before = children;
    };
    await look();
  }

  async close(): Promise<void> {
    this.own.end();
  }

  async #create(path: string, data: Buffer): Promise<void> {
    try {
      await asked<string>((told) => {
        this.own.client.create(path, data, library().CreateMode.PERSISTENT, told);
      });
    } catch (error) {
      if ((error as Failure).code !== nodeExists) throw error;
    }
  }
}
