// Where a search has been. A set of unanswered operations is a number, one bit for each.

/** How many sets are kept for one place; what is forgotten is looked at again. */
const keptMax = 64;

/** What of the unanswered operations is used up, and how many of them were the last ones in a row. */
export interface Used {
  readonly used: bigint;
  readonly row: number;
}

/** Remembers which sessions were reached after which answered operations, and with which unanswered ones used up. */
export class Memory {
  readonly #places = new Map<string, Used[]>();

  /**
   * Takes note of a place, unless it was there before with no more used up than now: what can be reached from it now
   * could be reached then.
   *
   * @returns Whether it is new.
   */
  add(place: string, now: Used): boolean {
    const known = this.#places.get(place);
    if (known === undefined) {
      this.#places.set(place, [now]);
      return true;
    }
    if (known.some(({ used, row }) => row <= now.row && (used & ~now.used) === 0n)) return false;
    if (known.length < keptMax) known.push(now);
    return true;
  }
}
