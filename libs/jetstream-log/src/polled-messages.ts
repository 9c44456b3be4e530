import type { Clock } from '@joinleaf/request-reply';
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
): AsyncGenerator<readonly BatchedMessage[]> {
  using hints = new Hints(nc, subject, signal, clock);
  const over = () => signal.aborted;
  const ask = (next: number) => {
    const batch = access.batch({ from: next, messagesMax }, requestTimeoutMs);
    batch.catch(() => undefined); // Heard when it is waited for, if ever.
    return batch;
  };
  let next = from;
  let coming = ask(next);
  while (!over()) {
    const batch = await coming;
    next = (batch.at(-1)?.sequence ?? next - 1) + 1;
    hints.found(batch.length);
    if (batch.length === 0) await hints.next();
    if (over()) return;
    coming = ask(next); // The server reads on while the reader works.
    if (batch.length > 0) yield batch;
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
