import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BadDraft, emptyHead, type Draft } from '@joinleaf/event-log';
import { describeEventLogContract, draftAfter, newSession } from '@joinleaf/event-log/contract';
import type { Rule } from '@joinleaf/multipoint';
import { natsForTests } from '@joinleaf/nats-server';
import { Requests } from '@joinleaf/request-reply';
import { Subjects } from '@joinleaf/wire';
import { headers } from '@nats-io/transport-node';
import { connectBroker, ensureStreams, JetStreamLog } from './index.js';
import { StreamAccess } from './stream-access.js';

const nats = natsForTests({ beforeAll, afterAll });
const realm = `r${Math.random().toString(36).slice(2, 8)}`;
const subjects = new Subjects(realm);

for (const followBy of ['consumer', 'polling'] as const) {
  describeEventLogContract(`JetStreamLog, followed by ${followBy},`, async () => {
    const { services } = nats().credentials;
    const broker = await connectBroker({ ...services, name: 'log' });
    const otherBroker = await connectBroker({ ...services, name: 'other log' });
    await ensureStreams(broker.nc, subjects, { replicas: 1 });
    const access = new StreamAccess(Requests.on(broker.nc), subjects.streams.events);
    return {
      log: new JetStreamLog({ nc: broker.nc, subjects, followBy }),
      other: new JetStreamLog({ nc: otherBroker.nc, subjects, followBy }),
      plant: async (session, bytes) => {
        const foreign = headers();
        foreign.set('X-Written-By', 'somebody else');
        const subject = subjects.events(session);
        const reply = await broker.nc.request(subject, bytes, { timeout: 1_000, headers: foreign });
        return reply.json<{ seq: number }>().seq;
      },
      lastSequence: async () => (await access.extent(1_000))?.lastSequence ?? 0,
      close: async () => {
        await broker.close();
        await otherBroker.close();
      },
    };
  });
}

describe('JetStreamLog', () => {
  const session = newSession();
  const draft = draftAfter(emptyHead, session);
  const [decision] = draft.decisions;

  it.each<[string, Partial<Draft>]>([
    ['decidedAt', { decidedAt: -1 }],
    ['decider', { decider: 'x'.repeat(65) }],
    ['decisions.0.rule', { decisions: decision ? [{ ...decision, rule: 'X1' as Rule }] : [] }],
    ['decisions.0.events', { decisions: decision ? [{ ...decision, events: [] }] : [] }],
  ])('puts nothing into the log that no reader would accept: %s', async (field, change) => {
    const broker = await connectBroker({ ...nats().credentials.services, name: 'log' });
    try {
      await ensureStreams(broker.nc, subjects, { replicas: 1 });
      const access = new StreamAccess(Requests.on(broker.nc), subjects.streams.events);
      const before = await access.extent(1_000);
      const appending = new JetStreamLog({ nc: broker.nc, subjects }).append(session, emptyHead, {
        ...draft,
        ...change,
      });
      await expect(appending).rejects.toThrow(BadDraft);
      await expect(appending).rejects.toMatchObject({ field });
      expect(await access.extent(1_000)).toEqual(before);
    } finally {
      await broker.close();
    }
  });
});
