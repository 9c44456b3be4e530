import { cpuTimesUs, usedUs, type Process } from './cpu-times.js';
import type { Round } from './figures.js';

export interface ClosedLoop {
  readonly concurrency: number;
  readonly seconds: number;
  /** Whose processor time is measured. */
  readonly processes?: readonly Process[];
}

/**
 * Runs an operation over and over in `concurrency` loops for `seconds`: each loop begins its next
 * operation when its last one ended. An operation that rejects ends the run.
 */
export async function closedLoop(
  operation: (worker: number) => Promise<void>,
  { concurrency, seconds, processes = [] }: ClosedLoop,
): Promise<Round> {
  const latenciesMs: number[] = [];
  const cpuBefore = cpuTimesUs(processes);
  const startedAt = performance.now();
  const endAt = startedAt + seconds * 1_000;
  const loop = async (worker: number) => {
    for (let now = performance.now(); now < endAt;) {
      await operation(worker);
      const after = performance.now();
      latenciesMs.push(after - now);
      now = after;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, worker) => loop(worker)));
  const elapsed = (performance.now() - startedAt) / 1_000;
  const cpuUs = usedUs(cpuBefore, cpuTimesUs(processes));
  return { operations: latenciesMs.length, seconds: elapsed, latenciesMs, cpuUs };
}
