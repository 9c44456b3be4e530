import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { emptyHead } from '@joinleaf/event-log';
import { draftAfter, grown, newSession, readAll, stored } from '@joinleaf/event-log/contract';
import { natsForTests, startNatsServer } from '@joinleaf/nats-server';
import { Subjects } from '@joinleaf/wire';
import { DiscardPolicy, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import {
  checkStreams,
  connectBroker,
  ensureStreams,
  JetStreamLog,
  streamPlans,
  StreamUnusable,
  type Broker,
  type StreamDifference,
  type StreamPlan,
} from './index.js';
import { LossyProxy } from './lossy-proxy.js';

const nats = natsForTests({ beforeAll, afterAll });
let broker: Broker;
let jsm: JetStreamManager;
let subjects: Subjects;

beforeAll(async () => {
  broker = await connectBroker({ ...nats().credentials.services, name: 'streams' });
  jsm = await jetstreamManager(broker.nc);
});
afterAll(async () => {
  await broker.close();
});
beforeEach(() => {
  subjects = new Subjects(newSession('realm'));
});

const ensure = () => ensureStreams(broker.nc, subjects, { replicas: 1 });

const planOf = (role: StreamPlan['role']): StreamPlan => {
  const plan = streamPlans(subjects, 1).find((one) => one.role === role);
  if (plan === undefined) throw new Error(`no plan of ${role}`);
  return plan;
};

async function differences(): Promise<readonly StreamDifference[]> {
  const error: unknown = await ensure().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StreamUnusable);
  return error instanceof StreamUnusable ? error.differences : [];
}

