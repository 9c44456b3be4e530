import { expect, it } from '@jest/globals';
import { Turns } from './turns.js';

it('runs so many at once, the others in order, and goes on after a failure', async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const tasks = [1, 2, 3, 4].map((n) =>
    turns.run(async () => {
      begun.push(n);
      await new Promise<void>((resolve) => ends.push(resolve));
      if (n === 1) throw new Error('broken');
      return n;
    }),
  );
  const settled = Promise.allSettled(tasks);
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual([1, 2]);
  ends[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual([1, 2, 3]);
  for (let n = 1; n < 4; n += 1) {
    ends[n]?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [first, ...others] = await settled;
  expect(first?.status).toBe('rejected');
  expect(others.every(({ status }) => status === 'fulfilled')).toBe(true);
});
