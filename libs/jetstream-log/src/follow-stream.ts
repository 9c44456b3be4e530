import { LogRegressed } from '@joinleaf/event-log';
import type { NatsConnection } from '@nats-io/transport-node';
import { comesBack } from './comes-back.js';
import { polledMessages } from './polled-messages.js';
import { pulledMessages } from './pulled-messages.js';
import { readBetween, withPatience } from './read-subject.js';
import { RegressionWatch, type Expectation } from './regression-watch.js';
import type { Requests } from '@joinleaf/request-reply';
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

/** Delivers messages from a sequence on, in order and as they come, until the signal. May end or throw before. */
type Delivery = (from: number, signal: AbortSignal) => AsyncIterable<readonly BatchedMessage[]>;

const requestTimeoutMs = 2_000;
const patienceMs = 10_000;
const pauseMs = 100;

/**
 * The messages of a stream, in its order, and on as they come; through reconnects, restarts of the server and
 * the loss of its consumer. Ends on the signal, and when the connection is closed for good.
 *
 * @param tell - What the reader is told of each; null leaves it out. It is asked here because every generator that a
 *   message passes costs about as much as reading it.
 * @throws LogRegressed when the stream ends before what was read from it, or is another one by now;
 *   StreamUnreachable when the broker does not answer at the beginning.
 */
export async function* followStream<T>(
  nc: NatsConnection,
  requests: Requests,
  access: StreamAccess,
  following: StreamFollowing,
  tell: (followed: FollowedMessage) => T | null,
): AsyncGenerator<T> {
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
  const told = async function* (found: readonly FollowedMessage[]): AsyncGenerator<T> {
    for await (const one of fillGaps(requests, access, following, found)) {
      const answer = tell(one);
      if (answer !== null) yield answer;
    }
  };
  if (place.due <= begun.firstSequence) yield* told(place.skippedTo(begun.firstSequence));
  yield* told(place.arrival());

  const deliver: Delivery =
    by === 'polling'
      ? (from, until) => polledMessages(nc, access, { subject, from, signal: until, clock })
      : (from, until) => pulledMessages(nc, requests, access.stream, from, until);
  while (!signal?.aborted && !requests.closed) {
    using watch = new RegressionWatch(requests, access, place, signal);
    using stall = new StallWatch(access, subject, place, clock);
    const until = AbortSignal.any([watch.signal, stall.signal]);
    try {
      for await (const delivered of deliver(place.due, until)) {
        for (const message of delivered) {
          if (until.aborted) break;
          for (const one of place.take(message)) {
            const answer = one.kind === 'gap' ? null : tell(one);
            if (answer !== null) yield answer;
            if (one.kind === 'gap') yield* told([one]);
          }
        }
      }
    } catch (error) {
      if (!comesBack(error)) throw error;
    }
    await watch.verdict();
    if (stall.nothingLeft) yield* told(place.end());
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
  found: readonly FollowedMessage[],
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

const nothing: readonly FollowedMessage[] = [];

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

  take({ pending, ...message }: BatchedMessage): readonly FollowedMessage[] {
    if (message.sequence < this.due) return nothing; // Delivered again after a reconnect.
    const skipped = this.skippedTo(message.sequence);
    this.#sequence = message.sequence;
    // One replica of several may say so before it has everything.
    const after = pending === 0 && !this.isReplicated ? this.end() : this.arrival();
    return [...skipped, { kind: 'message', message }, ...after];
  }

  /** There is nothing to come: what the stream still counted when the reading began is missing. */
  end(): readonly FollowedMessage[] {
    return [...this.skippedTo(this.#begun.lastSequence + 1), ...this.arrival()];
  }

  /** What lies between the last message and this one and was not delivered. */
  skippedTo(sequence: number): readonly FollowedMessage[] {
    const from = this.due;
    if (from >= sequence) return nothing;
    this.#sequence = sequence - 1;
    return this.#complete ? [{ kind: 'gap', from, to: sequence - 1 }] : nothing;
  }

  arrival(): readonly FollowedMessage[] {
    const { lastSequence } = this.#begun;
    if (this.#caughtUp || this.#sequence < lastSequence) return nothing;
    this.#caughtUp = true;
    return [{ kind: 'caught-up', sequence: lastSequence }];
  }
}
