import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { BatchedMessage } from './stream-access.js';

// Read one by one rather than by callback: only so does a slow reader hold the server back.
const messagesMax = 10_000;
const expiresMs = 5_000;
const heartbeatMs = 1_000;
const forgottenAfterMs = 30_000;

/** The messages of a stream from a sequence on, by an ordered consumer, until the signal. */
export async function* pulledMessages(
  nc: NatsConnection,
  stream: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<BatchedMessage> {
  const consumer = await jetstream(nc).consumers.get(stream, {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
    inactive_threshold: forgottenAfterMs,
  });
  const messages = await consumer.consume({
    max_messages: messagesMax,
    expires: expiresMs,
    idle_heartbeat: heartbeatMs,
    abort_on_missing_resource: true,
  });
  const stop = () => {
    messages.stop();
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    for await (const message of messages) {
      if (signal.aborted) return;
      const { subject, seq: sequence, data: bytes, timestampNanos, info } = message;
      const storedAt = Number(timestampNanos / 1_000_000n);
      yield { subject, sequence, bytes, storedAt, pending: info.pending };
    }
  } finally {
    signal.removeEventListener('abort', stop);
    messages.stop();
    // The server forgets it in a while; sooner when it hears of it.
    if (!nc.isClosed()) consumer.delete().catch(() => undefined);
  }
}
