import { describe, expect, it } from '@jest/globals';
import { Earshot } from './earshot.js';

/** At which of the beats it goes elsewhere, in milliseconds, when it is heard until `deafMs` and `moved` brings nothing. */
function movesOf(boundMs: number, deafMs: number, endMs: number): number[] {
  const earshot = new Earshot(boundMs);
  const moves: number[] = [];
  for (let now = 0; now <= endMs; now += boundMs / 4) {
    if (now < deafMs) earshot.answered(now);
    else if (earshot.isOut(now)) moves.push(now);
  }
  return moves;
}

describe('a node that is not heard any more', () => {
  it('goes to another broker at its second beat, in good time before its bound', () => {
    expect(movesOf(15_000, 3_750, 15_000)).toEqual([7_500]);
    expect(movesOf(5_000, 1_250, 5_000)).toEqual([2_500]);
  });

  it('leaves an arbiter time to take over from another one, whatever its bound is', () => {
    expect(movesOf(1_000, 250, 2_000)).toEqual([1_500]);
  });

  it('waits for longer each time that it moved in vain, up to a sixteenth as often', () => {
    const moves = movesOf(10_000, 2_500, 400_000);
    const waits = moves.map((at, index) => at - (moves[index - 1] ?? 0));
    expect(waits).toEqual([5_000, 10_000, 20_000, 37_500, 72_500, 72_500, 72_500, 72_500]);
  });

  it('does not wait for long again once it was heard', () => {
    const earshot = new Earshot(10_000);
    earshot.answered(0);
    expect([5_000, 10_000, 15_000].map((now) => earshot.isOut(now))).toEqual([true, false, true]);
    earshot.answered(16_000);
    expect(earshot.isOut(20_000)).toBe(false);
    expect(earshot.isOut(20_500)).toBe(true);
  });
});

describe('a node that stays', () => {
  it('is one whose beats nobody ever answered: its services are older', () => {
    const earshot = new Earshot(5_000);
    expect(earshot.isOut(1_000_000)).toBe(false);
  });

  it('is one that could not have heard', () => {
    const earshot = new Earshot(5_000);
    earshot.answered(0);
    earshot.begin(60_000);
    expect(earshot.isOut(62_000)).toBe(false);
    expect(earshot.isOut(62_250)).toBe(true);
  });
});
