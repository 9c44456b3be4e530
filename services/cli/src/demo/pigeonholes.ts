import { setTimeout as delay } from 'node:timers/promises';

/** What arrives in its own time, by name, and who waits for it. The newest of a name counts. */
export class Pigeonholes<T> {
  readonly #holes = new Map<string, T>();
  readonly #waiting = new Map<string, Set<() => void>>();

  /** @param lack - Begins the message when nothing arrives: `nobody asked from`. */
  constructor(private readonly lack: string) {}

  put(name: string, thing: T): void {
    this.#holes.set(name, thing);
    for (const wake of this.#waiting.get(name) ?? []) wake();
    this.#waiting.delete(name);
  }

  /** What lies there, or arrives within the time; it stays. */
  async look(name: string, timeoutMs: number): Promise<T> {
    if (!this.#holes.has(name)) await this.#arrival(name, timeoutMs);
    const thing = this.#holes.get(name);
    if (thing === undefined) throw new Error(`${this.lack} ${name}`);
    return thing;
  }

  /** The same, and takes it out. */
  async take(name: string, timeoutMs: number): Promise<T> {
    const thing = await this.look(name, timeoutMs);
    this.#holes.delete(name);
    return thing;
  }

  async #arrival(name: string, timeoutMs: number): Promise<void> {
    const late = new AbortController();
    const arrived = new Promise<void>((resolve) => {
      const waiting = this.#waiting.get(name) ?? new Set();
      this.#waiting.set(name, waiting.add(resolve));
    });
    const options = { signal: late.signal };
    await Promise.race([arrived, delay(timeoutMs, undefined, options).catch(() => undefined)]);
    late.abort();
  }
}
