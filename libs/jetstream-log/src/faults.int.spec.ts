import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  checkChain,
  emptyHead,
  headOf,
  LogRegressed,
  UnreadableCommit,
  type AppendOutcome,
  type ChainedCommit,
  type Draft,
  type Head,
} from '@joinleaf/event-log';
import {
  appended,
  draftAfter,
  Following,
  grown,
  newSession,
  nth,
  readAll,
  stored,
} from '@joinleaf/event-log/contract';
import type { SessionAddress } from '@joinleaf/multipoint';
import { startNatsServer, type RunningNatsServer } from '@joinleaf/nats-server';
import { Subjects } from '@joinleaf/wire';
import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { headers } from '@nats-io/transport-node';
import { aRefusal, all } from './contract.js';
import {
  connectBroker,
  ensureStreams,
  JetStreamDecisionLog,
  JetStreamLog,
  streamPlans,
  type Broker,
  type JetStreamLogOptions,
} from './index.js';
import { LossyProxy } from './lossy-proxy.js';

// Ambiguity is the normal case here: answers get lost, servers stop and die. What must hold whatever
// happens: nothing is stored twice, nothing acknowledged is lost, and no answer is taken back.

let server: RunningNatsServer;
let subjects: Subjects;
let session: SessionAddress;
const open: AsyncDisposable[] = [];

beforeAll(async () => {
  server = await startNatsServer();
}, 300_000);
afterAll(async () => {
  await server.stop();
});

beforeEach(async () => {
  subjects = new Subjects(newSession('realm'));
  session = newSession();
  const broker = await brokerAt();
  await ensureStreams(broker.nc, subjects, { replicas: 1 });
});
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function brokerAt(servers: string | string[] = server.url): Promise<Broker> {
  const { user, pass } = server.credentials.services;
  const broker = await connectBroker({
    servers,
    user,
    pass,
    name: 'faults',
    connectWithinMs: 5_000,
  });
  open.push(broker);
  return broker;
}

async function logAt(
  servers?: string,
  options: Partial<JetStreamLogOptions> = {},
): Promise<JetStreamLog> {
  const { nc } = await brokerAt(servers);
  return new JetStreamLog({ nc, subjects, tryTimeoutMs: 250, ...options });
}

async function proxied(): Promise<{ proxy: LossyProxy; log: JetStreamLog; sound: JetStreamLog }> {
  const proxy = await LossyProxy.before(server.port);
  open.push(proxy);
  const log = await logAt(proxy.url);
  await readAll(log, session); // Subscribed, and known to work.
  return { proxy, log, sound: await logAt() };
}

/** Replaces the event stream by one that differs from the plan. */
async function withEventStream(change: Partial<StreamConfig>): Promise<JetStreamLog> {
  const { nc } = await brokerAt();
  const jsm = await jetstreamManager(nc, { checkAPI: false });
  const [events] = streamPlans(subjects, 1);
  if (events === undefined) throw new Error('no plan');
  await jsm.streams.delete(events.name);
  await jsm.streams.add({ ...events.config, ...change });
  return new JetStreamLog({ nc, subjects, tryTimeoutMs: 250 });
}

const commitIds = async (log: JetStreamLog) =>
  (await readAll(log, session)).map(({ commitId }) => commitId);

