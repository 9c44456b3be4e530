import { describeEventLogContract } from '@joinleaf/event-log/contract';
import {
  JetStreamDecisionLog,
  JetStreamLog,
  JetStreamNodeLog,
  JetStreamNotificationStore,
} from '@joinleaf/jetstream-log';
import { describeStoresContract } from '@joinleaf/jetstream-log/contract';
import { keepTime } from '@joinleaf/request-reply';
import { Subjects } from '@joinleaf/wire';
import { Chance } from './chance.js';
import { clockOf } from './clock-of.js';
import { addStreams } from './streams.js';
import { SimJetStream } from './sim-jetstream.js';
import { SimNats } from './sim-nats.js';
import { SimProcess } from './sim-process.js';
import { Timeline } from './timeline.js';

// The simulated server stands for the real one because the log and the stores on it pass the suites that they pass on a real
// nats-server.

const subjects = new Subjects('sim');

async function world(replicas: 1 | 3) {
  const timeline = new Timeline();
  const chance = new Chance(7);
  const nats = new SimNats(timeline, chance);
  const jetstream = new SimJetStream(nats, replicas);
  addStreams(jetstream, subjects);
  const over = new AbortController();
  void (async () => {
    while (!over.signal.aborted) {
      await timeline.run(() => over.signal.aborted, timeline.now + 50);
    }
  })();
  const connect = async (name: string) => {
    const process = new SimProcess(name, timeline, chance.fork(name));
    const { nc } = await nats.connect({ process });
    keepTime(nc, clockOf(process));
    return nc;
  };
  const [one, other] = [await connect('one'), await connect('other')];
  return {
    ...{ one, other, jetstream },
    close: async () => {
      over.abort();
    },
  };
}

for (const replicas of [1, 3] as const) {
  const name = `on a simulated server, R${String(replicas)},`;

  describeEventLogContract(`JetStreamLog ${name}`, async () => {
    const { one, other, jetstream, close } = await world(replicas);
    const stream = jetstream.stream(subjects.streams.events);
    return {
      log: new JetStreamLog({ nc: one, subjects, followBy: 'polling' }),
      other: new JetStreamLog({ nc: other, subjects, followBy: 'polling' }),
      plant: async (session, bytes) =>
        (await one.request(subjects.events(session), bytes, { timeout: 1_000 })).json<{
          seq: number;
        }>().seq,
      lastSequence: async () => stream.last,
      isReplicated: replicas === 3,
      close,
    };
  });

  describeStoresContract(`Stores ${name}`, async () => {
    const { one, other, close } = await world(replicas);
    const on = (nc: typeof one) => {
      const options = { nc, subjects, followBy: 'polling' } as const;
      return {
        decisions: new JetStreamDecisionLog(options),
        nodes: new JetStreamNodeLog(options),
        notifications: new JetStreamNotificationStore(options),
      };
    };
    return { ...on(one), others: on(other), close };
  });
}
