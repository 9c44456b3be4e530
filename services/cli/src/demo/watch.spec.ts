import { describe, expect, it } from '@jest/globals';
import { Interrupted, Watch } from './watch.js';

const never = new Promise<never>(() => undefined);

describe('a watch', () => {
  it('lets work come to its end while all is well', async () => {
    const watch = new Watch(new AbortController().signal);
    expect(await watch.or(Promise.resolve('done'))).toBe('done');
  });

  it('ends what waits, when somebody interrupts', async () => {
    const interruption = new AbortController();
    const watch = new Watch(interruption.signal);
    const waiting = watch.or(never);
    interruption.abort();
    await expect(waiting).rejects.toBeInstanceOf(Interrupted);
    await expect(watch.interruption()).resolves.toBeUndefined();
  });

  it('knows of an interruption that came before', async () => {
    await expect(new Watch(AbortSignal.abort()).or(never)).rejects.toBeInstanceOf(Interrupted);
  });

  it('ends what waits, when something that was to last does not', async () => {
    const watch = new Watch(new AbortController().signal);
    watch.over(Promise.reject(new Error('session ended')));
    await expect(watch.or(never)).rejects.toThrow('session ended');
    await expect(watch.interruption()).rejects.toThrow('session ended');
  });
});
