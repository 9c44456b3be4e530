import type { LogRegressed } from '@joinleaf/event-log';
import { withPatience } from './read-subject.js';
import type { Requests } from '@joinleaf/request-reply';
import type { StreamAccess, StreamExtent } from './stream-access.js';
import { StreamUnreachable } from './trouble.js';

/** What a reader expects of a stream. */
export interface Expectation {
  regression(found: StreamExtent | null): LogRegressed | null;
}

const requestTimeoutMs = 2_000;
const patienceMs = 10_000;
const lookAgainMs = 250;
/** How long a new leader in a cluster may be behind what it has itself: seconds were seen. */
const settleMs = 10_000;

interface Seen {
  readonly regression: LogRegressed;
  /** How long it has to be seen before it counts. */
  readonly settleMs: number;
}

/**
 * Looks whether a stream is still the one that is being read: at once, and again after every reconnect. A
 * server that was set back to older data delivers without complaint, under numbers it used before.
 */
export class RegressionWatch implements Disposable {
  readonly #requests: Requests;
  readonly #access: StreamAccess;
  readonly #expectation: Expectation;
  readonly #over = new AbortController();
  readonly #unwatch: () => void;
  #looking: Promise<void>;
  #found: LogRegressed | null = null;

  constructor(
    requests: Requests,
    access: StreamAccess,
    expectation: Expectation,
    signal: AbortSignal | undefined,
  ) {
    this.#requests = requests;
    this.#access = access;
    this.#expectation = expectation;
    const abort = () => {
      this.#over.abort();
    };
    signal?.addEventListener('abort', abort);
    const forget = requests.onReconnect(() => {
      this.#looking = this.#look();
    });
    this.#unwatch = () => {
      forget();
      signal?.removeEventListener('abort', abort);
    };
    this.#looking = this.#look();
  }

  /** Given when the reader should stop: it was told to, or the stream is not what it was. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Throws what was found, if anything. */
  async verdict(): Promise<void> {
    await this.#looking;
    if (this.#found !== null) throw this.#found;
  }

  [Symbol.dispose](): void {
    this.#unwatch();
    this.#over.abort();
  }

  // More than once, because a server that has just come back, or a new leader, may not have caught up with itself.
  async #look(): Promise<void> {
    const { clock } = this.#requests;
    const begun = clock.now();
    for (let looks = 1; ; looks += 1) {
      const seen = await this.#regression();
      if (seen === null) return;
      const isLasting = looks > 1 && clock.now() - begun >= seen.settleMs;
      if (isLasting) {
        this.#found = seen.regression;
        this.#over.abort();
        return;
      }
      await clock.delay(lookAgainMs);
    }
  }

  async #regression(): Promise<Seen | null> {
    try {
      const extent = await withPatience(this.#requests, patienceMs, this.signal, () =>
        this.#access.extent(requestTimeoutMs),
      );
      const regression = this.#expectation.regression(extent);
      const isAlone = extent?.replicas === 1;
      return regression && { regression, settleMs: isAlone ? 0 : settleMs };
    } catch (error) {
      if (error instanceof StreamUnreachable) return null; // Not there is not changed.
      throw error;
    }
  }
}
