/** How much of its bound a node waits for an answer to its beats: one of two may be lost on its way. */
const share = 0.45;
/** An arbiter may have died, and another one takes its place within a second. */
const patienceMsMin = 1_500;
/** Who moved in vain waits for longer before it moves again, up to sixteen times. */
const doublingsMax = 4;

/**
 * Whether anybody hears this node. A broker that lives and is cut off from its peers looks well to whoever is connected to it, and passes
 * nothing on: that beats are not answered any more is the only sign of it. Times are in milliseconds, of one clock.
 */
export class Earshot {
  readonly #patienceMs: number;
  /** Services that never answered a beat are older, and nothing follows from their silence. */
  #isAnswered = false;
  #since = 0;
  #inVain = 0;

  constructor(boundMs: number) {
    this.#patienceMs = Math.max(boundMs * share, patienceMsMin);
  }

  /** A beat was answered. */
  answered(now: number): void {
    this.#isAnswered = true;
    this.#since = now;
    this.#inVain = 0;
  }

  /** What nobody answered until now says nothing: there was no connection, or this process stood still. */
  begin(now: number): void {
    this.#since = now;
  }

  /** Whether it is time to try another broker, which counts as tried then. */
  isOut(now: number): boolean {
    const patienceMs = this.#patienceMs * 2 ** Math.min(this.#inVain, doublingsMax);
    if (!this.#isAnswered || now - this.#since < patienceMs) return false;
    this.#inVain += 1;
    this.#since = now;
    return true;
  }
}
