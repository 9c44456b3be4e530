import { setTimeout as delay } from 'node:timers/promises';

export interface Patience {
  /** Generous on purpose: how fast things are is measured elsewhere, here they only have to happen. */
  readonly withinMs?: number;
  readonly everyMs?: number;
}

export const patienceMs = 30_000;

/**
 * Waits until `look` answers something (neither null, undefined nor false), and returns it. What `look` throws
 * counts as not yet.
 *
 * @throws Error that names `what`, and why the last look was not enough.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  { withinMs = patienceMs, everyMs = 20 }: Patience = {},
): Promise<NonNullable<Exclude<T, false>>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await lookOnce(look);
    if (seen.there) return seen.value as NonNullable<Exclude<T, false>>;
    if (performance.now() >= deadline) {
      throw new Error(`not within ${String(withinMs)} ms: ${what}`, { cause: seen.why });
    }
    await delay(everyMs);
  }
}

/** Waits for a promise, and no longer than it takes to be sure that it hangs. */
export async function within<T>(
  what: string,
  promise: Promise<T>,
  withinMs = patienceMs,
): Promise<T> {
  const over = new AbortController();
  const late = delay(withinMs, undefined, { signal: over.signal }).then(() => {
    throw new Error(`not within ${String(withinMs)} ms: ${what}`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
  }
}

/** The next of what comes, such as the next request at a root. */
export async function nextOf<T>(what: string, coming: AsyncIterator<T, unknown>): Promise<T> {
  const next = await within(what, coming.next());
  if (next.done === true) throw new Error(`there comes no more: ${what}`);
  return next.value;
}

type Seen<T> =
  { readonly there: true; readonly value: T } | { readonly there: false; readonly why: unknown };

async function lookOnce<T>(look: () => T | Promise<T>): Promise<Seen<T>> {
  try {
    const value = await look();
    const there = value !== null && value !== undefined && value !== false;
    return there ? { there, value } : { there, why: value };
  } catch (why) {
    return { there: false, why };
  }
}
