import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryLog } from '@joinleaf/event-log';
import { MemoryNotificationStore, sha256, type NotificationStore } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Stopped } from '@joinleaf/projection';
import type { Bulletin } from '@joinleaf/wire';
import { endOf } from './bulletin.js';
import { Notifier, type Watcher } from './notifier.js';
import { pageBytes, Resumes } from './resumes.js';
import { ScriptedSession, socketOf } from './testing.js';

const conf = 'conf-7' as SessionAddress;

let log: MemoryLog;
let store: MemoryNotificationStore;
let bulletins: Bulletin[];
let stopped: Stopped[];
let running: { readonly notifier: Notifier; readonly reading: AbortController }[];
let conflicts: number;

beforeEach(() => {
  log = new MemoryLog({ sha256, now: () => Date.now() });
  bulletins = [];
  stopped = [];
  running = [];
  conflicts = 0;
  store = new MemoryNotificationStore(
    () => Date.now(),
    (bulletin) => bulletins.push(bulletin),
  );
});

afterEach(async () => {
  for (const { notifier, reading } of running) {
    reading.abort();
    await notifier.stop();
  }
});

const watching: Watcher = {
  stopped: (each) => stopped.push(each),
  unreadable: () => undefined,
  stored: () => undefined,
  conflicted: () => (conflicts += 1),
  troubled: () => undefined,
};

async function start(on: NotificationStore = store, waitingMax = 1_000): Promise<Notifier> {
  const notifier = new Notifier({
    log,
    store: on,
    watcher: watching,
    inFlightMax: 16,
    waitingMax,
    logEnd: async () => Promise.resolve(Infinity),
    sleep: (ms) => delay(ms),
  });
  const reading = new AbortController();
  running.push({ notifier, reading });
  void notifier.follow(reading.signal);
  await notifier.caughtUp;
  await allTold(notifier);
  return notifier;
}

async function stop(notifier: Notifier): Promise<void> {
  running.find((each) => each.notifier === notifier)?.reading.abort();
  await notifier.stop();
}

// What was stored a moment ago is read in the next turns of the event loop.
async function allTold(notifier: Notifier): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  await notifier.told(AbortSignal.timeout(25_000));
}

/** A small life: an invitation that is accepted, a request, and the end. */
async function aLife(session = new ScriptedSession(log, conf)): Promise<void> {
  await session.commit(session.open(), session.listen());
  await session.commit(session.invite('bob'));
  await session.commit(session.accept('J1', 'bob'));
  await session.commit(session.ask('cara'));
  await session.commit(session.close());
}

/** What a node was told, by number. */
function toldTo(node: string): Record<number, string> {
  const told: Record<number, string> = {};
  for (const { first, notifications } of bulletins.filter((each) => each.node === node)) {
    for (const [index, { kind, id }] of notifications.entries()) {
      told[first + index] = `${kind} ${id}`;
    }
  }
  return told;
}

const lifeOfAda = {
  1: 'FD_CONNECT conf-7.3.0',
  2: 'FD_ACCEPT conf-7.4.0',
  3: 'FD_CLOSE conf-7.5.1',
};

