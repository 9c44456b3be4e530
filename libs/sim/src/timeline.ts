/** Something that happens at a time. */
interface Happening {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
}

/** Simulated time: it stands still while anything is being done, and jumps to what happens next. */
export class Timeline {
  readonly #heap: Happening[] = [];
  readonly #calledOff = new Set<number>();
  #now = 0;
  #count = 0;
  #done = 0;

  /** Milliseconds since the world began. */
  get now(): number {
    return this.#now;
  }

  /** How much has happened so far. */
  get happened(): number {
    return this.#done;
  }

  /** Lets something happen in so many milliseconds; answers how to call it off. */
  after(ms: number, call: () => void): () => void {
    this.#count += 1;
    const order = this.#count;
    this.#push({ at: this.#now + Math.max(0, ms), order, call });
    return () => {
      this.#calledOff.add(order);
    };
  }

  /** Goes on until the condition holds or the time is reached; answers whether it held. */
  async run(until: () => boolean, timeMs: number): Promise<boolean> {
    await allDone();
    while (!until()) {
      const next = this.#heap[0];
      if (next === undefined || next.at > timeMs) {
        this.#now = Math.max(this.#now, timeMs);
        return until();
      }
      this.#pop();
      if (this.#calledOff.delete(next.order)) continue;
      this.#now = next.at;
      this.#done += 1;
      next.call();
      await allDone();
    }
    return true;
  }

  #push(happening: Happening): void {
    const heap = this.#heap;
    let child = heap.length;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, happening)) break;
      heap[child] = above;
      child = parent;
    }
    heap[child] = happening;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) child += 1;
      const least = heap[child];
      if (least === undefined || isBefore(last, least)) break;
      heap[parent] = least;
      parent = child;
    }
    heap[parent] = last;
  }
}

const isBefore = (a: Happening, b: Happening): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order);

/** Waits until no promise is left to continue: nothing else in the simulation waits for real. */
const allDone = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
