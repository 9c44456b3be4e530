import type { Counters } from './stats.js';

// What happens on a socket, for everybody who iterates over it. A reader has everything from its own
// beginning; what it has not taken yet waits without a bound, and is counted: events are few.

const over = { done: true, value: undefined } as const;

class Reader<T> implements AsyncIterableIterator<T, undefined> {
  readonly #waiting: ((result: IteratorResult<T, undefined>) => void)[] = [];
  #items: T[];
  #isEnded = false;

  constructor(
    items: readonly T[],
    private readonly counters: Counters,
    private readonly left: (reader: Reader<T>) => void,
  ) {
    this.#items = [...items];
    counters.add('buffered', this.#items.length);
  }

  push(item: T): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      next({ done: false, value: item });
      return;
    }
    this.#items.push(item);
    this.counters.add('buffered', 1);
  }

  /** Nothing more will come; what is there can still be taken. */
  end(): void {
    this.#isEnded = true;
    for (const next of this.#waiting.splice(0)) next(over);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const [item] = this.#items.splice(0, 1);
    if (item !== undefined) {
      this.counters.add('buffered', -1);
      return Promise.resolve({ done: false, value: item });
    }
    if (this.#isEnded) return Promise.resolve(over);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.counters.add('buffered', -this.#items.length);
    this.#items = [];
    this.end();
    this.left(this);
    return Promise.resolve(over);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

export class Feed<T> {
  readonly #readers = new Set<Reader<T>>();
  #isEnded = false;

  constructor(private readonly counters: Counters) {}

  /** Iterates over `first`, then over everything that is pushed from now on. */
  read(first: readonly T[] = []): AsyncIterableIterator<T, undefined> {
    const reader = new Reader<T>(first, this.counters, (left) => this.#readers.delete(left));
    if (this.#isEnded) reader.end();
    else this.#readers.add(reader);
    return reader;
  }

  push(item: T): void {
    if (this.#isEnded) return;
    for (const reader of this.#readers) reader.push(item);
  }

  end(): void {
    this.#isEnded = true;
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
  }
}
