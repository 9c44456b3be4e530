import type { NatsConnection } from '@nats-io/transport-node';

const everyMs = 5_000;
const patienceMs = 2_000;

export interface BrokerClockParts {
  readonly nc: Pick<NatsConnection, 'request' | 'isClosed'>;
  /** A stream whose leader says what time it is. */
  readonly stream: string;
  /** Milliseconds since the Unix epoch, as this machine believes. */
  readonly wallClock: () => number;
  readonly monotonicMs: () => number;
}

/**
 * The time by the broker's clock. Several arbiters keep the same deadlines, and the clock of one of them may be wrong, or
 * be put right: a join must not wait for minutes because of that, or no time at all. Between two looks at the broker a clock
 * that never jumps goes on.
 */
export class BrokerClock implements Disposable {
  readonly #parts: BrokerClockParts;
  #offsetMs: number | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(parts: BrokerClockParts) {
    this.#parts = parts;
  }

  /** Milliseconds since the Unix epoch: the broker's, or this machine's as long as the broker has not said. */
  now(): number {
    const { wallClock, monotonicMs } = this.#parts;
    return this.#offsetMs === null ? wallClock() : Math.round(monotonicMs() + this.#offsetMs);
  }

  /** How far this machine's clock is ahead of the broker's, in milliseconds; null as long as nobody knows. */
  get aheadMs(): number | null {
    return this.#offsetMs === null ? null : this.#parts.wallClock() - this.now();
  }

  /** Looks once, and from then on again and again. Returns when it has looked, or had no answer. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#look(), everyMs);
    this.#timer.unref();
    await this.#look();
  }

  [Symbol.dispose](): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  // What does not answer is asked again; meanwhile what was known goes on.
  async #look(): Promise<void> {
    const { nc, stream, monotonicMs } = this.#parts;
    if (nc.isClosed()) return;
    const askedAt = monotonicMs();
    try {
      const subject = `$JS.API.STREAM.INFO.${stream}`;
      const reply = await nc.request(subject, '', { timeout: patienceMs });
      const answeredAt = monotonicMs();
      const { ts } = reply.json<{ readonly ts?: string }>();
      const at = Date.parse(ts ?? '');
      if (!Number.isNaN(at)) this.#offsetMs = at - (askedAt + answeredAt) / 2;
    } catch {
      return;
    }
  }
}
