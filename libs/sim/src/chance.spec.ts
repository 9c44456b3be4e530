import { describe, expect, it } from '@jest/globals';
import { Chance } from './chance.js';

const draws = (chance: Chance): readonly number[] => [
  chance.whole(0, 999),
  chance.whole(0, 999),
  chance.pick([10, 20, 30, 40]),
  chance.fork('network').whole(0, 999),
  chance.split().whole(0, 999),
  chance.whole(0, 999),
];

describe('chance', () => {
  it('gives what it always gave: seeds that once found something are kept', () => {
    expect(draws(new Chance(8))).toEqual([156, 625, 20, 502, 350, 585]);
  });

  it('is true once in so many times', () => {
    const chance = new Chance(1);
    const times = Array.from({ length: 4_000 }, () => chance.oneIn(4)).filter(Boolean).length;
    expect(times / 4_000).toBeCloseTo(0.25, 1);
  });

  it('has parts that do not depend on who draws how much elsewhere', () => {
    const [one, other] = [new Chance(7), new Chance(7)];
    other.next();
    expect(other.fork('network').next()).toBe(one.fork('network').next());
    const part = one.split();
    const wanted = part.next();
    const again = new Chance(7).split();
    one.next();
    expect(again.next()).toBe(wanted);
  });
});
