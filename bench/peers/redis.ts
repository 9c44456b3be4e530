import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { debianFolder, debianVersion, installDebian } from './debian.js';
import { freePort, listening, NativeServer, runningOn } from './native-server.js';
import { installPackages, load } from './npm.js';
import {
  memberName,
  type Joined,
  type Keeper,
  type Member,
  type MemberOptions,
  type Outcome,
  type Peer,
  type Running,
  type StartOptions,
  type Watcher,
} from './peer.js';

// Redis has no members whose program may die: a user writes that. A join is one script, atomic and with an event in a
// stream; a program says that it lives by a beat in a sorted set; a reaper, here in the keeper, takes those out who
// have not, with an event again. After a reconnection the reaper gives everybody a whole bound before it goes on.

const joinScript = `
local members = KEYS[1]
if redis.call('SISMEMBER', members, ARGV[1]) == 1 then return 'already' end
if redis.call('SCARD', members) >= tonumber(redis.call('GET', KEYS[2])) then return 'full' end
redis.call('SADD', members, ARGV[1])
redis.call('SADD', KEYS[4], ARGV[2] .. ' ' .. ARGV[1])
redis.call('XADD', KEYS[3], '*', 'joined', ARGV[1])
return 'admitted'`;

const leaveScript = `
for _, entry in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local session, member = entry:match('^(%S+) (%S+)$')
  redis.call('SREM', session .. ':members', member)
  redis.call('XADD', session .. ':events', '*', 'lost', member)
end
redis.call('DEL', KEYS[1])
redis.call('ZREM', 'beats', ARGV[1])`;

const reapScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', 'beats', '-inf', now)`;

const beatScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', 'beats', now + ARGV[2], ARGV[1])`;

interface Client {
  eval(script: string, keys: number, ...words: readonly (string | number)[]): Promise<unknown>;
  defineCommand(name: string, definition: { numberOfKeys: number; lua: string }): void;
  join(...words: readonly string[]): Promise<Outcome>;
  set(key: string, value: string, mode: 'NX'): Promise<unknown>;
  config(verb: 'GET', name: string): Promise<readonly string[]>;
  smembers(key: string): Promise<string[]>;
  xread(...words: readonly (string | number)[]): Promise<[string, [string, string[]][]][] | null>;
  duplicate(): Client;
  on(event: 'error' | 'ready', heard: () => void): void;
  disconnect(): void;
  quit(): Promise<unknown>;
}

function newClient(address: string): Client {
  const { Redis } = load('ioredis') as { Redis: new (url: string, options: object) => Client };
  const options = { maxRetriesPerRequest: null, retryStrategy: () => 20 };
  const client = new Redis(`redis://${address}`, options);
  client.on('error', () => undefined); // It connects again by itself.
  client.defineCommand('join', { numberOfKeys: 4, lua: joinScript });
  return client;
}

export const redis: Peer = {
  id: 'redis',
  title: 'Redis, script + stream',
  durability: 'fsync',
  recipe: 'one Lua script for each join, beats in a sorted set and a reaper; appendfsync always',
  sharesConnections: true,
  remembers: true,
  showsFailures: true,
  install: async (tell) => {
    const packages = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1'];
    await installDebian({ name: 'redis', packages, proof: 'usr/bin/redis-server' }, tell);
    await installPackages(tell);
  },
  start,
  connect: (address, options) => RedisMember.connect(address, options),
  keep: async (address, boundMs) => new RedisKeeper(newClient(address), boundMs),
};

const syncing = { appendonly: 'yes', appendfsync: 'always' } as const;

async function start({ folder }: StartOptions): Promise<Running> {
  const port = await freePort();
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir: folder,
    ...syncing,
    save: '',
  };
  const root = debianFolder('redis');
  const libraries = ['usr/lib/x86_64-linux-gnu', 'usr/lib/aarch64-linux-gnu'];
  const server = new NativeServer({
    name: 'redis',
    words: [
      join(root, 'usr/bin/redis-server'),
      ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    ],
    environment: { LD_LIBRARY_PATH: libraries.map((folder) => join(root, folder)).join(':') },
  });
  await server.until(listening(port));
  await mustSync(`127.0.0.1:${String(port)}`);
  return runningOn(port, server, await debianVersion('redis'));
}

