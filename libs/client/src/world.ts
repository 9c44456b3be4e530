import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** Clock, chance and timers, so that tests can hold them still. */
export interface World {
  /** Milliseconds of a clock that never goes back. */
  now(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back again and again, without keeping the program alive for it; answers how to stop. */
  every(ms: number, call: () => void): () => void;
  random(): number;
  newId(): string;
  newIncarnation(): string;
}

export const realWorld: World = {
  now: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : error;
    }
  },
  every: (ms, call) => {
    const timer = setInterval(call, ms);
    timer.unref();
    return () => {
      clearInterval(timer);
    };
  },
  random: () => Math.random(),
  newId: () => randomUUID(),
  newIncarnation: () => randomBytes(8).readBigUInt64BE().toString(36).padStart(4, '0'),
};
