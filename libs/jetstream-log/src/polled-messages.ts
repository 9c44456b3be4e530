import type { Clock } from './clock.js';
import type { NatsConnection } from '@nats-io/transport-node';
import type { BatchedMessage, StreamAccess } from './stream-access.js';

const messagesMax = 1_000;
const requestTimeoutMs = 2_000;
const idlePollMs = 1_000;
const quickPollMs = 4;
const quickPolls = 10;

export interface Polling {
  /** All subjects of the stream. */
  readonly subject: string;
  readonly from: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/**
 * The messages of a stream from a sequence on, until the signal, for a user who may not create consumers. The
 * message itself, as any subscriber hears it, says when to look: it may come before the stream holds it, or be
 * refused, so it is not taken for more than that.
 */
export async function* polledMessages(
  nc: NatsConnection,
  access: StreamAccess,
  { subject, from, signal, clock }: Polling,
): AsyncGenerator<BatchedMessage> {
  using hints = new Hints(nc, subject, signal, clock);
  const over = () => signal.aborted;
  let next = from;
  while (!over()) {
    const batch = await access.batch({ from: next, messagesMax }, requestTimeoutMs);
    for (const message of batch) {
      if (over()) return;
      next = message.sequence + 1;
      yield message;
    }
    hints.found(batch.length);
    if (batch.length === 0) await hints.next();
  }
}

/** When it may be worth while to look again. */
class Hints implements Disposable {
  readonly #signal: AbortSignal;
  readonly #end: () => void;
  #quick = 0;
  /** Messages that were heard of and not found yet. */
  #due = 0;
  #wake: () => void = () => undefined;

  constructor(
    nc: NatsConnection,
    subject: string,
    signal: AbortSignal,
    private readonly clock: Clock,
  ) {
    const subscription = nc.subscribe(subject, {
      callback: () => {
        this.#quick = quickPolls;
        this.#due += 1;
        this.#wake();
      },
    });
    const wake = () => {
      this.#wake();
    };
    this.#signal = signal;
    signal.addEventListener('abort', wake);
    this.#end = () => {
      signal.removeEventListener('abort', wake);
      if (!subscription.isClosed()) subscription.unsubscribe();
    };
  }

  found(count: number): void {
    this.#due = Math.max(0, this.#due - count);
  }

  async next(): Promise<void> {
    if (this.#signal.aborted) return;
    if (this.#due > 0 && this.#quick > 0) {
      this.#quick -= 1;
      await this.clock.delay(quickPollMs);
      return;
    }
    this.#due = 0; // Refused, or found before it was heard of.
    await new Promise<void>((resolve) => {
      const callOff = this.clock.after(idlePollMs, resolve);
      this.#wake = () => {
        callOff();
        resolve();
      };
    });
    this.#wake = () => undefined;
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}
