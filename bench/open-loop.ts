import { setTimeout as delay } from 'node:timers/promises';

export interface OpenLoopOptions {
  readonly perSecond: number;
  readonly seconds: number;
  /** How long, after the last has begun, those are waited for that have no answer. */
  readonly patienceMs: number;
}

/** What a clock is asked for; the tests bring one of their own. */
export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Settles at that time, or right away when it is past; rejects with the signal. */
  until(time: number, signal?: AbortSignal): Promise<void>;
}

export interface OpenRound {
  readonly operations: number;
  readonly unanswered: number;
  /**
   * Of each operation from the time at which it was due, whatever held it up: a stall counts for all who came in
   * it. Who has no answer counts with the time until they were given up.
   */
  readonly latenciesMs: readonly number[];
}

const realClock: Clock = {
  now: () => performance.now(),
  until: async (time, signal) => {
    // A timer may be early by a part of a millisecond.
    for (let left = time - performance.now(); left > 0; left = time - performance.now()) {
      await delay(left, undefined, signal === undefined ? {} : { signal });
    }
  },
};

/** Begins operations at a fixed rate, whether or not those before have ended. A rejection counts as no answer. */
export async function openLoop(
  operation: (signal: AbortSignal) => Promise<void>,
  { perSecond, seconds, patienceMs }: OpenLoopOptions,
  clock: Clock = realClock,
): Promise<OpenRound> {
  const count = Math.round(perSecond * seconds);
  const latenciesMs: number[] = [];
  const givenUp = new AbortController();
  const startedAt = clock.now();
  let unanswered = 0;
  const one = async (dueAt: number): Promise<void> => {
    try {
      await operation(givenUp.signal);
    } catch {
      unanswered += 1;
    }
    latenciesMs.push(clock.now() - dueAt);
  };
  const running: Promise<void>[] = [];
  for (let index = 0; index < count; index += 1) {
    const dueAt = startedAt + (index * 1_000) / perSecond;
    if (dueAt > clock.now()) await clock.until(dueAt);
    running.push(one(dueAt));
  }
  const all = Promise.all(running);
  const answered = new AbortController();
  const patience = clock.until(clock.now() + patienceMs, answered.signal).then(
    () => {
      givenUp.abort(new Error('given up'));
    },
    () => undefined,
  );
  await Promise.race([all, patience]);
  await all; // An operation ends when its signal tells it to.
  answered.abort();
  return { operations: count, unanswered, latenciesMs };
}