describe('an append whose acknowledgement is lost', () => {
  it('is unknown when nobody can be asked, and ok when it is repeated', async () => {
    const { proxy, log, sound } = await proxied();
    const draft = draftAfter(emptyHead, session);
    proxy.loses = 'what the server says';
    const outcome = await log.append(session, emptyHead, draft, { deadlineMs: 600 });
    expect(outcome.kind).toBe('unknown');
    expect(await commitIds(sound)).toEqual([draft.commitId]);

    proxy.loses = 'nothing';
    proxy.cut();
    const again = stored(await log.append(session, emptyHead, draft));
    expect(again).toMatchObject({ commitId: draft.commitId, revision: 1 });
    expect(await commitIds(sound)).toEqual([draft.commitId]);
  });

  it('is found again by itself, soon after the connection breaks', async () => {
    const { proxy, log, sound } = await proxied();
    const nc = (await brokerAt(proxy.url)).nc;
    const slow = new JetStreamLog({ nc, subjects, tryTimeoutMs: 120_000 });
    for (const one of [log, slow]) {
      await readAll(one, session); // The cut before was for both: it is connected again.
      const head = headOfAll(await readAll(sound, session));
      const draft = draftAfter(head, session);
      proxy.loses = 'what the server says';
      const appending = one.append(session, head, draft, { deadlineMs: 120_000 });
      await delay(50);
      proxy.loses = 'nothing';
      proxy.cut();
      // The try alone would wait for longer than this test may take; it knows of the disconnect.
      expect(stored(await appending).commitId).toBe(draft.commitId);
      expect(one.counts).toMatchObject({ lost: 1, lostFound: 1 });
    }
    expect(await commitIds(sound)).toHaveLength(2);
  });

  it('is a conflict when another commit holds the place', async () => {
    const { proxy, log, sound } = await proxied();
    const draft = draftAfter(emptyHead, session);
    proxy.loses = 'what the client says';
    const appending = log.append(session, emptyHead, draft, { deadlineMs: 5_000 });
    await delay(50);
    const winner = await appended(sound, session, emptyHead);
    proxy.loses = 'nothing';
    proxy.cut();
    expect(await appending).toMatchObject({ kind: 'conflict', tail: [winner] });
    expect(await commitIds(sound)).toEqual([winner.commitId]);
  });
});

describe('an append that gets lost on its way', () => {
  it('is sent again, and stored once', async () => {
    const { proxy, log, sound } = await proxied();
    const draft = draftAfter(emptyHead, session);
    proxy.loses = 'what the client says';
    const appending = log.append(session, emptyHead, draft, { deadlineMs: 5_000 });
    await delay(50);
    proxy.loses = 'nothing';
    proxy.cut();
    expect(stored(await appending).commitId).toBe(draft.commitId);
    expect(log.counts).toMatchObject({ lost: 1, lostFound: 0, repeated: 1 });
    expect(await commitIds(sound)).toEqual([draft.commitId]);
  });
});

describe('a server that is stopped for a while', () => {
  const whileStopped = async <T>(work: () => Promise<T>): Promise<T> => {
    const { pid } = server;
    process.kill(pid, 'SIGSTOP');
    try {
      await delay(50); // A busy machine takes its time to stop it.
      return await work();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  };

  it('stores later what nobody could say anything of, and once', async () => {
    const log = await logAt();
    await readAll(log, session);
    const draft = draftAfter(emptyHead, session);
    const outcome = await whileStopped(() =>
      log.append(session, emptyHead, draft, { deadlineMs: 400 }),
    );
    expect(outcome.kind).toBe('unknown');
    expect(stored(await log.append(session, emptyHead, draft)).commitId).toBe(draft.commitId);
    await delay(100);
    expect(await commitIds(log)).toEqual([draft.commitId]);
  });

  it('gives the place to one of two writers who both do not know', async () => {
    const [a, b] = [await logAt(), await logAt()];
    let head: Head = emptyHead;
    for (let round = 0; round < 5; round += 1) {
      const drafts = [draftAfter(head, session), draftAfter(head, session)] as const;
      await whileStopped(async () => {
        const outcomes = await Promise.all([
          a.append(session, head, drafts[0], { deadlineMs: 300 }),
          b.append(session, head, drafts[1], { deadlineMs: 300 }),
        ]);
        expect(outcomes.map(({ kind }) => kind)).toEqual(['unknown', 'unknown']);
      });
      const outcomes = await Promise.all([
        a.append(session, head, drafts[0]),
        b.append(session, head, drafts[1]),
      ]);
      expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['conflict', 'ok']);
      head = headOf(
        stored(
          nth(
            outcomes.filter(({ kind }) => kind === 'ok'),
            0,
          ),
        ),
      );
    }
    expect(checkChain(await readAll(a, session))).toEqual({ ok: true, value: head });
    expect(head.revision).toBe(5);
  });
});

