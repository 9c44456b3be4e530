import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { emptyHead, headOf, type ChainedCommit } from '@joinleaf/event-log';
import { appended, Following, grown, newSession, nth, readAll } from '@joinleaf/event-log/contract';
import { startNatsServer, type RunningNatsServer } from '@joinleaf/nats-server';
import { Subjects } from '@joinleaf/wire';
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import {
  compareCopies,
  connectBroker,
  ensureStreams,
  JetStreamLog,
  type Broker,
  type CopyDifference,
} from './index.js';
import { threeServers, until } from './three-servers.js';

// Three servers keep the log, and one of them has lost a commit from its files without knowing it. Which server is
// read from is chance, so a reader that believed each of them would stop a session that is whole.

const subjects = new Subjects('main');
const stream = subjects.streams.events;
const session = newSession();
let servers: readonly RunningNatsServer[];
let broker: Broker;
let manager: JetStreamManager;
let commits: readonly ChainedCommit[];
let lost: ChainedCommit;
let damagedServer: string;

beforeAll(async () => {
  servers = await Promise.all(threeServers().map((each) => startNatsServer(each)));
  const { user, pass } = nth(servers, 0).credentials.services;
  const all = servers.map(({ url }) => url);
  broker = await connectBroker({
    servers: all,
    user,
    pass,
    name: 'copies',
    connectWithinMs: 30_000,
  });
  manager = await jetstreamManager(broker.nc, { checkAPI: false });
  await ensureStreams(broker.nc, subjects, { replicas: 3 });
  commits = await grown(new JetStreamLog({ nc: broker.nc, subjects }), session, 12);
  lost = nth(commits, 5);
  await damageOneCopy(lost.commitId);
  await until(async () => !(await sequencesInBatch()).includes(lost.sequence));
}, 120_000);

afterAll(async () => {
  await broker.close();
  await Promise.all(servers.map((server) => server.stop()));
});

async function copiesAreCurrent(): Promise<boolean> {
  const { cluster } = await manager.streams.info(stream);
  const others = cluster?.replicas ?? [];
  return others.length === 2 && others.every(({ current, offline }) => current && !offline);
}

/** Changes a bit of a commit in the files of a server that does not lead. */
async function damageOneCopy(commitId: string): Promise<void> {
  await until(copiesAreCurrent);
  const leader = (await manager.streams.info(stream)).cluster?.leader;
  const index = leader === 'broker-0' ? 1 : 0;
  damagedServer = `broker-${String(index)}`;
  const server = nth(servers, index);
  const { pid } = server;
  process.kill(pid, 'SIGTERM');
  await until(async () => !isAlive(pid));
  const names = await readdir(server.storeDir, { recursive: true });
  const block = names.find((name) => name.includes(stream) && name.endsWith('1.blk')) ?? 'no block';
  const path = join(server.storeDir, block);
  const bytes = await readFile(path);
  const at = bytes.indexOf(commitId);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
  await server.restart();
  await until(() => copiesAreCurrent().catch(() => false));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What one of the servers, whichever it is, gives out. */
async function sequencesInBatch(): Promise<readonly number[]> {
  const sequences: number[] = [];
  const batch = await manager.direct.getBatch(stream, { seq: 1, batch: 100 });
  for await (const { seq } of batch) sequences.push(seq);
  return sequences;
}

/** Makes the server with the damaged copy lead the log, or one of the others. */
async function lead(isDamaged: boolean): Promise<void> {
  const wanted = isDamaged ? damagedServer : other(damagedServer);
  await until(async () => {
    await copiesAreCurrent();
    if ((await manager.streams.info(stream)).cluster?.leader === wanted) return true;
    const body = JSON.stringify({ placement: { preferred: wanted } });
    await broker.nc.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, body);
    await delay(200);
    await until(() => copiesAreCurrent().catch(() => false));
    return false;
  });
}

const other = (server: string): string => (server === 'broker-0' ? 'broker-1' : 'broker-0');

describe.each([
  ['of which one copy is damaged', false],
  ['of which the copy of the leader is damaged', true],
])('a log %s', (_, isLeader) => {
  beforeAll(() => lead(isLeader), 60_000);

  it('is read whole, whichever server answers', async () => {
    const log = new JetStreamLog({ nc: broker.nc, subjects });
    for (let times = 0; times < 20; times += 1) {
      const read = await readAll(log, session);
      expect(read.map(({ revision }) => revision)).toEqual(commits.map(({ revision }) => revision));
    }
  });

  it('is read on whole from any commit', async () => {
    const log = new JetStreamLog({ nc: broker.nc, subjects });
    for (let times = 0; times < 20; times += 1) {
      const read = [];
      const { sequence: afterSequence } = nth(commits, 4);
      for await (const { revision } of log.read(session, { afterSequence })) read.push(revision);
      expect(read).toEqual(commits.slice(5).map(({ revision }) => revision));
    }
  });

  it.each(['consumer', 'polling'] as const)(
    'is followed without a gap by %s',
    async (followBy) => {
      for (let times = 0; times < 8; times += 1) {
        const log = new JetStreamLog({ nc: broker.nc, subjects, followBy });
        const following = new Following(log, 0);
        await following.until(({ kind }) => kind === 'caught-up');
        await following.end();
        expect(following.all.filter(({ kind }) => kind === 'unreadable')).toEqual([]);
        expect(following.commits().map(({ sequence }) => sequence)).toContain(lost.sequence);
      }
    },
    60_000,
  );

  it('is named by a comparison of the copies', async () => {
    const differences: CopyDifference[] = [];
    const comparing = { lastSequence: 12, replicas: 3 };
    for await (const one of compareCopies(broker.nc, subjects, comparing)) differences.push(one);
    expect(differences).toEqual([{ sequence: lost.sequence, isAbsent: true, versions: 1 }]);
  });

  it('is written on', async () => {
    const log = new JetStreamLog({ nc: broker.nc, subjects });
    await appended(log, newSession(), emptyHead);
    const next = await appended(log, session, headOf(nth(commits, -1)));
    commits = [...commits, next];
    expect(next.revision).toBe(commits.length);
  });
});
