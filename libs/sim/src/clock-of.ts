import type { Clock } from '@joinleaf/request-reply';
import type { SimProcess } from './sim-process.js';

/** A simulated process as the clock that the log's adapter goes by. */
export const clockOf = (process: SimProcess): Clock => ({
  now: () => process.monotonicMs(),
  delay: (ms) => process.sleep(ms),
  after: (ms, call) => process.after(ms, call),
  every: (ms, call) => process.every(ms, call),
  random: () => process.chance.next(),
});
