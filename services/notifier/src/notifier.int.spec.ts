import 'reflect-metadata';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ensureStreams, JetStreamLog, JetStreamNotificationStore } from '@joinleaf/jetstream-log';
import type { SessionAddress } from '@joinleaf/multipoint';
import { natsForTests } from '@joinleaf/nats-server';
import { runService } from '@joinleaf/nest-kit';
import { TestProcess } from '@joinleaf/nest-kit/testing';
import { ScriptedSession } from '@joinleaf/notification/testing';
import {
  bulletinSchema,
  decode,
  encode,
  inboxPrefixOf,
  resumeReplySchema,
  Subjects,
  type Bulletin,
  type ResumeReply,
} from '@joinleaf/wire';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { notifierService } from './service.js';

const nats = natsForTests({ beforeAll, afterAll });

let realms = 0;
let subjects: Subjects;
let nc: NatsConnection;
let log: JetStreamLog;
let store: JetStreamNotificationStore;
let processes: TestProcess[];
let nodes: NatsConnection[];

// Every test has a realm, and so streams, of its own.
beforeEach(async () => {
  realms += 1;
  subjects = new Subjects(`notifier${String(realms)}`);
  nc = await connect(nats().credentials.services);
  await ensureStreams(nc, subjects, { replicas: 1 });
  log = new JetStreamLog({ nc, subjects });
  store = new JetStreamNotificationStore({ nc, subjects });
  processes = [];
  nodes = [];
});

afterEach(async () => {
  for (const each of processes) {
    each.emit('SIGTERM');
    await each.exited;
  }
  for (const each of [...nodes, nc]) await each.close();
});

async function start(): Promise<TestProcess> {
  const { servers, user = '', pass = '' } = nats().credentials.services;
  const started = new TestProcess({
    JOINLEAF_SERVERS: servers.join(','),
    JOINLEAF_USER: user,
    JOINLEAF_PASS: pass,
    JOINLEAF_REALM: subjects.realm,
    JOINLEAF_LOG: 'json',
    JOINLEAF_HTTP_PORT: '0',
  });
  processes.push(started);
  void runService(notifierService, started);
  await started.line('ready');
  return started;
}

async function end(started: TestProcess): Promise<void> {
  started.emit('SIGTERM');
  expect(await started.exited).toBe(0);
  processes = processes.filter((each) => each !== started);
}

/** A node as it hears its own subject, with a node's credentials. */
async function listenAs(name: string) {
  const connection = await connect({
    ...nats().credentials.nodes,
    inboxPrefix: inboxPrefixOf(name),
  });
  nodes.push(connection);
  const heard: Bulletin[] = [];
  connection.subscribe(subjects.notifications(name), {
    callback: (_, message) => {
      const bulletin = decode(bulletinSchema, message.data, 600_000);
      if (bulletin.ok) heard.push(bulletin.value);
    },
  });
  await connection.flush();
  const resume = async (after: number | null): Promise<ResumeReply> => {
    const body = encode({ v: 1, incarnation: 'run1', after });
    const reply = await connection.request(subjects.node(name, 'resume'), body, { timeout: 5_000 });
    const decoded = decode(resumeReplySchema, reply.data, 600_000);
    if (!decoded.ok) throw new Error(`${decoded.error.field} ${decoded.error.problem}`);
    return decoded.value;
  };
  return { heard, resume };
}

const conference = (name: string): ScriptedSession =>
  new ScriptedSession(log, name as SessionAddress);

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
};

const lastNumberOf = async (node: string): Promise<number> => {
  const last = await store.last(node);
  return last === null ? 0 : (numbersIn([last.record]).at(-1) ?? 0);
};
const numbersIn = (bulletins: readonly Bulletin[]): number[] =>
  bulletins.flatMap(({ first, notifications }) => notifications.map((_, index) => first + index));
const idsIn = (bulletins: readonly Bulletin[]): string[] =>
  bulletins.flatMap(({ notifications }) => notifications.map(({ id }) => id));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

