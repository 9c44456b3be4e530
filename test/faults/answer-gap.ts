import type { Answer } from '../deployment/journal.js';

const decided: readonly Answer['kind'][] = ['joined', 'failed', 'refused'];

/** The longest time in which no call of any program had an answer that somebody decided. */
export class AnswerGap {
  #since = performance.now();
  #largest = 0;

  hear({ kind }: Answer): void {
    if (!decided.includes(kind)) return;
    const now = performance.now();
    this.#largest = Math.max(this.#largest, now - this.#since);
    this.#since = now;
  }

  /** Begins anew, now. */
  begin(): void {
    this.#largest = 0;
    this.#since = performance.now();
  }

  /** In milliseconds, since `begin`. */
  get largestMs(): number {
    return Math.round(Math.max(this.#largest, performance.now() - this.#since));
  }
}
