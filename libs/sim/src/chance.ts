/** Chance that can be repeated: the same seed gives the same draws. */
export class Chance {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below 1 (Mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least);
  }

  /** From `least` to `most`, both possible. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  maybe(probability: number): boolean {
    return this.next() < probability;
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.whole(1, n) === 1;
  }

  /** @throws RangeError when there is nothing to pick from. */
  pick<T>(from: readonly T[]): T {
    const picked = from[Math.floor(this.next() * from.length)];
    if (picked === undefined) throw new RangeError('nothing to pick from');
    return picked;
  }

  /** Chance of its own, drawn from this one: it does not depend on who draws when from either. */
  split(): Chance {
    return new Chance(this.whole(0, 2 ** 32 - 1));
  }

  /** Chance of its own for a part, so that one more draw there changes nothing elsewhere. */
  fork(part: string): Chance {
    let seed = this.seed ^ 0x9e3779b9;
    for (const character of part) seed = Math.imul(seed ^ character.charCodeAt(0), 0x01000193);
    return new Chance(seed >>> 0);
  }
}
