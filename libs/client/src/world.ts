import { randomBytes, randomUUID } from 'node:crypto';
import { realClock, type Clock } from '@joinleaf/request-reply';
import { onAbort } from './waits.js';

/** Clock, chance, timers and names, so that tests can hold them still. */
export interface World extends Clock {
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  newId(): string;
  newIncarnation(): string;
}

export const realWorld: World = {
  ...realClock,
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
  // The program is not kept alive for it.
  every: (ms, call) => {
    const timer = setInterval(call, ms);
    timer.unref();
    return () => {
      clearInterval(timer);
    };
  },
  newId: () => randomUUID(),
  newIncarnation: () => randomBytes(8).readBigUInt64BE().toString(36).padStart(4, '0'),
};