/** Asks the server: figures are worth nothing under the wrong name. */
async function mustSync(address: string): Promise<void> {
  const client = newClient(address);
  try {
    for (const [name, wanted] of Object.entries(syncing)) {
      const [, found = 'nothing'] = await client.config('GET', name);
      if (found !== wanted) throw new Error(`${name} was to be ${wanted}, and is ${found}`);
    }
  } finally {
    client.disconnect();
  }
}

class RedisMember implements Member {
  readonly #beats: NodeJS.Timeout;

  static async connect(address: string, { program, boundMs }: MemberOptions): Promise<RedisMember> {
    const client = newClient(address);
    const beat = () => client.eval(beatScript, 0, program, boundMs);
    await beat();
    return new RedisMember(program, client, { beat, everyMs: boundMs / 3 });
  }

  private constructor(
    readonly program: string,
    private readonly client: Client,
    { beat, everyMs }: { readonly beat: () => Promise<unknown>; readonly everyMs: number },
  ) {
    this.#beats = setInterval(() => {
      beat().catch(() => undefined);
    }, everyMs);
  }

  async join(session: string, number: number): Promise<Joined> {
    const name = memberName(this.program, number);
    const keys = [`${session}:members`, `${session}:capacity`, `${session}:events`];
    const outcome = await this.client.join(...keys, `of:${this.program}`, name, session);
    return { outcome, retries: 0 };
  }

  async close(): Promise<void> {
    clearInterval(this.#beats);
    await this.client.eval(leaveScript, 1, `of:${this.program}`, this.program);
    this.client.disconnect();
  }
}

class RedisKeeper implements Keeper {
  readonly #readers: Client[] = [];
  #isOpen = true;
  #reapsFrom: number;

  constructor(
    private readonly client: Client,
    private readonly boundMs: number,
  ) {
    this.#reapsFrom = performance.now() + boundMs;
    client.on('ready', () => {
      this.#reapsFrom = performance.now() + boundMs;
    });
    void this.#reap();
  }

  async open(sessions: readonly string[], capacity: number): Promise<void> {
    for (const session of sessions) {
      await this.client.set(`${session}:capacity`, String(capacity), 'NX');
    }
  }

  members(session: string): Promise<readonly string[]> {
    return this.client.smembers(`${session}:members`);
  }

  async watch(session: string, watcher: Watcher): Promise<void> {
    void this.#follow(session, watcher);
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    for (const reader of this.#readers) reader.disconnect();
    this.client.disconnect();
  }

  async #follow(session: string, { came, lost }: Watcher): Promise<void> {
    // A connection of its own: a reading that waits holds up whatever comes behind it.
    const reader = this.client.duplicate();
    reader.on('error', () => undefined);
    this.#readers.push(reader);
    let from = '0-0';
    while (this.#isOpen) {
      const read = reader.xread('BLOCK', 500, 'STREAMS', `${session}:events`, from);
      for (const [, entries] of (await read.catch(() => null)) ?? []) {
        for (const [id, [kind, member = '']] of entries) {
          from = id;
          if (kind === 'lost') lost(member);
          else came(member);
        }
      }
    }
  }

  async #reap(): Promise<void> {
    while (this.#isOpen) {
      await delay(Math.min(50, this.boundMs / 20), undefined, { ref: false });
      if (performance.now() < this.#reapsFrom) continue;
      try {
        const dead = (await this.client.eval(reapScript, 0)) as string[];
        for (const program of dead)
          await this.client.eval(leaveScript, 1, `of:${program}`, program);
      } catch {
        // Not connected: the next turn asks again.
      }
    }
  }
}
