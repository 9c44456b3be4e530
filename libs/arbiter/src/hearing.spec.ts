import { beforeEach, describe, expect, it } from '@jest/globals';
import { Hearing } from './hearing.js';

let isConnected: boolean;
let changes: number;
let wayChanged: () => void;
let hearing: Hearing;

beforeEach(() => {
  isConnected = true;
  changes = 0;
  hearing = new Hearing({
    connected: () => isConnected,
    onChange: (listener) => {
      wayChanged = listener;
    },
  });
  hearing.onChange(() => {
    changes += 1;
  });
});

const ticks = (count: number): void => {
  for (let i = 0; i < count; i += 1) hearing.tick();
};

describe('the hearing of an arbiter', () => {
  it('is there as long as its own beats come back, one of them missing or not', () => {
    for (const pause of [2, 2, 4, 2, 3]) {
      ticks(pause);
      hearing.heardOurselves();
      expect(hearing.connected()).toBe(true);
    }
    expect(changes).toBe(0);
  });

  it('is lost with two beats of its own, and says so at once; what it says may still arrive', () => {
    ticks(4);
    expect(hearing.connected()).toBe(true);
    ticks(1);
    expect(hearing.connected()).toBe(false);
    expect(hearing.canSpeak).toBe(true);
    expect(changes).toBe(1);
    ticks(100);
    expect(changes).toBe(1);
  });

  it('is back with a beat of its own, and says so', () => {
    ticks(7);
    hearing.heardOurselves();
    expect(hearing.connected()).toBe(true);
    expect(changes).toBe(2);
  });

  it('goes and comes with the connection, and listens anew over a new one', () => {
    ticks(4);
    isConnected = false;
    wayChanged();
    expect([hearing.connected(), hearing.canSpeak]).toEqual([false, false]);
    isConnected = true;
    wayChanged();
    expect(changes).toBe(2);
    ticks(4);
    expect(hearing.connected()).toBe(true);
  });
});
