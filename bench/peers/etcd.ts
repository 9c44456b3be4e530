import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { debianFolder, debianVersion, installDebian } from './debian.js';
import {
  capacityKey,
  guarded,
  guardKey,
  isAbsent,
  membersPrefix,
  neverWritten,
  newClient,
  seated,
  seatsPrefix,
  withPrefix,
  type Client,
  type EtcdWatcher,
  type KeyValue,
} from './etcd-client.js';
import { freePort, listening, NativeServer, runningOn } from './native-server.js';
import { installPackages } from './npm.js';
import {
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
import { anyFreeSeat, anySeat, backOffMs } from './seats.js';

// A program has one lease, kept alive by the client; everything it joins by hangs on it. Two ways to check capacity:
//
// guard  Every join writes one key of the session on condition that nobody else has since the members were counted.
//        A transaction that fails brings the new count along, so a retry needs no read of its own.
// seats  A session has as many seat keys as its capacity. A join takes a seat and its own name in one transaction, if
//        neither is there. Nobody waits for anybody until seats become few: the fastest way that keeps the promise.

type Recipe = 'guard' | 'seats';

export const etcd = (recipe: Recipe): Peer => ({
  id: `etcd-${recipe}`,
  title: recipe === 'guard' ? 'etcd, guard key' : 'etcd, seat keys',
  durability: 'fsync',
  recipe:
    recipe === 'guard'
      ? 'a lease for each program; a transaction on condition that no other join came since the count'
      : 'a lease for each program; a transaction takes one of `capacity` seat keys, if it is free',
  sharesConnections: true,
  remembers: true,
  showsFailures: recipe === 'seats',
  install: async (tell) => {
    await installDebian({ name: 'etcd', packages: ['etcd-server'], proof: 'usr/bin/etcd' }, tell);
    await installPackages(tell);
  },
  start,
  connect: (address, options) => EtcdMember.connect(address, options, recipe),
  keep: async (address) => new EtcdKeeper(newClient(address)),
});

async function start({ folder, boundMs }: StartOptions): Promise<Running> {
  const [port, peerPort] = [await freePort(), await freePort()];
  const [client, cluster] = [port, peerPort].map((each) => `http://127.0.0.1:${String(each)}`);
  // The least lease is 1.5 elections, rounded up to seconds: 2 s with etcd's own settings. On loopback a shorter
  // election is safe, and lets it honour a second.
  const quick = boundMs < 2_000 ? ['--heartbeat-interval=50', '--election-timeout=500'] : [];
  const server = new NativeServer({
    name: 'etcd',
    words: [
      join(debianFolder('etcd'), 'usr/bin/etcd'),
      `--data-dir=${join(folder, 'data')}`,
      `--listen-client-urls=${client ?? ''}`,
      `--advertise-client-urls=${client ?? ''}`,
      `--listen-peer-urls=${cluster ?? ''}`,
      `--initial-advertise-peer-urls=${cluster ?? ''}`,
      `--initial-cluster=default=${cluster ?? ''}`,
      '--log-level=error',
      ...quick,
    ],
  });
  await server.until(listening(port));
  return runningOn(port, server, await debianVersion('etcd'));
}

class EtcdMember implements Member {
  readonly #capacities = new Map<string, number>();

  static async connect(
    address: string,
    { program, boundMs }: MemberOptions,
    recipe: Recipe,
  ): Promise<EtcdMember> {
    const client = newClient(address);
    try {
      const lease = client.lease(Math.max(1, Math.round(boundMs / 1_000)));
      return new EtcdMember(program, { client, recipe, lease, id: await lease.grant() });
    } catch (error) {
      client.close();
      throw error;
    }
  }

  private constructor(
    readonly program: string,
    private readonly parts: {
      readonly client: Client;
      readonly recipe: Recipe;
      readonly id: string;
      readonly lease: { revoke(): Promise<void> };
    },
  ) {}

  async join(session: string, number: number, signal?: AbortSignal): Promise<Joined> {
    const name = memberName(this.program, number);
    return this.parts.recipe === 'guard'
      ? this.#joinByGuard(session, name, signal)
      : this.#joinBySeat(session, name, signal);
  }

  async close(): Promise<void> {
    await this.parts.lease.revoke().catch(() => undefined);
    this.parts.client.close();
  }

  async #joinByGuard(session: string, name: string, signal?: AbortSignal): Promise<Joined> {
    const capacity = await this.#capacityOf(session);
    const member = Buffer.from(`${membersPrefix(session)}${name}`);
    let revision = neverWritten;
    // The first transaction fails, and is the reading that a join begins with.
    for (let tries = 0; ; tries += 1) {
      signal?.throwIfAborted();
      const answer = await this.parts.client.kv.txn(
        guarded(session, member, { revision, lease: this.parts.id }),
      );
      const retries = Math.max(0, tries - 1);
      if (answer.succeeded) return { outcome: 'admitted', retries };
      const [guard, own, all] = answer.responses.map(({ response_range }) => response_range);
      if (own?.kvs.length === 1) return { outcome: 'already', retries };
      if (Number(all?.count) >= capacity) return { outcome: 'full', retries };
      revision = guard?.kvs[0]?.mod_revision ?? neverWritten;
      if (tries > 0) await delay(backOffMs(tries));
    }
  }

  async #joinBySeat(session: string, name: string, signal?: AbortSignal): Promise<Joined> {
    const capacity = await this.#capacityOf(session);
    const member = Buffer.from(`${membersPrefix(session)}${name}`);
    let seat = anySeat(capacity);
    for (let retries = 0; ; retries += 1) {
      signal?.throwIfAborted();
      const { succeeded, responses } = await this.parts.client.kv.txn(
        seated(session, member, { seat, lease: this.parts.id }),
      );
      if (succeeded) return { outcome: 'admitted', retries };
      if (responses[0]?.response_range.kvs.length === 1) return { outcome: 'already', retries };
      const next = anyFreeSeat(capacity, await this.#takenSeats(session));
      if (next === undefined) return { outcome: 'full', retries };
      seat = next;
    }
  }

  async #takenSeats(session: string): Promise<ReadonlySet<number>> {
    const prefix = seatsPrefix(session);
    const { kvs } = await this.parts.client.kv.range({ ...withPrefix(prefix), keys_only: true });
    return new Set(kvs.map(({ key }) => Number(key.toString().slice(prefix.length))));
  }

  async #capacityOf(session: string): Promise<number> {
    const had = this.#capacities.get(session);
    if (had !== undefined) return had;
    const { kvs } = await this.parts.client.kv.range({ key: capacityKey(session) });
    const found = kvs[0];
    if (found === undefined) throw new Error(`there is no session ${session}`);
    const capacity = Number(found.value.toString());
    this.#capacities.set(session, capacity);
    return capacity;
  }
}

