import { describe, expect, it, jest } from '@jest/globals';
import { abortable, eitherOf, onAbort } from './waits.js';
import { realWorld } from './world.js';

const never = new Promise<never>(() => undefined);

describe('waiting for a signal', () => {
  it('calls back all who wait, once, and nobody who called it off', () => {
    const controller = new AbortController();
    const heard: string[] = [];
    const listen = (name: string) => onAbort(controller.signal, () => heard.push(name));
    listen('ada');
    const callOff = listen('bob');
    listen('cyd');
    callOff();
    controller.abort();
    controller.abort();
    expect(heard).toEqual(['ada', 'cyd']);
  });

  it('adds one listener to a signal, however many wait', async () => {
    const { signal } = new AbortController();
    const added = jest.spyOn(signal, 'addEventListener');
    for (let i = 0; i < 100; i += 1) {
      await Promise.all([abortable(Promise.resolve(), signal), realWorld.sleep(0, signal)]);
      eitherOf([signal]).letGo();
    }
    expect(added).toHaveBeenCalledTimes(1);
  });

  it('ends with the reason', async () => {
    const controller = new AbortController();
    const reason = new Error('closed');
    const waits = [
      abortable(never, controller.signal),
      realWorld.sleep(60_000, controller.signal),
      abortable(never, eitherOf([controller.signal]).signal),
    ];
    controller.abort(reason);
    for (const wait of waits) await expect(wait).rejects.toBe(reason);
    await expect(realWorld.sleep(60_000, controller.signal)).rejects.toBe(reason);
    await expect(abortable(never, controller.signal)).rejects.toBe(reason);
  });
});