describe('the notifier', () => {
  it('tells a node live, and answers where it is', async () => {
    await start();
    const bob = await listenAs('bob');
    const session = conference('conf-7');
    await session.commit(session.open(), session.listen());
    await session.commit(session.invite('bob'));
    await until(() => bob.heard.length === 1);
    expect(bob.heard[0]).toMatchObject({
      node: 'bob',
      first: 1,
      notifications: [{ kind: 'FD_ACCEPT', id: 'conf-7.2.0', to: 'bob:1', join: 'J1' }],
    });
    expect(await bob.resume(null)).toMatchObject({ head: 1, pending: [{ id: 'conf-7.2.0' }] });
    expect(await bob.resume(0)).toMatchObject({ head: 1, bulletins: [{ first: 1 }], pending: [] });
    await session.commit(session.accept('J1', 'bob'));
    expect(await bob.resume(null)).toMatchObject({ head: 1, pending: [] });
  });

  it('refuses a resume that is none', async () => {
    await start();
    const reply = await nc.request(subjects.node('bob', 'resume'), encode({ v: 1, after: -1 }));
    expect(reply.json()).toMatchObject({ ok: false, code: 'WSAEFAULT', rule: 'H11' });
  });

  it('goes on where it was after a restart, and tells what was stored meanwhile', async () => {
    const ada = await listenAs('ada');
    const session = conference('conf-7');
    const first = await start();
    await session.commit(session.open(), session.listen());
    for (let n = 1; n <= 5; n += 1) await session.commit(session.ask('bob', n));
    await until(() => numbersIn(ada.heard).length === 5);
    await end(first);
    for (let n = 6; n <= 10; n += 1) await session.commit(session.ask('bob', n));
    await start();
    await session.commit(session.ask('bob', 11));
    await until(() => numbersIn(ada.heard).length >= 11);
    expect(numbersIn(ada.heard)).toEqual(upTo(11));
  });

  it('is harmless when there are two of it', async () => {
    await Promise.all([start(), start()]);
    const ada = await listenAs('ada');
    const sessions = upTo(8).map((n) => conference(`conf-${String(n)}`));
    await Promise.all(
      sessions.map(async (session) => {
        await session.commit(session.open(), session.listen());
        for (let n = 1; n <= 20; n += 1) await session.commit(session.ask('bob', n));
        await session.commit(session.close());
      }),
    );
    const kept = async () => {
      const all: Bulletin[] = [];
      for (let last = 0; ;) {
        const page = await store.readAfter('ada', last, 100);
        if (page.length === 0) return all;
        all.push(...page);
        last = numbersIn(page).at(-1) ?? last;
      }
    };
    await until(async () => numbersIn(await kept()).length === 160);
    const stored = await kept();
    expect(numbersIn(stored)).toEqual(upTo(160));
    expect(new Set(idsIn(stored)).size).toBe(160);
    // The node may hear a number twice, from both; it is always the same notification.
    const byNumber = new Map<number, string>();
    for (const [at, number] of numbersIn(ada.heard).entries()) {
      const id = idsIn(ada.heard)[at] ?? '';
      expect(byNumber.get(number) ?? id).toBe(id);
      byNumber.set(number, id);
    }
    expect(byNumber.size).toBe(160);
  });

  it('fills a gap page by page', async () => {
    const session = conference('conf-7');
    await session.commit(session.open(), session.listen());
    const data = Buffer.alloc(4_000).toString('base64');
    for (let n = 1; n <= 100; n += 1) await session.commit(session.ask('bob', n, data));
    await start();
    const ada = await listenAs('ada');
    await until(async () => (await lastNumberOf('ada')) === 100);
    const heard: number[] = [];
    let pages = 0;
    for (let last = 10; last < 100; last = heard.at(-1) ?? 100) {
      const reply = await ada.resume(last);
      if (!reply.ok) throw new Error(reply.code);
      expect(reply.head).toBe(100);
      heard.push(...numbersIn(reply.bulletins));
      pages += 1;
    }
    expect(pages).toBeGreaterThan(1);
    expect(heard.filter((number) => number > 10)).toEqual(upTo(100).slice(10));
  });

  it('writes its stream again, number by number, when that was deleted', async () => {
    const session = conference('conf-7');
    await session.commit(session.open(), session.listen());
    for (let n = 1; n <= 5; n += 1) await session.commit(session.ask('bob', n));
    const first = await start();
    await until(async () => (await lastNumberOf('ada')) === 5);
    const before = idsIn(await store.readAfter('ada', 0, 100));
    await end(first);
    const manager = await jetstreamManager(nc);
    await manager.streams.delete(subjects.streams.notifications);
    await start();
    await until(async () => numbersIn(await store.readAfter('ada', 0, 100)).length === 5);
    expect(idsIn(await store.readAfter('ada', 0, 100))).toEqual(before);
  });

  it('stops a damaged session with a loud line, and tells the others', async () => {
    const notifier = await start();
    const session = conference('conf-7');
    await session.commit(session.open(), session.listen());
    nc.publish(subjects.events('conf-7' as SessionAddress), encode({ not: 'a commit' }));
    const other = conference('conf-8');
    await other.commit(other.open(), other.listen());
    await other.commit(other.ask('cara', 1));
    await until(async () => (await store.last('ada')) !== null);
    const damage = notifier.lines.find(({ msg }) => msg?.startsWith('DAMAGED'));
    expect(damage).toMatchObject({
      level: 'error',
      damage: { kind: 'unreadable', session: 'conf-7' },
    });
    const { httpUrl } = await notifier.line('ready');
    const metrics = await (await fetch(`${String(httpUrl)}/metrics`)).text();
    expect(metrics).toContain('joinleaf_log_damaged_roots 1');
    expect(metrics).toMatch(/joinleaf_notifications_total\{kind="FD_ACCEPT"\} 1/);
  });

  it('tells what it has read before it ends', async () => {
    const notifier = await start();
    const ada = await listenAs('ada');
    const sessions = upTo(5).map((n) => conference(`conf-${String(n)}`));
    for (const session of sessions) await session.commit(session.open(), session.listen());
    let committed = 0;
    const writing = sessions.map(async (session) => {
      for (let n = 1; n <= 40; n += 1) {
        await session.commit(session.ask('bob', n));
        committed += 1;
      }
    });
    await until(() => committed > 50);
    await end(notifier);
    const told = await notifier.line('told what was read');
    expect(told).toMatchObject({ untold: 0 });
    await Promise.all(writing);
    await start();
    await until(() => numbersIn(ada.heard).length >= 200);
    expect(numbersIn(ada.heard)).toEqual(upTo(200));
  });

  it('survives a broker that goes away for a moment', async () => {
    const server = nats();
    if (server.kind !== 'own') return;
    await start();
    const session = conference('conf-7');
    await session.commit(session.open(), session.listen());
    await session.commit(session.ask('bob', 1));
    await until(async () => (await store.last('ada')) !== null);
    await server.restart();
    await session.commit(session.ask('bob', 2));
    await until(async () => (await lastNumberOf('ada')) === 2);
    await session.commit(session.ask('bob', 3));
    await until(async () => (await lastNumberOf('ada')) === 3);
  }, 30_000);
});