class EtcdKeeper implements Keeper {
  readonly #watchers: EtcdWatcher[] = [];

  constructor(private readonly client: Client) {}

  async open(sessions: readonly string[], capacity: number): Promise<void> {
    const value = Buffer.from(String(capacity));
    for (const session of sessions) {
      const key = capacityKey(session);
      const request_put = { key, value };
      const guard = { key: guardKey(session), value: Buffer.alloc(0) };
      const success = [{ request_put }, { request_put: guard }];
      await this.client.kv.txn({ compare: [isAbsent(key)], success });
    }
  }

  async members(session: string): Promise<readonly string[]> {
    const prefix = membersPrefix(session);
    const { kvs } = await this.client.kv.range({ ...withPrefix(prefix), keys_only: true });
    return kvs.map(({ key }) => key.toString().slice(prefix.length));
  }

  async watch(session: string, { came, lost }: Watcher): Promise<void> {
    const prefix = membersPrefix(session);
    const watcher = await this.client.watch().prefix(prefix).create();
    const memberIn = ({ key }: KeyValue) => key.toString().slice(prefix.length);
    watcher.on('put', (kv) => {
      came(memberIn(kv));
    });
    watcher.on('delete', (kv) => {
      lost(memberIn(kv));
    });
    this.#watchers.push(watcher);
  }

  async close(): Promise<void> {
    await Promise.all(this.#watchers.map((watcher) => watcher.cancel().catch(() => undefined)));
    this.client.close();
  }
}
