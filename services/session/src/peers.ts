import type { CommandDesk, Peers } from '@joinleaf/arbiter';
import type { NatsRequests } from '@joinleaf/nest-kit';
import { arbiterBeatSchema, decode, encode, type Subjects } from '@joinleaf/wire';
import type { NatsConnection } from '@nats-io/transport-node';

const beatBytesMax = 4_096;

/** The other arbiters, by way of the broker. What is no beat of this protocol is skipped: a newer one may say more. */
export function natsPeers(nc: NatsConnection, subjects: Subjects): Peers {
  const subject = subjects.arbiters();
  return {
    say: (beat) => {
      if (!nc.isClosed() && !nc.isDraining()) nc.publish(subject, encode(beat));
    },
    hear: (heard) => {
      const subscription = nc.subscribe(subject, {
        callback: (error, { data }) => {
          const beat = error === null ? decode(arbiterBeatSchema, data, beatBytesMax) : null;
          if (beat?.ok === true) heard(beat.value);
        },
      });
      return () => {
        subscription.unsubscribe();
      };
    },
  };
}

/** Hears the commands of partitions, in the queue group of all arbiters: each command reaches one of them. */
export class RequestDesk implements CommandDesk {
  #requests: NatsRequests | null = null;

  constructor(private readonly subjects: Subjects) {}

  /** Has to be called before anything is opened. */
  attach(requests: NatsRequests): void {
    this.#requests = requests;
  }

  async open(partitions: readonly number[]): Promise<void> {
    const where = partitions.map((each) => ({ subject: this.#subjectOf(each), queue: 'arbiter' }));
    await this.#requests?.subscribe(...where);
  }

  async close(partitions: readonly number[]): Promise<void> {
    await this.#requests?.unsubscribe(...partitions.map((each) => this.#subjectOf(each)));
  }

  #subjectOf(partition: number): string {
    return this.subjects.commands(String(partition).padStart(2, '0'));
  }
}
