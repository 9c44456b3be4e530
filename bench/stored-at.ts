import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { SessionAddress } from '@joinleaf/multipoint';
import type { Stage } from './stage.js';

const nanosecondsPerMs = 1e6;

/** When each commit of a session was stored, by its revision: milliseconds since the Unix epoch, with their fractions. */
export async function storedAtMs(
  { services, subjects }: Stage,
  address: SessionAddress,
): Promise<ReadonlyMap<number, number>> {
  const times = new Map<number, number>();
  const consumer = await jetstream(services).consumers.get(subjects.streams.events, {
    deliver_policy: DeliverPolicy.All,
    filter_subjects: subjects.events(address),
  });
  for await (const message of await consumer.consume()) {
    const { revision } = message.json<{ readonly revision: number }>();
    times.set(revision, Number(message.timestampNanos) / nanosecondsPerMs);
    if (message.info.pending === 0) break;
  }
  await consumer.delete();
  return times;
}
