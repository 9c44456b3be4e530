import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { debianFolder, debianVersion, installDebian } from './debian.js';
import { freePort, NativeServer, runningOn } from './native-server.js';
import { installPackages } from './npm.js';
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
import { run } from './run.js';
import { anyFreeSeat, anySeat, backOffMs } from './seats.js';
import {
  asked,
  committed,
  connected,
  library,
  serving,
  type Failure,
  type Session,
  type Stat,
} from './zookeeper-client.js';

// A program has one ZooKeeper session; a member is an ephemeral node of it. Two ways to check capacity:
//
// version  A join sets the parent's data under the version at which its children were counted, and creates the
//          member, in one multi: it fails when anybody else joined since.
// seats    A session has as many seats as its capacity. A join creates a seat and its own name in one multi, which
//          fails when one of them is there. Nobody waits for anybody until seats become few.

const nothing = Buffer.alloc(0);
const nodeExists = -110;

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
  await server.until(serving(port));
  return runningOn(port, server, await debianVersion('zookeeper'));
}

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
      await delay(backOffMs(retries));
    }
  }

  async #joinBySeat(session: string, path: string, signal?: AbortSignal): Promise<Joined> {
    const capacity = await this.#capacityOf(session);
    let seat = anySeat(capacity);
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
      const next = anyFreeSeat(capacity, await this.#takenSeats(session));
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

  async #takenSeats(session: string): Promise<ReadonlySet<number>> {
    const children = await asked<string[]>((told) => {
      this.own.client.getChildren(seatsPath(session), told);
    });
    return new Set(children.map(Number));
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
