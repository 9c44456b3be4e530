import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '@joinleaf/arbiter';

/** The timers and chance of this process, and the time by this clock. */
export const worldBy = (clock: { now(): number }): World => ({
  now: () => clock.now(),
  monotonicMs: () => performance.now(),
  newId: () => randomUUID(),
  sleep: (ms) => sleep(ms),
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
});
