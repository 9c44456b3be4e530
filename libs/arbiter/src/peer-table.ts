import type { ArbiterBeat } from '@joinleaf/wire';

/** Another arbiter, as its last beat describes it. */
export interface Peer {
  readonly beat: ArbiterBeat;
  /** When it was last heard, on the monotonic clock, in milliseconds. */
  readonly heardAt: number;
}

/** The other arbiters that were heard lately, by instance. */
export class PeerTable {
  readonly #peers = new Map<string, Peer>();

  constructor(private readonly goneAfterMs: number) {}

  /** Takes in a beat; answers whether its sender was not known. Who leaves stays known: it still hears commands. */
  hear(beat: ArbiterBeat, heardAt: number): boolean {
    const isNew = !this.#peers.has(beat.instance);
    this.#peers.set(beat.instance, { beat, heardAt });
    return isNew;
  }

  /** Forgets who has been silent for too long. */
  prune(now: number): void {
    for (const [instance, { heardAt }] of this.#peers) {
      if (now - heardAt > this.goneAfterMs) this.#peers.delete(instance);
    }
  }

  /** Gives everybody a whole window again: who could not listen cannot say that nobody spoke. */
  rearm(now: number): void {
    for (const [instance, peer] of this.#peers)
      this.#peers.set(instance, { ...peer, heardAt: now });
  }

  get live(): readonly ArbiterBeat[] {
    return [...this.#peers.values()].map(({ beat }) => beat);
  }

  get serving(): readonly ArbiterBeat[] {
    return this.live.filter(({ state }) => state === 'serving');
  }
}

/** Partitions as sixteen hexadecimal digits. */
export function partitionBits(partitions: Iterable<number>): string {
  let bits = 0n;
  for (const partition of partitions) bits |= 1n << BigInt(partition);
  return bits.toString(16).padStart(16, '0');
}

export const hasPartition = (bits: string, partition: number): boolean => {
  const digit = bits[bits.length - 1 - (partition >> 2)] ?? '0';
  return ((Number.parseInt(digit, 16) >> (partition & 3)) & 1) === 1;
};
