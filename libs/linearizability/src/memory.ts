// Where a search has been. A set of unanswered operations is a number, one bit for each.

/** How many sets are kept for one place; what is forgotten is looked at again. */
const keptMax = 64;

/** Remembers which sessions were reached after which answered operations, and with which unanswered ones used up. */
export class Memory {
  readonly #places = new Map<string, bigint[]>();

  /**
   * Takes note of a place, unless it was there before with no more used up than now: what can be reached from it now
   * could be reached then.
   *
   * @returns Whether it is new.
   */
  add(place: string, used: bigint): boolean {
    const known = this.#places.get(place);
    if (known === undefined) {
      this.#places.set(place, [used]);
      return true;
    }
    if (known.some((fewer) => (fewer & ~used) === 0n)) return false;
    if (known.length < keptMax) known.push(used);
    return true;
  }
}
