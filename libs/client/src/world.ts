import { randomBytes, randomUUID } from 'node:crypto';
import { onAbort } from './waits.js';

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
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const timer = setTimeout(() => {
        callOff?.();
        resolve();
      }, ms);
      const callOff =
        signal &&
        onAbort(signal, () => {
          clearTimeout(timer);
          callOff?.();
          reject(signal.reason as Error);
        });
    }),
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
