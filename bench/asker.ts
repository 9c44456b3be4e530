import type { Msg, NatsConnection } from '@nats-io/transport-node';

const timeoutMs = 10_000;

interface Waiting {
  readonly resolve: (message: Msg) => void;
  readonly reject: (error: Error) => void;
  readonly askedAt: number;
}

/**
 * Requests over one wildcard inbox: what a client that wants to be quick would do. Every row that asks
 * somebody asks through this, the floors included, so that ratios compare what lies behind it.
 */
export class Asker {
  readonly #waiting = new Map<string, Waiting>();
  readonly #sweep: NodeJS.Timeout;
  #count = 0;

  constructor(
    private readonly nc: NatsConnection,
    private readonly inbox: string,
  ) {
    nc.subscribe(`${inbox}.*`, {
      callback: (_error, message) => {
        const waiting = this.#waiting.get(message.subject);
        this.#waiting.delete(message.subject);
        waiting?.resolve(message);
      },
    });
    this.#sweep = setInterval(() => {
      this.#expire();
    }, 1_000);
  }

  ask(subject: string, bytes: Uint8Array): Promise<Msg> {
    this.#count += 1;
    const reply = `${this.inbox}.${String(this.#count)}`;
    return new Promise((resolve, reject) => {
      this.#waiting.set(reply, { resolve, reject, askedAt: performance.now() });
      this.nc.publish(subject, bytes, { reply });
    });
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  #expire(): void {
    const now = performance.now();
    for (const [reply, { askedAt, reject }] of this.#waiting) {
      if (now - askedAt < timeoutMs) return;
      this.#waiting.delete(reply);
      reject(new Error(`no answer within ${String(timeoutMs)} ms`));
    }
  }
}
