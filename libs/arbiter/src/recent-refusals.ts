import type { Refused } from './decide-batch.js';

const keptMs = 120_000;
const keptMax = 4_096;

/**
 * Refusals that a caller may have been told. A repetition of the command hears the same, even when the
 * session has changed since: an answer that was given is not taken back (H9).
 */
export class RecentRefusals {
  readonly #kept = new Map<string, { readonly refused: Refused; readonly at: number }>();

  add(commandId: string, refused: Refused, now: number): void {
    this.#kept.set(commandId, { refused, at: now });
    for (const [oldest, { at }] of this.#kept) {
      if (this.#kept.size <= keptMax && at + keptMs > now) break;
      this.#kept.delete(oldest);
    }
  }

  get(commandId: string, now: number): Refused | undefined {
    const kept = this.#kept.get(commandId);
    return kept !== undefined && kept.at + keptMs > now ? kept.refused : undefined;
  }
}
