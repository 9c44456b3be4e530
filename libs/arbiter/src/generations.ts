/**
 * A map that keeps what was set last: at least half of `sizeMax`, and never more than that. When the younger of its two generations is
 * half of it, the older one is let go as a whole: to find the oldest entry again and again would cost more than everything else.
 */
export class Generations<V> {
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  constructor(private readonly sizeMax: number) {}

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  set(key: string, value: V): void {
    if (this.#young.size >= this.sizeMax / 2 && !this.#young.has(key)) this.rotate();
    this.#young.set(key, value);
  }

  get(key: string): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** What is young becomes old, and what was old is let go. */
  rotate(): void {
    this.#old = this.#young;
    this.#young = new Map();
  }
}