describe('a server that is killed', () => {
  afterEach(async () => {
    await server.restart();
  });

  it('makes appends unavailable, and nothing of them comes up later', async () => {
    const log = await logAt();
    const head = headOf(nth(await grown(log, session, 2), -1));
    await server.kill();
    await delay(50);
    const outcome = await log.append(session, head, draftAfter(head, session), { deadlineMs: 300 });
    expect(outcome.kind).toBe('unavailable');
    await server.restart();
    await delay(300);
    expect(await readAll(log, session)).toHaveLength(2);
  });

  it('leaves unknown what was unknown, also while it is away', async () => {
    const proxy = await LossyProxy.before(server.port);
    open.push(proxy);
    const log = await logAt(proxy.url);
    await readAll(log, session);
    const draft = draftAfter(emptyHead, session);
    proxy.loses = 'what the server says';
    const tried = () => log.append(session, emptyHead, draft, { deadlineMs: 100 });
    expect((await tried()).kind).toBe('unknown');
    await server.kill();
    proxy.loses = 'nothing';
    proxy.cut();
    await delay(50);
    // Not sent this time, and stored all the same.
    expect((await tried()).kind).toBe('unknown');
    await server.restart();
    expect(stored(await log.append(session, emptyHead, draft)).revision).toBe(1);
    const head = { ...emptyHead, revision: 0 };
    expect(await log.append(session, head, draftAfter(head, session))).toMatchObject({
      kind: 'conflict',
    });
  });

  it('is waited for', async () => {
    const log = await logAt();
    const head = headOf(nth(await grown(log, session, 2), -1));
    await server.kill();
    const appending = log.append(session, head, draftAfter(head, session), { deadlineMs: 10_000 });
    await delay(100);
    await server.restart();
    expect(stored(await appending).revision).toBe(3);
    expect(await readAll(log, session)).toHaveLength(3);
  });

  it('keeps every promise to two writers who compete while it dies again and again', async () => {
    const seed = Number(process.env.JOINLEAF_SEED ?? Math.floor(Math.random() * 2 ** 31));
    const random = randomFrom(seed);
    const sessions = Array.from({ length: 6 }, () => newSession());
    const logs = [await logAt(), await logAt(), await logAt()];
    const over = new AbortController();
    const writers = sessions.flatMap((one) =>
      logs.slice(0, 2).map((log) => competeUntil(over.signal, log, one, random)),
    );
    const following = new Following(nth(logs, 2), 0);
    for (let kills = 0; kills < 4; kills += 1) {
      await delay(150 + random() * 250);
      await server.kill();
      await delay(random() * 150);
      await server.restart();
    }
    await delay(300);
    over.abort();
    const histories = (await Promise.all(writers)).flat();

    const facts = { seed, ...tallied(histories), ...nth(logs, 0).counts };
    try {
      for (const one of sessions) {
        const commits = await readAll(nth(logs, 0), one);
        await checkAgainst(
          histories.filter((tried) => tried.session === one),
          commits,
        );
      }
      const end = Math.max(...histories.map(({ outcome }) => placeOf(outcome)));
      await following.until((one) => one.kind === 'commit' && one.commit.sequence >= end);
      await following.end();
      const sequences = following.commits().map(({ sequence }) => sequence);
      expect(sequences).toEqual(sequences.map((_, index) => index + 1));
      expect(facts.ok).toBeGreaterThan(20);
      expect(facts.conflict).toBeGreaterThan(0);
    } catch (error) {
      throw new Error(`broken under ${JSON.stringify(facts)}`, { cause: error });
    }
    process.stdout.write(`kill -9 under two writers: ${JSON.stringify(facts)}\n`);
  });

  it('loses no refusal and stores none twice', async () => {
    const broker = await brokerAt();
    const decisions = new JetStreamDecisionLog({ nc: broker.nc, subjects });
    const ids = Array.from({ length: 3_000 }, (_, i) => `command-${String(i).padStart(5, '0')}`);
    for (const [i, id] of ids.entries()) {
      decisions.record(aRefusal(session, id));
      if (i === 1_000) await server.kill();
      if (i === 2_000) await server.restart();
      if (i % 100 === 0) await delay(2);
    }
    expect(await decisions.flush(10_000)).toMatchObject({
      recorded: 3_000,
      waiting: 0,
      dropped: 0,
      refused: 0,
    });
    const read = await all(decisions.read(session));
    expect(read.map(({ commandId }) => commandId).sort()).toEqual(ids);
  });

  it('bounds the refusals that wait for it, and counts those it drops', async () => {
    const broker = await brokerAt();
    const decisions = new JetStreamDecisionLog({ nc: broker.nc, subjects, bufferMax: 100 });
    await server.kill();
    for (let i = 0; i < 150; i += 1) decisions.record(aRefusal(session, `command-${String(i)}`));
    expect(decisions.counts).toMatchObject({ waiting: 100, dropped: 50 });
    expect(await decisions.flush(50)).toMatchObject({ waiting: 100 });
    await server.restart();
    expect(await decisions.flush()).toMatchObject({ recorded: 100, waiting: 0, dropped: 50 });
  });

  it('is followed on where it was, through every restart', async () => {
    const log = await logAt();
    const following = new Following(await logAt(), 0);
    const commits = [...(await grown(log, session, 3))];
    for (let i = 0; i < 2; i += 1) {
      await following.until(
        (one) => one.kind === 'commit' && one.commit.revision === commits.length,
      );
      await server.kill();
      await delay(100);
      await server.restart();
      commits.push(await appended(log, session, headOf(nth(commits, -1))));
    }
    await following.until((one) => one.kind === 'commit' && one.commit.revision === commits.length);
    await following.end();
    expect(following.commits()).toMatchObject(commits);
    expect(following.all.filter(({ kind }) => kind !== 'commit')).toHaveLength(1);
  });

  it.each(['consumer', 'polling'] as const)(
    'and comes back with older data is not followed on by %s',
    async (followBy) => {
      const log = await logAt();
      await grown(log, session, 3);
      const copy = await mkdtemp(join(tmpdir(), 'joinleaf-store-'));
      try {
        await server.kill();
        await cp(server.storeDir, copy, { recursive: true });
        await server.restart();
        await grown(log, newSession(), 3);
        const following = new Following(await logAt(undefined, { followBy }), 0);
        await following.until((one) => one.kind === 'commit' && one.commit.sequence === 6);

        await server.kill();
        await rm(server.storeDir, { recursive: true });
        await cp(copy, server.storeDir, { recursive: true });
        await server.restart();
        await expect(following.ended).rejects.toThrow(LogRegressed);
        const head = { revision: 3, hash: 'f'.repeat(64), sequence: 6 };
        await expect(log.append(session, head, draftAfter(head, session))).rejects.toThrow(
          LogRegressed,
        );
      } finally {
        await rm(copy, { recursive: true });
      }
    },
  );
});