describe('ensureStreams', () => {
  it('asks again when nobody answered', async () => {
    await using server = await startNatsServer();
    await using proxy = await LossyProxy.before(server.port);
    const { services } = server.credentials;
    await using far = await connectBroker({ ...services, servers: proxy.url, name: 'far' });
    proxy.loses = 'what the client says';
    const asked = ensureStreams(far.nc, subjects, { replicas: 1 });
    await delay(200);
    proxy.loses = 'nothing';
    proxy.cut();
    expect(Object.keys(await asked)).toHaveLength(5);
  });

  it('makes the five streams as they are planned, and finds them good', async () => {
    const made = await ensure();
    expect(await ensure()).toEqual(made);
    expect(await checkStreams(broker.nc, subjects, { replicas: 1 })).toEqual(made);
    expect(Object.values(made).map(({ name }) => name)).toEqual([
      `JL_EVENTS_${subjects.realm}_0`,
      `JL_DECISIONS_${subjects.realm}`,
      `JL_NOTIFICATIONS_${subjects.realm}`,
      `JL_NODES_${subjects.realm}`,
      `JL_PARKED_${subjects.realm}`,
    ]);
  });

  it('keeps the log for good', async () => {
    await ensure();
    const { config } = await jsm.streams.info(subjects.streams.events);
    expect(config).toMatchObject({
      subjects: [subjects.allEvents()],
      retention: 'limits',
      storage: 'file',
      discard: 'new',
      max_age: 0,
      max_msgs: -1,
      deny_delete: true,
      deny_purge: true,
      allow_direct: true,
      duplicate_window: 120e9,
    });
    await grown(new JetStreamLog({ nc: broker.nc, subjects }), newSession(), 2);
    await expect(jsm.streams.deleteMessage(subjects.streams.events, 1)).rejects.toThrow();
    await expect(jsm.streams.purge(subjects.streams.events)).rejects.toThrow();
  });

  it('keeps refusals for two weeks, and the last bulletin of a node always', async () => {
    await ensure();
    const decisions = (await jsm.streams.info(subjects.streams.decisions)).config;
    expect(decisions).toMatchObject({ discard: 'old', max_age: 14 * 86_400e9 });
    const notifications = (await jsm.streams.info(subjects.streams.notifications)).config;
    expect(notifications).toMatchObject({
      discard: 'old',
      max_age: 0,
      max_msgs_per_subject: 100_000,
    });
  });

  it('is done by many services at once', async () => {
    const others = await Promise.all(
      Array.from({ length: 8 }, () =>
        connectBroker({ ...nats().credentials.services, name: 'another' }),
      ),
    );
    const made = await Promise.all(
      others.map(({ nc }) => ensureStreams(nc, subjects, { replicas: 1 })),
    );
    for (const one of made) expect(one).toEqual(made[0]);
    await Promise.all(others.map((other) => other.close()));
  });

  it('names a log that somebody else makes differently at the same moment', async () => {
    for (let round = 0; round < 20; round += 1) {
      subjects = new Subjects(newSession('realm'));
      const { config } = planOf('events');
      const making = jsm.streams.add({ ...config, max_age: 3_600e9 }).catch(() => null);
      const ensured = await ensure().catch((error: unknown) => error);
      // Whoever was first, the server's "name already in use" is not what is said.
      if ((await making) === null) expect(ensured).toHaveProperty('events.name', config.name);
      else expect(ensured).toBeInstanceOf(StreamUnusable);
    }
  });

  it.each([
    ['max_age', { max_age: 3_600e9 }, 3_600e9, 0],
    ['discard', { discard: DiscardPolicy.Old }, 'old', 'new'],
    ['deny_delete', { deny_delete: false }, false, true],
    ['deny_purge', { deny_purge: false }, false, true],
    ['max_msgs', { max_msgs: 1_000 }, 1_000, -1],
    ['max_msgs_per_subject', { max_msgs_per_subject: 5 }, 5, -1],
    ['allow_direct', { allow_direct: false }, false, true],
    ['storage', { storage: 'memory' }, 'memory', 'file'],
    ['max_msg_size', { max_msg_size: 1_000 }, 1_000, 525_312],
    ['no_ack', { no_ack: true }, true, undefined],
    ['allow_rollup_hdrs', { allow_rollup_hdrs: true, deny_purge: false }, true, false],
  ])(
    'names a log whose %s differs, and leaves it as it is',
    async (field, change, found, wanted) => {
      const plan = planOf('events');
      await jsm.streams.add({ ...plan.config, ...(change as object) });
      const before = await jsm.streams.info(plan.name);
      expect(await differences()).toContainEqual({ field, found, wanted });
      expect((await jsm.streams.info(plan.name)).config).toEqual(before.config);
    },
  );

  it('names a stream with the wrong subjects', async () => {
    const plan = planOf('nodes');
    await jsm.streams.add({ ...plan.config, subjects: [`${subjects.allNodeRecords()}.more`] });
    expect(await differences()).toEqual([
      {
        field: 'subjects',
        found: [`${subjects.allNodeRecords()}.more`],
        wanted: [subjects.allNodeRecords()],
      },
    ]);
  });

  it('does not mind what is for the operator to choose', async () => {
    await jsm.streams.add({
      ...planOf('events').config,
      max_bytes: 1_000_000_000,
      description: 'ours',
      metadata: { team: 'joinleaf' },
    });
    await expect(ensure()).resolves.toBeDefined();
  });

  it('names a log out of which something was deleted', async () => {
    const { name, config } = planOf('events');
    await jsm.streams.add({ ...config, deny_delete: false, deny_purge: false });
    await grown(new JetStreamLog({ nc: broker.nc, subjects }), newSession(), 5);
    await jsm.streams.deleteMessage(name, 3);
    await jsm.streams.deleteMessage(name, 1);
    expect(await differences()).toEqual(
      expect.arrayContaining([
        { field: 'num_deleted', found: 1, wanted: 0 },
        { field: 'first_seq', found: 2, wanted: 1 },
      ]),
    );
  });

  it('says in words what is wrong', async () => {
    await jsm.streams.add({ ...planOf('events').config, max_age: 3_600e9 });
    await expect(ensure()).rejects.toThrow(
      `stream JL_EVENTS_${subjects.realm}_0 is not what it must be: max_age is 3600000000000 and must be 0`,
    );
  });

  it('does not take its subjects from another stream', async () => {
    await jsm.streams.add({ name: `OTHER_${subjects.realm}`, subjects: [subjects.allEvents()] });
    await expect(ensure()).rejects.toThrow();
  });
});

describe('checkStreams', () => {
  it('makes nothing', async () => {
    await expect(checkStreams(broker.nc, subjects, { replicas: 1 })).rejects.toThrow(
      StreamUnusable,
    );
    await expect(jsm.streams.info(subjects.streams.events)).rejects.toThrow('stream not found');
  });
});

describe('the auditor', () => {
  it('checks, reads and follows, and cannot write', async () => {
    await ensure();
    const services = new JetStreamLog({ nc: broker.nc, subjects });
    const session = newSession();
    const commits = await grown(services, session, 3);
    const auditor = await connectBroker({
      ...nats().credentials.auditor,
      name: 'auditor',
      inboxPrefix: '_INBOX.auditor',
    });
    try {
      await checkStreams(auditor.nc, subjects, { replicas: 1 });
      const log = new JetStreamLog({ nc: auditor.nc, subjects, followBy: 'polling' });
      expect(await readAll(log, session)).toMatchObject(commits);
      const over = new AbortController();
      const heard: number[] = [];
      for await (const one of log.follow({ signal: over.signal })) {
        if (one.kind === 'caught-up') await grown(services, newSession(), 1);
        if (one.kind === 'commit') heard.push(one.commit.sequence);
        if (heard.length === 4) over.abort();
      }
      expect(heard).toEqual([1, 2, 3, 4]);
      const outcome = await log.append(newSession(), emptyHead, draftAfter(emptyHead, session));
      expect(() => stored(outcome)).toThrow('not stored');
    } finally {
      await auditor.close();
    }
  });
});
