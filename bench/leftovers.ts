// What a bench has started or written. Nothing of it is left when somebody interrupts the bench, or when it breaks.

type End = () => Promise<unknown>;

const ends: End[] = [];
const interruption = new AbortController();

/** Aborted as soon as the bench is to end before its time: nothing more is started then. */
export const interrupted: AbortSignal = interruption.signal;

/**
 * Has `end` called when the bench ends, whatever has become of it until then: it must not mind being called again.
 * To be called before, or in the same breath as, the start of what is to be ended.
 *
 * @throws AbortError when the bench has been interrupted.
 */
export function endWithBench(end: End): void {
  interrupted.throwIfAborted();
  ends.push(end);
}

/** Ends everything, the latest first: services before their broker, and a folder after those who write to it. */
export async function endEverything(): Promise<void> {
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) {
    await end().catch(() => undefined);
  }
}

/** Ends the bench before its time: what it was doing fails now. */
export async function interrupt(): Promise<void> {
  interruption.abort();
  await endEverything();
}
