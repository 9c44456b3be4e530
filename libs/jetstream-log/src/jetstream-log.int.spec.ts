import { afterAll, beforeAll } from '@jest/globals';
import { describeEventLogContract } from '@joinleaf/event-log/contract';
import { natsForTests } from '@joinleaf/nats-server';
import { Subjects } from '@joinleaf/wire';
import { headers } from '@nats-io/transport-node';
import { connectBroker, ensureStreams, JetStreamLog } from './index.js';
import { Requests } from './requests.js';
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