describe('a store in which bytes have changed', () => {
  /** Stops the server in order, damages these commits where they lie, and starts it again. */
  async function damaged(...commits: readonly ChainedCommit[]): Promise<void> {
    process.kill(server.pid, 'SIGTERM');
    await ended(server.pid);
    const names = await readdir(server.storeDir, { recursive: true });
    const [block] = names.filter(
      (name) => name.includes(subjects.streams.events) && name.endsWith('.blk'),
    );
    const path = join(server.storeDir, block ?? 'no block');
    const bytes = await readFile(path);
    for (const { commitId } of commits) {
      const at = bytes.indexOf(commitId);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
    }
    await writeFile(path, bytes);
    await server.restart();
  }

  it.each(['consumer', 'polling'] as const)(
    'has its gaps named to a follower by %s, the last one too',
    async (followBy) => {
      const log = await logAt(undefined, { followBy });
      const commits = await grown(log, session, 10);
      await damaged(nth(commits, 3), nth(commits, 8), nth(commits, 9));
      const following = new Following(log, 0);
      await following.until(({ kind }) => kind === 'caught-up');
      const next = await appended(log, newSession(), emptyHead);
      await following.until(
        (one) => one.kind === 'commit' && one.commit.sequence === next.sequence,
      );
      await following.end();
      expect(following.all.filter(({ kind }) => kind !== 'commit')).toEqual([
        { kind: 'unreadable', sequence: 4, subject: subjects.allEvents(), reason: '4 is missing' },
        {
          kind: 'unreadable',
          sequence: 10,
          subject: subjects.allEvents(),
          reason: '9 to 10 are missing',
        },
        { kind: 'caught-up', sequence: 10 },
      ]);
    },
  );

  it('is read as a chain with a gap when the damage is in the middle', async () => {
    const log = await logAt();
    const commits = await grown(log, session, 5);
    await damaged(nth(commits, 2));
    expect(checkChain(await readAll(log, session))).toMatchObject({
      error: { kind: 'gap', revision: 4 },
    });
  });

  it('does not pass a session for shorter than it was, or for new', async () => {
    const log = await logAt();
    const commits = await grown(log, session, 5);
    const another = newSession();
    const only = await appended(log, another, emptyHead);
    await damaged(nth(commits, 4), only);
    await expect(readAll(log, session)).rejects.toThrow(UnreadableCommit);
    await expect(readAll(log, another)).rejects.toThrow(UnreadableCommit);
    const head = headOf(nth(commits, 4));
    await expect(log.append(session, head, draftAfter(head, session))).rejects.toThrow(
      LogRegressed,
    );
  });
});

