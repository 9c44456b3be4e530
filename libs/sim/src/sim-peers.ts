import type { CommandDesk, Peers } from '@joinleaf/arbiter';
import { arbiterBeatSchema, decode, encode, type Subjects } from '@joinleaf/wire';
import type { Msg } from '@nats-io/transport-node';
import type { SimConnection } from './sim-connection.js';

const beatBytesMax = 4_096;

/** The other arbiters, by way of the simulated broker. */
export const simPeers = (connection: SimConnection, subjects: Subjects): Peers => ({
  say: (beat) => {
    connection.publish(subjects.arbiters(), encode(beat));
  },
  hear: (heard) => {
    const subscription = connection.subscribe(subjects.arbiters(), {
      callback: (_, { data }) => {
        const beat = decode(arbiterBeatSchema, data, beatBytesMax);
        if (beat.ok) heard(beat.value);
      },
    });
    return subscription.unsubscribe;
  },
});

/** The commands of partitions, each of which reaches one of the arbiters that hear it. */
export function simDesk(
  connection: SimConnection,
  subjects: Subjects,
  take: (message: Msg) => void,
): CommandDesk {
  const heard = new Map<number, () => void>();
  const callback = (_: Error | null, message: Msg) => {
    take(message);
  };
  const done = () => connection.flush().catch(() => undefined);
  return {
    open: async (partitions) => {
      for (const partition of partitions) {
        const subject = subjects.commands(String(partition).padStart(2, '0'));
        const { unsubscribe } = connection.subscribe(subject, { queue: 'arbiter', callback });
        heard.set(partition, unsubscribe);
      }
      await done();
    },
    close: async (partitions) => {
      for (const partition of partitions) {
        heard.get(partition)?.();
        heard.delete(partition);
      }
      await done();
    },
  };
}
