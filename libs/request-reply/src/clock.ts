import { setTimeout as delay } from 'node:timers/promises';

/** Time and chance, so that the same code runs in a simulated world. */
export interface Clock {
  /** Milliseconds of a clock that never jumps. */
  now(): number;
  delay(ms: number): Promise<unknown>;
  /** Calls back once; answers how to call it off. */
  after(ms: number, call: () => void): () => void;
  /** Calls back again and again; answers how to stop. */
  every(ms: number, call: () => void): () => void;
  /** From 0 to below 1. */
  random(): number;
}

export const realClock: Clock = {
  now: () => performance.now(),
  delay: (ms) => delay(ms),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => {
      clearTimeout(timer);
    };
  },
  every: (ms, call) => {
    const timer = setInterval(call, ms);
    return () => {
      clearInterval(timer);
    };
  },
  random: () => Math.random(),
};
