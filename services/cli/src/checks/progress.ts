import type { VerbContext } from '../verb.js';

const everyMs = 200;

/** How far a long reading has come, in one line that is written over; only where somebody sits and looks. */
export class Progress implements Disposable {
  readonly #context: VerbContext;
  readonly #what: string;
  #shownAt = -Infinity;
  #shown = false;

  constructor(context: VerbContext, what: string) {
    this.#context = context;
    this.#what = what;
  }

  at(done: number, of: number): void {
    const { terminal, world } = this.#context;
    if (!world.stderr.isTTY || terminal.isQuiet) return;
    const now = performance.now();
    if (now - this.#shownAt < everyMs) return;
    this.#shownAt = now;
    this.#shown = true;
    world.stderr.write(`\r${this.#what}: ${String(done)} of ${String(of)} messages`);
  }

  [Symbol.dispose](): void {
    if (this.#shown) this.#context.world.stderr.write('\r\u001b[K');
  }
}
