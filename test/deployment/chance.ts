import { randomInt } from 'node:crypto';

/** Chance that can be had again: everything that a test draws comes from its seed. */
export class Chance {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  whole(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.whole(1, n) === 1;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.whole(0, choices.length - 1)];
    if (choice === undefined) throw new Error('nothing to pick from');
    return choice;
  }

  /** A chance of its own, that does not depend on who draws when from this one. */
  fork(): Chance {
    return new Chance(this.whole(0, 2 ** 32 - 1));
  }
}

/** A new seed, or the one in JOINLEAF_TEST_SEED; printed, so that a failure can be had again. */
export function printedChance(test: string): Chance {
  const given = Number(process.env.JOINLEAF_TEST_SEED ?? '');
  const seed = given > 0 ? given : randomInt(1, 2 ** 31);
  process.stderr.write(`${test}: JOINLEAF_TEST_SEED=${String(seed)}\n`);
  return new Chance(seed);
}
