import type { EventLog, Followed, FollowOptions, StoredCommit } from '../index.js';
import { nth } from './drafts.js';

/** A follower in the background, and what it heard. */
export class Following {
  readonly all: Followed[] = [];
  readonly ended: Promise<void>;
  readonly #over = new AbortController();
  #heard: () => void = () => undefined;

  constructor(
    log: EventLog,
    afterSequence: number,
    options: Omit<FollowOptions, 'afterSequence'> = {},
  ) {
    const { signal } = this.#over;
    this.ended = (async () => {
      for await (const followed of log.follow({ afterSequence, signal, ...options })) {
        this.all.push(followed);
        this.#heard();
      }
    })();
    // Whoever asks hears of a failure; nobody asking must not end the process.
    this.ended.catch(() => {
      this.#heard();
    });
  }

  commits(): readonly StoredCommit[] {
    return this.all.filter((one) => one.kind === 'commit').map(({ commit }) => commit);
  }

  /** Waits until something heard fits. */
  async until(fits: (followed: Followed) => boolean): Promise<void> {
    let seen = 0;
    for (;;) {
      for (; seen < this.all.length; seen += 1) {
        if (fits(nth(this.all, seen))) return;
      }
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#heard = resolve;
        }),
        this.ended.then(() => {
          throw new Error('the follower ended early');
        }),
      ]);
    }
  }

  async end(): Promise<void> {
    this.#over.abort();
    await this.ended;
  }
}
