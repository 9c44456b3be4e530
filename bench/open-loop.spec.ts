import { describe, expect, it } from '@jest/globals';
import { openLoop, type Clock } from './open-loop.js';

/** Time that goes on only when somebody waits for it; whoever waits is woken in the order of the times. */
class VirtualClock implements Clock {
  #now = 0;
  readonly #waiting: { readonly time: number; readonly wake: () => void }[] = [];

  now = () => this.#now;

  until = (time: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      this.#waiting.push({ time, wake: resolve });
      signal?.addEventListener('abort', () => {
        reject(new Error('aborted'));
      });
    });

  /** The time passes without anybody being woken: a stall of the whole process. */
  stall(ms: number): void {
    this.#now += ms;
  }

  async run<T>(whole: Promise<T>): Promise<T> {
    const state = { isOver: false };
    void whole.finally(() => {
      state.isOver = true;
    });
    for (;;) {
      for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
      if (state.isOver) return whole;
      this.#waiting.sort((a, b) => a.time - b.time);
      const next = this.#waiting.shift();
      if (next === undefined) throw new Error('nobody waits, and nothing is over');
      this.#now = Math.max(this.#now, next.time);
      next.wake();
    }
  }
}

const options = { perSecond: 100, seconds: 0.1, patienceMs: 1_000 };

describe('an open loop', () => {
  it('begins operations at their times, whether or not those before have ended', async () => {
    const clock = new VirtualClock();
    const begunAt: number[] = [];
    const operation = async () => {
      begunAt.push(clock.now());
      await clock.until(clock.now() + 35);
    };
    const round = await clock.run(openLoop(operation, options, clock));
    expect(begunAt).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(round).toEqual({
      operations: 10,
      unanswered: 0,
      latenciesMs: Array.from({ length: 10 }, () => 35),
    });
  });

  it('counts a stall for everybody who was due in it', async () => {
    const clock = new VirtualClock();
    let count = 0;
    const operation = async () => {
      count += 1;
      if (count === 3) clock.stall(50);
    };
    const { latenciesMs } = await clock.run(openLoop(operation, options, clock));
    // The third was due at 20 and held everybody up until 70: who was due at 30 began at 70.
    expect(latenciesMs).toEqual([0, 0, 50, 40, 30, 20, 10, 0, 0, 0]);
  });

  it('gives up who has no answer, and counts the time until then', async () => {
    const clock = new VirtualClock();
    const operation = (signal: AbortSignal) =>
      new Promise<void>((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('given up'));
        });
      });
    const once = { perSecond: 10, seconds: 0.1, patienceMs: 1_000 };
    const round = await clock.run(openLoop(operation, once, clock));
    expect(round).toEqual({ operations: 1, unanswered: 1, latenciesMs: [1_000] });
  });
});
