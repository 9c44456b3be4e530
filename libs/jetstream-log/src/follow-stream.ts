import { LogRegressed } from '@joinleaf/event-log';
import type { NatsConnection } from '@nats-io/transport-node';
import { comesBack } from './comes-back.js';
import { polledMessages } from './polled-messages.js';
import { pulledMessages } from './pulled-messages.js';
import { readBetween, withPatience } from './read-subject.js';
import { RegressionWatch, type Expectation } from './regression-watch.js';
import type { Requests } from './requests.js';
import { StallWatch, type Progress } from './stall-watch.js';
import type { BatchedMessage, StoredMessage, StreamAccess, StreamExtent } from './stream-access.js';
import { StreamUnreachable } from './trouble.js';

export interface StreamFollowing {
  /** All subjects of the stream. */
  readonly subject: string;
  readonly afterSequence: number;
  /** Whether the stream never drops messages, so that a number left out is a loss. */
  readonly complete: boolean;
  /** `consumer`, or `polling` for a user who may not create consumers. */
  readonly by: 'consumer' | 'polling';
  readonly signal?: AbortSignal | undefined;
}

/** Everything that is in a stream, as far as its numbers go. */
export type FollowedMessage =
  | { readonly kind: 'message'; readonly message: StoredMessage }
  /** These should have been there: a damaged stream leaves them out without a word. */
  | { readonly kind: 'gap'; readonly from: number; readonly to: number }
  | { readonly kind: 'caught-up'; readonly sequence: number };

/** Delivers messages from a sequence on, in order, until the signal. May end or throw before. */
type Delivery = (from: number, signal: AbortSignal) => AsyncIterable<BatchedMessage>;

const requestTimeoutMs = 2_000;
const patienceMs = 10_000;
const pauseMs = 100;

/**
 * The messages of a stream, in its order, and on as they come; through reconnects, restarts of the server and
 * the loss of its consumer. Ends on the signal, and when the connection is closed for good.
 *
 * @throws LogRegressed when the stream ends before what was read from it, or is another one by now;
 *   StreamUnreachable when the broker does not answer at the beginning.
 */
export async function* followStream(
  nc: NatsConnection,
  requests: Requests,
  access: StreamAccess,
  following: StreamFollowing,
): AsyncGenerator<FollowedMessage> {
  const { subject, complete, by, signal } = following;
  const { clock } = requests;
  if (signal?.aborted) return;
  const begun = await withPatience(requests, patienceMs, signal, () =>
    access.extent(requestTimeoutMs),
  );
  if (begun === null) throw new StreamUnreachable(access.stream, 'there is no such stream');
  const place = new Place(begun, following.afterSequence, complete);
  const regression = place.regression(begun);
  if (regression !== null) throw regression;
  const filled = (found: Iterable<FollowedMessage>) => fillGaps(requests, access, following, found);
  if (place.due <= begun.firstSequence) yield* filled(place.skippedTo(begun.firstSequence));
  yield* place.arrival();

  const deliver: Delivery =
    by === 'polling'
      ? (from, until) => polledMessages(nc, access, { subject, from, signal: until, clock })
      : (from, until) => pulledMessages(nc, requests, access.stream, from, until);
  while (!signal?.aborted && !requests.closed) {
    using watch = new RegressionWatch(requests, access, place, signal);
    using stall = new StallWatch(access, subject, place, clock);
    const until = AbortSignal.any([watch.signal, stall.signal]);
    try {
      for await (const delivered of deliver(place.due, until)) yield* filled(place.take(delivered));
    } catch (error) {
      if (!comesBack(error)) throw error;
    }
    await watch.verdict();
    if (stall.nothingLeft) yield* filled(place.end());
    if (!signal?.aborted) await clock.delay(pauseMs);
  }
}

/**
 * Asks the other servers for what was not delivered: a consumer reads the copy of one of them, which may have lost what the
 * others still have.
 */
async function* fillGaps(
  requests: Requests,
  access: StreamAccess,
  { subject, signal }: StreamFollowing,
  found: Iterable<FollowedMessage>,
): AsyncGenerator<FollowedMessage> {
  for (const one of found) {
    if (one.kind !== 'gap') {
      yield one;
      continue;
    }
    let { from: due } = one;
    // The reader's place is beyond them already: who gave up here would leave them out without a word.
    for (let isDone = false; !isDone && !signal?.aborted;) {
      const between = { subject, patienceMs, signal, from: due, before: one.to + 1 };
      try {
        for await (const message of readBetween(requests, access, between)) {
          if (due < message.sequence) yield { kind: 'gap', from: due, to: message.sequence - 1 };
          yield { kind: 'message', message };
          due = message.sequence + 1;
        }
        isDone = true;
      } catch (error) {
        if (!(error instanceof StreamUnreachable) || requests.closed) throw error;
      }
    }
    if (signal?.aborted) return;
    if (due <= one.to) yield { kind: 'gap', from: due, to: one.to };
  }
}

/** How far a reader has come, and what that says about the stream. */
class Place implements Expectation, Progress {
  readonly #begun: StreamExtent;
  readonly #complete: boolean;
  #sequence: number;
  #caughtUp = false;

  constructor(begun: StreamExtent, afterSequence: number, complete: boolean) {
    this.#begun = begun;
    this.#sequence = afterSequence;
    this.#complete = complete;
  }

  get due(): number {
    return this.#sequence + 1;
  }

  get caughtUp(): boolean {
    return this.#caughtUp;
  }

  get isReplicated(): boolean {
    return this.#begun.replicas > 1;
  }

  /** Why this is not the stream that we began to read, or no longer holds what we have read. */
  regression(found: StreamExtent | null): LogRegressed | null {
    if (found === null) return new LogRegressed(this.#sequence, 0, 'the stream is gone');
    const { created, lastSequence } = found;
    const again = created === this.#begun.created;
    if (again && lastSequence >= this.#sequence) return null;
    const detail = again ? 'a reader was further' : `it was created again at ${created}`;
    return new LogRegressed(this.#sequence, lastSequence, detail);
  }

  *take({ pending, ...message }: BatchedMessage): Generator<FollowedMessage> {
    if (message.sequence < this.due) return; // Delivered again after a reconnect.
    yield* this.skippedTo(message.sequence);
    this.#sequence = message.sequence;
    yield { kind: 'message', message };
    // One replica of several may say so before it has everything.
    if (pending === 0 && !this.isReplicated) yield* this.end();
    else yield* this.arrival();
  }

  /** There is nothing to come: what the stream still counted when the reading began is missing. */
  *end(): Generator<FollowedMessage> {
    yield* this.skippedTo(this.#begun.lastSequence + 1);
    yield* this.arrival();
  }

  /** What lies between the last message and this one and was not delivered. */
  *skippedTo(sequence: number): Generator<FollowedMessage> {
    const from = this.due;
    if (from >= sequence) return;
    this.#sequence = sequence - 1;
    if (this.#complete) yield { kind: 'gap', from, to: sequence - 1 };
  }

  *arrival(): Generator<FollowedMessage> {
    const { lastSequence } = this.#begun;
    if (this.#caughtUp || this.#sequence < lastSequence) return;
    this.#caughtUp = true;
    yield { kind: 'caught-up', sequence: lastSequence };
  }
}
