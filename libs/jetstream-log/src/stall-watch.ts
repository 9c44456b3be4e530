import type { Clock } from '@joinleaf/request-reply';
import type { StreamAccess } from './stream-access.js';

/** How far a reader has come. */
export interface Progress {
  /** The next sequence that it waits for. */
  readonly due: number;
  readonly caughtUp: boolean;
  /** Whether the stream has several replicas: a new leader may not have caught up with itself. */
  readonly isReplicated: boolean;
}

const lookEveryMs = 500;
const requestTimeoutMs = 2_000;
/** How long a leader of several replicas has to say that nothing is left before it is believed. */
const settleMs = 10_000;

/**
 * Looks, while a reader catches up and hears nothing, whether there is anything left to hear. A damaged stream
 * counts messages that it cannot deliver, and a reader of its last ones would wait for ever.
 */
export class StallWatch implements Disposable {
  readonly #over = new AbortController();
  readonly #stop: () => void;
  #due = 0;
  #absentSince = Infinity;
  #nothingLeft = false;

  constructor(
    access: StreamAccess,
    subject: string,
    progress: Progress,
    private readonly clock: Clock,
  ) {
    this.#stop = clock.every(lookEveryMs, () => {
      if (progress.caughtUp) this.#stop();
      else if (this.#due === progress.due) void this.#look(access, subject, progress);
      else this.#absentSince = Infinity;
      this.#due = progress.due;
    });
  }

  /** Given when there is nothing left to hear. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get nothingLeft(): boolean {
    return this.#nothingLeft;
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#over.abort();
  }

  async #look(access: StreamAccess, subject: string, progress: Progress): Promise<void> {
    const { due } = progress;
    const got = await access.get({ seq: due, next_by_subj: subject }, requestTimeoutMs);
    if (got.kind !== 'absent' || progress.due !== due) {
      this.#absentSince = Infinity;
      return;
    }
    const now = this.clock.now();
    this.#absentSince = Math.min(this.#absentSince, now);
    if (progress.isReplicated && now - this.#absentSince < settleMs) return;
    this.#nothingLeft = true;
    this.#over.abort();
  }
}
