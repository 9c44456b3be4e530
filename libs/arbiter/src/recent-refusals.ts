import type { SessionAddress } from '@joinleaf/multipoint';
import type { Refused } from './decide-batch.js';
import { Generations } from './generations.js';

const keptMs = 120_000;
const keptMax = 65_536;

/**
 * Refusals that a caller may have been told. A repetition of the command hears the same, even when the
 * session has changed since: an answer that was given is not taken back (H9).
 */
export class RecentRefusals {
  readonly #kept = new Generations<{ readonly refused: Refused; readonly at: number }>(keptMax);
  #since = 0;

  add(session: SessionAddress, commandId: string, refused: Refused, now: number): void {
    if (now - this.#since >= keptMs) {
      this.#kept.rotate();
      this.#since = now;
    }
    this.#kept.set(keyOf(session, commandId), { refused, at: now });
  }

  get(session: SessionAddress, commandId: string, now: number): Refused | undefined {
    const kept = this.#kept.get(keyOf(session, commandId));
    return kept !== undefined && kept.at + keptMs > now ? kept.refused : undefined;
  }
}

const keyOf = (session: SessionAddress, commandId: string): string => `${session} ${commandId}`;
