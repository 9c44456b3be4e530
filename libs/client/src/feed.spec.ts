import { describe, expect, it } from '@jest/globals';
import { Feed } from './feed.js';
import { Counters } from './stats.js';

const feed = () => {
  const counters = new Counters();
  return { feed: new Feed<number>(counters), buffered: () => counters.read().buffered };
};
const rest = async (items: AsyncIterable<number>): Promise<number[]> => {
  const taken: number[] = [];
  for await (const item of items) taken.push(item);
  return taken;
};

describe('a feed', () => {
  it('gives every reader everything from its own beginning', async () => {
    const { feed: numbers } = feed();
    const early = numbers.read();
    numbers.push(1);
    const late = numbers.read([0]);
    numbers.push(2);
    numbers.end();
    expect(await rest(early)).toEqual([1, 2]);
    expect(await rest(late)).toEqual([0, 2]);
    expect(await rest(numbers.read([9]))).toEqual([9]);
  });

  it('serves who waits, in the order of asking', async () => {
    const { feed: numbers, buffered } = feed();
    const reader = numbers.read();
    const asked = [reader.next(), reader.next(), reader.next()];
    numbers.push(1);
    numbers.push(2);
    expect(buffered()).toBe(0);
    numbers.end();
    expect((await Promise.all(asked)).map(({ value }) => value)).toEqual([1, 2, undefined]);
  });

  it('counts what waits, and forgets it with its reader', async () => {
    const { feed: numbers, buffered } = feed();
    const reader = numbers.read();
    const other = numbers.read();
    numbers.push(1);
    numbers.push(2);
    expect(buffered()).toBe(4);
    await reader.next();
    await reader.return?.();
    expect(buffered()).toBe(2);
    numbers.push(3);
    expect(await reader.next()).toEqual({ done: true, value: undefined });
    await other.return?.();
    expect(buffered()).toBe(0);
  });

  it('takes nothing after its end', async () => {
    const { feed: numbers } = feed();
    const reader = numbers.read();
    numbers.end();
    numbers.push(1);
    expect(await rest(reader)).toEqual([]);
  });
});