async function ended(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await delay(10);
  }
}

describe('a stream that is not as it should be', () => {
  it.each(['consumer', 'polling'] as const)(
    'has its gaps named to a follower by %s',
    async (followBy) => {
      const { nc } = await brokerAt();
      await withEventStream({ deny_delete: false });
      const log = new JetStreamLog({ nc, subjects, followBy });
      await grown(log, session, 10);
      const jsm = await jetstreamManager(nc, { checkAPI: false });
      for (const gone of [1, 2, 5, 9, 10]) {
        await jsm.streams.deleteMessage(subjects.streams.events, gone);
      }
      const following = new Following(log, 0);
      await following.until(({ kind }) => kind === 'caught-up');
      const next = await appended(log, newSession(), emptyHead);
      await following.until(
        (one) => one.kind === 'commit' && one.commit.sequence === next.sequence,
      );
      await following.end();
      const heard = following.all.map((one) => {
        if (one.kind === 'commit') return one.commit.sequence;
        return one.kind === 'unreadable' ? one.reason : one.kind;
      });
      expect(heard).toEqual([
        '1 to 2 are missing',
        3,
        4,
        '5 is missing',
        6,
        7,
        8,
        '9 to 10 are missing',
        'caught-up',
        11,
      ]);
    },
  );

  it('is not followed on after it was deleted and made again', async () => {
    const log = await logAt();
    await grown(log, session, 3);
    const following = new Following(log, 0);
    await following.until(({ kind }) => kind === 'caught-up');
    const anew = await withEventStream({});
    await grown(anew, session, 3);
    await expect(following.ended).rejects.toThrow(LogRegressed);
  });

  it('refuses what does not fit any more, and says which of both', async () => {
    const log = await withEventStream({ max_msgs: 2, max_msg_size: 20_000 });
    const large = draftAfter(emptyHead, session, 200);
    expect(await log.append(session, emptyHead, large)).toEqual({
      kind: 'refused',
      reason: 'too-large',
    });
    const head = headOf(nth(await grown(log, session, 2), -1));
    expect(await log.append(session, head, draftAfter(head, session))).toEqual({
      kind: 'refused',
      reason: 'log-full',
    });
    expect(await readAll(log, session)).toHaveLength(2);
  });

  it('does not say refused of a draft that may still be stored', async () => {
    const sound = await withEventStream({ max_msgs: 1 });
    const proxy = await LossyProxy.before(server.port);
    open.push(proxy);
    const log = await logAt(proxy.url);
    await readAll(log, session);
    proxy.loses = 'what the client says';
    const draft = draftAfter(emptyHead, session);
    const appending = log.append(session, emptyHead, draft, { deadlineMs: 1_500 });
    await delay(50);
    await appended(sound, newSession(), emptyHead);
    proxy.loses = 'nothing';
    proxy.cut();
    expect((await appending).kind).toBe('unknown');
    expect(log.counts).toMatchObject({ lost: 1 });
    expect(log.counts.repeated).toBeGreaterThan(0);
  });

  it('stores a draft once also after its duplicate window', async () => {
    const log = await withEventStream({ duplicate_window: 100 * 1e6 });
    const draft = draftAfter(emptyHead, session);
    const first = stored(await log.append(session, emptyHead, draft));
    await delay(300);
    expect(stored(await log.append(session, emptyHead, draft))).toMatchObject(first);
    const second = await appended(log, session, headOf(first));
    await delay(300);
    expect(stored(await log.append(session, emptyHead, draft))).toMatchObject(first);
    expect(await commitIds(log)).toEqual([first.commitId, second.commitId]);
  });

  it('makes appends unavailable when it does not exist', async () => {
    const { nc } = await brokerAt();
    const elsewhere = new Subjects(newSession('nowhere'));
    const log = new JetStreamLog({ nc, subjects: elsewhere });
    const outcome = await log.append(session, emptyHead, draftAfter(emptyHead, session), {
      deadlineMs: 200,
    });
    expect(outcome).toMatchObject({ kind: 'unavailable', cause: { name: 'NobodyServes' } });
  });
});

