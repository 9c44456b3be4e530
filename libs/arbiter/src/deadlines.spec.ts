import { describe, expect, it } from '@jest/globals';
import type { SessionAddress } from '@joinleaf/multipoint';
import fc from 'fast-check';
import { Deadlines } from './deadlines.js';

const named = (index: number) => `s-${String(index)}` as SessionAddress;

describe('deadlines', () => {
  it('gives out what is due, each session once, and keeps the rest', () => {
    const entry = fc.tuple(fc.nat(20), fc.nat(1_000));
    fc.assert(
      fc.property(fc.array(entry), fc.nat(1_000), (entries, now) => {
        const deadlines = new Deadlines();
        for (const [index, at] of entries) deadlines.note(named(index), at);
        const due = new Set(entries.filter(([, at]) => at <= now).map(([index]) => named(index)));
        const rest = entries.filter(([, at]) => at > now).map(([, at]) => at);

        expect(deadlines.takeDue(now)).toEqual(due);
        expect(deadlines.size).toBe(rest.length);
        expect(deadlines.earliest).toBe(rest.length === 0 ? null : Math.min(...rest));
      }),
    );
  });
});
