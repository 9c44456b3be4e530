import { afterAll, beforeAll } from '@jest/globals';
import { natsForTests } from '@joinleaf/nats-server';
import { Subjects } from '@joinleaf/wire';
import type { NatsConnection } from '@nats-io/transport-node';
import { describeStoresContract } from './contract.js';
import {
  connectBroker,
  ensureStreams,
  JetStreamDecisionLog,
  JetStreamNodeLog,
  JetStreamNotificationStore,
} from './index.js';

const nats = natsForTests({ beforeAll, afterAll });
const subjects = new Subjects(`r${Math.random().toString(36).slice(2, 8)}`);

const storesOn = (nc: NatsConnection) => ({
  decisions: new JetStreamDecisionLog({ nc, subjects }),
  nodes: new JetStreamNodeLog({ nc, subjects }),
  notifications: new JetStreamNotificationStore({ nc, subjects }),
});

describeStoresContract('The stores in JetStream', async () => {
  const { services } = nats().credentials;
  const broker = await connectBroker({ ...services, name: 'stores' });
  const other = await connectBroker({ ...services, name: 'other stores' });
  await ensureStreams(broker.nc, subjects, { replicas: 1 });
  return {
    ...storesOn(broker.nc),
    others: storesOn(other.nc),
    close: async () => {
      await broker.close();
      await other.close();
    },
  };
});
