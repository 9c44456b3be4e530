/** Resolves once everything that is ready now has been done. */
export const endOfTurn = (): Promise<void> =>
  new Promise((resolve) => {
    process.nextTick(resolve); // Node calls this back when no promise is left to continue.
  });

/**
 * Runs jobs together, once everything that is ready now has been done. What is published that way
 * leaves in one write to the socket instead of one each: under load a write costs more than deciding.
 */
export class EndOfTurn {
  #jobs: (() => void)[] = [];

  /** Runs `job` at the end of this turn, after those that were given before. It must not throw. */
  add(job: () => void): void {
    // Node calls this back when no promise is left to continue.
    if (this.#jobs.push(job) === 1) process.nextTick(this.#run);
  }

  readonly #run = (): void => {
    const jobs = this.#jobs;
    this.#jobs = [];
    for (const job of jobs) job();
  };
}
