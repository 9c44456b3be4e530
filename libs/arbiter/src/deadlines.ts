import type { SessionAddress } from '@joinleaf/multipoint';

interface Due {
  readonly at: number;
  readonly session: SessionAddress;
}

/** Sessions by the time when one of their joins may expire: a binary heap, earliest first. */
export class Deadlines {
  readonly #heap: Due[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest time that is noted, or null. */
  get earliest(): number | null {
    return this.#heap[0]?.at ?? null;
  }

  note(session: SessionAddress, at: number): void {
    const heap = this.#heap;
    heap.push({ at, session });
    let child = heap.length - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (this.#at(parent) <= this.#at(child)) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  /** Takes out the sessions that are due, each once. */
  takeDue(now: number): ReadonlySet<SessionAddress> {
    const due = new Set<SessionAddress>();
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      due.add(first.session);
      this.#dropFirst();
    }
    return due;
  }

  #dropFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    let parent = 0;
    for (;;) {
      const left = 2 * parent + 1;
      const right = left + 1;
      let least = parent;
      if (left < heap.length && this.#at(left) < this.#at(least)) least = left;
      if (right < heap.length && this.#at(right) < this.#at(least)) least = right;
      if (least === parent) return;
      this.#swap(parent, least);
      parent = least;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Infinity;
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined) return;
    this.#heap[a] = other;
    this.#heap[b] = one;
  }
}
