import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newSession } from '@joinleaf/event-log/contract';
import { natsForTests } from '@joinleaf/nats-server';
import { Subjects } from '@joinleaf/wire';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { aBulletin, describeStoresContract } from './contract.js';
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

describe('JetStreamNotificationStore', () => {
  it('does not store what no node could read', async () => {
    await using broker = await connectBroker({ ...nats().credentials.services, name: 'store' });
    const { notifications } = storesOn(broker.nc);
    const node = newSession('ada');
    const good = aBulletin(node, 1);
    const [told] = good.notifications;
    const unreadable = [
      { ...good, first: NaN },
      { ...good, notifications: [] },
      { ...good, notifications: [{ ...told, to: 'nobody' }] },
      { ...good, notifications: [{ ...told, revision: undefined }] },
    ] as unknown as (typeof good)[];
    for (const bulletin of unreadable) {
      const storing = notifications.store(bulletin, { afterSequence: 0 });
      await expect(storing).rejects.toThrow('cannot be read back');
    }
    expect(await notifications.last(node)).toBeNull();
  });

  it('finds its way again after its stream was deleted and rebuilt', async () => {
    await using broker = await connectBroker({ ...nats().credentials.services, name: 'store' });
    const { nc } = broker;
    const rebuilt = new Subjects(newSession('realm'));
    await ensureStreams(nc, rebuilt, { replicas: 1 });
    const store = new JetStreamNotificationStore({ nc, subjects: rebuilt });
    const bulletins = Array.from({ length: 6 }, (_, index) => aBulletin('ada', index + 1));
    const tell = async () => {
      let afterSequence = 0;
      for (const bulletin of bulletins) {
        const outcome = await store.store(bulletin, { afterSequence });
        if (outcome.kind === 'ok') afterSequence = outcome.sequence;
      }
    };
    // Others are told first, so that the same bulletins lie further back than they will.
    for (let i = 0; i < 10; i += 1)
      await store.store(aBulletin(`node-${String(i)}`, 1), { afterSequence: 0 });
    await tell();
    expect(await store.readAfter('ada', 0, 3)).toEqual(bulletins.slice(0, 3));
    const jsm = await jetstreamManager(nc, { checkAPI: false });
    await jsm.streams.delete(rebuilt.streams.notifications);
    await ensureStreams(nc, rebuilt, { replicas: 1 });
    await tell();
    expect(await store.readAfter('ada', 3, 3)).toEqual(bulletins.slice(3));
  });
});
