import { DeliverPolicy, jetstream, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { endOfTurn, type Requests } from '@joinleaf/request-reply';
import type { BatchedMessage } from './stream-access.js';

// Read one by one rather than by callback: only so does a slow reader hold the server back.
const messagesMax = 10_000;
const expiresMs = 5_000;
const heartbeatMs = 1_000;
const forgottenAfterMs = 30_000;

/**
 * The messages of a stream from a sequence on, by an ordered consumer. Ends on the signal, and when the consumer is not
 * heard: one server of several keeps it, and it is away for as long as that server. The caller makes another.
 */
export async function* pulledMessages(
  nc: NatsConnection,
  requests: Pick<Requests, 'onReconnect'>,
  stream: string,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<readonly BatchedMessage[]> {
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
  // The client asks after its consumer then, and waits for an answer that only the server that keeps it can give.
  const forget = requests.onReconnect(stop);
  void onSilence(messages, stop);
  let taken = 0;
  let cameTogether = 0;
  try {
    for await (const message of messages) {
      // What we wrote ourselves often comes with its acknowledgement: whoever waits for that goes first, and knows it then.
      taken += 1;
      if (taken > cameTogether) {
        await endOfTurn();
        cameTogether = messages.getReceived();
      }
      if (signal.aborted) return;
      const { subject, data: bytes } = message;
      yield [{ subject, bytes, ...deliveryIn(message) }];
    }
  } finally {
    forget();
    signal.removeEventListener('abort', stop);
    messages.stop();
    // The server forgets it in a while; sooner when it hears of it.
    if (!nc.isClosed()) consumer.delete().catch(() => undefined);
  }
}

// $JS.ACK.<domain>.<account>.<stream>.<consumer>.<deliveries>.<sequence>.<delivery>.<nanoseconds>.<pending>.<random>, or without
// domain, account and random. The client's own reading of it takes a big integer to keep the nanoseconds that nobody wants.
function deliveryIn(message: JsMsg) {
  const { reply } = message as JsMsg & { readonly reply: string };
  const tokens = reply.split('.');
  const from = tokens.length === 9 ? 5 : 7;
  const nanoseconds = tokens[from + 2] ?? '';
  return {
    sequence: Number(tokens[from]),
    storedAt: Number(nanoseconds.slice(0, -6)),
    pending: Number(tokens[from + 3]),
  };
}

/** Calls `listener` when the consumer has missed two heartbeats. Ends with the messages. */
async function onSilence(messages: ConsumerMessages, listener: () => void): Promise<void> {
  for await (const { type } of messages.status()) {
    if (type === 'heartbeats_missed') listener();
  }
}
