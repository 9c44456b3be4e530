import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newSession } from '@joinleaf/event-log/contract';
import { natsForTests } from '@joinleaf/nats-server';
import { Subjects } from '@joinleaf/wire';
import { aBulletin } from './contract.js';
import { connectBroker, ensureStreams, JetStreamNotificationStore, replacedLog } from './index.js';
import { reportStreams } from './stream-report.js';

const nats = natsForTests({ beforeAll, afterAll });

describe('the log beside its companions', () => {
  it('is the same one when somebody was told of a commit that came after the look at it', async () => {
    await using broker = await connectBroker({ ...nats().credentials.services, name: 'same log' });
    const { nc } = broker;
    const subjects = new Subjects(newSession('realm'));
    await ensureStreams(nc, subjects, { replicas: 1 });
    const early = await reportStreams(nc, subjects);

    const store = new JetStreamNotificationStore({ nc, subjects });
    await store.store({ ...aBulletin('ada', 1), sequence: 1 }, { afterSequence: 0 });
    expect((await replacedLog(nc, subjects, early))?.reason).toContain('has lost its end');
    await nc.request(subjects.events(newSession()), 'whatever it is');
    expect(await replacedLog(nc, subjects, early)).toBeNull();
  });
});