describe('Notifier', () => {
  it('tells each node in the order of the log, numbered from 1 without a gap', async () => {
    const notifier = await start();
    await aLife();
    await allTold(notifier);
    expect(toldTo('bob')).toEqual({ 1: 'FD_ACCEPT conf-7.2.0', 2: 'FD_CLOSE conf-7.5.2' });
    expect(toldTo('ada')).toEqual(lifeOfAda);
    expect(toldTo('cara')).toEqual({ 1: 'FD_CONNECT conf-7.5.0' });
  });

  it('tells what was stored before it started', async () => {
    await aLife();
    await start();
    expect(toldTo('ada')).toEqual(lifeOfAda);
  });

  it('goes on after the last bulletin when it starts again, wherever it was', async () => {
    const session = new ScriptedSession(log, conf);
    const first = await start();
    await session.commit(session.open(), session.listen());
    await session.commit(session.invite('bob'));
    await allTold(first);
    await stop(first);
    await session.commit(session.accept('J1', 'bob'));
    await session.commit(session.ask('cara'));
    const before = bulletins.length;
    const second = await start();
    await session.commit(session.close());
    await allTold(second);
    expect(before).toBe(1);
    expect(toldTo('ada')).toEqual(lifeOfAda);
    expect(bulletins.map(({ node, first: from }) => `${node} ${String(from)}`)).toHaveLength(
      new Set(bulletins.map(({ node, first: from }) => `${node} ${String(from)}`)).size,
    );
  });

  it('goes on in the middle of a commit', async () => {
    const session = new ScriptedSession(log, conf);
    await session.commit(session.open(), session.listen());
    await session.commit(session.ask('bob', 1), session.ask('bob', 2), session.ask('bob', 3));
    await session.commit(session.close());
    const [all] = (await start(), bulletins.splice(0).filter(({ node }) => node === 'bob'));
    if (all === undefined) throw new Error('bob was told nothing');
    expect(all.notifications).toHaveLength(3);

    // Another notifier told the first two, and died.
    const half = new MemoryNotificationStore(
      () => Date.now(),
      (bulletin) => bulletins.push(bulletin),
    );
    await half.store(
      { ...all, notifications: all.notifications.slice(0, 2) },
      { afterSequence: 0 },
    );
    bulletins.splice(0);
    await start(half);
    expect(toldTo('bob')).toEqual({ 3: 'FD_CONNECT conf-7.3.2' });
  });

  it('tells everything once when there are two of it', async () => {
    const late: NotificationStore = {
      last: (node) => store.last(node),
      readAfter: (node, number, max) => store.readAfter(node, number, max),
      all: () => store.all(),
      store: async (bulletin, options) => {
        await new Promise((resolve) => setTimeout(resolve, 3));
        return store.store(bulletin, options);
      },
    };
    const notifiers = [await start(), await start(late)];
    const sessions = [1, 2, 3].map(
      (n) => new ScriptedSession(log, `conf-${String(n)}` as SessionAddress),
    );
    await Promise.all(sessions.map((session) => aLife(session)));
    for (const notifier of notifiers) await allTold(notifier);
    const kept = await store.readAfter('ada', 0, 100);
    const numbers = kept.flatMap(({ first, notifications }) =>
      notifications.map((_, index) => first + index),
    );
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const ids = kept.flatMap(({ notifications }) => notifications.map(({ id }) => id));
    expect(new Set(ids).size).toBe(9);
    expect(conflicts).toBeGreaterThan(0);
    // Whoever was second has seen that everything is told.
    expect(notifiers.map(({ waiting }) => waiting)).toEqual([0, 0]);
  });

  it('says the same again, number by number, when its stream was deleted', async () => {
    const first = await start();
    await aLife();
    await allTold(first);
    const before = toldTo('ada');
    bulletins.splice(0);
    const rebuilt = new MemoryNotificationStore(
      () => Date.now(),
      (bulletin) => bulletins.push(bulletin),
    );
    await start(rebuilt);
    expect(toldTo('ada')).toEqual(before);
  });

  it('stops a session that is damaged, says so, and goes on with the others', async () => {
    const notifier = await start();
    const session = new ScriptedSession(log, conf);
    const commit = await session.commit(session.open(), session.listen());
    log.plant(conf, new TextEncoder().encode(JSON.stringify({ ...commit, revision: 3 })));
    const other = new ScriptedSession(log, 'conf-8' as SessionAddress, 'olga');
    await aLife(other);
    await allTold(notifier);
    expect(stopped).toMatchObject([{ kind: 'gap', session: conf, revision: 3 }]);
    expect(notifier.figures).toMatchObject({ stopped: 1, sessions: 1 });
    expect(Object.keys(toldTo('olga'))).toHaveLength(3);
  });

  it('tells a node of a large end in several bulletins, each small enough for a page', async () => {
    const notifier = await start(store, 100);
    const session = new ScriptedSession(log, conf);
    await session.commit(session.open({ admit: 'auto' }), session.listen());
    for (let batch = 0; batch < 5; batch += 1) {
      const asks = Array.from({ length: 100 }, (_, n) => session.ask('bob', batch * 100 + n + 1));
      await session.commit(...asks);
    }
    await session.commit(session.close());
    await allTold(notifier);
    const sizes = bulletins.map((bulletin) => JSON.stringify(bulletin).length);
    expect(Math.max(...sizes)).toBeLessThan(pageBytes - 1_024);
    const numbers = Object.keys(toldTo('bob')).map(Number);
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, n) => n + 1));
  });

  it('reads no further while too much waits', async () => {
    const slow = new MemoryNotificationStore(() => Date.now());
    const hold = Promise.withResolvers<undefined>();
    const original = slow.store.bind(slow);
    slow.store = async (...given) => {
      await hold.promise;
      return original(...given);
    };
    const session = new ScriptedSession(log, conf);
    await session.commit(session.open(), session.listen());
    for (let n = 1; n <= 30; n += 1) await session.commit(session.ask('bob', n));
    const starting = start(slow, 10);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const [{ notifier } = { notifier: null }] = running;
    expect(notifier?.waiting).toBe(10);
    expect(notifier?.sequence).toBe(11);
    hold.resolve(undefined);
    await starting;
    expect(notifier?.sequence).toBe(31);
  });

  it('goes on telling when the store comes back', async () => {
    let failing = true;
    const original = store.store.bind(store);
    store.store = async (...given) =>
      failing ? { kind: 'unknown', cause: new Error('no answer') } : original(...given);
    const notifier = await start(store, 1_000_000).catch(() => null);
    expect(notifier).not.toBeNull();
    const life = aLife();
    await life;
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(notifier?.trouble).toBe('no answer');
    failing = false;
    if (notifier !== null) await allTold(notifier);
    expect(toldTo('ada')).toEqual(lifeOfAda);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(notifier?.trouble).toBeNull();
  });

  it('refuses to go on when nodes know of commits that the log has lost', async () => {
    await aLife();
    await start();
    const regressed = new MemoryLog({ sha256, now: () => Date.now() });
    const session = new ScriptedSession(regressed, conf);
    await session.commit(session.open(), session.listen());
    await session.commit(session.ask('bob', 1));
    const notifier = new Notifier({
      log: regressed,
      store,
      watcher: watching,
      inFlightMax: 1,
      waitingMax: 10,
      logEnd: async () => Promise.resolve(2),
      sleep: async () => undefined,
    });
    const reading = new AbortController();
    await expect(notifier.follow(reading.signal)).rejects.toMatchObject({ name: 'LogRegressed' });
    reading.abort();
  });
});

