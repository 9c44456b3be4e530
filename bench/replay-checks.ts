import type { Tell } from './bench.js';

/** What was wrong, if anything, as it is found out. */
export class Checks {
  problem: string | null = null;

  expect(isRight: boolean, problem: string): void {
    if (!isRight) this.problem ??= problem;
  }
}

export interface Around {
  readonly checks: Checks;
  readonly tell: Tell;
}
