import type { Connection } from './ports.js';

/**
 * Ticks in a row without a beat of our own: more than two beats. Ticks and not time are counted, because a pause of ours is one
 * tick however long it was, and what arrived meanwhile is heard before the next.
 */
const deafAfterTicks = 5;

/**
 * Whether an arbiter can hear. A connection may look alive and deliver nothing; but the beats of an arbiter come back to it
 * over the broker, and one that misses its own is deaf. For every judgement on others that is as good as no broker.
 */
export class Hearing implements Connection {
  readonly #listeners: (() => void)[] = [];
  #unheardTicks = 0;

  constructor(private readonly way: Connection) {
    way.onChange(() => {
      this.#unheardTicks = 0;
      this.#changed();
    });
  }

  /** Whether what we say has a way to the broker, heard or not. */
  get canSpeak(): boolean {
    return this.way.connected();
  }

  /** Whether others would be heard. */
  readonly connected = (): boolean => this.way.connected() && !this.#isDeaf;

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Has to be called twice for each beat of our own. */
  tick(): void {
    const wasDeaf = this.#isDeaf;
    this.#unheardTicks += 1;
    if (this.#isDeaf !== wasDeaf) this.#changed();
  }

  /** A beat of our own has come back. */
  heardOurselves(): void {
    const wasDeaf = this.#isDeaf;
    this.#unheardTicks = 0;
    if (wasDeaf) this.#changed();
  }

  get #isDeaf(): boolean {
    return this.#unheardTicks >= deafAfterTicks;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
