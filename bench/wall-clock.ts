const ticks = 5;

/**
 * The time since the Unix epoch in milliseconds and their fractions. The broker stamps what it stores by the same clock
 * of the machine, so that a message can be timed from the moment at which it was stored.
 */
export class WallClock {
  #offsetMs = offsetMs();

  now(): number {
    return performance.now() + this.#offsetMs;
  }

  /** To be done now and then: the system's clock is adjusted, and `performance.now()` is not. */
  adjust(): void {
    this.#offsetMs = offsetMs();
  }
}

// Date.now() changes at a full millisecond; whoever looks late finds too little, never too much.
function offsetMs(): number {
  let most = -Infinity;
  for (let tick = 0; tick < ticks; tick += 1) {
    const before = Date.now();
    let now = before;
    while (now === before) now = Date.now();
    most = Math.max(most, now - performance.now());
  }
  return most;
}