describe('somebody else', () => {
  it('who used up the message id does not pass for us', async () => {
    const { nc } = await brokerAt();
    const log = new JetStreamLog({ nc, subjects });
    const draft = draftAfter(emptyHead, session);
    const foreign = headers();
    foreign.set('Nats-Msg-Id', draft.commitId);
    const other = subjects.events(newSession());
    await nc.request(other, new Uint8Array(1), { headers: foreign, timeout: 1_000 });
    const outcome = await log.append(session, emptyHead, draft, { deadlineMs: 1_000 });
    expect(outcome).toMatchObject({ kind: 'unavailable' });
    expect(log.counts).toMatchObject({ duplicates: 1 });
    expect(await readAll(log, session)).toEqual([]);
    await appended(log, session, emptyHead);
  });

  it('without the permission is told at once, and nothing is stored', async () => {
    const { user, pass } = server.credentials.nodes;
    const events: string[] = [];
    const broker = await connectBroker({
      servers: server.url,
      user,
      pass,
      name: 'intruder',
      inboxPrefix: '_INBOX.ada',
      onEvent: ({ kind }) => events.push(kind),
    });
    open.push(broker);
    const log = new JetStreamLog({ nc: broker.nc, subjects });
    // It is not tried again, for longer than this test may take.
    const outcome = await log.append(session, emptyHead, draftAfter(emptyHead, session), {
      deadlineMs: 120_000,
    });
    expect(outcome).toMatchObject({
      kind: 'unavailable',
      cause: { name: 'PermissionViolationError' },
    });
    expect(broker.counts.denied).toBeGreaterThan(0);
    expect(events).toContain('denied');
    expect(await readAll(await logAt(), session)).toEqual([]);
  });
});

interface Tried {
  readonly session: SessionAddress;
  readonly head: Head;
  readonly draft: Draft;
  readonly outcome: AppendOutcome;
}

/** Appends commit after commit, and repeats what it does not know, until the signal. */
async function competeUntil(
  signal: AbortSignal,
  log: JetStreamLog,
  one: SessionAddress,
  random: () => number,
): Promise<readonly Tried[]> {
  const history: Tried[] = [];
  let head: Head = emptyHead;
  while (!signal.aborted) {
    const draft = draftAfter(head, one, 1 + Math.floor(random() * 3));
    let outcome: AppendOutcome;
    do {
      outcome = await log.append(one, head, draft, { deadlineMs: 50 + random() * 600 });
      history.push({ session: one, head, draft, outcome });
    } while (outcome.kind === 'unknown');
    if (outcome.kind === 'ok') head = headOf(outcome.commit);
    if (outcome.kind === 'conflict') head = headOf(nth(outcome.tail, -1));
    await delay(random() * 4);
  }
  return history;
}

/** Whether every answer that was given is what the log says. */
async function checkAgainst(
  history: readonly Tried[],
  commits: Awaited<ReturnType<typeof readAll>>,
): Promise<void> {
  const chain = checkChain(commits);
  expect(chain).toMatchObject({ ok: true });
  const byId = new Map(commits.map((commit) => [commit.commitId, commit]));
  expect(byId.size).toBe(commits.length);
  const answered = new Set<string>();
  for (const { draft, outcome } of history) {
    const inLog = byId.get(draft.commitId);
    switch (outcome.kind) {
      case 'ok':
        answered.add(draft.commitId);
        expect(inLog).toMatchObject(outcome.commit);
        break;
      case 'conflict':
      case 'unavailable':
      case 'refused':
        expect(inLog).toBeUndefined();
        break;
      case 'unknown':
        break;
    }
  }
  for (const { commitId } of commits) expect(answered).toContain(commitId);
}

const headOfAll = (commits: Awaited<ReturnType<typeof readAll>>): Head => {
  const last = commits.at(-1);
  return last === undefined ? emptyHead : headOf(last);
};

const placeOf = (outcome: AppendOutcome): number =>
  outcome.kind === 'ok' ? outcome.commit.sequence : 0;

function tallied(history: readonly Tried[]) {
  const tally = { ok: 0, conflict: 0, refused: 0, unavailable: 0, unknown: 0 };
  for (const { outcome } of history) tally[outcome.kind] += 1;
  return tally;
}

/** Mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
