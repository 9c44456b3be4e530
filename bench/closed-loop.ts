import type { Round } from './figures.js';

/**
 * Runs an operation over and over in `concurrency` loops for `seconds`: each loop begins its next
 * operation when its last one ended. An operation that rejects ends the run.
 */
export async function closedLoop(
  operation: (worker: number) => Promise<void>,
  { concurrency, seconds }: { readonly concurrency: number; readonly seconds: number },
): Promise<Round> {
  const latenciesMs: number[] = [];
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
  return { operations: latenciesMs.length, seconds: elapsed, latenciesMs };
}
