import { setTimeout as delay } from 'node:timers/promises';
import type { LogRegressed } from '@joinleaf/event-log';
import { withPatience } from './read-subject.js';
import type { Requests } from './requests.js';
import type { StreamAccess, StreamExtent } from './stream-access.js';
import { StreamUnreachable } from './trouble.js';

/** What a reader expects of a stream. */
export interface Expectation {
  regression(found: StreamExtent | null): LogRegressed | null;
}

const requestTimeoutMs = 2_000;
const patienceMs = 10_000;
const secondLookMs = 250;

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

  // Twice, because a new leader may not have caught up with itself.
  async #look(): Promise<void> {
    if ((await this.#regression()) === null) return;
    await delay(secondLookMs);
    const regression = await this.#regression();
    if (regression === null) return;
    this.#found = regression;
    this.#over.abort();
  }

  async #regression(): Promise<LogRegressed | null> {
    try {
      const extent = await withPatience(this.#requests, patienceMs, this.signal, () =>
        this.#access.extent(requestTimeoutMs),
      );
      return this.#expectation.regression(extent);
    } catch (error) {
      if (error instanceof StreamUnreachable) return null; // Not there is not changed.
      throw error;
    }
  }
}
