import { describe, expect, it } from '@jest/globals';
import type { SessionAddress } from '@joinleaf/multipoint';
import fc from 'fast-check';
import { RateLimits, type RateLimitOptions } from './rate-limits.js';

const off = { nodeRatePerS: 0, nodeBurst: 0, rootRatePerS: 0, rootBurst: 0 };
const limits = (some: Partial<RateLimitOptions>) => new RateLimits({ ...off, ...some });
const at = (text: string) => text as SessionAddress;

describe('rate limits', () => {
  it('[H13] let a burst pass, and then so many in a second', () => {
    const some = limits({ nodeRatePerS: 10, nodeBurst: 3 });
    const taken = Array.from({ length: 4 }, () => some.refusal('ada', at('conf-7'), 0));
    expect(taken.slice(0, 3)).toEqual([null, null, null]);
    expect(taken[3]).toEqual({
      code: 'WSAENOBUFS',
      rule: 'H13',
      facts: { limit: 'node', perSecond: 10, retryAfterMs: 100 },
    });
    expect(some.refusal('ada', at('conf-7'), 99)).not.toBeNull();
    expect(some.refusal('ada', at('conf-7'), 100)).toBeNull();
    expect(some.refusal('bob', at('conf-7'), 100)).toBeNull();
  });

  it('[H13] count for a session whoever asks, and another session is not concerned', () => {
    const some = limits({ rootRatePerS: 1, rootBurst: 1 });
    expect(some.refusal('ada', at('conf-7'), 0)).toBeNull();
    expect(some.refusal('bob', at('conf-7'), 0)).toMatchObject({
      facts: { limit: 'root', retryAfterMs: 1_000 },
    });
    expect(some.refusal('bob', at('conf-8'), 0)).toBeNull();
  });

  it('take nothing from a node whose command its session refuses', () => {
    const some = limits({ nodeRatePerS: 1, nodeBurst: 2, rootRatePerS: 1, rootBurst: 1 });
    expect(some.refusal('ada', at('conf-7'), 0)).toBeNull();
    for (let tries = 0; tries < 5; tries += 1) {
      expect(some.refusal('ada', at('conf-7'), 0)).toMatchObject({ facts: { limit: 'root' } });
    }
    expect(some.refusal('ada', at('conf-8'), 0)).toBeNull();
  });

  it('are none where the rate is 0', () => {
    const some = limits({});
    for (let tries = 0; tries < 1_000; tries += 1) {
      expect(some.refusal('ada', at('conf-7'), 0)).toBeNull();
    }
    expect(some.size).toBe(0);
  });

  it('never let more pass than the burst and the rate together, and always let a patient caller pass', () => {
    const gaps = fc.array(fc.nat({ max: 400 }), { maxLength: 200 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.nat({ max: 20 }),
        gaps,
        (rate, burst, all) => {
          const some = limits({ nodeRatePerS: rate, nodeBurst: burst });
          const begun = 0.5; // A clock need not show whole milliseconds.
          let now = begun;
          let passed = 0;
          for (const gap of all) {
            now += gap;
            const refusal = some.refusal('ada', at('conf-7'), now);
            if (refusal === null) {
              passed += 1;
              continue;
            }
            now += Number(refusal.facts?.retryAfterMs);
            expect(some.refusal('ada', at('conf-7'), now - 1)).not.toBeNull();
            expect(some.refusal('ada', at('conf-7'), now)).toBeNull();
            passed += 1;
          }
          expect(passed).toBeLessThanOrEqual(Math.max(burst, 1) + ((now - begun) * rate) / 1_000);
        },
      ),
      { examples: [[1, 2, [0, 45, 266]]] }, // Where fractions added up to a little less than one.
    );
  });

  it('remember a bounded number of names', () => {
    const some = limits({ nodeRatePerS: 1, nodeBurst: 1 });
    for (let i = 0; i < 100_000; i += 1) some.refusal(`node-${String(i)}`, at('conf-7'), 0);
    expect(some.size).toBe(40_000);
  });
});