describe('Resumes', () => {
  it('says where a node’s numbers are, and which invitations wait for it', async () => {
    const session = new ScriptedSession(log, conf);
    const other = new ScriptedSession(log, 'conf-8' as SessionAddress, 'olga');
    for (const each of [session, other]) await each.commit(each.open(), each.invite('bob'));
    const notifier = await start();
    const resumes = new Resumes(notifier, store);
    const pendingOf = async () => {
      await allTold(notifier);
      const reply = await resumes.answer('bob', null);
      return reply.ok ? [reply.head, ...reply.pending.map(({ id }) => id)] : reply.code;
    };
    expect(await pendingOf()).toEqual([2, 'conf-7.1.0', 'conf-8.1.0']);
    await session.commit(session.accept('J1', 'bob'));
    expect(await pendingOf()).toEqual([2, 'conf-8.1.0']);
    await other.commit(other.close(socketOf('olga', 2))); // Takes the invitation back.
    expect(await pendingOf()).toEqual([3]);
  });

  it('counts from 0 for a node that was never told anything', async () => {
    const resumes = new Resumes(await start(), store);
    expect(await resumes.answer('nobody', null)).toMatchObject({ ok: true, head: 0, pending: [] });
    expect(await resumes.answer('nobody', 7)).toMatchObject({ ok: true, head: 0, bulletins: [] });
  });

  it('leaves an invitation out that the node has yet to be told of', async () => {
    const session = new ScriptedSession(log, conf);
    await session.commit(session.open(), session.invite('bob'));
    const notifier = await start();
    expect(notifier.pendingOf('bob', endOf(null))).toEqual([]);
    expect(notifier.pendingOf('bob', endOf(await store.last('bob')))).toHaveLength(1);
  });

  it('gives what was missed in pages that fit into a reply', async () => {
    const notifier = await start();
    const session = new ScriptedSession(log, conf);
    const data = Buffer.alloc(4_096).toString('base64');
    await session.commit(session.open(), session.listen());
    for (let n = 1; n <= 5; n += 1) await session.commit(session.ask('bob', n, data));
    await allTold(notifier); // The next bulletin begins with number 6.
    for (let n = 6; n <= 120; n += 1) await session.commit(session.ask('bob', n, data));
    await allTold(notifier);
    const resumes = new Resumes(notifier, store);
    const heard: number[] = [];
    let pages = 0;
    for (let last = 5; ; pages += 1) {
      const reply = await resumes.answer('ada', last);
      if (!reply.ok) throw new Error(reply.code);
      expect(JSON.stringify(reply).length).toBeLessThanOrEqual(pageBytes);
      for (const { first, notifications } of reply.bulletins) {
        for (const index of notifications.keys()) heard.push(first + index);
      }
      last = heard.at(-1) ?? last;
      if (last >= reply.head) break;
    }
    expect(heard).toEqual(Array.from({ length: 115 }, (_, n) => n + 6));
    expect(pages).toBeGreaterThan(1);
  });

  it('[E2] asks for patience while it has not read what the node was told', async () => {
    await aLife();
    await start();
    const behind = new Notifier({
      log: new MemoryLog({ sha256, now: () => Date.now() }),
      store,
      watcher: watching,
      inFlightMax: 1,
      waitingMax: 10,
      logEnd: async () => Promise.resolve(5),
      sleep: (ms) => delay(ms),
    });
    const reply = await new Resumes(behind, store).answer('bob', null);
    expect(reply).toMatchObject({ ok: false, code: 'WSAENETDOWN', retry: 'later' });
  });
});
